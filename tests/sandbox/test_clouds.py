"""Both clouds' warehouses stand in their sandboxes: everything resolves, nothing changes twice."""

import re
from pathlib import Path

import pytest

from havre.evaluate.warehouse import evaluated
from havre.plan.states import from_state
from havre.plan.values import holds_unknown
from havre.spec import Warehouse
from havre_conformance import specs
from tests.sandbox.clouds import CLOUDS, DAY, Sandbox, example, sandbox

CASES = ("emc2", "hospital", *specs.SPECS)
COSTLY = [each if each == "emc2" else pytest.param(each, marks=pytest.mark.long) for each in CASES]
"""The largest case in every run, all of them before a release: each takes several seconds."""


@pytest.fixture(autouse=True)
def _passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "correct horse")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")


def spec_of(case: str, made: Sandbox) -> Warehouse:
    if case in specs.SPECS:
        return specs.warehouse(specs.SPECS[case](made.provider.sites))
    return example(case)


@pytest.mark.parametrize("case", COSTLY)
@pytest.mark.parametrize("cloud", CLOUDS)
def test_it_stands_as_planned_and_a_second_up_changes_nothing(
    cloud: str, case: str, tmp_path: Path
) -> None:
    made = sandbox(cloud, tmp_path / "data")
    spec = spec_of(case, made)
    planned = evaluated(spec, made.provider, made.settings, as_of=DAY)
    changes = made.up(spec)
    assert len(changes) == sum(each.made for each in planned.resources)
    assert {change.operation.value for change in changes} == {"create"}
    assert made.up(spec) == []


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_reference_of_the_plan_resolves(cloud: str, tmp_path: Path) -> None:
    made = sandbox(cloud, tmp_path / "data")
    spec = example("emc2")
    planned = evaluated(spec, made.provider, made.settings, as_of=DAY).by_urn
    made.up(spec)
    stands = from_state(made.engine.store.path, cloud).by_urn
    ids = {each.id.casefold() for each in stands.values() if each.id}
    unknown = [each for each in planned.values() if each.made and holds_unknown(each.inputs)]
    assert unknown
    assert not [each.name for each in unknown if holds_unknown(stands[each.urn].inputs)]
    named = {text for each in stands.values() for text in _texts(each.inputs)}
    below = {text for text in named if re.match(r"/subscriptions/[^/]+/resourceGroups/emc2", text)}
    services = ("/blobServices/default", "/kubernetes")  # parts that are made with their resource
    lost = {
        text
        for text in below
        if text.casefold() not in ids and not text.endswith(services) and "/roleDef" not in text
    }
    assert not lost


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inner for text in _texts(each)]
