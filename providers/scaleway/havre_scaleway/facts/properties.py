"""What the classes share: reading properties that may be unknown, and what every fact says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from havre.facts.model import NO_PLAN, AboutResource, Bearer, Copy, Extent, Offering, Place
from havre.facts.read import NO, NONE, YES, at_best, read, sources, then
from havre.facts.read import bare as unmarked
from havre.facts.read import labels as told_labels
from havre.facts.stores import Storage
from havre.facts.values import DOES_NOT_APPLY, Fact, Known, MayApply, Unknown
from havre.plan.values import UNKNOWN, holds_unknown
from havre_scaleway.facts.naming import BUCKET, SEGMENT
from havre_scaleway.facts.places import place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.facts.index import Index
    from havre.plan import PlannedResource

OFFER = "Scaleway"
NOWHERE: Fact[tuple[Place, ...]] = Known(())
"""Places of what has none of its own."""

F = TypeVar("F", bound=AboutResource)
B = TypeVar("B", bound=Bearer)
S = TypeVar("S", bound=Storage)

SEGMENTS = ("endpoints", "database", "compute", "administration")
NO_TLS = Unknown("minimum TLS version: endpoints use HTTPS, and no argument sets a version")
NOT_SAID = Unknown(
    "encryption at rest: no argument shows it, and no source that was read mentions it"
)
ZONES_NOT_SAID = Unknown("availability zones, which no argument of this service shows")
TAGGED = frozenset(
    {
        *("network.Vpc", SEGMENT, "network.PublicGateway", "instance.SecurityGroup"),
        *("keymanager.Key", "databases.Instance", "kubernetes.Cluster", "secrets.Secret"),
        *("iam.Application", "iam.Group", "iam.Policy", "block.Volume", "block.Snapshot"),
    }
)
"""Types whose labels are a list of words. Those of a pool become labels of its nodes, which take
fewer characters: they do not count."""


def is_set(resource: PlannedResource, value: Any, path: str) -> Fact[bool]:
    """Whether a property is given: what is computed from another resource is, if yet unknown."""
    if value is UNKNOWN and not sources(resource, path):
        return Unknown(path)
    return Known(value is UNKNOWN or bool(value))


def labels(resource: PlannedResource, index: Index) -> MayApply[Mapping[str, str]]:
    """Labels: a bucket's mapping, or words such as `owner=team` of the types that have them."""
    kind = index.kind(resource)
    if kind == BUCKET:
        return told_labels(resource.inputs)
    return _listed(resource) if kind in TAGGED else DOES_NOT_APPLY


def _listed(resource: PlannedResource) -> Fact[Mapping[str, str]]:
    written = unmarked(resource.inputs.get("tags"))
    if written is None:
        return Known({})
    if not isinstance(written, list):
        return Unknown("tags")
    known = [str(each) for each in written if not holds_unknown(each)]
    told = dict(word.split("=", 1) for word in known if "=" in word)
    return Known(told) if len(known) == len(written) else Unknown("tags", Known(told))


def label(resource: PlannedResource, index: Index, name: str) -> str:
    """One label of a resource; empty where it is not told."""
    told = labels(resource, index)
    found = at_best(told, {}) if isinstance(told, (Known, Unknown)) else {}
    return str(found.get(name) or "")


def segment_name(network: PlannedResource, index: Index) -> str:
    """What a private network is called: as its label says, else after its name's last word."""
    name = read(network.inputs, "name", network.name)
    words = str(name.value) if isinstance(name, Known) else network.name
    told = label(network, index, "segment")
    found = next((s for s in SEGMENTS if words == s or words.endswith(f"-{s}")), words)
    return told if told in SEGMENTS else found


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


def region_of(resource: PlannedResource) -> Fact[Any]:
    """Where a resource is: its region, else its zone."""
    region = read(resource.inputs, "region")
    return read(resource.inputs, "zone") if region == NONE else region


def lies_in(resource: PlannedResource, copy: Copy) -> Fact[tuple[Place, ...]]:
    """The one place of a resource."""
    return then(region_of(resource), lambda region: (place(copy, region),))


def guarded(resource: PlannedResource) -> Fact[bool]:
    """Pulumi's guards: no service here has one of its own for what bears data."""
    return Known(resource.protect or bool(resource.retain_on_delete))


def stored(
    kind: type[S],
    resource: PlannedResource,
    index: Index,
    where: Fact[tuple[Place, ...]],
    product: str,
) -> S:
    """Storage with what holds for every service here, but for what differs.

    None has a private address. Keys of IAM open what one identity may reach, not an account, so
    they are no shared keys.
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
        multi_zone=ZONES_NOT_SAID,
        guarded=guarded(resource),
        reads_logged=NO,
        administration_logged=NO,
        names_in_state=NO,
        allowed=DOES_NOT_APPLY,
    )


def segment_of(resource: PlannedResource, index: Index, path: str, value: Any) -> Fact[str | None]:
    """URN of the segment that a property names; as written if it is none of the plan's."""
    if value is None or value == "":
        return NONE
    tied = index.near(resource, path, SEGMENT)
    if len(tied) == 1:
        return Known(tied[0].urn)
    return Unknown(path) if value is UNKNOWN or tied else Known(str(value))
