"""What a file calls a component is judged all the same where a provider makes it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from havre.errors import InputError
from havre.plan.states import from_state
from havre.policy.judge import judge
from havre.policy.registry import find_control
from tests.policy import mutations as m

ACCOUNT = "azure-native:storage:StorageAccount"
URN = f"urn:pulumi:s::p::{ACCOUNT}::bad"
STACK = {"urn": "urn:pulumi:s::p::pulumi:pulumi:Stack::p-s", "type": "pulumi:pulumi:Stack"}
OTHER = {
    "urn": "urn:pulumi:s::p::azure-native:resources:ResourceGroup::g",
    "type": "azure-native:resources:ResourceGroup",
    "custom": True,
    "id": "g",
}
BAD = {"urn": URN, "type": ACCOUNT, "inputs": {"minimumTlsVersion": "TLS1_0"}}


def state(tmp_path: Path, **differs: Any) -> Path:
    path = tmp_path / "state.json"
    resources = [STACK, OTHER, {**BAD, **differs}]
    path.write_text(json.dumps({"version": 3, "deployment": {"resources": resources}}))
    return path


@pytest.mark.parametrize(
    "differs",
    [
        {"custom": True},
        {},
        {"custom": False},
        {"custom": None},
        {"custom": False, "id": "x"},
        {"custom": False, "provider": "urn:pulumi:s::p::pulumi:providers:azure-native::p::1"},
        {"type": "azure-native:storage/v20230101:StorageAccount"},
    ],
    ids=str,
)
def test_an_account_is_judged_whatever_the_file_calls_it(
    tmp_path: Path, differs: dict[str, Any]
) -> None:
    plan = from_state(state(tmp_path, **differs), "azure")
    question = replace(m.base("azure"), plan=plan, source="state")
    result = judge(question, [find_control("encryption.in-transit")])
    assert {f.resource for f in result.findings if f.kind.value == "fail"} == {URN}
    assert result.resources == 2


@pytest.mark.parametrize(
    "flag", ["custom", "protect", "external", "delete", "retainOnDelete", "taint"]
)
@pytest.mark.parametrize("value", ["true", "false", "", 1, 0, [], {}, "\uff54rue"])
def test_a_flag_that_is_no_truth_value_is_refused(tmp_path: Path, flag: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"`{flag}` is .*, not true or false"):
        from_state(state(tmp_path, **{flag: value}), "azure")


def test_a_real_component_stays_one(tmp_path: Path) -> None:
    group = "havre:azure:Network"
    path = state(tmp_path, type=group, urn=f"urn:pulumi:s::p::{group}::n")
    question = replace(m.base("azure"), plan=from_state(path, "azure"), source="state")
    assert judge(question, [find_control("inventory.known")]).resources == 1


@pytest.mark.parametrize("depth", [101, 400, 900])
@pytest.mark.parametrize("kind", [list, dict])
def test_inputs_nested_too_deeply_are_refused(tmp_path: Path, depth: int, kind: type) -> None:
    nested: Any = "x"
    for _ in range(depth):
        nested = [nested] if kind is list else {"a": nested}
    with pytest.raises(InputError, match="nested too deeply"):
        from_state(state(tmp_path, inputs={"a": nested}), "azure")
