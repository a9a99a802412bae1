"""What users, policies and credentials mean for security."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from havre.facts.model import UNTOLD, Credential, Grant, Neutral
from havre.facts.read import NO, NONE, at_best, each, gathered, items, nameless, read, some, then
from havre.facts.values import DOES_NOT_APPLY, Fact, Known, Unknown
from havre.plan.values import UNKNOWN
from havre_ovh import policies
from havre_ovh.facts import rights
from havre_ovh.facts.naming import BUCKETS, bucket_names
from havre_ovh.facts.properties import about, unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from havre.facts.index import Index
    from havre.facts.model import ResourceFact
    from havre.plan import PlannedResource


PROJECT = re.compile(r"project=([a-z](?:-?[a-z0-9])*);")
"""How a description begins that names its project."""


def _project(resource: PlannedResource | None) -> str:
    """The project of an identity, as its description says; identities bear no labels."""
    said = read(resource.inputs, "description", "") if resource else NONE
    if isinstance(said, Unknown):
        return UNTOLD
    found = PROJECT.match(str(said.value))
    return found[1] if found else ""


def _owner(resource: PlannedResource, index: Index, path: str, kind: str) -> PlannedResource | None:
    """The resource of a type that a property comes from."""
    return next(iter(index.near(resource, path, kind)), None)


def _identity(resource: PlannedResource, user: PlannedResource | None) -> Fact[str]:
    """A user of the plan, or the identifier of another."""
    if user is not None:
        return Known(user.urn)
    told = read(resource.inputs, "userId")
    return Unknown("userId") if told == NONE else then(told, str)


def user(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A project's user: what its roles allow, the buckets that it owns, and its password."""
    project, service = _project(resource), read(resource.inputs, "serviceName", "*")
    everywhere = then(service, lambda name: (f"project {name}",))
    owned: Fact[tuple[str, ...]] = Known(
        tuple(
            bucket.urn
            for kind in BUCKETS
            for path in ("ownerId", "ownerUserId")
            for bucket in index.computed(kind, path, resource)
        )
    )
    given = [
        (everywhere, _of_user(resource, index)),
        (owned, Known(rights.ALL)),
    ]
    grants = [
        replace(
            nameless(about(Grant, resource, index)),
            identity=Known(resource.urn),
            targets=targets,
            rights=allowed,
            expires=NONE,
            project=project,
            allowed=DOES_NOT_APPLY,
            locked=NO,
        )
        for targets, allowed in given
        if targets != Known(()) and allowed != Known(frozenset())  # what may be raised is told
    ]
    return [*grants, replace(about(Credential, resource, index), expires=NONE, project=project)]


def _of_roles(inputs: Mapping[str, Any]) -> Fact[rights.Rights]:
    """What all roles allow together; none named, or one that nobody knows, is not decided."""
    one = then(read(inputs, "roleName"), lambda role: (role,) if role else ())
    named = gathered([each(inputs, "roleNames"), one])
    words = [str(role) for role in at_best(named, ())]
    allowed = rights.together(rights.ROLES.get(word, frozenset()) for word in words)
    if isinstance(named, Known) and words and rights.ROLES.keys() >= set(words):
        return Known(allowed)
    withheld = named.property if isinstance(named, Unknown) else "roleNames"
    return Unknown(withheld, Known(allowed) if allowed else None)


def _of_user(resource: PlannedResource, index: Index) -> Fact[rights.Rights]:
    """What a user may do in the project, by its roles and by default."""
    parts = (_of_roles(resource.inputs), _of_defaults(resource, index))
    allowed = rights.together(at_best(part, frozenset()) for part in parts)
    withheld = next((part for part in parts if isinstance(part, Unknown)), None)
    if withheld is None:
        return unseen(Known(allowed), resource, "a role that was added")
    return Unknown(withheld.property, Known(allowed) if allowed else None)


def _of_defaults(resource: PlannedResource, index: Index) -> Fact[rights.Rights]:
    """What an operator of Object Storage may do unless its policy refuses it: make buckets."""
    named = at_best(each(resource.inputs, "roleNames"), ())
    told = {*map(str, named), str(at_best(read(resource.inputs, "roleName"), ""))}
    if not told & rights.MAKERS:
        return Known(frozenset())
    documents = [
        read(other.inputs, "policy", "") for other in index.computed("S3Policy", "userId", resource)
    ]
    refused = some([_meaning(document, _refuses_making) for document in documents])
    return then(refused, lambda sure: frozenset() if sure else rights.MAKING)


def _refuses_making(document: str) -> bool:
    return policies.refuses(document, policies.CREATING)


def s3_policy(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """What a user may do with which buckets; it never ends by itself."""
    owner = _owner(resource, index, "userId", "User")
    by_name = index.derived(bucket_names)
    document = read(resource.inputs, "policy", "")
    grant = replace(
        nameless(about(Grant, resource, index)),
        identity=_identity(resource, owner),
        targets=_meaning(document, lambda text: rights.scopes(text, by_name)),
        rights=_meaning(document, rights.of_policy),
        expires=NONE,
        project=_project(owner),
        allowed=_meaning(document, rights.addresses),
        locked=NO,
    )
    return [grant]


def _meaning(document: Fact[Any], meaning: Callable[[str], Any]) -> Fact[Any]:
    """What a policy means; one that is none decides nothing."""
    try:
        return then(document, lambda text: meaning(str(text)))
    except ValueError:
        return Unknown("policy: not a JSON document with statements")


def iam_policy(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """What identities of the account may do, one grant each, until the policy's end."""
    identities = _referred(resource, index, "identities")
    grant = replace(
        nameless(about(Grant, resource, index)),
        targets=_referred(resource, index, "resources"),
        rights=_of_actions(resource, index),
        expires=_expiry(read(resource.inputs, "expiredAt")),
        project=_project(resource),
        allowed=Known(()),
        locked=NO,
    )
    who: list[Fact[str]] = [Known(name) for name in at_best(identities, ())]
    if isinstance(identities, Unknown):
        who.append(Unknown(identities.property))
    grants = [replace(grant, identity=identity) for identity in who]
    return grants or [about(Neutral, resource, index)]  # a policy for nobody


def _referred(resource: PlannedResource, index: Index, path: str) -> Fact[tuple[str, ...]]:
    """URNs of the plan's resources that a list names, and what it names besides."""
    found, tied = items(resource.inputs, path), index.sources(resource, path)
    if isinstance(found, Unknown):
        return Known(tied) if tied else found
    named = tuple(str(item) for item in found.value if item is not UNKNOWN)
    if len(named) < len(found.value) and not tied:
        return Unknown(path, Known(named) if named else None)
    return Known(tied if len(tied) >= len(found.value) else (*tied, *named))


def _of_actions(resource: PlannedResource, index: Index) -> Fact[rights.Rights]:
    """What a policy allows; a group of permissions whose content nobody tells is not decided."""
    tied = index.near(resource, GROUPS)
    groups = items(resource.inputs, GROUPS)
    listed = groups.value if isinstance(groups, Known) else []
    strange = listed if len(listed) > len(tied) else []
    found = gathered(
        [
            *(_actions(each) for each in (resource, *tied)),
            *map(_of_group, strange),
            *([groups] if isinstance(groups, Unknown) else []),
        ]
    )
    allowed = rights.together(at_best(found, ()))
    if isinstance(found, Known):
        return Known(allowed)
    return Unknown(found.property, Known(allowed) if allowed else None)


GROUPS = "permissionsGroups"


def _actions(resource: PlannedResource) -> Fact[tuple[rights.Rights, ...]]:
    """What each action allows that a policy or a group lists."""
    found = each(resource.inputs, "allows")
    told = tuple(rights.of_iam(str(action)) for action in at_best(found, ()))
    return Known(told) if isinstance(found, Known) else Unknown(found.property, Known(told))


def _of_group(group: Any) -> Fact[tuple[rights.Rights, ...]]:
    """A group of OVHcloud's own: one for reading, or one that administers."""
    name = str(group).rpartition(":")[2]
    if group is UNKNOWN or not name.endswith(("ReadOnly", "Admin")):
        return Unknown(GROUPS)
    return Known((rights.READ if name.endswith("ReadOnly") else rights.ALL,))


def _expiry(told: Fact[Any]) -> Fact[dt.date | None]:
    """The last day of an RFC 3339 time."""
    if isinstance(told, Unknown) or told.value is None:
        return told
    try:
        return Known(dt.date.fromisoformat(str(told.value)[:10]))
    except ValueError:
        return Unknown("expiredAt")


def s3_credential(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A user's S3 key: it never ends by itself."""
    project = _project(_owner(resource, index, "userId", "User"))
    return [replace(about(Credential, resource, index), expires=NONE, project=project)]


def static(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A secret that never ends by itself: a service account's, a database user's."""
    return [replace(about(Credential, resource, index), expires=NONE, project=_project(resource))]


def certificate(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A certificate of OKMS: its life is counted from a day that no plan tells."""
    expires = Unknown("validity: days from a creation date that is not in the plan")
    return [replace(about(Credential, resource, index), expires=expires)]
