"""The whole of an example."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from havre.facts import Facts, Known
from havre.facts.model import Bearer, Compute, Copy, Grant, NetworkElement, Neutral, Right
from havre.facts.stores import (
    BackupStore,
    DatabaseServer,
    DataStore,
    ImageRegistry,
    LogStore,
    ObjectStore,
)
from havre.plan.values import UNKNOWN
from havre_ovh.facts import facts
from tests.ovh.facts.resources import NO, NONE, YES

if TYPE_CHECKING:
    from havre.plan import Plan


def test_every_resource_of_the_plan_is_classified(plan: Plan, found: Facts) -> None:
    assert found.unclassified == ()
    assert {item.urn for item in found.items} == {r.urn for r in plan.resources if r.custom}


def test_every_place_of_the_plan_is_in_france(found: Facts) -> None:
    for item in found.items:
        assert isinstance(item.places, Known), item.name
        assert {p.country for p in item.places.value} <= {"FR"}, item.name
        assert item.places.value or not isinstance(item, Bearer), item.name
    assert {p.copy for i in found.items if isinstance(i.places, Known) for p in i.places.value} == {
        *Copy
    }


def test_the_plans_zones_are_as_asked(found: Facts) -> None:
    zones = found.of(ObjectStore)
    assert {s.zone for s in zones} == {"landing", "curated", "research", "export", "backup", "logs"}
    for zone in zones:
        assert (zone.encrypted, zone.versions, zone.reads_logged) == (YES, YES, YES), zone.name
        assert (zone.public_read, zone.guarded, zone.cross_tenant) == (NO, YES, NO), zone.name
    curated = [zone.locked_days for zone in zones if zone.zone == "curated"]
    assert curated == [Known(30)] * 2
    held = {type(store) for store in found.of(DataStore)}
    assert held == {
        ObjectStore,
        LogStore,
        BackupStore,
        DatabaseServer,
        ImageRegistry,
    }


def test_the_plans_database_and_cluster_are_as_asked(found: Facts) -> None:
    (service,) = found.of(DatabaseServer)
    assert (service.engine, service.multi_zone) == (Known("postgresql 17"), YES)
    assert (service.public_endpoint, service.reads_logged, service.guarded) == (NO, YES, YES)
    (cluster,) = found.of(Compute)
    assert cluster.allowed == Known(("198.51.100.0/24",))
    assert (cluster.private_nodes, cluster.multi_zone) == (YES, YES)
    assert {n.segment for n in found.of(NetworkElement)} >= {
        "database",
        "compute",
        "administration",
    }


def test_the_plans_projects_read_their_zones_alone(found: Facts) -> None:
    grants = [g for g in found.of(Grant) if g.project == "pharmaco-study"]
    reading = [g for g in grants if g.rights == Known(frozenset({Right.READ}))]
    keys = [g for g in grants if g.rights == Known(frozenset({Right.USE_KEYS}))]
    assert len(reading) == len(keys) == 1
    assert len(grants) == 2
    assert isinstance(reading[0].targets, Known)
    names = [urn.rsplit("::", 1)[-1] for urn in reading[0].targets.value]
    assert names == ["emc2-zones-curated", "emc2-zones-research"]
    assert keys[0].expires == Known(dt.date(2027, 12, 31))
    assert reading[0].expires == NONE


def test_what_bears_nothing_is_plain(found: Facts) -> None:
    kinds = {item.type.rsplit(":", 1)[-1] for item in found.of(Neutral)}
    assert {"AccessList", "LogTarget", "KubeNodePool"} <= kinds
    assert not {"Storage", "Database", "DatabaseInstance", "Kube", "ServiceKey"} & kinds


def resolved(value: Any) -> Any:
    """A value as a state tells it, once nothing is unknown any more."""
    if isinstance(value, dict):
        return {key: resolved(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolved(inner) for inner in value]
    return "told-by-the-service" if value is UNKNOWN else value


def test_a_state_means_what_the_evaluation_meant(plan: Plan, found: Facts) -> None:
    resources = tuple(replace(r, inputs=resolved(dict(r.inputs))) for r in plan.resources)
    assert any(UNKNOWN in r.inputs.values() for r in plan.resources)
    assert facts(replace(plan, resources=resources)) == found
