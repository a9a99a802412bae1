"""Grants: who may do what, by the identifiers of Azure's built-in roles."""

from __future__ import annotations

import datetime as dt
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from havre.facts.model import (
    Credential,
    Fact,
    Grant,
    Known,
    Plain,
    ResourceFact,
    Right,
    Unknown,
)
from havre.facts.read import read, then
from havre_azure.facts_places import serves
from havre_azure.facts_relations import WHOLE, chain, items, kind, near, of_kinds, target
from havre_azure.facts_stores import NONE, base

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from havre.plan import Plan, PlannedResource

_DATA = frozenset({Right.READ, Right.WRITE, Right.DELETE})
_READ = frozenset({Right.READ})
_ADMINISTER = frozenset({Right.ADMINISTER})
_USE_KEYS = frozenset({Right.USE_KEYS})
_KEYS = frozenset({Right.USE_KEYS, Right.MANAGE_KEYS})

ROLES: Mapping[str, frozenset[Right]] = MappingProxyType(
    {
        # Owner
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": frozenset({Right.EVERYTHING}),
        # Contributor: it lists account keys, and ends diagnostic settings
        "b24988ac-6180-42a0-ab88-20f7382dd24c": _DATA | _ADMINISTER | {Right.CHANGE_LOGS},
        # User Access Administrator, Role Based Access Control Administrator: all, by granting it
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": frozenset({Right.EVERYTHING}),
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168": frozenset({Right.EVERYTHING}),
        # Reader: no objects, but settings and logs
        "acdd72a7-3385-48ef-bd42-f606fba81ae7": _READ,
        # Storage Account Contributor, Storage Account Key Operator Service Role
        "17d1049b-9a84-46fb-8f53-869881c3d3ab": _DATA | _ADMINISTER,
        "81a9662b-bebf-436f-a333-f67b29880f12": _DATA | _ADMINISTER,
        # Storage Account Backup Contributor
        "e5e2a7ff-d759-4cd2-bb51-3152d37e2eb1": frozenset({Right.READ, Right.WRITE}),
        # Storage Blob Data Owner, Contributor, Reader
        "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": _DATA | _ADMINISTER,
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe": _DATA,
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": _READ,
        # PostgreSQL Flexible Server Long Term Retention Backup Role
        "c088a766-074b-43ba-90d4-1fb21feae531": _READ,
        # Key Vault Administrator, Crypto Officer, Contributor
        "00482a5a-887f-4fb3-b363-3b7fe8e74483": _KEYS | _DATA,
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603": _KEYS,
        "f25e0fa2-a7c8-4377-a976-54943a77a395": frozenset({Right.MANAGE_KEYS}),
        # Key Vault Crypto User, Crypto Service Encryption User
        "12338af0-0e69-4776-bea7-57ae8d297424": _USE_KEYS,
        "e147488a-f6f5-4113-8e2d-b22465e65bf6": _USE_KEYS,
        # Key Vault Secrets Officer, Secrets User, Reader
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": _DATA,
        "4633458b-17de-408a-b874-0445c86b69e6": _READ,
        "21090545-7ca7-4776-b22c-e363652d74d2": _READ,
        # AcrPull, AcrPush, AcrDelete
        "7f951dda-4ed3-4680-a7ca-43fe172d538d": _READ,
        "8311e382-0749-4cb8-b61a-304f252e45ec": frozenset({Right.READ, Right.WRITE}),
        "c2f4ef07-c644-48eb-af81-4b1b4947fb11": frozenset({Right.DELETE}),
        # Network Contributor, Managed Identity Operator, Managed Identity Contributor
        "4d97b98b-1d4f-4787-a291-c67834d212e7": _ADMINISTER,
        "f1a07417-d97a-45cb-824c-7a7467783830": _ADMINISTER,
        "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59": _ADMINISTER,
        # Log Analytics Contributor and Reader, Monitoring Contributor and Reader
        "92aaf0da-9dab-42b6-94a3-d43ce8d16293": frozenset({Right.READ, Right.CHANGE_LOGS}),
        "73c42c96-874c-492b-b04d-ab87d138a893": _READ,
        "749f88d5-cbae-40b8-bcfc-e573ddc772fa": frozenset({Right.READ, Right.CHANGE_LOGS}),
        "43d0d8ad-25c7-4714-9337-8ba259a9fe05": _READ,
        # Backup Contributor, Backup Operator, Disk Backup Reader
        "5e467623-bb1f-42f4-a55d-6e525e11384b": _DATA | _ADMINISTER,
        "00c29273-979b-4161-815c-10b084fb9324": frozenset({Right.READ, Right.WRITE}),
        "3e5e47e6-65f7-47ef-90b5-e5dd4d455f24": _READ,
        # Azure Kubernetes Service: Cluster Admin, RBAC Cluster Admin, RBAC Admin, Cluster User
        "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8": _ADMINISTER,
        "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b": _ADMINISTER,
        "3498e952-d568-435e-9b2c-8d77e338d7f7": _ADMINISTER,
        "4abbcc35-e782-43d8-92c5-2d3f1bd2253f": _READ,
    }
)
"""Rights by built-in role; a role that is not here, or a custom one, is not known to be harmless.

Identifiers: Azure's built-in roles, from public sources and memory; verify before relying on one.
"""

HOLDERS = (
    *("storage:StorageAccount", "dbforpostgresql:Server", "containerregistry:Registry"),
    *("operationalinsights:Workspace", "dataprotection:BackupVault", "recoveryservices:Vault"),
    *("keyvault:Vault", "keyvault:Key", "compute:Disk", "containerservice:ManagedCluster"),
)
"""What a grant on something wider reaches, by type."""

UNTIL = re.compile(
    r"\(*!\(?ActionMatches\{'[^']+/blobs/read'\}\)*OR"
    r"\(*@Environment\[UtcNow\]DateTimeLessThan'(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})[.\d]*Z'\)*"
)
"""A condition, without spaces, under which objects are read before some time only."""


def _expires(resource: PlannedResource, rights: Fact[frozenset[Right]]) -> Fact[dt.date | None]:
    """The last whole day of a condition on time: it ends reading, and so only what reads."""
    condition = read(resource.inputs, "condition", "")
    if isinstance(condition, Unknown):
        return condition
    found = UNTIL.fullmatch("".join(str(condition.value).split()))
    if found is None or rights != Known(_READ):
        return NONE
    end = dt.datetime.fromisoformat(found[1]).replace(tzinfo=dt.UTC)
    return Known((end - dt.timedelta(seconds=1)).date())


def _rights(resource: PlannedResource) -> Fact[frozenset[Right]]:
    role = read(resource.inputs, "roleDefinitionId", "")
    if isinstance(role, Unknown):
        return role
    identifier = str(role.value).rstrip("/").rsplit("/", 1)[-1].lower()
    rights = ROLES.get(identifier)
    return Unknown("roleDefinitionId") if rights is None else Known(rights)


def _within(plan: Plan, scope: PlannedResource | None) -> list[str]:
    """What stands in a scope; in none that is the plan's, everything."""
    held = plan.noted((__name__, "held"), lambda: _held(plan))
    if scope is None:
        return held[EVERYWHERE]
    wide = kind(scope) == "resources:ResourceGroup"
    return [*held.get(scope.urn, ()), *(held[NOWHERE] if wide else ())]


EVERYWHERE, NOWHERE = "", "?"
"""In place of a scope's URN: every resource, and those in no group of the plan."""


def _held(plan: Plan) -> dict[str, list[str]]:
    """URNs of what grants reach, by what it stands in."""
    found: dict[str, list[str]] = {EVERYWHERE: [], NOWHERE: []}
    for resource in of_kinds(plan, *HOLDERS):
        found[EVERYWHERE].append(resource.urn)
        above = chain(plan, resource)
        for scope in above:
            found.setdefault(scope.urn, []).append(resource.urn)
        if kind(above[-1]) != "resources:ResourceGroup":
            found[NOWHERE].append(resource.urn)
    return found


def _targets(resource: PlannedResource, plan: Plan) -> Fact[tuple[str, ...]]:
    """The resources in reach: a container is told as its account, a group by what is in it."""
    scope = read(resource.inputs, "scope", "")
    if isinstance(scope, Known) and (not scope.value or WHOLE.fullmatch(str(scope.value))):
        return Known((str(scope.value), *_within(plan, None)))
    found = target(plan, resource, "scope")
    if isinstance(found, Unknown):
        return found
    if found.value is None:
        return Known((str(scope.value if isinstance(scope, Known) else ""),))
    if kind(found.value) == "storage:BlobContainer":
        held = chain(plan, found.value)[1:]
        return Known((held[0].urn,)) if held else Unknown("accountName")
    inside = [urn for urn in _within(plan, found.value) if urn != found.value.urn]
    return Known((found.value.urn, *inside))


def _principal(resource: PlannedResource, plan: Plan) -> tuple[Fact[str], PlannedResource | None]:
    """URN of the identity, or its object identifier where it is none of the plan's."""
    others = near(plan, resource, "principalId")
    identities = [r for r in others if kind(r) == "managedidentity:UserAssignedIdentity"]
    if len(identities) == 1:
        return Known(identities[0].urn), identities[0]
    if len(others) == 1:  # a resource's own identity
        return Known(others[0].urn), None
    return read(resource.inputs, "principalId", ""), None


_PROJECT = re.compile(r"(?:^|-)project-([a-z0-9-]+)$")


def _project(identity: PlannedResource | None) -> str:
    """By its label, or else by its name, such as `emc2-project-cohort`."""
    if identity is None:
        return ""
    tags = read(identity.inputs, "tags", {})
    if isinstance(tags, Known) and isinstance(tags.value.get("project"), str):
        return str(tags.value["project"])
    found = _PROJECT.search(identity.name)
    return found[1] if found else ""


def assignment(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A role for an identity on a scope."""
    identity, made = _principal(resource, plan)
    rights = _rights(resource)
    grant = Grant(
        **(base(resource, Known(())) | {"tags": NONE}),
        identity=identity,
        targets=_targets(resource, plan),
        rights=rights,
        expires=_expires(resource, rights),
        project=_project(made),
    )
    return [grant]


def eligibility(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A role that can be taken for a time, until its schedule ends."""
    identity, made = _principal(resource, plan)
    end = read(resource.inputs, "scheduleInfo.expiration.endDateTime")
    grant = Grant(
        **(base(resource, Known(())) | {"tags": NONE}),
        identity=identity,
        targets=_targets(resource, plan),
        rights=_rights(resource),
        expires=then(end, lambda text: dt.date.fromisoformat(str(text)[:10]) if text else None),
        project=_project(made),
    )
    return [grant]


def administrator(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """Who administers a PostgreSQL server."""
    holder = target(plan, resource, "serverName", "dbforpostgresql:Server")
    grant = Grant(
        **(base(resource, Known(())) | {"tags": NONE}),
        identity=read(resource.inputs, "objectId", ""),
        targets=then(holder, lambda found: (found.urn,) if found else ()),
        rights=Known(_ADMINISTER),
        expires=NONE,
    )
    return [grant]


def vault_policies(vault: PlannedResource) -> list[Grant]:
    """Grants of a vault that decides by access policies, not by roles."""
    by_role = read(vault.inputs, "properties.enableRbacAuthorization", default=False)
    entries = items(vault.inputs, "properties.accessPolicies")
    if by_role == Known(value=True) or entries == Known([]):
        return []
    if isinstance(entries, Unknown):
        return [_policy(vault, entries, entries)]
    return [
        _policy(vault, read(entry, "objectId", ""), Known(_permitted(entry.get("permissions", {}))))
        for entry in entries.value
    ]


def _policy(vault: PlannedResource, identity: Fact[str], rights: Fact[frozenset[Right]]) -> Grant:
    return Grant(
        **base(vault, Known(())),
        identity=identity,
        targets=Known((vault.urn,)),
        rights=rights,
        expires=NONE,
    )


_USES = frozenset({"get", "list", "encrypt", "decrypt", "wrapkey", "unwrapkey", "sign", "verify"})


def _permitted(permissions: Mapping[str, Any]) -> frozenset[Right]:
    """Rights by the operations on keys and secrets that an access policy allows."""
    keys = {str(each).lower() for each in permissions.get("keys") or ()}
    secrets = {str(each).lower() for each in permissions.get("secrets") or ()}
    found: set[Right] = set()
    if keys:
        found.add(Right.USE_KEYS)
    if keys - _USES:
        found.add(Right.MANAGE_KEYS)
    if secrets:
        found |= _READ
    if secrets - {"get", "list"}:
        found |= _DATA
    return frozenset(found)


def secret(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A secret in a vault: a password or key, until it expires."""
    del plan
    expires = then(
        read(resource.inputs, "properties.attributes.expires"),
        lambda end: dt.datetime.fromtimestamp(int(end), tz=dt.UTC).date() if end else None,
    )
    return [Credential(**base(resource, Known(())), expires=expires)]


def password(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A credential that Azure makes and nothing ends."""
    del plan
    return [Credential(**(base(resource, Known(())) | {"tags": NONE}), expires=NONE)]


def plain(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """What bears no data and decides nothing by itself, with its place and its labels."""
    return [Plain(**base(resource, serves(resource, plan)))]


def unplaced(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """Likewise, of a type that has no place of its own."""
    del plan
    return [Plain(**base(resource, Known(())))]


def untagged(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """Likewise, of a type that can carry no labels."""
    del plan
    return [Plain(**(base(resource, Known(())) | {"tags": NONE}))]
