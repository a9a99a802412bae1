"""What keys of OKMS mean for security."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from havre.facts.model import Holder, Key, Place
from havre.facts.read import NO, NONE, YES, read, then
from havre.facts.values import Fact, Known, Unknown
from havre_ovh.facts import places
from havre_ovh.facts.properties import about, guarded, offered, unseen
from havre_ovh.sites import OKMS_COPIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.facts.index import Index
    from havre.facts.model import ResourceFact
    from havre.plan import PlannedResource


def key(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A key of the customer's, in software: it neither renews itself nor outlives a deletion.

    One that is deactivated makes data unreadable as one that is deleted does.
    """
    made = replace(
        offered(Key, resource, index, _where(resource, index), "OKMS"),
        customer=unseen(YES, resource, "a deactivated key"),
        hsm=NO,
        rotation_days=NONE,
        deletion_days=NONE,
        purge_guarded=NO,
        use_logged=NO,
        guarded=unseen(guarded(resource), resource, "a deactivated key"),
    )
    return [made]


def _where(resource: PlannedResource, index: Index) -> Fact[tuple[Place, ...]]:
    """Where a key lies: at its domain, if the plan has it, else where its name says."""
    domains = index.near(resource, "okmsId", "Okms")
    if domains:
        return _domain(domains[0])
    name = read(resource.inputs, "name", "")
    said = str(name.value).rpartition(".")[2] if isinstance(name, Known) else ""
    if said not in OKMS_COPIES:
        return Unknown("okmsId: only the domain's contract states its location")
    return Known(places.keys(said, places.DECLARED))


def _domain(resource: PlannedResource) -> Fact[tuple[Place, ...]]:
    return then(read(resource.inputs, "region", ""), lambda region: places.keys(str(region)))


def domain(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A domain of OKMS: it places its keys, and takes them along when it is deleted."""
    made = about(Holder, resource, index, _domain(resource))
    return [replace(made, guarded=guarded(resource))]
