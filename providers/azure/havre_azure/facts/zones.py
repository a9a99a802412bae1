"""Zones: storage accounts and their containers.

How Azure counts what it keeps is explained in `havre_azure.retention`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from havre.facts.model import Copy, Holder, Place, ResourceFact
from havre.facts.read import (
    NO,
    NONE,
    YES,
    ZERO,
    at_best,
    both,
    every,
    items,
    label,
    read,
    some,
    then,
)
from havre.facts.stores import LogStore, ObjectStore, Promises, Storage
from havre.facts.values import Fact, Known, Unknown
from havre.plan.values import UNKNOWN
from havre_azure.facts.backup import backed_up
from havre_azure.facts.places import location, pair, place
from havre_azure.facts.properties import (
    about,
    closed,
    least,
    most,
    offered,
    open_to_all,
    stored,
)
from havre_azure.facts.relations.guards import guarded
from havre_azure.facts.relations.links import key, private, switched
from havre_azure.facts.relations.logs import logged
from havre_azure.facts.relations.versions import by_version
from havre_azure.retention import LIFECYCLE_MARGIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource


PRODUCT = "Blob Storage"
S = TypeVar("S", bound=Storage)
SKU = re.compile(
    r"(?:Standard|Premium)(?:V2)?_(?:LRS|(?P<geo>(?:RA)?GRS)|(?P<both>(?:RA)?GZRS)|(?P<zonal>ZRS))",
    re.IGNORECASE,
)
"""Redundancy of an account's SKU: in the paired region, in several zones, or both."""


def _redundancy(account: PlannedResource) -> Fact[tuple[str, bool, bool]]:
    """An account's SKU, and whether it copies to the paired region and to several zones."""
    sku = read(account.inputs, "sku.name", "")
    if isinstance(sku, Unknown):
        return sku
    found = SKU.fullmatch(str(sku.value))
    if found is None:
        return Unknown("sku.name")
    geo, zones = (bool(found["both"] or found[kind]) for kind in ("geo", "zonal"))
    return Known((found[0], geo, zones))


def _copied(copy: Copy, sku: tuple[str, bool, bool], where: str) -> tuple[Place, ...]:
    name, geo, _ = sku
    own = (place(copy, where),)
    if geo:
        return (*own, pair(Copy.REPLICA, where, f"sku {name}"))
    return own


SINKS = (
    ("monitor:DiagnosticSetting", "storageAccountId"),
    ("monitor:SubscriptionDiagnosticSetting", "storageAccountId"),
    ("network:FlowLog", "storageId"),
)
"""What sends logs to a storage account, and the property that names it."""


def _is_sink(index: Index, account: PlannedResource) -> bool:
    return any(index.named_by(token, path, account) != NO for token, path in SINKS)


def containers(index: Index, account: PlannedResource) -> list[PlannedResource]:
    """Containers that stand in an account, or may."""
    return [r for r, _ in index.users("storage:BlobContainer", "accountName", account)]


def _public_read(index: Index, account: PlannedResource) -> Fact[bool]:
    """Allowing it is enough: whoever makes a container may then open it to everybody.

    An account that refuses it closes every container in it, whatever level that one has. A static
    website answers all the same.
    """
    site = index.named_by("storage:StorageAccountStaticWebsite", "accountName", account)
    refused = read(account.inputs, "allowBlobPublicAccess") == NO
    inside = () if refused else containers(index, account)
    return some(
        [
            _may_open(index, account),
            *[_open_container(container) for container in inside],
            site,
        ]
    )


CLOSED_SINCE = "20230101"
"""The first version of the interface in which public access and replication to other tenants are
off unless they are asked for (the properties' documentation in 2022-09-01 and since)."""
HTTPS_SINCE = "20190401"
"""The first in which plain text is refused unless it is asked for (its documentation)."""


def _may_open(index: Index, account: PlannedResource) -> Fact[bool]:
    """Whether containers may be opened; where the account does not say, its version decides."""
    return by_version(account, index, "allowBlobPublicAccess", CLOSED_SINCE, YES, NO)


def _open_container(container: PlannedResource) -> Fact[bool]:
    return then(read(container.inputs, "publicAccess", "None"), lambda level: level != "None")


def _account_tls(index: Index, account: PlannedResource) -> Fact[str | None]:
    """`TLS1_0` and plain text refused, unless said otherwise: the properties' documentation."""
    https = by_version(account, index, "enableHttpsTrafficOnly", HTTPS_SINCE, NO, YES)
    version = read(account.inputs, "minimumTlsVersion", "TLS1_0")
    if https == NO:
        return NONE
    return then(
        both(https, version), lambda told: str(told[1]).removeprefix("TLS").replace("_", ".")
    )


def _account_key(index: Index, account: PlannedResource) -> Fact[str | None]:
    source = read(account.inputs, "encryption.keySource", "Microsoft.Storage")
    if isinstance(source, Unknown):
        return source
    if str(source.value).lower() == "microsoft.keyvault":
        path = "encryption.keyVaultProperties"
        return key(index, account, f"{path}.keyVaultUri", f"{path}.keyName")
    return _scope_key(index, account)


def _scope_key(index: Index, account: PlannedResource) -> Fact[str | None]:
    """The key of the one encryption scope that every container is bound to; None otherwise."""
    keys: set[str | None] = set()
    for container in containers(index, account):
        bound = read(container.inputs, "denyEncryptionScopeOverride", default=False)
        scope = index.target(container, "defaultEncryptionScope", "storage:EncryptionScope")
        told = both(bound, scope)
        if isinstance(told, Unknown):
            return told
        if not told.value[0] or told.value[1] is None:
            return NONE
        found = _of_scope(index, told.value[1])
        if isinstance(found, Unknown):
            return found
        keys.add(found.value)
    return Known(keys.pop() if len(keys) == 1 else None)


def _of_scope(index: Index, scope: PlannedResource) -> Fact[str | None]:
    """The key that an encryption scope names, where its source is the vault."""
    named = key(index, scope, "keyVaultProperties.keyUri")
    if named == NONE:
        return NONE
    return switched(named, read(scope.inputs, "source"), "microsoft.keyvault", "source")


LOCKED = "Locked"
"""The state of the only policy that locks: an unlocked one can be taken away."""
IMMUTABLE = "immutableStorageWithVersioning.immutabilityPolicy"
CURRENT = "definition.actions.baseBlob.delete"
VERSION = "definition.actions.version.delete.daysAfterCreationGreaterThan"
RULES = "policy.rules"
FILTERS = f"{RULES}[].definition.filters"
WITHOUT_END: Fact[int | None] = Known(None)


def _versions(index: Index, account: PlannedResource) -> Fact[bool]:
    """Whether an account keeps earlier versions of its blobs."""
    return index.named_by("storage:BlobServiceProperties", "accountName", account, _versioned)


def _versioned(service: PlannedResource) -> Fact[bool]:
    return read(service.inputs, "isVersioningEnabled", default=False)


def _immutable(account: PlannedResource, *states: str) -> Fact[int]:
    """Days of the account's immutability policy, if it is in one of some states; 0 otherwise."""
    enabled = read(account.inputs, "immutableStorageWithVersioning.enabled", default=False)
    state = read(account.inputs, f"{IMMUTABLE}.state", "Disabled")
    period = read(account.inputs, f"{IMMUTABLE}.immutabilityPeriodSinceCreationInDays", 0)
    if enabled == NO or (isinstance(state, Known) and state.value not in states):
        return ZERO
    return then(both(both(enabled, state), period), lambda told: int(told[1]))


def _promises(index: Index, account: PlannedResource) -> Promises:
    """What an account promises of the blobs in it."""
    services = index.all_users("storage:BlobServiceProperties", "accountName", account)
    rules = _rules(index, account)
    told = both(services, _versions(index, account))
    if isinstance(told, Unknown):
        withheld = Unknown(told.property)
        return Promises(withheld, withheld, _ends(rules))
    found, on = told.value
    undelete = then(least(map(_undelete_days, found)), lambda days: days or 0)
    kept = _version_days(rules) if on else ZERO
    after = then(both(kept, undelete), _sum)
    return Promises(after if on else undelete, kept, _ends(rules))


def _kept_days(index: Index, account: PlannedResource) -> Fact[int | None]:
    """Days for which an account of logs keeps them: under a policy, or until they expire."""
    fixed = then(_immutable(account, LOCKED, "Unlocked"), lambda held: held or None)
    return most([fixed, _ends(_rules(index, account))])


def _longest_days(index: Index, account: PlannedResource) -> Fact[int | None]:
    """Days after which the last log in an account is gone: deleted, as a version, and for good.

    A version is at least as old as the current blob was, so the older of both ages counts.
    """
    rules, versions = _rules(index, account), _versions(index, account)
    age = least(_told(rule, VERSION) for rule in rules)
    held = both(both(_ends(rules), versions), both(age, _given_back_days(index, account)))
    return then(held, _last_of)


def _last_of(told: tuple[tuple[int | None, bool], tuple[int | None, int | None]]) -> int | None:
    (ends, versions), (age, after) = told
    if ends is None or after is None or (versions and age is None):
        return None
    return max(ends, age or 0) + after


def _rules(index: Index, account: PlannedResource) -> list[Any]:
    """The rules of an account's lifecycle, but for those that are off; unknown ones in places."""
    found: list[Any] = []
    for policy, link in index.users("storage:ManagementPolicy", "accountName", account):
        rules = both(link, items(policy.inputs, RULES))
        found += rules.value[1] if isinstance(rules, Known) else [UNKNOWN]
    return [rule for rule in found if read(rule, "enabled", default=True) != NO]


def _told(rule: Any, path: str) -> Fact[Any]:
    """What a rule says, if it is told and the rule in force for certain."""
    found, on = read(rule, path), read(rule, "enabled", default=True)
    if isinstance(found, Unknown) or (isinstance(on, Unknown) and found != NONE):
        return Unknown(RULES if rule is UNKNOWN else f"{RULES}[].{path}")
    return found


def _whole(rule: Any) -> bool:
    """Whether a rule is for all block blobs."""
    filters = read(rule, "definition.filters", {})
    told: dict[str, Any] = filters.value if isinstance(filters, Known) else {"prefixMatch": ["?"]}
    kinds = told.get("blobTypes") or ("blockBlob",)
    return "blockBlob" in kinds and not told.get("prefixMatch") and not told.get("blobIndexMatch")


def _ends(rules: Iterable[Any]) -> Fact[int | None]:
    """Days after which all blobs are deleted; unknown where some are deleted earlier."""
    found = list(rules)
    whole = least(_deleted(rule) for rule in found if _whole(rule))
    some_of = least(_deleted(rule) for rule in found if not _whole(rule))
    told = both(whole, some_of)
    if isinstance(told, Unknown):
        soonest = at_best(whole, None)
        return Unknown(told.property, None if soonest is None else Known(soonest))
    every_one, few = told.value
    earlier = few is not None and (every_one is None or few < every_one)
    return Unknown(FILTERS) if earlier else whole


def _deleted(rule: Any) -> Fact[int | None]:
    """Days after its last writing at which a rule deletes a blob; other clocks do not tell."""
    days = _told(rule, f"{CURRENT}.daysAfterModificationGreaterThan")
    if days != WITHOUT_END:
        return days
    action = read(rule, CURRENT)
    return NONE if action == WITHOUT_END else Unknown(f"{RULES}[].{CURRENT}")


def _version_days(rules: Iterable[Any]) -> Fact[int | None]:
    """Days from its replacement for which an earlier version is kept at least.

    A version is as old as the lifecycle lets a current blob become when it is replaced; where
    nothing bounds that, a rule may delete it on the day itself.
    """
    found = list(rules)
    age = least(_told(rule, VERSION) for rule in found)
    if age == WITHOUT_END or isinstance(age, Unknown):
        return age
    bound = least(_deleted(rule) for rule in found if _whole(rule))
    return then(both(age, bound), _since_replacement)


def _since_replacement(told: tuple[int | None, int | None]) -> int:
    age, bound = told
    return 0 if age is None or bound is None else max(0, age - bound - LIFECYCLE_MARGIN)


def _sum(days: tuple[int | None, int]) -> int | None:
    return None if days[0] is None else days[0] + days[1]


def _undelete_days(service: PlannedResource) -> Fact[int | None]:
    """Days of soft delete; none where what is deleted may be deleted for good at once."""
    kept = read(service.inputs, "deleteRetentionPolicy", {})
    return then(
        kept,
        lambda told: (
            told.get("days")
            if told.get("enabled") and not told.get("allowPermanentDelete")
            else None
        ),
    )


def _given_back_days(index: Index, account: PlannedResource) -> Fact[int | None]:
    """Days for which what is deleted on purpose comes back: blobs, or containers with all in them.

    An account without a blob service in the plan has what somebody set elsewhere.
    """
    services = index.all_users("storage:BlobServiceProperties", "accountName", account)
    if isinstance(services, Unknown) or not services.value:
        return services if isinstance(services, Unknown) else Unknown("deleteRetentionPolicy")
    paths = ("deleteRetentionPolicy", "containerDeleteRetentionPolicy")
    kept = [_soft_days(service, path) for service in services.value for path in paths]
    return then(most(kept), lambda days: days or 0)


def _soft_days(service: PlannedResource, path: str) -> Fact[int | None]:
    """Days of one soft delete; None where it is off, unknown where no days are told."""
    on = read(service.inputs, f"{path}.enabled", default=False)
    if on == NO:
        return NONE
    kept = read(service.inputs, f"{path}.days")
    return Unknown(f"{path}.days") if kept == NONE else then(both(on, kept), lambda told: told[1])


def _cross_tenant(index: Index, account: PlannedResource) -> Fact[bool]:
    """Whether objects are replicated to other tenants, or copied from anywhere: so, unless scoped.

    Where the account does not say, its version decides of replication.
    """
    copies = then(read(account.inputs, "allowedCopyScope"), lambda scope: not scope)
    path = "allowCrossTenantReplication"
    return some([by_version(account, index, path, CLOSED_SINCE, YES, NO), copies])


def _shared_keys(account: PlannedResource) -> Fact[bool]:
    """Whether keys, signatures or local users open an account, beside identities of Entra.

    Local users come in by SFTP, with a password or a key of their own: SFTP knows nobody else.
    """
    local = read(account.inputs, "isLocalUserEnabled")
    sftp = read(account.inputs, "isSftpEnabled", default=False)
    return some(
        [
            read(account.inputs, "allowSharedKeyAccess", default=True),
            then(local, lambda told: told is True),
            NO if local == NO else sftp,
        ]
    )


def _guarded(index: Index, account: PlannedResource) -> Fact[bool]:
    """An account is guarded if what is in it is, too."""
    inside = containers(index, account)
    return every([guarded(index, resource) for resource in (account, *inside)])


BLOB_LOGS = ("StorageRead", "StorageWrite", "StorageDelete")


def account(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A storage account: Azure's boundary of keys, addresses, locks and logs."""
    zone = label(resource.inputs, "zone")
    if not zone and _is_sink(index, resource):
        return [_of_logs(resource, index)]
    return [_of_objects(resource, index, zone)]


def _of_logs(resource: PlannedResource, index: Index) -> LogStore:
    return replace(
        _account(LogStore, resource, index, Copy.LOG),
        locked_days=_immutable(resource, LOCKED),
        retention_days=_kept_days(index, resource),
        longest_days=_longest_days(index, resource),
    )


def _of_objects(resource: PlannedResource, index: Index, zone: str) -> ObjectStore:
    promised = _promises(index, resource)
    return replace(
        _account(ObjectStore, resource, index, Copy.PRIMARY),
        zone=zone,
        versions=_versions(index, resource),
        locked_days=_immutable(resource, LOCKED),
        recoverable_days=promised.recoverable_days,
        version_days=promised.version_days,
        expire_days=promised.expire_days,
        backup_days=backed_up(index, resource),
        undelete_days=_given_back_days(index, resource),
    )


def _account(kind: type[S], resource: PlannedResource, index: Index, copy: Copy) -> S:
    """An account of either kind."""
    public, sku = open_to_all(resource), _redundancy(resource)
    where = then(both(sku, location(resource, index)), lambda told: _copied(copy, *told))
    return replace(
        stored(kind, resource, index, PRODUCT, where),
        key=_account_key(index, resource),
        tls_minimum=_account_tls(index, resource),
        public_read=_public_read(index, resource),
        public_endpoint=public,
        private_endpoint=every([closed(public), private(index, resource)]),
        shared_keys=_shared_keys(resource),
        cross_tenant=_cross_tenant(index, resource),
        multi_zone=then(sku, lambda told: told[2]),
        guarded=_guarded(index, resource),
        reads_logged=logged(index, resource, BLOB_LOGS, "/blobservices/"),
    )


def container(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A container is told with its account; one whose account is elsewhere is a store itself."""
    holder = index.target(resource, "accountName", "storage:StorageAccount")
    if isinstance(holder, Known) and holder.value is not None:
        return [replace(about(Holder, resource, tagged=False), guarded=guarded(index, resource))]
    told = replace(
        offered(ObjectStore, resource, PRODUCT, Unknown("accountName"), tagged=False),
        public_read=_open_container(resource),
        guarded=guarded(index, resource),
        names_in_state=NO,
    )
    return [told]
