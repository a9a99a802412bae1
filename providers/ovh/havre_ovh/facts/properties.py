"""What the classes share: reading properties that may be unknown, and what every fact says."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from havre.facts.model import NO_PLAN, AboutResource, Bearer, Copy, Extent, Offering, Place
from havre.facts.read import NO, NONE, YES, at_best, read, some, sources, then
from havre.facts.read import labels as told_labels
from havre.facts.stores import Storage
from havre.facts.values import (
    DOES_NOT_APPLY,
    Fact,
    Known,
    MayApply,
    Reserve,
    Unknown,
    reserved,
)
from havre.plan.values import UNKNOWN
from havre_ovh.facts.naming import BUCKETS, SUBNETS
from havre_ovh.facts.places import place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.facts.index import Index
    from havre.plan import PlannedResource


OFFER = "OVHcloud Public Cloud"
NOWHERE: Fact[tuple[Place, ...]] = Known(())
"""Places of what has none of its own."""

F = TypeVar("F", bound=AboutResource)
B = TypeVar("B", bound=Bearer)
S = TypeVar("S", bound=Storage)


NO_TLS = Unknown("minimum TLS version: endpoints use HTTPS, and no argument sets a version")
THREE_ZONES = re.compile(r"(?i)EU-WEST-PAR|EU-SOUTH-MIL")
"""Regions of several zones (public-cloud-roadmap#139, #855 and #869)."""


T = TypeVar("T")


def unseen(fact: Fact[T], resource: PlannedResource, what: str) -> Fact[T]:
    """A value of what stands, which the plugin repeats from the state whatever OVHcloud has.

    Args:
        fact: the value.
        resource: of which it is; one that is only planned is as it is planned.
        what: what a refresh would not show, as a finding says it.

    Source: the plugin's own reading (terraform-provider-ovh 2.19.0, resource_okms_service_key.go,
    resource_cloud_project_user.go, resource_cloud_project_storage_gen.go), read on 2026-11-30.
    """
    if not resource.id:
        return fact
    why = f"not seen by a refresh: {what} is visible only in OVHcloud's Control Panel"
    return reserved(fact, why, Reserve.NOT_SEEN)


def places_in(copy: Copy, regions: Fact[tuple[Any, ...]]) -> Fact[tuple[Place, ...]]:
    """The places of several regions; at best those that are told."""
    told = tuple(place(copy, region) for region in dict.fromkeys(at_best(regions, ())))
    if isinstance(regions, Known):
        return Known(told)
    return Unknown(regions.property, Known(told) if told else None)


def is_set(resource: PlannedResource, value: Any, path: str) -> Fact[bool]:
    """Whether a property is given: what is computed from another resource is, if yet unknown."""
    if value is UNKNOWN and not sources(resource, path):
        return Unknown(path)
    return Known(value is UNKNOWN or bool(value))


def labels(resource: PlannedResource, index: Index) -> MayApply[Mapping[str, str]]:
    """Labels of a bucket's own, and those that `IamResourceTags` puts on it or on others."""
    own = [told_labels(resource.inputs)] if index.kind(resource) in BUCKETS else []
    given = [told_labels(each.inputs) for each in index.computed(LABELS, "urn", resource)]
    if not own and not given:
        return DOES_NOT_APPLY
    told = {k: v for tags in (*own, *given) for k, v in at_best(tags, {}).items()}
    unknown = next((tags for tags in (*own, *given) if isinstance(tags, Unknown)), None)
    return Known(told) if unknown is None else Unknown(unknown.property, Known(told))


LABELS = "IamResourceTags"


def about(
    kind: type[F],
    resource: PlannedResource,
    index: Index,
    where: Fact[tuple[Place, ...]] = NOWHERE,
) -> F:
    """A fact of a kind, with what every fact says: where, and under which labels."""
    return kind(urn=resource.urn, type=resource.type, tags=labels(resource, index), places=where)


def offered(
    kind: type[B],
    resource: PlannedResource,
    index: Index,
    where: Fact[tuple[Place, ...]],
    product: str,
    plan: Fact[str] = NO_PLAN,
) -> B:
    """Likewise, of a kind that bears data or the keys to them."""
    return kind(
        urn=resource.urn,
        type=resource.type,
        tags=labels(resource, index),
        places=where,
        offering=Offering(OFFER, product, plan),
    )


def lies_in(resource: PlannedResource, copy: Copy, path: str = "region") -> Fact[tuple[Place, ...]]:
    """The one place of a resource, by the property that names its region."""
    return then(read(resource.inputs, path), lambda region: (place(copy, region),))


def guarded(resource: PlannedResource) -> Fact[bool]:
    """Pulumi's guards, or the service's own."""
    own = then(read(resource.inputs, "deletionProtection", default=False), bool)
    return some([Known(resource.protect or resource.retain_on_delete), own])


def stored(
    kind: type[S],
    resource: PlannedResource,
    index: Index,
    where: Fact[tuple[Place, ...]],
    product: str,
) -> S:
    """Storage with what holds for every service here, but for what differs.

    None takes a customer's key, and none has a private address. Keys of S3 open what one user may
    reach, not an account, so they are no shared keys.
    """
    return replace(
        offered(kind, resource, index, where, product),
        key=NONE,
        key_encrypts=Known(Extent.ALL),  # a service's key is that of all it stores
        tls_minimum=NO_TLS,
        public_endpoint=YES,
        private_endpoint=NO,
        shared_keys=NO,
        cross_tenant=NO,
        guarded=guarded(resource),
        reads_logged=NO,
        administration_logged=NO,
        names_in_state=NO,
        allowed=DOES_NOT_APPLY,
    )


def several_zones(region: Fact[Any]) -> Fact[bool]:
    """Whether a region has several zones."""
    return then(region, lambda name: THREE_ZONES.fullmatch(str(name)) is not None)


NOT_SAID = Unknown(
    "encryption at rest: no argument shows it, and no source that was read mentions it"
)


def subnet_of(resource: PlannedResource, index: Index, path: str, value: Any) -> Fact[str | None]:
    """URN of the subnet from which a property comes; as written if it is none of the plan's."""
    if value is None or value == "":
        return NONE
    tied = index.near(resource, path, *SUBNETS)
    if len(tied) == 1:
        return Known(tied[0].urn)
    return Unknown(path) if value is UNKNOWN or tied else Known(str(value))
