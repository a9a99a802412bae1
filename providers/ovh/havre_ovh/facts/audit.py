"""Audit: streams of logs, and what is sent to them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from havre.facts.model import Copy, Fact, Holding, Known, LogRoute, Offering, Place, Unknown
from havre.facts.read import NO, NONE, read, sources, then, together
from havre_ovh.facts import places
from havre_ovh.facts.properties import NOT_SAID, OFFER, base, named_buckets, names, store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.facts.model import ResourceFact
    from havre.plan import Plan, PlannedResource


def logging(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """Access logs on their way from one bucket to another."""
    ends = [
        Known(tuple(r.urn for r in named_buckets(resource, path, plan) if names(resource, path, r)))
        for path in ("bucket", "target")
    ]
    found = [
        Unknown(path) if not end.value else end
        for path, end in zip(("bucket", "target"), ends, strict=True)
    ]
    return [LogRoute(**base(resource, plan), sources=found[0], sinks=found[1])]


DAYS_A_YEAR = 365
STATED = re.compile(r"\bat ([a-z]{2})-[a-z]+(?:-[a-z0-9]+)*(?:;|$)")
"""How a stream's description says at which site its account stands."""


def stream(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A stream of the Logs Data Platform.

    Its account stands where the account's contract says; a description may repeat it. Archives
    are kept by the year; for how long the index is kept, only the account tells.
    """
    logs = store(
        resource,
        plan,
        _stated(resource),
        holding=Holding.LOGS,
        offering=Offering(OFFER, "Logs Data Platform"),
        encrypted=NOT_SAID,
        public_read=NO,
        retention_days=_kept(resource),
    )
    return [logs]


def _stated(resource: PlannedResource) -> Fact[tuple[Place, ...]]:
    said = read(resource.inputs, "description", "")
    found = STATED.search(str(said.value)) if isinstance(said, Known) else None
    if found is None:
        return Unknown("serviceName: only the account's contract says where it stands")
    return Known((Place(Copy.LOG, "", found[1].upper(), places.DECLARED),))


def _kept(resource: PlannedResource) -> Fact[int | None]:
    """Days of the archive, if there is one of everything; else the index's, which is not told."""
    inputs = resource.inputs
    parts = together([read(inputs, f"coldStorage{what}") for what in ("Enabled", "Content")])
    if isinstance(parts, Unknown):
        return parts
    years = read(inputs, "coldStorageRetention")
    if parts.value == (True, "ALL") and years != NONE:
        return then(years, lambda count: int(count) * DAYS_A_YEAR)
    return NONE if read(inputs, "retentionId") == NONE else Unknown("retentionId")


def subscription(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """Logs of a database or a cluster, on their way to a stream."""
    source = "kubeId" if "kubeId" in resource.inputs else "clusterId"
    route = LogRoute(
        **base(resource, plan), sources=_ends(resource, source), sinks=_ends(resource, "streamId")
    )
    return [route]


def _ends(resource: PlannedResource, path: str) -> Fact[tuple[str, ...]]:
    """URNs that a property comes from; else what it says."""
    tied = sources(resource, path)
    return Known(tied) if tied else then(read(resource.inputs, path, ""), lambda name: (str(name),))
