"""How resources of Azure refer to one another: by ARM identifiers, names and key addresses.

A value that is known decides by what it says; one that is not, by the resources from which it
was computed. Where neither does, the relation itself is unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from havre.facts.model import Fact, Known, Unknown
from havre.facts.read import both, every, read, some, sources, then
from havre.plan.values import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from havre.plan import Plan, PlannedResource


PACKAGE = "azure-native:"
WHOLE = re.compile(
    r"/(subscriptions/[^/]+|providers/microsoft\.management/managementgroups/[^/]+)/?",
    re.IGNORECASE,
)
"""A scope that holds every resource of a plan."""
_VERSION = re.compile(r"/v\d{8}[a-z0-9]*(?=:)")

NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "compute:Disk": ("disks", "diskName"),
        "compute:DiskEncryptionSet": ("diskencryptionsets", "diskEncryptionSetName"),
        "containerregistry:Registry": ("registries", "registryName"),
        "containerservice:ManagedCluster": ("managedclusters", "resourceName"),
        "dataprotection:BackupPolicy": ("backuppolicies", "backupPolicyName"),
        "dataprotection:BackupVault": ("backupvaults", "vaultName"),
        "dbforpostgresql:Server": ("flexibleservers", "serverName"),
        "keyvault:Key": ("keys", "keyName"),
        "keyvault:Vault": ("vaults", "vaultName"),
        "managedidentity:UserAssignedIdentity": ("userassignedidentities", "resourceName"),
        "monitor:PrivateLinkScope": ("privatelinkscopes", "scopeName"),
        "network:AzureFirewall": ("azurefirewalls", "azureFirewallName"),
        "network:FirewallPolicy": ("firewallpolicies", "firewallPolicyName"),
        "network:NetworkSecurityGroup": ("networksecuritygroups", "networkSecurityGroupName"),
        "network:RouteTable": ("routetables", "routeTableName"),
        "network:Subnet": ("subnets", "subnetName"),
        "network:VirtualNetwork": ("virtualnetworks", "virtualNetworkName"),
        "operationalinsights:Cluster": ("clusters", "clusterName"),
        "operationalinsights:Workspace": ("workspaces", "workspaceName"),
        "recoveryservices:Vault": ("vaults", "vaultName"),
        "resources:ResourceGroup": ("resourcegroups", "resourceGroupName"),
        "storage:BlobContainer": ("containers", "containerName"),
        "storage:EncryptionScope": ("encryptionscopes", "encryptionScopeName"),
        "storage:StorageAccount": ("storageaccounts", "accountName"),
    }
)
"""Segment of the ARM identifier, in lower case, and property that holds the name, by type."""

PARENTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "dataprotection:BackupPolicy": ("vaultName", "dataprotection:BackupVault"),
        "keyvault:Key": ("vaultName", "keyvault:Vault"),
        "network:Subnet": ("virtualNetworkName", "network:VirtualNetwork"),
        "storage:BlobContainer": ("accountName", "storage:StorageAccount"),
        "storage:EncryptionScope": ("accountName", "storage:StorageAccount"),
    }
)
"""Property that names the parent, and its type; all others stand in a resource group."""


@cache
def unversioned(token: str) -> str:
    """A type token without its API version."""
    return _VERSION.sub("", token, count=1)


def kind(resource: PlannedResource) -> str:
    """Module and class, such as `storage:StorageAccount`; empty for another provider's."""
    return _kind(resource.type)


@cache
def _kind(token: str) -> str:
    bare_token = unversioned(token)
    return bare_token.removeprefix(PACKAGE) if bare_token.startswith(PACKAGE) else ""


def of_kinds(plan: Plan, *kinds: str) -> list[PlannedResource]:
    """The plan's resources of some types, in its order within each."""
    found = plan.noted(__name__, lambda: _by_kind(plan))
    return [resource for each in kinds for resource in found.get(each, ())]


def _by_kind(plan: Plan) -> Mapping[str, list[PlannedResource]]:
    found: dict[str, list[PlannedResource]] = {}
    for resource in plan.resources:
        found.setdefault(kind(resource), []).append(resource)
    return found


def _texts(value: Any) -> Iterator[str]:
    """Every text inside a value."""
    if isinstance(value, Secret):
        yield from _texts(value.value)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def bare(value: Any) -> Any:
    """A value without the marks of secrets."""
    if isinstance(value, Secret):
        return bare(value.value)
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items()}
    return [bare(inner) for inner in value] if isinstance(value, list) else value


def items(inputs: Mapping[str, Any], path: str) -> Fact[list[dict[str, Any]]]:
    """The objects of a list, none where it is absent."""
    return then(read(inputs, path, []), bare)


def _name(resource: PlannedResource, path: str) -> str | None:
    found = read(resource.inputs, path)
    return found.value.lower() if isinstance(found, Known) and found.value else None


@dataclass(frozen=True)
class _Nameable:
    """A resource that an identifier can name: its own name, its parent's and its group's."""

    resource: PlannedResource
    segment: str
    name: str
    parent: str | None
    group: str | None


def _in_parent(text: str, named: _Nameable) -> bool:
    """Whether an identifier or key address names the parent and group that a resource says."""
    if named.parent and f"/{named.parent}/" not in text and f"//{named.parent}." not in text:
        return False
    group = named.group
    return not group or "/resourcegroups/" not in text or f"/resourcegroups/{group}/" in f"{text}/"


def _depth(text: str, named: _Nameable) -> int:
    """Where in an identifier a resource is named; the text's length if it is its name; or 0."""
    if "/" not in text:
        return len(text) if text == named.name else 0
    found = f"{text}/".find(f"/{named.segment}/{named.name}/")
    if found < 0 or not _in_parent(text, named):
        return 0
    return found + len(named.segment) + len(named.name) + 2


def _named(
    plan: Plan, texts: Sequence[str], kinds: Sequence[str], exact: bool
) -> list[PlannedResource]:
    """The resources that texts name: in each identifier the innermost that the plan has."""
    names = plan.noted((__name__, "names"), lambda: _by_name(plan))
    found: list[PlannedResource] = []
    for text in texts:
        named = (each for step in dict.fromkeys(text.split("/")) for each in names.get(step, ()))
        depths = [
            (_depth(text, each), each.resource) for each in named if kind(each.resource) in kinds
        ]
        deepest = max((depth for depth, _ in depths), default=0)
        if deepest and (not exact or deepest >= len(text)):
            found += [resource for depth, resource in depths if depth == deepest]
    return found


def _by_name(plan: Plan) -> Mapping[str, list[_Nameable]]:
    """The resources that can be named, by name in lower case."""
    found: dict[str, list[_Nameable]] = {}
    for resource in of_kinds(plan, *NAMES):
        segment, path = NAMES[kind(resource)]
        name, above = _name(resource, path), PARENTS.get(kind(resource))
        if name:
            parent = _name(resource, above[0]) if above else None
            group = _name(resource, "resourceGroupName")
            found.setdefault(name, []).append(_Nameable(resource, segment, name, parent, group))
    return found


def target(
    plan: Plan,
    resource: PlannedResource,
    path: str,
    *kinds: str,
    exact: bool = False,
    value: Fact[Any] | None = None,
) -> Fact[PlannedResource | None]:
    """What a property names, among the plan's resources of some types.

    Args:
        plan: where to look.
        resource: whose property.
        path: dotted path of the property: a name, an identifier, or what holds identifiers.
        kinds: types, without package; none for every type that can be named.
        exact: whether an identifier of something inside a resource does not name it.
        value: what to read instead of the property itself.

    Returns:
        None where it names nothing of the plan; unknown where several might be meant.
    """
    kinds = kinds or tuple(NAMES)
    value = read(resource.inputs, path) if value is None else value
    if isinstance(value, Unknown):
        found = [r for r in near(plan, resource, path) if kind(r) in kinds]
        return Known(found[0]) if len(found) == 1 else value
    whole = isinstance(value.value, str)
    texts = [t.lower().rstrip("/") for t in _texts(value.value) if whole or "/" in t]
    found = _named(plan, texts, kinds, exact)
    found = [r for r in found if r.urn in sources(resource, path)] or found
    if len({r.urn for r in found}) > 1:
        return Unknown(path)
    return Known(found[0] if found else None)


def near(plan: Plan, resource: PlannedResource, path: str) -> list[PlannedResource]:
    """The resources from which a property was computed."""
    known = plan.by_urn
    return [known[urn] for urn in sources(resource, path) if urn in known]


def users(
    plan: Plan, token: str, path: str, resource: PlannedResource
) -> list[tuple[PlannedResource, Fact[bool]]]:
    """Resources of type `token` whose property names `resource`, or may."""
    what = kind(resource)
    links = plan.noted((__name__, token, path, what), lambda: _links(plan, token, path, what))
    return [*links.get(resource.urn, ()), *links.get(ANY, ())]


Links: TypeAlias = "dict[str, list[tuple[PlannedResource, Fact[bool]]]]"
ANY = ""
"""In place of a URN: what may name any resource of the type."""


def _links(plan: Plan, token: str, path: str, what: str) -> Links:
    """For each resource of type `what`, those of type `token` whose property names it, or may."""
    found: Links = {}
    for other in of_kinds(plan, token):
        named = target(plan, other, path, what)
        if isinstance(named, Known):
            urns = [named.value.urn] if named.value is not None else []
            link: Fact[bool] = Known(value=True)
        else:
            urns = [r.urn for r in near(plan, other, path) if kind(r) == what] or [ANY]
            link = named
        for urn in urns:
            found.setdefault(urn, []).append((other, link))
    return found


def all_users(
    plan: Plan, token: str, path: str, resource: PlannedResource
) -> Fact[list[PlannedResource]]:
    """The resources of type `token` that name `resource`; unknown where one may or may not."""
    found = users(plan, token, path, resource)
    doubt = next((link for _, link in found if isinstance(link, Unknown)), None)
    return doubt or Known([other for other, _ in found])


def chain(plan: Plan, resource: PlannedResource) -> list[PlannedResource]:
    """The resource, and what it stands in: parent, then resource group."""
    found = [resource]
    path, above = PARENTS.get(kind(resource), ("resourceGroupName", "resources:ResourceGroup"))
    if kind(resource) != "resources:ResourceGroup":
        holder = target(plan, resource, path, above)
        if isinstance(holder, Known) and holder.value is not None:
            found += chain(plan, holder.value)
    return found


SUBSCRIPTION_LOCK = "authorization:ManagementLockAtSubscriptionLevel"
LOCKS: Mapping[str, str] = MappingProxyType(
    {
        SUBSCRIPTION_LOCK: "",
        "authorization:ManagementLockByScope": "scope",
        "authorization:ManagementLockAtResourceGroupLevel": "resourceGroupName",
        "authorization:ManagementLockAtResourceLevel": "resourceName",
    }
)
"""Property that says what a management lock holds, by type; what is inside is held too."""


def _lock(plan: Plan, lock: PlannedResource, held: Sequence[str]) -> Fact[bool]:
    """Whether a lock holds one of the resources `held`."""
    level = read(lock.inputs, "level", "NotSpecified")
    if isinstance(level, Known) and level.value not in ("CanNotDelete", "ReadOnly"):
        return Known(value=False)
    scope = read(lock.inputs, "scope", "")
    whole = isinstance(scope, Known) and WHOLE.fullmatch(str(scope.value))
    if whole or kind(lock) == SUBSCRIPTION_LOCK:
        return _known(level)
    found = target(plan, lock, LOCKS[kind(lock)], exact=True)
    if isinstance(found, Unknown):
        return found
    return every([Known(found.value is not None and found.value.urn in held), _known(level)])


def _known(fact: Fact[Any]) -> Fact[bool]:
    return fact if isinstance(fact, Unknown) else Known(value=True)


def guarded(plan: Plan, resource: PlannedResource) -> Fact[bool]:
    """Whether Pulumi or a management lock of the plan refuses a resource's deletion."""
    if resource.protect:
        return Known(value=True)
    held = [r.urn for r in chain(plan, resource)]
    return some([_lock(plan, lock, held) for lock in of_kinds(plan, *LOCKS)])


def _sends(setting: PlannedResource, category: str, groups: Sequence[str]) -> Fact[bool]:
    """Whether a diagnostic setting sends a category of logs."""
    logs = items(setting.inputs, "logs")
    if isinstance(logs, Unknown):
        return logs
    sent = [log for log in logs.value if log.get("enabled")]
    wanted = category.lower()
    return Known(
        any(
            str(log.get("category", "")).lower() == wanted
            or str(log.get("categoryGroup", "")).lower() in groups
            for log in sent
        )
    )


def logged(
    plan: Plan, resource: PlannedResource, categories: Sequence[str], service: str = ""
) -> Fact[bool]:
    """Whether diagnostic settings send every category of a resource's logs.

    Args:
        plan: where the settings are.
        resource: what is watched.
        categories: by Azure's names; the groups `allLogs` and `audit` hold them all.
        service: part of the identifier that the setting must name, such as `/blobservices/`.
    """
    settings = []
    for setting, link in users(plan, "monitor:DiagnosticSetting", "resourceUri", resource):
        uri = read(setting.inputs, "resourceUri")
        if not isinstance(uri, Known) or service in str(uri.value).lower():
            settings.append((setting, link))
    groups = ("alllogs", "audit")
    return every(
        [
            some([every([link, _sends(s, wanted, groups)]) for s, link in settings])
            for wanted in categories
        ]
    )


def administration_logged(plan: Plan) -> Fact[bool]:
    """Whether the subscription's activity log, with administrative actions, is kept."""
    settings = "monitor:SubscriptionDiagnosticSetting"
    return plan.noted(
        (__name__, settings),
        lambda: some(
            [_sends(each, "Administrative", ("alllogs",)) for each in of_kinds(plan, settings)]
        ),
    )


def private(plan: Plan, resource: PlannedResource) -> Fact[bool]:
    """Whether a private endpoint of the plan leads to a resource."""
    paths = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
    return some(
        [
            link
            for path in paths
            for _, link in users(plan, "network:PrivateEndpoint", path, resource)
        ]
    )


def segment(
    plan: Plan, resource: PlannedResource, path: str, value: Fact[Any] | None = None
) -> Fact[str | None]:
    """URN of the subnet that a property names; as written if it is none of the plan's.

    Args:
        plan: where the subnet may be.
        resource: what stands in it.
        path: dotted path of the property.
        value: what to read instead of the property itself.
    """
    value = read(resource.inputs, path) if value is None else value
    found = target(plan, resource, path, "network:Subnet", value=value)
    if isinstance(found, Unknown):
        return found
    return Known(found.value.urn) if found.value is not None else value


def disk_key(plan: Plan, resource: PlannedResource, path: str) -> Fact[str | None]:
    """URN of the key of the disk encryption set that a property names, or the set as written."""
    group = target(plan, resource, path, "compute:DiskEncryptionSet")
    if isinstance(group, Known) and group.value is not None:
        return key(plan, group.value, "activeKey.keyUrl")
    return read(resource.inputs, path)


def key(plan: Plan, resource: PlannedResource, path: str, name: str = "") -> Fact[str | None]:
    """URN of the key that a property names; the address as written if it is none of the plan's.

    Args:
        plan: where the key may be.
        resource: whose key.
        path: property with the key's address, or with its vault's where `name` is given.
        name: property with the key's name.
    """
    value = read(resource.inputs, path)
    if name:
        parts = both(value, read(resource.inputs, name))
        value = then(parts, lambda pair: f"{str(pair[0]).rstrip('/')}/keys/{pair[1]}")
    found = target(plan, resource, path, "keyvault:Key", value=value)
    if isinstance(found, Known):
        return Known(found.value.urn) if found.value is not None else value
    return found
