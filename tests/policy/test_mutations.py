"""Every control sees the one thing that is wrong in a provider's own plan, and only then."""

from collections import Counter

import pytest

from havre.policy.findings import Finding
from havre.policy.judge import judge
from havre.policy.model import Outcome
from havre.policy.registry import installed_controls
from tests.policy import cases
from tests.policy import mutations as m
from tests.policy.mutations import PROVIDERS, Row
from tests.policy.mutations_asked import ROWS as ASKED
from tests.policy.mutations_azure import ROWS as AZURE
from tests.policy.mutations_lacking import LACKING
from tests.policy.mutations_local import ROWS as LOCAL
from tests.policy.mutations_ovh import ROWS as OVH
from tests.policy.mutations_scaleway import ROWS as SCALEWAY

ROWS: tuple[Row, ...] = (*AZURE, *OVH, *SCALEWAY, *LOCAL, *ASKED)
CONTROLS = [control.id for control in installed_controls()]


def new_findings(row: Row) -> list[Finding]:
    """What the control finds in the changed plan that it did not find before."""
    question, before = row.change(m.base(row.base)), m.base_result(row.base, row.control)
    after = judge(question, [cases.control(row.control)])
    found = [
        f for f in after.findings if (f.resource, f.kind, f.property, f.found) not in m.told(before)
    ]
    if row.about is None:
        return found
    where = question if row.about == m.ADDED else m.base(row.base)
    urn = row.about.one(where.plan).urn
    assert urn not in {finding.resource for finding in before.findings}, "it was found before"
    return [finding for finding in found if finding.resource == urn]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
def test_what_is_wrong_is_found(row: Row) -> None:
    found = new_findings(row)
    assert found, "nothing new is found"
    assert row.kind is None or {finding.kind for finding in found} == {row.kind}
    assert all(f.control == row.control and f.found and f.wanted and f.remedy for f in found)


@pytest.mark.parametrize(
    ("base", "control"), sorted({(row.base, row.control) for row in ROWS}), ids=str
)
def test_what_is_right_passes(base: str, control: str) -> None:
    assert m.base_result(base, control).outcomes[control][Outcome.PASS]


def test_enough_mutations_each_told_apart() -> None:
    assert len(ROWS) >= 150
    labels = Counter(row.label for row in ROWS)
    assert [label for label, count in labels.items() if count > 1] == []


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("control", CONTROLS)
def test_each_control_is_seen_to_pass_and_to_fail_or_it_is_said_why_not(
    provider: str, control: str
) -> None:
    shown = any(row.provider == provider and row.control == control for row in ROWS)
    assert shown != ((provider, control) in LACKING)


@pytest.mark.parametrize(("provider", "control"), sorted(LACKING), ids=str)
def test_what_a_provider_lacks_it_lacks(provider: str, control: str) -> None:
    lacking = LACKING[provider, control]
    outcomes = m.base_result(provider, control).outcomes[control]
    assert {each for each, count in outcomes.items() if count} <= lacking.outcomes
    assert lacking.reason
    assert control in CONTROLS
