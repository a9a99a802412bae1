"""Which objects of Kubernetes a plan has, and in which cluster they are.

A resource of Pulumi's package `kubernetes` is in the cluster that its provider reaches. Nothing in
a provider's inputs proves which one that is, but for `clusterIdentifier`: it is computed from the
cluster, or is the cluster's own identifier. Source: pulumi-kubernetes, configuration of the
provider; read on 2026-11-30.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.facts.model import Holder, Neutral
from havre.facts.read import bare, sources
from havre.facts.values import DOES_NOT_APPLY, Known
from havre.plan.kubernetes import IDENTIFIER, KINDS, NAMESPACE, PACKAGE, PROVIDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from havre.facts.index import Index
    from havre.facts.model import ResourceFact
    from havre.plan import PlannedResource


@dataclass(frozen=True)
class ClusterObject:
    """An object of Kubernetes, as it is planned or as it was last seen.

    Attributes:
        kind: such as `NetworkPolicy`.
        name: of the object; empty where it is not known.
        namespace: in which it is; empty where it is in none, None where that is not known.
        views: what is planned, and what the cluster returned last: a refresh shows in the latter
            what somebody added, and leaves it out of the former.
    """

    kind: str
    name: str
    namespace: str | None
    views: tuple[Mapping[str, Any], ...]


def facts_of_object(resource: PlannedResource) -> Sequence[ResourceFact]:
    """What an object is by itself: a namespace takes the volumes of its programs with it.

    Labels of Kubernetes take no addresses of persons, so none is asked for.
    """
    about: dict[str, Any] = {"tags": DOES_NOT_APPLY, "places": Known(())}
    if KINDS[resource.type] != NAMESPACE:
        return (Neutral(resource.urn, resource.type, **about),)
    kept = Known(resource.protect or resource.retain_on_delete)
    return (Holder(resource.urn, resource.type, guarded=kept, **about),)


def of_cluster(index: Index, cluster: PlannedResource) -> tuple[PlannedResource, ...] | None:
    """Resources of the package that are in a cluster; None where no provider reaches it."""
    tied = {r.urn for r in index.plan.resources if r.type == PROVIDER and _reaches(r, cluster)}
    found = tuple(
        each
        for each in index.plan.resources
        if each.made and each.package == PACKAGE and _is_in(each, cluster, tied, index)
    )
    return found if found or tied else None


def _reaches(provider: PlannedResource, cluster: PlannedResource) -> bool:
    named = str(bare(provider.inputs.get(IDENTIFIER))).lower()
    same = bool(cluster.id) and named == cluster.id.lower()
    return same or cluster.urn in sources(provider, IDENTIFIER)


def _is_in(each: PlannedResource, cluster: PlannedResource, tied: set[str], index: Index) -> bool:
    """Whether a tied provider makes a resource; a source without providers tells dependencies."""
    written = each.provider
    urn = written if written in tied else written.rpartition("::")[0]
    if urn in tied:
        return True
    return index.at(urn) is None and index.at(written) is None and cluster.urn in each.dependencies


def read_object(resource: PlannedResource) -> ClusterObject:
    """A resource of one of the known types."""
    planned = bare(dict(resource.inputs))
    seen = bare(dict(resource.outputs)) if resource.id else {}
    views = (planned, *((seen,) if isinstance(seen.get("metadata"), dict) else ()))
    name, space = (_of_metadata(planned, key) for key in ("name", "namespace"))
    return ClusterObject(KINDS[resource.type], name or "", space, views)


def _of_metadata(view: Mapping[str, Any], key: str) -> str | None:
    """A text of an object's metadata; empty where there is none, None where it is not known."""
    metadata = view.get("metadata")
    value = metadata.get(key, "") if isinstance(metadata, dict) else metadata or ""
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else None


def unread(found: Sequence[PlannedResource]) -> Iterator[str]:
    """Types among resources of a cluster that nothing reads, and that may change any other."""
    yield from sorted({each.type for each in found if each.type not in KINDS})
