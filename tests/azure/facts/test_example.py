"""The whole of an example."""

from dataclasses import replace
from typing import Any

import pytest

from havre.facts import Known, Unknown
from havre.facts.model import (
    Bearer,
    Compute,
    Copy,
    Grant,
    Key,
    NetworkElement,
    Place,
    Right,
)
from havre.facts.stores import DatabaseServer, DataStore, ObjectStore
from havre.plan.values import UNKNOWN
from havre.spec.load import load
from havre_azure.facts import facts
from havre_azure.provider import provider
from tests.azure.facts.resources import EXAMPLE, NO, YES, example, one, places


def test_every_resource_of_the_example_is_classified_and_placed() -> None:
    plan = example()
    found = provider.facts(plan)
    assert found.unclassified == ()
    assert {item.urn for item in found.items} == {r.urn for r in plan.resources if r.custom}
    for item in [item for item in found.items if isinstance(item, Bearer)]:
        assert {country for _, _, country, _ in places(item)} == {"FR"}, item.name


def test_every_zone_of_the_example_has_a_key_of_its_own() -> None:
    found = provider.facts(example())
    zones = {store.zone: store for store in found.of(ObjectStore) if store.zone}
    names = {urn: item.name for item in found.of(Key) for urn in [item.urn]}
    for zone, store in zones.items():
        assert isinstance(store.key, Known)
        assert names[str(store.key.value)] == f"emc2-production-zone-{zone}-key"
        assert (store.private_endpoint, store.reads_logged, store.guarded) == (YES, YES, YES)
    database = one(found, DatabaseServer, "emc2-production-database")
    assert names[str(database.key.value)] == "emc2-production-database-key"


def test_projects_of_the_example_read_their_zones_until_their_end() -> None:
    found = provider.facts(example())
    zones = {store.urn: store.zone for store in found.of(ObjectStore)}
    for name, project in load(EXAMPLE).warehouse.projects.items():
        grants = [grant for grant in found.of(Grant) if grant.project == name]
        targets = [urn for grant in grants for urn in grant.targets.value]  # type: ignore[union-attr]
        assert sorted(zones[urn] for urn in targets) == sorted(project.zones)
        assert {grant.expires for grant in grants} == {Known(project.expires)}
        assert {grant.rights for grant in grants} == {Known(frozenset({Right.READ}))}


@pytest.mark.parametrize(
    ("end", "inputs", "kind", "fact", "expected"),
    [
        ("zone-curated", {"sku": {"name": "Standard_LRS"}}, DataStore, "multi_zone", NO),
        (
            "zone-curated",
            {"encryption": UNKNOWN},
            DataStore,
            "key",
            Unknown("encryption.keySource"),
        ),
        (
            "vault",
            {"properties": UNKNOWN},
            DataStore,
            "public_endpoint",
            Unknown("properties.publicNetworkAccess"),
        ),
        (
            "database",
            {"backup": UNKNOWN},
            DataStore,
            "backup_days",
            Unknown("backup.backupRetentionDays"),
        ),
        ("database", {"version": "11"}, DataStore, "engine", Known("postgresql 11")),
        ("cluster", {"kubernetesVersion": "1.20"}, Compute, "engine", Known("kubernetes 1.20")),
        ("cluster", {"securityProfile": {}}, Compute, "secrets_key", Known(None)),
        ("logs", {"retentionInDays": 30}, DataStore, "retention_days", Known(30)),
        ("flows", {"enabled": False}, NetworkElement, "flows_logged", NO),
        (
            "backup",
            {"properties": {"storageSettings": [{"type": "LocallyRedundant"}]}},
            DataStore,
            "places",
            Known((Place(Copy.BACKUP, "francecentral", "FR"),)),
        ),
    ],
)
def test_a_changed_input_of_the_example_changes_its_fact(
    end: str, inputs: dict[str, Any], kind: type, fact: str, expected: object
) -> None:
    name = f"emc2-production-{end}"
    about = "emc2-production-network" if end == "flows" else name
    plan = example()
    changed = replace(
        plan,
        resources=tuple(
            replace(r, inputs={**r.inputs, **inputs}) if r.name == name else r
            for r in plan.resources
        ),
    )
    assert getattr(one(facts(plan), kind, about), fact) != expected
    assert getattr(one(facts(changed), kind, about), fact) == expected
