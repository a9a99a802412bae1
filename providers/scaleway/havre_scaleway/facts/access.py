"""What applications, policies and keys of IAM mean for security, and policies of buckets.

IAM opens objects of a whole Scaleway project, and the policy of a bucket limits that to those whom
it names: who may do something must be allowed by both. So a policy of a bucket that is known says
at its widest who may do what with it. Of one that is not yet known, the plan says from which
applications it was made: those may do at most what IAM allows them, and no other application of
the plan may do anything; what else it may say is not known.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from havre.facts.model import UNTOLD, Credential, Grant, Neutral
from havre.facts.read import NO, NONE, YES, day, each, items, nameless, read, then
from havre.facts.values import Fact, Known, Unknown
from havre_scaleway import policies
from havre_scaleway.facts import rights
from havre_scaleway.facts.naming import BUCKET, bare, bucket_names
from havre_scaleway.facts.properties import about

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from havre.facts.index import Index
    from havre.facts.model import ResourceFact
    from havre.plan import PlannedResource

POLICY, APPLICATION, IAM_POLICY = "object.BucketPolicy", "iam.Application", "iam.Policy"
PROJECT = re.compile(r"project=([a-z](?:-?[a-z0-9])*);")
"""How a description begins that names its project."""
ENDS = re.compile(
    r"""\s*request\.time\s*<=?\s*timestamp\(["']([0-9]{4}-[0-9]{2}-[0-9]{2})T[0-9:.]+Z["']\)\s*"""
)
"""A condition that ends, and says nothing else (Scaleway, IAM policy conditions, 2026-07-13)."""
PRINCIPALS = {"applicationId": "application_id", "userId": "user_id", "groupId": "group_id"}


def project_of(resource: PlannedResource | None) -> str:
    """The project of an identity, as its description says."""
    said = read(resource.inputs, "description", "") if resource else NONE
    if isinstance(said, Unknown):
        return UNTOLD
    found = PROJECT.match(str(said.value or ""))
    return found[1] if found else ""


def application(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """An identity: what it may do is said by policies."""
    return [about(Neutral, resource, index)]


def api_key(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A key: it never ends unless it says so."""
    holders = index.near(resource, "applicationId", APPLICATION)
    project = project_of(resource) or project_of(next(iter(holders), None))
    ends = day(read(resource.inputs, "expiresAt"), "expiresAt")
    return [replace(about(Credential, resource, index), expires=ends, project=project)]


def static(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A secret or key that never ends by itself: a token, a key for SSH, a user's password."""
    return [replace(about(Credential, resource, index), expires=NONE)]


class _Limit(Enum):
    """How a bucket's policies limit what IAM allows: told by their own grants, or otherwise."""

    NONE = "no policy"
    DOUBTFUL = "a policy whose bucket is withheld: it may be another's, and limit nothing here"
    COMING = "a policy to come that names the principal"
    TOLD = "a policy that is known, or that does not name the principal"


@dataclass(frozen=True)
class _Rule:
    """One rule of an IAM policy.

    Attributes:
        rights: what it allows.
        scope: where, as written.
        ends: its last day; None: never.
    """

    rights: Fact[rights.Rights]
    scope: Fact[tuple[str, ...]]
    ends: Fact[dt.date | None]


def iam_policy(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """What a principal may do, one grant a rule; of objects, only what bucket policies leave."""
    if read(resource.inputs, "noPrincipal", default=False) == YES:
        return [about(Neutral, resource, index)]
    found = items(resource.inputs, "rules")
    if isinstance(found, Unknown):
        return [_grant(resource, index, _Rule(found, found, found))]
    grants: list[ResourceFact] = []
    for written in found.value:
        grants += _of_rule(resource, index, _rule(written))
    return grants or [about(Neutral, resource, index)]


def _rule(written: Any) -> _Rule:
    if not isinstance(written, dict):
        unknown = Unknown("rules")
        return _Rule(unknown, unknown, unknown)
    named = each(written, "permissionSetNames", name="rules[].permissionSetNames")
    allowed = then(named, lambda sets: rights.together(rights.of_set(str(s)) for s in sets))
    return _Rule(allowed, _scope(written), _condition(written))


def _scope(written: Mapping[str, Any]) -> Fact[tuple[str, ...]]:
    """Projects of a rule; a rule for an organisation is for every project of it."""
    if written.get("organizationId") is not None:
        return Known(("organization/*",))
    named = each(written, "projectIds", name="rules[].projectIds")
    return then(named, lambda ids: tuple(f"project {one}" for one in ids))


def _condition(written: Mapping[str, Any]) -> Fact[dt.date | None]:
    """The last day that a condition says; one that says something else does not end."""
    told = read(written, "condition", "")
    if isinstance(told, Unknown):
        return Unknown("rules[].condition")
    found = ENDS.fullmatch(str(told.value or ""))
    return Known(_day(found[1])) if found else NONE


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _of_rule(resource: PlannedResource, index: Index, rule: _Rule) -> Iterator[Grant]:
    """A rule without its rights on objects, and those on the buckets that it opens."""
    if isinstance(rule.rights, Unknown):
        yield _grant(resource, index, rule)
        return
    objects, others = rule.rights.value & rights.OBJECTS, rule.rights.value - rights.OBJECTS
    if objects >= rights.ALL:  # whoever may do everything may change the policies too
        yield _grant(resource, index, rule)
        return
    if others:
        yield _grant(resource, index, replace(rule, rights=Known(others)))
    if objects:
        yield from _on_objects(resource, index, replace(rule, rights=Known(objects)))


def _on_objects(resource: PlannedResource, index: Index, rule: _Rule) -> Iterator[Grant]:
    """Rights on objects: of buckets that no policy limits, and of those whose policy is to come."""
    found: dict[_Limit, list[str]] = defaultdict(list)
    for bucket in index.of(BUCKET):
        found[_limit(bucket, resource, index)].append(bucket.urn)
    if beyond := _beyond(rule, index):
        yield _grant(resource, index, replace(rule, scope=beyond))
    if free := found[_Limit.NONE]:
        yield _grant(resource, index, replace(rule, scope=Known(tuple(free))))
    if found[_Limit.DOUBTFUL]:
        withheld = Unknown("bucket: the bucket of a bucket policy")
        yield _grant(resource, index, replace(rule, scope=withheld))
    if coming := found[_Limit.COMING]:
        limited = _grant(resource, index, replace(rule, scope=Known(tuple(coming))))
        yield replace(limited, allowed=Unknown("policy: addresses of a bucket policy to come"))


def _limit(bucket: PlannedResource, policy: PlannedResource, index: Index) -> _Limit:
    """What the policies of a bucket leave of what an IAM policy allows."""
    users = [each for each, _ in index.users(POLICY, "bucket", bucket)]
    if not users:
        return _Limit.NONE
    if all(isinstance(read(each.inputs, "bucket"), Unknown) for each in users):
        return _Limit.DOUBTFUL
    coming = any(isinstance(read(each.inputs, "policy", ""), Unknown) for each in users)
    if coming and _made_from(bucket, policy, index):
        return _Limit.COMING
    return _Limit.TOLD


def _beyond(rule: _Rule, index: Index) -> Fact[tuple[str, ...]] | None:
    """What a rule opens besides the plan's buckets: other projects, or what is not known."""
    if isinstance(rule.scope, Unknown):
        return rule.scope
    own = {f"project {bare(str(each.inputs.get('projectId')))}" for each in index.of(BUCKET)}
    others = tuple(scope for scope in rule.scope.value if scope not in own)
    return Known(others) if others else None


def _made_from(bucket: PlannedResource, policy: PlannedResource, index: Index) -> bool:
    """Whether a bucket's policy is made from the application that an IAM policy is for."""
    mine = {each.urn for each in index.near(policy, "applicationId", APPLICATION)}
    for other, _ in index.users(POLICY, "bucket", bucket):
        theirs = {each.urn for each in index.near(other, "policy", APPLICATION)}
        if mine & theirs:
            return True
    return False


def _grant(resource: PlannedResource, index: Index, rule: _Rule) -> Grant:
    return replace(
        nameless(about(Grant, resource, index)),
        identity=_identity(resource, index),
        targets=rule.scope,
        rights=rule.rights,
        expires=rule.ends,
        project=project_of(resource),
        allowed=Known(()),
        locked=NO,
    )


def _identity(resource: PlannedResource, index: Index) -> Fact[str]:
    """An application of the plan, or the principal as bucket policies write it."""
    tied = index.near(resource, "applicationId", APPLICATION)
    if tied:
        return Known(tied[0].urn)
    for path, word in PRINCIPALS.items():
        told = read(resource.inputs, path)
        if isinstance(told, Unknown):
            return told
        if told.value:
            return Known(f"{word}:{told.value}")
    return Unknown("applicationId")


def bucket_policy(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Who may do what with a bucket, one grant a statement and principal, at the widest."""
    document = read(resource.inputs, "policy", "")
    try:
        found = then(document, lambda text: policies.permissions(str(text)))
    except ValueError:
        found = Unknown(f"policy: not a JSON document of version {policies.VERSION}")
    if isinstance(found, Unknown):
        return [_of_unknown(resource, index, found)]
    known = _applications(index)
    grants = [
        _of_permission(resource, index, one, known.get(principal, principal))
        for one in found.value
        for principal in one.principals
    ]
    return grants or [about(Neutral, resource, index)]  # a policy for nobody


def _of_unknown(resource: PlannedResource, index: Index, found: Unknown) -> Grant:
    """What a policy says to whom, where that is not known yet."""
    bucket = index.target(resource, "bucket", BUCKET)
    urn = bucket.value.urn if isinstance(bucket, Known) and bucket.value else "*"
    return replace(
        nameless(about(Grant, resource, index)),
        identity=found,
        targets=Known((urn,)),
        rights=found,
        expires=found,
        allowed=found,
        locked=NO,
    )


def _of_permission(
    resource: PlannedResource, index: Index, one: policies.Permission, identity: str
) -> Grant:
    project = _projects(index).get(identity, "")
    return replace(
        nameless(about(Grant, resource, index)),
        identity=Known(identity),
        targets=Known(rights.scopes(one.resources, index.derived(bucket_names))),
        rights=Known(rights.together(map(rights.of_action, one.actions))),
        expires=day(Known(one.until), "policy: aws:CurrentTime"),
        project=project,
        allowed=Known(one.sources),
        locked=NO,
    )


def _applications(index: Index) -> Mapping[str, str]:
    """URNs of the plan's applications, by how bucket policies name them."""
    return index.once(
        _applications,
        lambda: {
            f"application_id:{bare(each.id)}": each.urn for each in index.of(APPLICATION) if each.id
        },
    )


def _projects(index: Index) -> Mapping[str, str]:
    """Projects by the identity of what IAM allows them."""
    return index.once(_projects, lambda: dict(_named_projects(index)))


def _named_projects(index: Index) -> Iterator[tuple[str, str]]:
    for each_policy in index.of(IAM_POLICY):
        identity, project = _identity(each_policy, index), project_of(each_policy)
        if isinstance(identity, Known) and project:
            yield identity.value, project
    for each_application in index.of(APPLICATION):
        if project := project_of(each_application):
            yield each_application.urn, project
