"""Backup: vaults, and what they back up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from havre.facts.durations import days
from havre.facts.model import Copy, Holder, Place, ResourceFact
from havre.facts.read import NO, ZERO, at_best, both, each, every, items, read, then, together
from havre.facts.stores import BackupStore
from havre.facts.values import Fact, Known, Unknown
from havre_azure.facts.places import location, pair, place
from havre_azure.facts.properties import about, closed, least, least_of, most, open_to_all, stored
from havre_azure.facts.relations.guards import guarded
from havre_azure.facts.relations.links import key, private
from havre_azure.facts.relations.logs import logged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource


def _policy_days(policy: PlannedResource) -> Fact[int | None]:
    """Days for which the default rule of a backup policy keeps what it makes."""
    rules = items(policy.inputs, RULES)
    if isinstance(rules, Unknown):
        return rules
    return least(kept for rule in rules.value for kept in _cycles(rule))


def _longest_days(policy: PlannedResource) -> Fact[int | None]:
    """Days after which the last thing is gone that a backup policy keeps: by any of its rules."""
    rules = items(policy.inputs, RULES)
    if isinstance(rules, Unknown):
        return rules
    kept = [days for rule in rules.value for days in _all_cycles(rule)]
    told = together(kept)
    if isinstance(told, Known) and None in told.value:
        return Unknown(f"{RULES}[].lifecycles[].deleteAfter")
    return most(kept)


def _longest_of(policies: Fact[list[PlannedResource]]) -> Fact[int | None]:
    """Likewise, by any of several policies; unknown where one may or may not count."""
    return policies if isinstance(policies, Unknown) else most(map(_longest_days, policies.value))


def _all_cycles(rule: Any) -> list[Fact[int | None]]:
    """Days for which each cycle of a rule keeps, of the default rule or another."""
    kind, cycles = read(rule, "objectType", ""), items(rule, "lifecycles")
    if isinstance(kind, Known) and kind.value != RETENTION:
        return []
    if isinstance(kind, Unknown) or isinstance(cycles, Unknown):
        return [Unknown(RULES)]
    return [then(read(cycle, "deleteAfter.duration", ""), days) for cycle in cycles.value]


def _cycles(rule: Any) -> list[Fact[int | None]]:
    """Days for which each cycle of a default rule keeps; a rule that may be one may keep less."""
    kind, default = read(rule, "objectType", ""), read(rule, "isDefault", default=False)
    retains = every([then(kind, lambda word: word == RETENTION), then(default, bool)])
    cycles = items(rule, "lifecycles")
    if isinstance(retains, Unknown) or isinstance(cycles, Unknown):
        return [Unknown(RULES)]
    found = cycles.value if retains.value else []
    return [then(read(cycle, "deleteAfter.duration", ""), days) for cycle in found]


RULES, RETENTION = "properties.policyRules", "AzureRetentionRule"


def backed_up(index: Index, resource: PlannedResource) -> Fact[int | None]:
    """Days of the backups that a backup vault's instances keep of a resource."""
    kept: list[Fact[int | None]] = []
    path = "properties.dataSourceInfo.resourceID"
    for instance, link in index.users("dataprotection:BackupInstance", path, resource):
        policy = index.target(
            instance, "properties.policyInfo.policyId", "dataprotection:BackupPolicy"
        )
        told = both(link, policy)
        if isinstance(told, Unknown):
            return told
        kept.append(_policy_days(told.value[1]) if told.value[1] else Unknown("policyId"))
    return most(kept)


def _vault_places(resource: PlannedResource, index: Index, kinds: Fact[Any]) -> Fact[Any]:
    def told(found: tuple[Any, str]) -> tuple[Place, ...]:
        own = place(Copy.BACKUP, found[1])
        geo = "georedundant" in {str(kind).lower() for kind in found[0]}
        return (own, pair(Copy.BACKUP, found[1], "GeoRedundant")) if geo else (own,)

    where = location(resource, index)
    if isinstance(where, Unknown) or isinstance(kinds, Known):
        return then(both(kinds, where), told)
    return Unknown(kinds.property, Known(told((at_best(kinds, ()), where.value))))


def _vault(resource: PlannedResource, index: Index, product: str, kinds: Fact[Any]) -> BackupStore:
    """A backup vault; the retention of its shortest policy, locked if the vault's lock is."""
    policies = index.all_users("dataprotection:BackupPolicy", "vaultName", resource)
    kept = least_of(policies, _policy_days)
    state = read(resource.inputs, "properties.securitySettings.immutabilitySettings.state", "")
    locked = then(both(state, kept), lambda both_: (both_[0] == "Locked" and both_[1]) or 0)
    return replace(
        stored(BackupStore, resource, index, product, _vault_places(resource, index, kinds)),
        tls_minimum=Known("1.2"),  # Azure Backup refuses older (documentation, TLS)
        shared_keys=NO,
        locked_days=ZERO if state != Known("Locked") and isinstance(state, Known) else locked,
        retention_days=kept,
        longest_days=_longest_of(policies),
        multi_zone=then(kinds, lambda found: "ZoneRedundant" in found),
        reads_logged=logged(index, resource, ("AddonAzureBackupJobs", "CoreAzureBackup")),
    )


def backup_vault(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A vault of Azure Backup: it has no address of its own, Resource Manager alone opens it."""
    path = "properties.securitySettings.encryptionSettings.keyVaultProperties.keyUri"
    kinds: Fact[Any] = each(resource.inputs, "properties.storageSettings", "type")
    if kinds == Known(()):
        kinds = Unknown("properties.storageSettings")
    told = replace(
        _vault(resource, index, "Backup", kinds),
        key=key(index, resource, path),
        public_endpoint=NO,
        private_endpoint=NO,
    )
    return [told]


def recovery_vault(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A Recovery Services vault: geo-redundant unless said otherwise."""
    path = "properties.redundancySettings.standardTierStorageRedundancy"
    public = open_to_all(resource, "properties.publicNetworkAccess")
    kinds = then(read(resource.inputs, path, "GeoRedundant"), lambda found: (found,))
    told = replace(
        _vault(resource, index, "Recovery Services", kinds),
        key=key(index, resource, "properties.encryption.keyVaultProperties.keyUri"),
        public_endpoint=public,
        private_endpoint=every([closed(public), private(index, resource)]),
        retention_days=Unknown("protection policies"),
        longest_days=Unknown("protection policies"),
    )
    return [told]


def instance(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """What a backup vault keeps of one resource."""
    return [replace(about(Holder, resource), guarded=guarded(index, resource))]
