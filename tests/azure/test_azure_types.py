"""Every argument that is given, and every value of a closed list, is one that the SDK knows."""

import pytest

from tests.azure.sdk import arguments, strangers

OPERATORS = (
    *("contains", "eq", "gt", "gte", "in", "lt", "lte", "ne"),
    *("notcontains", "notin", "notstartswith", "startswith"),
)
MISNAMED = (
    "principalType: 'Group' is none of ['group', 'servicePrincipal', 'user']",
    "operator: 'GreaterThan' is none of " + str([*OPERATORS]),
)
"""The SDK gives the administrators of a flexible server, and the conditions of a search, the
enumeration of another service; the services' own descriptions have 'Group'
(Microsoft.DBforPostgreSQL, 2025-08-01) and 'GreaterThan' (Microsoft.Insights/scheduledQueryRules,
2020-05-01-preview)."""


@pytest.mark.parametrize("name", ["emc2", "hospital", "hsm", "locked"])
def test_the_sdk_knows_every_argument(name: str, request: pytest.FixtureRequest) -> None:
    plan = request.getfixturevalue(name)
    kinds = [(r, r.type.partition(":")[2]) for r in plan.resources if r.type.startswith("azure")]
    assert len(kinds) > 20
    wrong = [
        f"{resource.name}: {stranger}"
        for resource, kind in kinds
        for stranger in strangers(arguments(kind), dict(resource.inputs))
    ]
    assert [each for each in wrong if not each.endswith(MISNAMED)] == []


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"kinds": "StorageV2"}, "kinds is no argument"),
        ({"kind": "StorageV3"}, "kind: 'StorageV3' is none of"),
        ({"networkRuleSet": {"bypasses": "None"}}, "networkRuleSet.bypasses is no argument"),
        (
            {"networkRuleSet": {"defaultAction": "Refuse"}},
            "networkRuleSet.defaultAction: 'Refuse' is none of",
        ),
        (
            {"networkRuleSet": {"ipRules": [{"action": "Deny"}]}},
            "networkRuleSet.ipRules.action: 'Deny' is none of",
        ),
        (
            {"encryption": {"services": {"blob": {"keyType": "Own"}}}},
            "encryption.services.blob.keyType: 'Own' is none of",
        ),
    ],
)
def test_what_the_sdk_does_not_know_is_named(inputs: dict[str, object], said: str) -> None:
    (found,) = strangers(arguments("storage:StorageAccount"), inputs)
    assert found.startswith(said)
