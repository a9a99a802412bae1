"""Keys and vaults."""

from dataclasses import replace

import pytest
from pulumi_azure_native import (
    keyvault,
)

from havre.facts import Known, Reserved, Unknown
from havre.facts.model import Grant, Key, Right
from havre.plan import Plan
from havre_azure.facts import facts
from tests.azure.facts.resources import NO, YES, bare, key, one, told, vault


def rotation(expiry: str | None = None, **trigger: str) -> keyvault.RotationPolicyArgs:
    return keyvault.RotationPolicyArgs(
        attributes=keyvault.KeyRotationPolicyAttributesArgs(expiry_time=expiry),
        lifetime_actions=[
            keyvault.LifetimeActionArgs(
                action=keyvault.ActionArgs(type="rotate"), trigger=keyvault.TriggerArgs(**trigger)
            )
        ],
    )


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (None, None),
        ({"time_after_create": "P6M"}, 180),
        ({"expiry": "P2Y", "time_before_expiry": "P30D"}, 700),
    ],
)
def test_a_key_renews_itself_only_by_its_policy(
    policy: dict[str, str] | None, expected: int | None
) -> None:
    def body() -> None:
        made = vault(soft_delete_retention_in_days=7)
        key("k1", made.name, rotation_policy=rotation(**policy) if policy else None, kty="EC-HSM")

    found = one(told(body), Key)
    assert found.rotation_days == Known(expected)
    assert (found.hsm, found.deletion_days, found.purge_guarded) == (YES, Known(7), NO)
    assert found.use_logged == NO


def test_keys_of_a_vault_elsewhere_leave_open_what_it_decides() -> None:
    found = one(told(lambda: key("k1")), Key)
    assert found.hsm == NO
    for fact in (found.deletion_days, found.purge_guarded, found.use_logged, found.places):
        assert fact == Unknown("vaultName")


def test_access_policies_are_grants() -> None:
    def body() -> None:
        vault(
            access_policies=[
                keyvault.AccessPolicyEntryArgs(
                    object_id="someone",
                    tenant_id="t",
                    permissions=keyvault.PermissionsArgs(keys=["get", "wrapKey", "purge"]),
                )
            ]
        )

    grant = one(told(body), Grant)
    assert grant.identity == Known("someone")
    assert grant.rights == Known(frozenset({Right.USE_KEYS, Right.MANAGE_KEYS}))


def policy(days: int) -> dict[str, object]:
    trigger = {"timeAfterCreate": f"P{days}D"}
    return {"lifetimeActions": [{"action": {"type": "rotate"}, "trigger": trigger}]}


def stands(asked: int, answered: int | None) -> Key:
    """The fact of a key whose policy is asked for, and answered by Resource Manager."""
    made = bare("azure-native:keyvault:Key", {"properties": {"rotationPolicy": policy(asked)}})
    told_back = {} if answered is None else {"rotationPolicy": policy(answered)}
    plan = Plan("azure", (replace(made, outputs=told_back),))
    return one(facts(plan), Key)


def test_a_policy_that_azure_did_not_change_is_not_in_force() -> None:
    """Resource Manager returns a key that exists, and writes nothing of it."""
    later = stands(asked=90, answered=365).rotation_days
    assert isinstance(later, Reserved)
    assert (later.at_best, later.reserve) == (Known(90), "not-in-force")
    assert "az keyvault key rotation-policy update" in later.property
    assert stands(asked=90, answered=90).rotation_days == Known(90)
    assert stands(asked=90, answered=None).rotation_days == Known(90)
