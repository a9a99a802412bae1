"""The examples give exactly the findings that were reviewed, whatever the source of the plan.

`python -m tests.check.record` writes them anew.
"""

import json
from dataclasses import replace

import pytest

from havre.errors import ExitCode
from havre.facts.values import Reserve
from havre.plan import Plan
from havre.plan.previews import from_preview
from havre.plan.states import from_state
from havre.policy.findings import Finding, FindingKind, Result
from havre.policy.model import Profile
from tests.check import verdicts
from tests.check.asked import EXAMPLES, EXPECTED, PROVIDERS, judged, told
from tests.facts.recordings import RECORDED

SOURCES = {"preview": from_preview, "state": from_state}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_gives_exactly_what_was_reviewed(example: str, provider: str) -> None:
    expected = json.loads((EXPECTED / f"{example}-{provider}.json").read_text())
    assert told(judged(example, provider)) == expected


@pytest.mark.parametrize("fixture", [*verdicts.fixtures()], ids=lambda each: verdicts.name(*each))
def test_verdicts_and_exit_codes_are_those_that_were_reviewed(
    fixture: tuple[str, str, str],
) -> None:
    """With the example's waivers and without: what people read changes, and these do not."""
    expected = json.loads(verdicts.FILE.read_text())[verdicts.name(*fixture)]
    assert verdicts.in_short(*fixture) == expected


def in_short(result: Result) -> set[tuple[str, str, str, str]]:
    return {(f.control, f.kind.value, f.resource, f.property) for f in result.findings}


def recorded(provider: str, source: str) -> Plan:
    return SOURCES[source](RECORDED / f"{provider}-{source}.json", provider)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("provider", ["azure", "ovh"])
def test_every_source_gives_the_same_verdicts(provider: str, source: str) -> None:
    offline = judged("emc2", provider)
    there = judged("emc2", provider, recorded(provider, source))
    decided = {  # what was unknown before may be decided on what is deployed
        short for short in in_short(offline) - in_short(there) if short[1] == FindingKind.UNKNOWN
    }
    # what stands may have been changed where no refresh shows it
    reserves = [each for each in there.findings if each.reserve is Reserve.NOT_SEEN]
    unseen = in_short(replace(there, findings=tuple(reserves)))
    assert in_short(offline) - decided == in_short(there) - unseen
    assert source == "state" or not (decided or unseen)
    assert there.outcomes.keys() == offline.outcomes.keys()
    assert there.lies == offline.lies


def test_what_no_refresh_of_ovhcloud_shows_is_told_of_what_stands() -> None:
    """A key that was deactivated, a role that was added, a lock that was removed."""
    there = judged("emc2", "ovh", recorded("ovh", "state"))
    told = {f.control: f for f in there.findings if f.reserve is Reserve.NOT_SEEN}
    rights = ("least-privilege", "project-isolation", "separation-of-duties", "export-gate")
    expected = {f"access.{name}": "a role that was added" for name in rights}
    expected |= {"continuity.deletion": "a deactivated key"}
    expected |= {"continuity.immutability": "a lock that was removed"}
    assert told.keys() == expected.keys()
    for control, why in expected.items():
        assert told[control].kind is FindingKind.WARNING
        assert f"not seen by a refresh: {why}" in told[control].found


def named(result: Result, control: str) -> list[Finding]:
    return [finding for finding in result.findings if finding.control == control]


def test_the_authorisation_on_azure_warns_before_its_end_and_fails_after_it() -> None:
    import datetime as dt

    end = dt.date(2026, 12, 21)
    for day, kind in (
        (end - dt.timedelta(days=91), FindingKind.WAIVED),
        (end - dt.timedelta(days=90), FindingKind.WARNING),
        (end, FindingKind.WARNING),
        (end + dt.timedelta(days=1), FindingKind.FAIL),
    ):
        result = judged("emc2", "azure", day=day)
        found = named(result, "jurisdiction.operator")
        assert {finding.kind for finding in found} == {kind}, day
        assert all(f.waiver and "2023-146" in f.waiver.decision for f in found)
        expected = ExitCode.FINDINGS if kind is FindingKind.FAIL else ExitCode.OK
        assert result.exit_code is expected, day


def test_health_data_are_judged_by_the_health_profile() -> None:
    assert judged("emc2", "azure").profile is Profile.HEALTH
