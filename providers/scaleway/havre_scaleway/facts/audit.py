"""Audit: data sources of Cockpit, and what is sent on from them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from havre.facts.model import Copy, LogRoute, Neutral
from havre.facts.read import NO, NONE, ZERO, read, then
from havre.facts.stores import LogStore
from havre.facts.values import Known, Unknown
from havre_scaleway.facts.properties import NOT_SAID, about, lies_in, stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.facts.index import Index
    from havre.facts.model import ResourceFact
    from havre.plan import PlannedResource

WITHOUT_LOGS = ("metrics", "traces")
"""Types of sources that keep no logs; any other is taken to keep them."""


def source(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A data source; one of metrics or traces keeps no logs. Nothing locks what it keeps."""
    what = read(resource.inputs, "type")
    if isinstance(what, Known) and what.value in WITHOUT_LOGS:
        return [about(Neutral, resource, index, lies_in(resource, Copy.SERVICE))]
    kept = then(read(resource.inputs, "retentionDays"), lambda days: days and int(days))
    made = replace(
        stored(LogStore, resource, index, lies_in(resource, Copy.LOG), "Cockpit"),
        encrypted=NOT_SAID,
        public_read=NO,
        locked_days=ZERO,
        retention_days=kept,
        longest_days=kept,
    )
    return [made]


def exporter(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Logs on their way out of Cockpit, to an address that the plan does not know."""
    tied = index.sources(resource, "datasourceId")
    written = then(read(resource.inputs, "datasourceId", ""), lambda name: (str(name),))
    route = replace(
        about(LogRoute, resource, index, lies_in(resource, Copy.SERVICE)),
        sources=Known(tied) if tied else written,
        sinks=Unknown("otlpDestination: a place outside the plan"),
        kept_days=NONE,
    )
    return [route]
