"""What the classes share: reading properties that may be unknown, and what every fact says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from havre.facts.model import Copy, Extent, Fact, Known, Place, Store, Unknown
from havre.facts.read import NO, NONE, YES, ZERO, read, some, sources, then, together, users
from havre.plan.values import UNKNOWN, Secret
from havre_ovh.facts.places import place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.plan import Plan, PlannedResource


T = TypeVar("T")

DYNAMIC = "pulumi-python:dynamic/havre-ovh:"
BUCKETS = (":Storage", ":CloudStorageObjectBucket")
OFFER = "OVHcloud Public Cloud"


NO_TLS = Unknown("lowest TLS version: endpoints are HTTPS, and no argument says more")
THREE_ZONES = re.compile(r"(?i)EU-WEST-PAR|EU-SOUTH-MIL")
"""Regions of several zones (public-cloud-roadmap#139, #855 and #869)."""


def listed(inputs: Mapping[str, Any], path: str) -> Fact[list[Any]]:
    """The list at a path, whose items may be unknown in part; an absent one is empty."""
    value: Any = inputs
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else value
        value = value.value if isinstance(value, Secret) else value
    if value is None or isinstance(value, list):
        return Known(value or [])
    return Unknown(path)


def each(inputs: Mapping[str, Any], path: str, inner: str) -> Fact[tuple[Any, ...]]:
    """A property of every item of a list."""
    items = listed(inputs, path)
    if isinstance(items, Unknown):
        return items
    found = [read(item, inner) if isinstance(item, dict) else Unknown("") for item in items.value]
    named = [Unknown(f"{path}[].{inner}") if isinstance(f, Unknown) else f for f in found]
    return together(named)


def join(*facts: Fact[tuple[Place, ...]]) -> Fact[tuple[Place, ...]]:
    """Places of several kinds as one; unknown if one is."""
    return then(together(list(facts)), lambda found: tuple(p for part in found for p in part))


def is_set(resource: PlannedResource, value: Any, path: str) -> Fact[bool]:
    """Whether a property is given: what is computed from another resource is, if yet unknown."""
    if value is UNKNOWN and not sources(resource, path):
        return Unknown(path)
    return Known(value is UNKNOWN or bool(value))


def names(resource: PlannedResource, path: str, target: PlannedResource) -> bool:
    """Whether a property names a bucket: by its name where both are told, else by relation."""
    named, name = read(resource.inputs, path), read(target.inputs, "name")
    if isinstance(named, Known) and isinstance(name, Known) and named.value and name.value:
        return bool(named.value == name.value)
    return target.urn in sources(resource, path)


def about(plan: Plan, target: PlannedResource, path: str, *tokens: str) -> list[PlannedResource]:
    """Resources of some types that a property ties to a bucket or to an identifier."""
    tied = plan.noted((__name__, path, tokens), lambda: _tied(plan, path, tokens))
    name = read(target.inputs, "name")
    if not isinstance(name, Known) or not name.value:
        return tied.get(("", target.urn), [])
    others = (r for r in tied.get(("", target.urn), ()) if names(r, path, target))
    return [*tied.get(("name", name.value), ()), *(r for r in others if not _told(r, path))]


def _told(resource: PlannedResource, path: str) -> bool:
    named = read(resource.inputs, path)
    return isinstance(named, Known) and bool(named.value)


def _tied(
    plan: Plan, path: str, tokens: tuple[str, ...]
) -> dict[tuple[str, Any], list[PlannedResource]]:
    """Resources of some types by what a property names, and by what it was computed from."""
    found: dict[tuple[str, Any], list[PlannedResource]] = {}
    for resource in of_tokens(plan, *tokens):
        for urn in sources(resource, path):
            found.setdefault(("", urn), []).append(resource)
        named = read(resource.inputs, path)
        if isinstance(named, Known) and isinstance(named.value, str) and named.value:
            found.setdefault(("name", named.value), []).append(resource)
    return found


def of_tokens(plan: Plan, *tokens: str) -> list[PlannedResource]:
    """The resources whose types end so, in the plan's order."""
    return plan.noted(
        (__name__, tokens), lambda: [r for r in plan.resources if r.type.endswith(tokens)]
    )


def labels(resource: PlannedResource, plan: Plan) -> Fact[Mapping[str, str] | None]:
    """Labels of a bucket's own, and those that `IamResourceTags` puts on it or on others."""
    own = [read(resource.inputs, "tags", {})] if resource.type.endswith(BUCKETS) else []
    given = [
        read(other.inputs, "tags", {})
        for other in users(plan, resource.urn, ":IamResourceTags")
        if resource.urn in sources(other, "urn")
    ]
    if not own and not given:
        return NONE
    return then(
        together(own + given), lambda found: {k: v for tags in found for k, v in tags.items()}
    )


def base(
    resource: PlannedResource, plan: Plan, where: Fact[tuple[Place, ...]] | None = None
) -> dict[str, Any]:
    """What every fact says: where, and under which labels."""
    return {
        "urn": resource.urn,
        "type": resource.type,
        "tags": labels(resource, plan),
        "places": Known(()) if where is None else where,
    }


def lies_in(resource: PlannedResource, copy: Copy, path: str = "region") -> Fact[tuple[Place, ...]]:
    """The one place of a resource, by the property that names its region."""
    return then(read(resource.inputs, path), lambda region: (place(copy, region),))


def guarded(resource: PlannedResource) -> Fact[bool]:
    """Pulumi's guards, or the service's own."""
    own = then(read(resource.inputs, "deletionProtection", default=False), bool)
    return some([Known(resource.protect or resource.retain_on_delete), own])


def store(
    resource: PlannedResource, plan: Plan, where: Fact[tuple[Place, ...]], **differs: Any
) -> Store:
    """A store with what holds for every service here, but for what differs.

    None takes a customer's key, and none but the database has a private address. Keys of S3
    open what one user may reach, not an account, so they are no shared keys.
    """
    common: dict[str, Any] = {
        "key": NONE,
        "key_encrypts": Known(Extent.ALL),  # a service's key is that of all it stores
        "tls_minimum": NO_TLS,
        "public_endpoint": YES,
        "private_endpoint": NO,
        "shared_keys": NO,
        "cross_tenant": NO,
        "versions": NONE,
        "locked_days": ZERO,
        "recoverable_days": ZERO,
        "version_days": ZERO,
        "expire_days": NONE,
        "retention_days": NONE,
        "backup_days": NONE,
        "guarded": guarded(resource),
        "engine": NONE,
        "extensions": Known(()),
        "reads_logged": NO,
        "administration_logged": NO,
        "names_in_state": NO,
        "segments": Known(()),
        "allowed": NONE,
    }
    return Store(**(base(resource, plan, where) | common | differs))


def several_zones(region: Fact[Any]) -> Fact[bool]:
    """Whether a region has several zones."""
    return then(region, lambda name: THREE_ZONES.fullmatch(str(name)) is not None)


NOT_SAID = Unknown("encryption at rest: no argument shows it, and no source read says so")
SUBNETS = (":NetworkPrivateSubnet", ":NetworkPrivateSubnetV2", ":CloudNetworkPrivateVrackSubnet")


def subnet_of(resource: PlannedResource, plan: Plan, path: str, value: Any) -> Fact[str | None]:
    """URN of the subnet from which a property comes; as written if it is none of the plan's."""
    if value is None or value == "":
        return NONE
    known = plan.by_urn
    tied = [u for u in sources(resource, path) if u in known and known[u].type.endswith(SUBNETS)]
    if len(tied) == 1:
        return Known(tied[0])
    return Unknown(path) if value is UNKNOWN or tied else Known(str(value))


def buckets(plan: Plan) -> list[PlannedResource]:
    """All buckets of a plan."""
    return of_tokens(plan, *BUCKETS)


def is_bucket(plan: Plan, urn: str) -> bool:
    """Whether a URN is that of a bucket of the plan."""
    return urn in plan.by_urn and plan.by_urn[urn].type.endswith(BUCKETS)


def named_buckets(resource: PlannedResource, path: str, plan: Plan) -> list[PlannedResource]:
    """Buckets that a property may name: those of that name, and those it was computed from."""
    by_name = plan.noted((__name__, "names"), lambda: buckets_by_name(plan))
    named = read(resource.inputs, path)
    found = by_name.get(str(named.value), []) if isinstance(named, Known) else []
    tied = (plan.by_urn[urn] for urn in sources(resource, path) if is_bucket(plan, urn))
    return list({r.urn: r for r in (*found, *tied)}.values())


def buckets_by_name(plan: Plan) -> dict[str, list[PlannedResource]]:
    """The buckets of a plan by name, where it is known."""
    found: dict[str, list[PlannedResource]] = {}
    for bucket in buckets(plan):
        found.setdefault(str(bucket.inputs.get("name")), []).append(bucket)
    return found
