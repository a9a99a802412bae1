"""Keys: vaults, and what they decide for their keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from havre.facts.durations import days
from havre.facts.model import Copy, Holder, Key, Place, ResourceFact
from havre.facts.read import NO, NONE, both, every, items, read, then
from havre.facts.stores import Vault
from havre.facts.values import Fact, Known, Unknown, reserved
from havre_azure.facts.access import vault_policies
from havre_azure.facts.places import has_pair, location, pair, place, serves
from havre_azure.facts.properties import (
    about,
    closed,
    held,
    least,
    offered,
    open_to_all,
)
from havre_azure.facts.relations.guards import guarded
from havre_azure.facts.relations.links import private
from havre_azure.facts.relations.logs import logged
from havre_azure.facts.relations.versions import soft_delete

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource


VAULT = "Key Vault"
VAULT_LOGS = ("AuditEvent",)
SOFT_DELETE = 90
"""Days for which a vault keeps what is deleted, unless said otherwise."""


def _key_places(resource: PlannedResource, index: Index) -> Fact[tuple[Place, ...]]:
    """Azure copies the content of a vault to the paired region, where there is one."""

    def told(where: str) -> tuple[Place, ...]:
        own = place(Copy.KEY, where)
        if not has_pair(where):
            return (own,)
        return (own, pair(Copy.KEY, where, "Key Vault's own replication"))

    return then(location(resource, index), told)


def vault(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A key vault: a store of secrets, and the grants of its access policies."""
    public = open_to_all(resource, "properties.publicNetworkAccess")
    deletion_days, purge_guarded = _recovery(resource, index)
    found = replace(
        held(Vault, resource, index, VAULT, _key_places(resource, index)),
        deletion_days=deletion_days,
        purge_guarded=purge_guarded,
        public_read=NO,
        tls_minimum=Known("1.2"),  # the service refuses older (Azure documentation, Key Vault)
        public_endpoint=public,
        private_endpoint=every([closed(public), private(index, resource)]),
        shared_keys=NO,
        reads_logged=logged(index, resource, VAULT_LOGS),
    )
    return [found, *vault_policies(resource)]


def _rotation(resource: PlannedResource) -> Fact[int | None]:
    """Days after which a key is renewed; reserved where what stands has another policy.

    Resource Manager makes a key with its policy, and changes nothing of one that is there (Azure
    REST reference, Keys - Create If Not Exist).
    """
    asked = _renewed(resource.inputs, "properties.rotationPolicy")
    if RETURNED not in resource.outputs or _renewed(resource.outputs, RETURNED) == asked:
        return asked
    return reserved(asked, UNTIL_SET)


RETURNED = "rotationPolicy"
"""Name of a key's policy in what Resource Manager answers."""
UNTIL_SET = (
    "not in force until an administrator sets it: Azure changes no policy of an existing key "
    "(`az keyvault key rotation-policy update`, then `pulumi refresh`)"
)


def _renewed(values: Mapping[str, Any], policy: str) -> Fact[int | None]:
    """Days after which a policy renews a key; after its making, or before its end."""
    actions = items(values, f"{policy}.lifetimeActions")
    expiry = read(values, f"{policy}.attributes.expiryTime", "")
    if isinstance(actions, Unknown):
        return actions
    # The sooner, the better: the first that is told is no bound for the others.
    return then(least(_due(action, expiry) for action in actions.value), lambda found: found)


def _due(action: Any, expiry: Fact[str]) -> Fact[int | None]:
    """Days after which an action renews a key; None where it does not."""
    kind = then(read(action, "action.type", ""), lambda word: str(word).lower())
    if isinstance(kind, Unknown) or kind.value != "rotate":
        return Unknown(f"{ACTIONS}[].action") if isinstance(kind, Unknown) else NONE
    after, before = (read(action, f"trigger.time{when}", "") for when in WHEN)
    if isinstance(after, Unknown) or after.value:
        return then(after, days)
    return then(both(then(before, days), then(expiry, days)), _before)


def _before(told: tuple[int | None, int | None]) -> int | None:
    before, end = told
    return None if before is None or not end else end - before


ACTIONS = "properties.rotationPolicy.lifetimeActions"
WHEN = ("AfterCreate", "BeforeExpiry")


def key(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A key, with what its vault decides for it."""
    vault = index.target(resource, "vaultName", "keyvault:Vault")
    known = vault.value if isinstance(vault, Known) else None
    kty = read(resource.inputs, "properties.kty", "")
    fact = replace(
        _in_vault(resource, known, index) if known else _in_no_vault(resource),
        customer=Known(value=True),
        hsm=then(kty, lambda kind: str(kind).upper().endswith("-HSM")),
        rotation_days=_rotation(resource),
        guarded=guarded(index, resource),
    )
    return [fact]


def _in_no_vault(resource: PlannedResource) -> Key:
    """A key whose vault is not decided, or none of the plan's."""
    elsewhere = Unknown("vaultName")
    return replace(
        offered(Key, resource, VAULT, elsewhere),
        deletion_days=elsewhere,
        purge_guarded=elsewhere,
        use_logged=elsewhere,
    )


def _recovery(vault: PlannedResource, index: Index) -> tuple[Fact[int | None], Fact[bool]]:
    """Days during which a vault gives back what is deleted, and whether nobody can purge it."""
    soft = soft_delete(vault, index)
    kept = read(vault.inputs, "properties.softDeleteRetentionInDays", SOFT_DELETE)
    purge = read(vault.inputs, "properties.enablePurgeProtection", default=False)
    days_kept = then(both(soft, kept), lambda told: int(told[1]) if told[0] else None)
    return days_kept, every([soft, purge])


def _in_vault(resource: PlannedResource, vault: PlannedResource, index: Index) -> Key:
    """What a vault decides for its keys; soft delete is on unless said otherwise."""
    deletion_days, purge_guarded = _recovery(vault, index)
    return replace(
        offered(Key, resource, VAULT, _key_places(vault, index)),
        deletion_days=deletion_days,
        purge_guarded=purge_guarded,
        use_logged=logged(index, vault, VAULT_LOGS),
    )


def keys_of_disks(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A disk encryption set: without it no disk under it can be read."""
    where = serves(resource, index)
    return [replace(about(Holder, resource, where), guarded=guarded(index, resource))]
