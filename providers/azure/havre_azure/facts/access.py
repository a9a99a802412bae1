"""Access: who may do what, where, and until when."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from havre.facts.model import UNTOLD, Credential, Grant, Holder, Neutral, ResourceFact, Right
from havre.facts.read import NONE, YES, bare, day, every, items, label, nameless, read, some, then
from havre.facts.values import Fact, Known, Unknown
from havre_azure.facts.properties import about
from havre_azure.facts.relations.guards import guarded, locked, locked_scope
from havre_azure.facts.relations.naming import WHOLE
from havre_azure.facts.relations.scopes import HOLDERS, PARTS, everywhere, in_group, within
from havre_azure.facts.relations.versions import soft_delete
from havre_azure.facts.rights import ADMINISTER, READ, BuiltIn, built_in_roles, permitted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource


UNTIL = re.compile(
    r"\(*!\(?ActionMatches\{'[^']+/blobs/read'\}\)*OR"
    r"\(*@Environment\[UtcNow\]DateTimeLessThan'(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})[.\d]*Z'\)*"
    r"(?:AND\(\(!\(ActionMatches\{'[^']+/blobs/read'\}ANDNOTSubOperationMatches\{'Blob\.List'\}\)\)"
    r"OR\(@Resource\[[^\]]+/blobs:isCurrentVersion\]BoolEqualstrue\)\))?"
)
"""A condition, without spaces, under which objects are read before some time only.

It may also leave out what is not current.
"""


def _expires(resource: PlannedResource, rights: Fact[frozenset[Right]]) -> Fact[dt.date | None]:
    """The last whole day of a condition on time: it ends reading, and so only what reads."""
    condition = read(resource.inputs, "condition", "")
    if isinstance(condition, Unknown):
        return condition
    found = UNTIL.fullmatch("".join(str(condition.value).split()))
    if found is None or rights != Known(READ):
        return NONE
    try:
        end = dt.datetime.fromisoformat(found[1]).replace(tzinfo=dt.UTC)
        return Known((end - dt.timedelta(seconds=1)).date())
    except (OverflowError, ValueError):
        return Unknown("condition")


def _role(resource: PlannedResource) -> Fact[BuiltIn]:
    role = read(resource.inputs, "roleDefinitionId", "")
    if isinstance(role, Unknown):
        return role
    identifier = str(role.value).rstrip("/").rsplit("/", 1)[-1].lower()
    found = built_in_roles().get(identifier)
    return Unknown("roleDefinitionId") if found is None else Known(found)


def _targets(resource: PlannedResource, index: Index) -> Fact[tuple[str, ...]]:
    """What is in reach, without the stores and keys of which the role allows nothing.

    Grants with one role on one scope share it.
    """
    role, scope = _role(resource), _scope(resource, index)
    on = role.value.on if isinstance(role, Known) else None

    def opened(found: _Scope) -> tuple[str, ...]:
        return tuple(urn for urn in found.holds() if _opened(index, urn, on))

    return then(scope, lambda found: index.once((_targets, found.text, on), lambda: opened(found)))


def _opened(index: Index, urn: str, on: frozenset[str] | None) -> bool:
    found = index.at(urn)
    what = "" if found is None else index.kind(found)
    return on is None or what not in HOLDERS or what in on


@dataclass(frozen=True)
class _Scope:
    """Where a grant holds.

    Attributes:
        text: its URN, or what is written; what has the same holds the same.
        holds: gives the URNs of what is in reach there.
    """

    text: str
    holds: Callable[[], tuple[str, ...]]


def _scope(resource: PlannedResource, index: Index) -> Fact[_Scope]:
    """Where a grant holds: a container is told as its account, a group by what is in it.

    A scope that the plan does not show is named first; what stands in it is in the plan, maybe.
    """
    scope = read(resource.inputs, "scope", "")
    text = str(scope.value) if isinstance(scope, Known) else ""
    if isinstance(scope, Known) and (not text or WHOLE.fullmatch(text)):
        return Known(_Scope(text, lambda: (text, *everywhere(index))))
    found = index.target(resource, "scope")
    if isinstance(found, Unknown):
        return found
    named = found.value
    if named is None:
        return Known(_Scope(text, lambda: (text, *in_group(index, text))))
    if index.kind(named) in PARTS:
        held = index.chain(named)[1:]
        if not held:
            return Unknown(PARTS[index.kind(named)])
        return Known(_Scope(named.urn, lambda: (held[0].urn,)))
    return Known(_Scope(named.urn, lambda: _inside(index, named)))


def _locked(resource: PlannedResource, index: Index) -> Fact[bool]:
    """Whether a lock on its scope, or above it, refuses to delete a grant."""
    scope = read(resource.inputs, "scope", "")
    found = index.target(resource, "scope")
    if isinstance(found, Known) and found.value is not None:
        return locked(index, found.value)
    if isinstance(scope, Known):
        return locked_scope(index, str(scope.value))
    return found if isinstance(found, Unknown) else scope


def _inside(index: Index, scope: PlannedResource) -> tuple[str, ...]:
    return (scope.urn, *(urn for urn in within(index, scope) if urn != scope.urn))


def _principal(resource: PlannedResource, index: Index) -> tuple[Fact[str], PlannedResource | None]:
    """URN of the identity, or its object identifier where it is none of the plan's."""
    others = index.near(resource, "principalId")
    identities = [r for r in others if index.kind(r) == "managedidentity:UserAssignedIdentity"]
    if len(identities) == 1:
        return Known(identities[0].urn), identities[0]
    if len(others) == 1:  # a resource's own identity
        return Known(others[0].urn), None
    return read(resource.inputs, "principalId", ""), None


_PROJECT = re.compile(r"[a-z0-9-]{1,100}")


def _project(identity: PlannedResource | None) -> str:
    """By its label, or else by its name, such as `emc2-project-cohort`."""
    if identity is None:
        return ""
    named = label(identity.inputs, "project")
    if named:
        return named
    found = f"-{identity.name}".partition("-project-")[2]
    if _PROJECT.fullmatch(found):
        return found
    return "" if isinstance(read(identity.inputs, "tags.project"), Known) else UNTOLD


def assignment(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A role for an identity on a scope."""
    identity, made = _principal(resource, index)
    rights = then(_role(resource), lambda role: role.rights)
    grant = replace(
        nameless(about(Grant, resource, tagged=False)),
        identity=identity,
        targets=_targets(resource, index),
        rights=rights,
        expires=_expires(resource, rights),
        project=_project(made),
        locked=_locked(resource, index),
    )
    return [grant]


def eligibility(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A role that can be taken for a time, until its schedule ends."""
    identity, made = _principal(resource, index)
    end = read(resource.inputs, "scheduleInfo.expiration.endDateTime")
    grant = replace(
        nameless(about(Grant, resource, tagged=False)),
        identity=identity,
        targets=_targets(resource, index),
        rights=then(_role(resource), lambda role: role.rights),
        expires=day(end, "scheduleInfo.expiration.endDateTime"),
        project=_project(made),
        locked=_locked(resource, index),
    )
    return [grant]


def administrator(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Who administers a PostgreSQL server."""
    holder = index.target(resource, "serverName", "dbforpostgresql:Server")
    grant = replace(
        nameless(about(Grant, resource, tagged=False)),
        identity=read(resource.inputs, "objectId", ""),
        targets=then(holder, lambda found: (found.urn,) if found else ()),
        rights=Known(ADMINISTER),
        expires=NONE,
    )
    return [grant]


def vault_policies(vault: PlannedResource) -> list[Grant]:
    """Grants of a vault that decides by access policies, not by roles."""
    if read(vault.inputs, BY_ROLE, default=False) == YES:
        return []
    entries = items(vault.inputs, POLICIES)
    grant, holder = nameless(about(Grant, vault)), Known((vault.urn,))
    if isinstance(entries, Unknown):
        return [replace(grant, identity=entries, targets=holder, rights=entries, expires=NONE)]
    return [_policy(grant, entry, holder, f"{POLICIES}[]") for entry in entries.value]


BY_ROLE, POLICIES = "properties.enableRbacAuthorization", "properties.accessPolicies"


def policy(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """An access policy on its own; a vault that decides by roles takes no notice of it."""
    found = index.target(resource, "vaultName", "keyvault:Vault")
    vault = found.value if isinstance(found, Known) else None
    grant = nameless(about(Grant, resource, tagged=False))
    if vault is not None and read(vault.inputs, BY_ROLE, default=False) == YES:
        return [about(Neutral, resource, tagged=False)]
    holder = Unknown("vaultName") if vault is None else Known((vault.urn,))
    return [_policy(grant, bare(resource.inputs.get("policy")), holder, "policy")]


def _policy(grant: Grant, entry: Any, targets: Fact[tuple[str, ...]], where: str) -> Grant:
    """The grant of one entry; what is not known of it is withheld by its property."""
    identity = read(entry, "objectId", "")
    return replace(
        grant,
        identity=Unknown(f"{where}.objectId") if isinstance(identity, Unknown) else identity,
        targets=targets,
        rights=permitted(entry, where),
        expires=NONE,
    )


def secret(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A secret in a vault: a password or key, until it expires."""
    path = "properties.attributes.expires"
    expires: Fact[dt.date | None] = read(resource.inputs, path)
    try:
        expires = then(expires, _day_of)
    except (OSError, OverflowError, ValueError):
        expires = Unknown(path)
    lost = replace(about(Holder, resource, tagged=False), guarded=_kept(resource, index))
    return [replace(about(Credential, resource), expires=expires), lost]


def _kept(secret: PlannedResource, index: Index) -> Fact[bool]:
    """Whether a secret is guarded, or its vault gives back what is deleted."""
    found = index.target(secret, "vaultName", "keyvault:Vault")
    vault = found.value if isinstance(found, Known) else None
    if vault is None:
        return some([guarded(index, secret), Unknown("vaultName")])
    soft = soft_delete(vault, index)
    purge = read(vault.inputs, "properties.enablePurgeProtection", default=False)
    return some([guarded(index, secret), every([soft, purge])])


def _day_of(seconds: Any) -> dt.date | None:
    """The day of seconds since 1970; None for none."""
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC).date() if seconds else None


def password(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A credential that Azure makes and nothing ends."""
    del index
    return [replace(about(Credential, resource, tagged=False), expires=NONE)]
