"""Zones: storage accounts and their containers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from havre.facts.model import (
    Copy,
    Fact,
    Holding,
    Known,
    Offering,
    Place,
    Plain,
    ResourceFact,
    Store,
    Unknown,
)
from havre.facts.read import NO, NONE, ZERO, both, every, read, some, then
from havre_azure.facts.backup import backed_up
from havre_azure.facts.places import location, pair, place
from havre_azure.facts.properties import OFFER, base, closed, least, most, open_to_all, store
from havre_azure.facts.relations import (
    all_users,
    guarded,
    items,
    key,
    logged,
    private,
    target,
    users,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.plan import Plan, PlannedResource


GEO = re.compile(r"_(RA)?GZ?RS$", re.IGNORECASE)
ZONAL = re.compile(r"_(RA)?G?ZRS$", re.IGNORECASE)
"""Redundancy of an account's SKU: in the paired region, in several zones."""


def _copied(copy: Copy, sku: Any, where: str) -> tuple[Place, ...]:
    name = str(sku)
    own = (place(copy, where),)
    if GEO.search(name):
        return (*own, pair(Copy.REPLICA, where, f"sku {name}"))
    return own


SINKS = (
    ("monitor:DiagnosticSetting", "storageAccountId"),
    ("monitor:SubscriptionDiagnosticSetting", "storageAccountId"),
    ("network:FlowLog", "storageId"),
)
"""What sends logs to a storage account, and the property that names it."""


def _is_sink(plan: Plan, account: PlannedResource) -> bool:
    return any(users(plan, token, path, account) for token, path in SINKS)


def _zone(account: PlannedResource) -> str:
    tags = read(account.inputs, "tags", {})
    return str(tags.value.get("zone", "")) if isinstance(tags, Known) else ""


def containers(plan: Plan, account: PlannedResource) -> list[PlannedResource]:
    """Containers that stand in an account, or may."""
    return [r for r, _ in users(plan, "storage:BlobContainer", "accountName", account)]


def _public_read(plan: Plan, account: PlannedResource) -> Fact[bool]:
    """Allowing it is enough: whoever makes a container may then open it to everybody."""
    sites = users(plan, "storage:StorageAccountStaticWebsite", "accountName", account)
    return some(
        [
            read(account.inputs, "allowBlobPublicAccess", default=False),
            *[_open_container(container) for container in containers(plan, account)],
            *[link for _, link in sites],
        ]
    )


def _open_container(container: PlannedResource) -> Fact[bool]:
    return then(read(container.inputs, "publicAccess", "None"), lambda level: level != "None")


def _account_tls(account: PlannedResource) -> Fact[str | None]:
    """`TLS1_0` and plain text refused, unless said otherwise: the properties' documentation."""
    https = read(account.inputs, "enableHttpsTrafficOnly", default=True)
    version = read(account.inputs, "minimumTlsVersion", "TLS1_0")
    if https == NO:
        return NONE
    return then(both(https, version), lambda pair: str(pair[1])[3:].replace("_", "."))


def _account_key(plan: Plan, account: PlannedResource) -> Fact[str | None]:
    source = read(account.inputs, "encryption.keySource", "Microsoft.Storage")
    if isinstance(source, Unknown):
        return source
    if str(source.value).lower() == "microsoft.keyvault":
        path = "encryption.keyVaultProperties"
        return key(plan, account, f"{path}.keyVaultUri", f"{path}.keyName")
    return _scope_key(plan, account)


def _scope_key(plan: Plan, account: PlannedResource) -> Fact[str | None]:
    """The key of the one encryption scope that every container is bound to; None otherwise."""
    keys: set[str | None] = set()
    for container in containers(plan, account):
        bound = read(container.inputs, "denyEncryptionScopeOverride", default=False)
        scope = target(plan, container, "defaultEncryptionScope", "storage:EncryptionScope")
        told = both(bound, scope)
        if isinstance(told, Unknown):
            return told
        if not told.value[0] or told.value[1] is None:
            return NONE
        found = key(plan, told.value[1], "keyVaultProperties.keyUri")
        if isinstance(found, Unknown):
            return found
        keys.add(found.value)
    return Known(keys.pop() if len(keys) == 1 else None)


def _versions(plan: Plan, account: PlannedResource) -> Fact[bool]:
    services = users(plan, "storage:BlobServiceProperties", "accountName", account)
    return some(
        [
            every([link, read(service.inputs, "isVersioningEnabled", default=False)])
            for service, link in services
        ]
    )


IMMUTABLE = "immutableStorageWithVersioning.immutabilityPolicy"


def _immutable(account: PlannedResource, *states: str) -> Fact[int]:
    """Days of the account's immutability policy, if it is in one of some states; 0 otherwise."""
    enabled = read(account.inputs, "immutableStorageWithVersioning.enabled", default=False)
    state = read(account.inputs, f"{IMMUTABLE}.state", "Disabled")
    period = read(account.inputs, f"{IMMUTABLE}.immutabilityPeriodSinceCreationInDays", 0)
    if enabled == NO or (isinstance(state, Known) and state.value not in states):
        return ZERO
    return then(both(both(enabled, state), period), lambda told: int(told[1]))


VERSION = ("version", "daysAfterCreationGreaterThan")
CURRENT = ("baseBlob", "daysAfterModificationGreaterThan")
"""What a lifecycle deletes, and the clock by which it does."""


def _deleted_after(policy: PlannedResource, part: str, clock: str) -> Fact[int | None]:
    """Days after which the earliest rule of a lifecycle deletes `baseBlob` or `version`."""
    rules = items(policy.inputs, "policy.rules")
    if isinstance(rules, Unknown):
        return rules
    ages = [
        read(rule, f"definition.actions.{part}.delete.{clock}")
        for rule in rules.value
        if rule.get("enabled", True)
    ]
    return least(ages)


def _undelete_days(service: PlannedResource) -> Fact[int | None]:
    kept = read(service.inputs, "deleteRetentionPolicy", {})
    return then(kept, lambda told: told.get("days") if told.get("enabled") else None)


def _retention(plan: Plan, account: PlannedResource) -> Fact[int | None]:
    """What guards longest: immutability, undeleting, or versions until a lifecycle ends them."""
    services = all_users(plan, "storage:BlobServiceProperties", "accountName", account)
    policies = all_users(plan, "storage:ManagementPolicy", "accountName", account)
    told = both(both(services, policies), _versions(plan, account))
    if isinstance(told, Unknown):
        return told
    (found, ends), versions = told.value
    part, clock = VERSION if versions else CURRENT
    ended = least([_deleted_after(policy, part, clock) for policy in ends])
    fixed = then(_immutable(account, "Locked", "Unlocked"), lambda held: held or None)
    return most([fixed, ended, *map(_undelete_days, found)])


def _cross_tenant(account: PlannedResource) -> Fact[bool]:
    """Object replication is not allowed by default; copies are, from anywhere, unless scoped."""
    copies = then(read(account.inputs, "allowedCopyScope"), lambda scope: not scope)
    return some([read(account.inputs, "allowCrossTenantReplication", default=False), copies])


def _guarded(plan: Plan, account: PlannedResource) -> Fact[bool]:
    """An account is guarded if what is in it is, too."""
    inside = containers(plan, account)
    return every([guarded(plan, resource) for resource in (account, *inside)])


BLOB_LOGS = ("StorageRead", "StorageWrite", "StorageDelete")


def account(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A storage account: Azure's boundary of keys, addresses, locks and logs.

    Only a locked immutability policy locks anything: an unlocked one can be taken away.
    """
    zone, public = _zone(resource), open_to_all(resource)
    holding = Holding.LOGS if not zone and _is_sink(plan, resource) else Holding.ZONE
    copy = Copy.LOG if holding is Holding.LOGS else Copy.PRIMARY
    sku = read(resource.inputs, "sku.name")
    where = then(both(sku, location(resource, plan)), lambda told: _copied(copy, *told))
    told = store(
        resource,
        plan,
        "Blob Storage",
        holding=holding,
        zone=zone,
        places=where,
        key=_account_key(plan, resource),
        tls_minimum=_account_tls(resource),
        public_read=_public_read(plan, resource),
        public_endpoint=public,
        private_endpoint=every([closed(public), private(plan, resource)]),
        shared_keys=some(
            [
                read(resource.inputs, "allowSharedKeyAccess", default=True),
                read(resource.inputs, "isSftpEnabled", default=False),
            ]
        ),
        cross_tenant=_cross_tenant(resource),
        versions=_versions(plan, resource),
        locked_days=_immutable(resource, "Locked"),
        retention_days=_retention(plan, resource),
        backup_days=backed_up(plan, resource),
        multi_zone=then(sku, lambda name: ZONAL.search(str(name)) is not None),
        guarded=_guarded(plan, resource),
        reads_logged=logged(plan, resource, BLOB_LOGS, "/blobservices/"),
    )
    return [told]


def container(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A container is told with its account; one whose account is elsewhere is a store itself."""
    holder = target(plan, resource, "accountName", "storage:StorageAccount")
    nowhere: Fact[tuple[Place, ...]] = Known(())
    if isinstance(holder, Known) and holder.value is not None:
        return [Plain(**(base(resource, nowhere) | {"tags": NONE}))]
    told = Store(
        **(base(resource, Unknown("accountName")) | {"tags": NONE}),
        holding=Holding.ZONE,
        offering=Offering(OFFER, "Blob Storage"),
        public_read=_open_container(resource),
        guarded=guarded(plan, resource),
        names_in_state=NO,
    )
    return [told]
