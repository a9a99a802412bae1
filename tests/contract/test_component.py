from dataclasses import fields
from pathlib import Path

import pytest

from havre.errors import InputError
from havre.evaluate import evaluate
from havre.plan import Plan
from havre.plan.parts import PartName, component_of, component_type, part_of
from havre.plan.values import UNKNOWN
from havre.provider import Provider
from havre.provider.context import Context, short, tags
from havre.provider.outputs import Outputs, output_faults
from havre.provider.parts import Parts
from havre.provider.sites import Site
from havre.spec import Warehouse
from havre.spec.load import load
from havre.stack.program import program, read_settings, record
from tests.contract.toy_provider import Settings, provider

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def spec() -> Warehouse:
    return load(EXAMPLES / "emc2" / "warehouse.yaml").warehouse


def planned(spec: Warehouse) -> Plan:
    return evaluate(program(spec, provider, Settings(shelf="a")), project="p", stack="s")


def changed(spec: Warehouse, **fields: object) -> Warehouse:
    return spec.model_copy(update=fields)


def test_the_toy_keeps_the_contract() -> None:
    assert isinstance(provider, Provider)


def test_parts_are_built_in_one_order_each_given_those_before(spec: Warehouse) -> None:
    plan = planned(spec)
    sheets = {r.name: r for r in plan.resources if r.custom}
    needs = {
        name.removeprefix("emc2-").removesuffix("-sheet"): {
            urn.rsplit("::", 1)[-1].removeprefix("emc2-").removesuffix("-sheet")
            for urn in sheet.dependencies
        }
        for name, sheet in sheets.items()
    }
    assert needs == {
        "network": set(),
        "keys": {"network"},
        "audit": {"keys"},
        "zones": {"audit"},
        "database": {"keys"},
        "registry": set(),
        "cluster": {"registry"},
        "access": {"zones"},
        "backup": {"database"},
    }


def test_the_list_of_parts_is_the_one_that_providers_build_and_plans_are_read_by(
    spec: Warehouse,
) -> None:
    assert [field.name for field in fields(Parts)] == list(PartName)
    for resource in planned(spec).resources:
        if resource.type == "paper:index:Sheet":
            part = resource.name.removeprefix("emc2-").removesuffix("-sheet")
            assert part_of(resource.urn) == part
            assert component_of(component_type("paper", PartName(part))) == ("paper", part)
    assert component_of("havre:index:ResearchWarehouse") is None


def test_every_part_stands_under_the_warehouse(spec: Warehouse) -> None:
    plan = planned(spec)
    root = next(r for r in plan.resources if r.type == "havre:index:ResearchWarehouse")
    parts = [r for r in plan.resources if r.parent == root.urn]
    assert len(parts) == 9
    assert all(not part.custom for part in parts)


def test_outputs_are_the_same_whatever_the_provider(spec: Warehouse) -> None:
    outputs = planned(spec).outputs
    assert set(outputs) == set(Outputs.model_fields)
    assert output_faults(outputs) == ()
    assert outputs["version"] == 1
    assert (outputs["provider"], outputs["warehouse"]) == ("paper", "emc2")
    assert outputs["cluster"]["endpoint"] is outputs["registry"]["endpoint"] is UNKNOWN
    assert set(outputs["zones"]) == set(spec.zones)
    assert set(outputs["projects"]) == set(spec.projects)


def test_the_key_of_a_zone_named_backup_is_not_that_of_the_backups(spec: Warehouse) -> None:
    keys = planned(spec).outputs["keys"]
    assert "backup" in spec.zones
    assert set(keys["zones"]) == set(spec.zones)
    assert set(keys) == {"zones", "database"}  # paper has no key of its own for backups


def test_what_is_not_asked_for_is_not_built(spec: Warehouse) -> None:
    plan = planned(changed(spec, cluster=None, registry=None))
    assert not {"cluster", "registry"} & set(plan.outputs)
    assert not [r for r in plan.resources if "cluster" in r.name or "registry" in r.name]


def test_gaps_are_among_the_outputs(spec: Warehouse) -> None:
    hsm = spec.encryption.model_copy(update={"keys": "hsm"})
    (gap,) = planned(changed(spec, encryption=hsm)).outputs["gaps"]
    assert gap == {
        "control": "encryption.hsm-key",
        "capability": "hsm-key",
        "support": "absent",
        "reason": "paper has no hardware",
        "fallback": "a locked drawer",
        "evidence": {"source": "the stationer", "read_on": "2026-11-23"},
        "risk": "whoever has the key to the drawer",
        "fields": [],
    }


def test_a_site_that_the_provider_lacks_is_an_input_error(spec: Warehouse) -> None:
    sites = spec.sites.model_copy(update={"primary": "fr-marseille"})
    with pytest.raises(InputError, match="no site `fr-marseille`") as caught:
        planned(changed(spec, sites=sites))
    assert caught.value.remedy == "It has: fr-paris, fr-province."


def test_tags_name_warehouse_classification_and_owner(spec: Warehouse) -> None:
    assert tags(spec) == {
        "warehouse": "emc2",
        "environment": "production",
        "classification": "health-pseudonymised",
        "owner": spec.organisation.contact,
        "managed-by": "havre",
    }


def test_names_are_shortened_without_colliding(spec: Warehouse) -> None:
    site = Site("fr-paris", "FR", {})
    context = Context("paper", spec, Settings(shelf="a"), site, None, {})
    assert context.named("curated") == "emc2-production-curated"
    first, second = (context.named("curated", suffix, limit=24) for suffix in ("a", "b"))
    assert len(first) <= 24
    assert first != second
    assert short("x" * 24, 24) == "x" * 24


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "`shelf`: is missing"),
        ({"shelf": "a", "copies": "many"}, "`copies`: must be a whole number"),
        ({"shelf": "a", "self": "b"}, "`self`: is unknown, did you mean `shelf`?"),
    ],
)
def test_wrong_settings_are_named(given: dict, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_settings(provider, given)
    assert message in caught.value.message
    assert caught.value.remedy == "Known settings: `shelf`, `copies`."


def test_the_record_holds_no_members(spec: Warehouse) -> None:
    kept = record(spec, "paper", Settings(shelf="a"), "stack")
    assert kept == {
        "provider": "paper",
        "settings": {"shelf": "a", "copies": 1},
        "warehouse": "emc2",
        "environment": "production",
        "stack": "stack",
    }
