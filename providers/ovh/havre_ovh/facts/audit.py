"""Audit: streams of logs, and what is sent to them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from havre.facts.model import Copy, LogRoute, Place
from havre.facts.read import NO, NONE, ZERO, read, then, together
from havre.facts.stores import LogStore
from havre.facts.values import Fact, Known, Unknown
from havre_ovh.facts import places
from havre_ovh.facts.naming import BUCKETS
from havre_ovh.facts.properties import NOT_SAID, about, stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.facts.index import Index
    from havre.facts.model import ResourceFact
    from havre.plan import PlannedResource


def logging(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Access logs on their way from one bucket to another."""
    source, sink = (_bucket(resource, path, index) for path in ("bucket", "target"))
    route = about(LogRoute, resource, index)
    return [replace(route, sources=source, sinks=sink, kept_days=NONE)]


def _bucket(resource: PlannedResource, path: str, index: Index) -> Fact[tuple[str, ...]]:
    """The bucket of the plan that a property names."""
    found = index.target(resource, path, *BUCKETS)
    if isinstance(found, Unknown) or found.value is None:
        return Unknown(path)
    return Known((found.value.urn,))


DAYS_A_YEAR = 365
STATED = re.compile(r"\bat ([a-z]{2})-[a-z]+(?:-[a-z0-9]+)*(?:;|$)")
"""How a stream's description says at which site its account stands."""


def stream(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A stream of the Logs Data Platform.

    Its account stands where the account's contract says; a description may repeat it. Archives
    are kept by the year; for how long the index is kept, only the account tells.
    """
    logs = replace(
        stored(LogStore, resource, index, _stated(resource), "Logs Data Platform"),
        encrypted=NOT_SAID,
        public_read=NO,
        locked_days=ZERO,
        retention_days=_kept(resource),
        longest_days=_kept(resource),
    )
    return [logs]


def _stated(resource: PlannedResource) -> Fact[tuple[Place, ...]]:
    said = read(resource.inputs, "description", "")
    found = STATED.search(str(said.value)) if isinstance(said, Known) else None
    if found is None:
        return Unknown("serviceName: only the account's contract states its location")
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


def subscription(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Logs of a database or a cluster, on their way to a stream."""
    source = "kubeId" if "kubeId" in resource.inputs else "clusterId"
    route = replace(
        about(LogRoute, resource, index),
        sources=_ends(resource, index, source),
        sinks=_ends(resource, index, "streamId"),
        kept_days=NONE,
    )
    return [route]


def _ends(resource: PlannedResource, index: Index, path: str) -> Fact[tuple[str, ...]]:
    """URNs that a property comes from; else what it says."""
    tied = index.sources(resource, path)
    return Known(tied) if tied else then(read(resource.inputs, path, ""), lambda name: (str(name),))
