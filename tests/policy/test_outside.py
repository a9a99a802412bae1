"""What is outside the plan is never evaluated, names who answers for it, and may be accepted."""

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from havre.errors import ExitCode
from havre.facts import Known, Outside, Reserve
from havre.facts.model import NetworkElement, Offering
from havre.facts.outside import unseen
from havre.facts.stores import LogStore
from havre.policy import FixIn, Outcome
from havre.policy.drafts import draft
from havre.policy.findings import FindingKind, Result, Waiver
from havre.policy.fixes import Fix
from havre.policy.judge import ASK, judge
from havre.policy.registry import find_control, installed_controls
from havre.report.findings import Format, render
from havre.report.findings.headline import headline
from havre.report.findings.words import fixed_in
from havre.report.language import Language, speaking
from tests.policy import cases as c

WHO = "Network team, network@hospital.example"
HUB = Outside("the hub's firewall", answers_for=WHO)
SAID = f"outside the plan: the hub's firewall (responsible: {WHO})"
AT_REST = find_control("encryption.at-rest")
SHEET = c.resource("store")
WAIVER = Waiver(
    AT_REST.id,
    "Chief information security officer",
    "The network team proved it by its own report",
    "R-12",
    c.TODAY + dt.timedelta(days=200),
)


def judged(*waivers: Waiver, **told: Any) -> Result:
    store = c.store(encrypted=HUB, guarded=c.YES, names_in_state=c.NO)
    provider = c.Paper({SHEET.type: [store]})
    return judge(c.question(provider, SHEET, waivers=waivers, **told), [AT_REST])


def test_what_is_outside_is_not_evaluated_and_says_who_answers_for_it() -> None:
    result = judged()
    (found,) = result.findings
    assert (found.kind, found.reserve, found.found) == (
        FindingKind.UNKNOWN,
        Reserve.OUTSIDE,
        SAID,
    )
    assert found.remedy == ASK
    assert found.fix == Fix(FixIn.DECISION)
    assert result.exit_code is ExitCode.NOT_EVALUATED
    assert result.outcomes[AT_REST.id] == {Outcome.OUTSIDE: 1}
    assert result.verdict(AT_REST.id) == "unknown"


def test_a_waiver_accepts_it_and_it_stays_counted_apart() -> None:
    open_, accepted = judged(), judged(WAIVER)
    assert accepted.exit_code is ExitCode.OK
    assert accepted.verdict(AT_REST.id) == "waived"
    for result, label in ((open_, "1 finding"), (accepted, "1 finding (1 waived)")):
        assert result.summary()["reserves"] == {"outside": 1}
        told = dict(headline(result).facts)
        assert told["Outside the plan"] == label
        assert "Not evaluated, waived" not in told
    assert headline(accepted).status == "PASSED WITH EXCEPTIONS"


def test_an_expired_waiver_accepts_nothing_outside() -> None:
    ended = judged(replace(WAIVER, expires=c.TODAY - dt.timedelta(days=1)))
    assert ended.exit_code is ExitCode.NOT_EVALUATED


def test_every_format_says_what_is_outside() -> None:
    result = judged()
    (found,) = json.loads(render(result, Format.JSON))["findings"]
    assert (found["outcome"], found["reserve"], found["found"]) == ("unknown", "outside", SAID)
    (run,) = json.loads(render(result, Format.SARIF))["runs"]
    assert run["results"][0]["properties"]["reserve"] == "outside"
    assert run["results"][0]["level"] == "error"
    for page in (Format.TABLE, Format.MARKDOWN, Format.HTML):
        assert "Outside the plan" in render(result, page)
        assert "hub" in render(result, page)


def test_it_is_said_in_french() -> None:
    with speaking(Language.FR):
        told = headline(judged(WAIVER))
        page = render(judged(WAIVER), Format.HTML)
    assert dict(told.facts)["Hors du plan"] == "1 constat (1 dérogation)"
    assert "hors du plan, non évalué" in told.top[0].sentence
    assert "Hors du plan" in page


def test_sarif_tells_it_apart_from_what_is_merely_unknown() -> None:
    result = judged()
    (found,) = result.findings
    both = replace(result, findings=(found, replace(found, reserve=None, found="not known: x")))
    (run,) = json.loads(render(both, Format.SARIF))["runs"]
    assert len(run["results"]) == 2


def test_a_draft_of_waivers_names_what_is_outside() -> None:
    text = draft(judged(), 365, fixed_in)
    assert "control: encryption.at-rest" in text
    assert "the hub's firewall" in text


def test_each_part_of_an_estate_is_named_by_one_finding_of_the_inventory() -> None:
    logs = Outside("the log workspace", answers_for=WHO)
    found = [
        each
        for each in c.verdicts("inventory.known", outside={"/hub": HUB, "/logs": logs})
        if each.outcome is not Outcome.UNKNOWN  # parts that are missing in this plan
    ]
    assert [each.outcome for each in found] == [Outcome.OUTSIDE, Outcome.OUTSIDE]
    assert [each.property for each in found] == ["the hub's firewall", "the log workspace"]
    assert found[0].found == SAID


@pytest.mark.parametrize("control", ["audit.retention", "audit.protected"])
@pytest.mark.parametrize("known", [True, False])
def test_logs_that_reach_only_a_store_outside_are_outside(control: str, known: bool) -> None:
    """Whether the provider's facts show the store, or only the route to it."""
    logs = Outside("the log workspace", answers_for=WHO)
    store = unseen(LogStore, "/logs", "paper:Logs", logs, offering=Offering("paper", "logs"))
    route = c.route("r", Known(("a",)), Known(("/logs",)))
    shown = (route, store) if known else (route,)
    (found,) = c.verdicts(control, *shown, outside={"/logs": logs})
    assert (found.outcome, found.found) == (Outcome.OUTSIDE, str(logs))
    (strange,) = c.verdicts(control, route)
    assert strange.outcome is Outcome.UNKNOWN


def test_nothing_passes_by_what_is_outside() -> None:
    """Every control over a fact that is outside throughout: no pass, and none that fails.

    Which service it is, is told: what is no part of a certificate fails as anywhere else.
    """
    offering = Offering("paper", "logs")
    shown = (
        unseen(LogStore, "/logs", "paper:Logs", HUB, offering=offering),
        unseen(NetworkElement, "/hub", "paper:Net", HUB),
    )
    asked = set()
    for control in installed_controls():
        if control.over is None or not any(isinstance(fact, control.over) for fact in shown):
            continue
        asked.add(control.id)
        told = {verdict.outcome for verdict in control.judge(c.case(*shown))}
        certified = {Outcome.FAIL} if control.family == "jurisdiction" else set()
        assert told <= {Outcome.OUTSIDE, Outcome.NOT_APPLICABLE, *certified}, control.id
    assert {"encryption.at-rest", "encryption.customer-key", "exposure.egress"} <= asked
    assert "residency.logs" in asked
