"""Every property that the SDK knows of a type has its place in the table, and nothing else has."""

import ast
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from havre.facts.evaluated import properties
from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN, Secret
from havre_azure.facts import CLASSES, PLAIN, UNTAGGED, facts

KINDS = sorted({*CLASSES, *PLAIN, *UNTAGGED})
FOUND = find_spec("pulumi_azure_native")
assert FOUND
assert FOUND.origin
SDK = Path(FOUND.origin).parent


def written(kind: str) -> Iterator[str]:
    """The properties of a type's arguments, as the SDK's source writes them."""
    module, name = kind.split(":")
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    tree = ast.parse((SDK / module / f"{words}.py").read_text(encoding="utf-8"))
    named = {f"{name}Args", f"{name}InitArgs"}
    (found,) = (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name in named)
    for function in found.body:
        for mark in function.decorator_list if isinstance(function, ast.FunctionDef) else ():
            if isinstance(mark, ast.Call):
                yield ast.literal_eval(mark.keywords[0].value)
            elif isinstance(mark, ast.Attribute) and mark.attr == "getter":
                yield function.name  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", KINDS)
def test_what_becomes_of_every_property_is_decided(kind: str) -> None:
    told = properties("havre_azure")[kind]
    whole = [path for path in told.open if "." not in path]
    decided = [*told.read, *told.harmless, *whole]
    assert sorted(decided) == sorted(written(kind))


def test_no_type_is_decided_that_facts_do_not_know() -> None:
    assert sorted(properties("havre_azure")) == KINDS


CLUSTER, ACCOUNT = "containerservice:ManagedCluster", "storage:StorageAccount"
POOL = "containerservice:AgentPool"
POOLS, POLICY = "agentPoolProfiles.enableEncryptionAtHost", "networkProfile.networkPolicy"
GOOD = {
    "enableRBAC": True,
    "networkProfile": {"networkPolicy": "cilium"},
    "agentPoolProfiles": [{"enableEncryptionAtHost": True}],
}


def planned(kind: str, inputs: dict[str, Any]) -> Plan:
    token = f"azure-native:{kind}"
    urn = f"urn:pulumi:s::p::{token}::x"
    return Plan("azure", (PlannedResource(urn, token, "x", custom=True, inputs=inputs),))


@pytest.mark.parametrize(
    ("kind", "inputs", "paths"),
    [
        (CLUSTER, {"enableRBAC": False}, ["enableRBAC"]),
        (CLUSTER, {"enableRBAC": "FALSE"}, ["enableRBAC"]),
        (CLUSTER, {"enableRBAC": UNKNOWN}, ["enableRBAC"]),
        (CLUSTER, {"enableRBAC": True}, []),
        (CLUSTER, {"enableRBAC": "true"}, []),
        (CLUSTER, {"enableRBAC": None}, ["enableRBAC"]),
        (CLUSTER, {"enableRBAC": ""}, ["enableRBAC"]),
        (CLUSTER, {}, []),
        (CLUSTER, {"networkProfile": {"networkPolicy": "none"}}, [POLICY]),
        (CLUSTER, {"networkProfile": {"networkPolicy": "Cilium"}}, []),
        (CLUSTER, {"networkProfile": {"networkPlugin": "azure"}}, [POLICY]),
        (CLUSTER, {"networkProfile": None}, [POLICY]),
        (CLUSTER, {"networkProfile": "cilium"}, [POLICY]),
        (CLUSTER, {"agentPoolProfiles": [{"enableEncryptionAtHost": [[]]}]}, [POOLS]),
        (CLUSTER, {"agentPoolProfiles": [[]]}, [POOLS]),
        (CLUSTER, {"enableRBAC": []}, ["enableRBAC"]),
        (CLUSTER, {"networkProfile": UNKNOWN}, [POLICY]),
        (CLUSTER, {"agentPoolProfiles": [{"enableEncryptionAtHost": True}, {}]}, [POOLS]),
        (CLUSTER, {"agentPoolProfiles": UNKNOWN}, [POOLS]),
        (
            CLUSTER,
            {
                "agentPoolProfiles": [
                    {"enableEncryptionAtHost": True},
                    {"enableEncryptionAtHost": False},
                ]
            },
            [POOLS],
        ),
        (
            CLUSTER,
            {"windowsProfile": {"adminPassword": Secret("x")}},
            ["windowsProfile.adminPassword"],
        ),
        (ACCOUNT, {"enableNfsV3": True}, ["enableNfsV3"]),
        (ACCOUNT, {"enableNfsV3": False, "customDomain": {"name": "x"}}, []),
        ("network:AzureFirewall", {"natRuleCollections": [{"name": "in"}]}, ["natRuleCollections"]),
        ("network:AzureFirewall", {"natRuleCollections": []}, []),
    ],
    ids=str,
)
def test_what_matters_as_it_is_set_and_is_not_read_is_told(
    kind: str, inputs: dict[str, Any], paths: list[str]
) -> None:
    found = facts(planned(kind, {**(GOOD if kind == CLUSTER else {}), **inputs})).unread
    assert [each.path for each in found] == paths


@pytest.mark.parametrize(
    ("kind", "inputs", "paths"),
    [
        (CLUSTER, {}, ["enableRBAC", POLICY, POOLS]),
        (POOL, {}, ["enableEncryptionAtHost"]),
        (POOL, {"enableEncryptionAtHost": False}, ["enableEncryptionAtHost"]),
        (POOL, {"enableEncryptionAtHost": "true"}, []),
    ],
    ids=str,
)
def test_a_safeguard_that_is_absent_is_not_taken_for_set(
    kind: str, inputs: dict[str, Any], paths: list[str]
) -> None:
    found = facts(planned(kind, inputs)).unread
    assert [each.path for each in found] == paths
    assert {each.absent for each in found} <= {not inputs}
