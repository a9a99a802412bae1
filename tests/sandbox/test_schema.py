"""What an SDK's own types say of a resource's inputs, and what they refuse."""

from dataclasses import dataclass
from typing import Any

import pytest

from havre.plan.values import UNKNOWN, Secret
from havre_azure.provider import provider
from havre_sandbox.schema import faults, known
from havre_sandbox.schema.limits import limit

provider.parts()  # the SDK loads class by class, as it does for a warehouse

ACCOUNT, CONTAINER = "azure-native:storage:StorageAccount", "azure-native:storage:BlobContainer"
GROUP = "azure-native:network:FirewallPolicyRuleCollectionGroup"
BUCKET, KUBE = "ovh:CloudProject/storage:Storage", "ovh:CloudProject/kube:Kube"
GOOD: dict[str, dict[str, Any]] = {
    ACCOUNT: {
        "resourceGroupName": "g",
        "accountName": "abc",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"iPAddressOrRange": "1.2.3.4"}]},
    },
    CONTAINER: {"resourceGroupName": "g", "accountName": "abc", "containerName": "a-b"},
    GROUP: {
        "resourceGroupName": "g",
        "firewallPolicyName": "p",
        "ruleCollections": [
            {
                "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
                "rules": [{"ruleType": "ApplicationRule", "targetFqdns": ["a.example"]}],
            }
        ],
    },
    BUCKET: {"regionName": "GRA", "ownerId": 1, "tags": {"anything": "goes"}},
}


@dataclass(frozen=True)
class Wrong:
    """A change of good inputs, the code with which it is refused, and where."""

    token: str
    change: dict[str, Any]
    code: str
    at: str
    says: str = ""


WRONG = [
    Wrong(ACCOUNT, {"kinds": "x"}, "check:unknown-property", "kinds", "Did you mean `kind`?"),
    Wrong(
        ACCOUNT, {"sku": {"name": "Standard_LRS", "nam": 1}}, "check:unknown-property", "sku.nam"
    ),
    Wrong(ACCOUNT, {"kind": "StorageV3"}, "check:value", "kind", "Did you mean `StorageV2`?"),
    Wrong(ACCOUNT, {"kind": None}, "check:missing", "kind"),
    Wrong(ACCOUNT, {"sku": {}}, "check:missing", "sku.name"),
    Wrong(ACCOUNT, {"sku": "Standard_LRS"}, "check:type", "sku", "an object, not a string"),
    Wrong(ACCOUNT, {"enableHttpsTrafficOnly": "false"}, "check:type", "enableHttpsTrafficOnly"),
    Wrong(ACCOUNT, {"accountName": 4}, "check:type", "accountName", "a string, not a number"),
    Wrong(ACCOUNT, {"accountName": True}, "check:type", "accountName", "not a boolean"),
    Wrong(
        ACCOUNT,
        {"networkRuleSet": {"defaultAction": "Deny", "ipRules": {}}},
        "check:type",
        "networkRuleSet.ipRules",
        "a list, not an object",
    ),
    Wrong(
        ACCOUNT,
        {"networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"action": "Allow"}]}},
        "check:missing",
        "networkRuleSet.ipRules[0].iPAddressOrRange",
    ),
    Wrong(ACCOUNT, {"tags": ["a"]}, "check:type", "tags", "an object, not a list"),
    Wrong(ACCOUNT, {"tags": {"a": 1}}, "check:type", "tags.a"),
    Wrong(ACCOUNT, {"accountName": "A"}, "check:limit", "accountName", "3 to 24 characters"),
    Wrong(ACCOUNT, {"accountName": "a-b"}, "check:limit", "accountName", "numbers and lower-case"),
    Wrong(CONTAINER, {"containerName": "a--b"}, "check:limit", "containerName"),
    Wrong(
        GROUP,
        {"ruleCollections": [{"ruleCollectionType": "FirewallPolicyFilter"}]},
        "check:limit",
        "ruleCollections[0].ruleCollectionType",
        "`FirewallPolicyFilterRuleCollection` only",
    ),
    Wrong(BUCKET, {"ownerId": "1"}, "check:type", "ownerId", "a number, not a string"),
    Wrong(
        BUCKET,
        {"encryption": {"sseAlgoritm": "AES256"}},
        "check:unknown-property",
        "encryption.sseAlgoritm",
    ),
]


@pytest.mark.parametrize("token", GOOD)
def test_good_inputs_are_accepted(token: str) -> None:
    assert faults(token, GOOD[token]) == []


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: f"{wrong.at} {wrong.code}")
def test_a_fault_is_refused(wrong: Wrong) -> None:
    found = faults(wrong.token, {**GOOD[wrong.token], **wrong.change})
    assert [(each.code, each.property) for each in found] == [(wrong.code, wrong.at)]
    assert wrong.says in found[0].message


@pytest.mark.parametrize("value", [UNKNOWN, Secret(UNKNOWN), Secret("StorageV2")])
def test_what_is_not_known_yet_passes(value: Any) -> None:
    assert faults(ACCOUNT, {**GOOD[ACCOUNT], "kind": value}) == []


def test_a_secret_is_looked_into_and_never_shown() -> None:
    (found,) = faults(ACCOUNT, {**GOOD[ACCOUNT], "kind": Secret("hush")})
    assert (found.code, found.property) == ("check:value", "kind")
    assert "hush" not in found.message


def test_a_value_that_the_sdk_lacks_can_be_added() -> None:
    inputs = {**GOOD[ACCOUNT], "sku": {"name": "Standard_New"}}
    assert len(faults(ACCOUNT, inputs)) == 1
    assert faults(ACCOUNT, inputs, {"sku.name": ("Standard_New",)}) == []


@pytest.mark.parametrize("token", ["azure-native:storage:Nothing", "nobody:a:B", "odd"])
def test_a_type_that_no_sdk_has_is_refused(token: str) -> None:
    assert not known(token)
    (found,) = faults(token, {})
    assert found.code == "check:unknown-type"
    assert token in found.message


def test_enumerations_of_one_name_in_two_services_are_kept_apart() -> None:
    """Both have an enumeration `Kind`, and Python caches what a name stands for."""
    alert = "azure-native:monitor:ScheduledQueryRule"
    assert "check:value" in {each.code for each in faults(alert, {"kind": "StorageV2"})}
    assert faults(ACCOUNT, GOOD[ACCOUNT]) == []


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("The table retention in days, between 4 and 730. Setting", (4, 730)),
        ("minimum specified value can be 1 and the maximum value can be 365.", (1, 365)),
        ("softDelete data retention days. It accepts >=7 and <=90.", (7, 90)),
        ("The value can be between 100 and 4096.", (100, 4096)),
        ("Integer or range between 0 and 65535.", (None, None)),
        ("Number of pods between nodes", (None, None)),
    ],
)
def test_only_sure_words_give_a_range(said: str, value: tuple[float | None, float | None]) -> None:
    found = limit(said)
    assert (found.least, found.most) == value
