"""The local provider's facts, over its own plan and over what a stranger might plan."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from havre.evaluate import evaluate
from havre.facts import DOES_NOT_APPLY, Facts, Known, Unclassified, Unknown
from havre.facts.model import UNTOLD, Copy, Credential, Grant, Holder, Key, NetworkElement, Right
from havre.facts.stores import DataStore, ObjectStore
from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN
from havre.policy import Case, Outcome
from havre.policy.qualifications import Qualifications
from havre.policy.registry import find_control
from havre.spec.load import load
from havre.stack.program import program, read_settings
from havre_local.facts import facts
from havre_local.provider import provider

DAY = dt.date(2026, 11, 29)
EXAMPLE = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"


@pytest.fixture(scope="module")
def plan() -> Plan:
    settings = read_settings(provider, {"data_dir": "/nowhere", "country": "FR"})
    spec = load(EXAMPLE).warehouse
    return evaluate(program(spec, provider, settings), project="p", stack="s", provider="local")


@pytest.fixture(scope="module")
def found(plan: Plan) -> Facts:
    return provider.facts(plan)


def changed(plan: Plan, name: str, **inputs: object) -> Facts:
    """The facts of the plan with some inputs of one resource replaced."""
    resources = tuple(
        replace(r, inputs={**r.inputs, **inputs}) if r.name == name else r for r in plan.resources
    )
    return provider.facts(replace(plan, resources=resources))


def store(found: Facts, name: str) -> Any:
    (item,) = [item for item in found.of(DataStore) if item.name == name]
    return item


def test_every_resource_of_the_plan_is_classified(plan: Plan, found: Facts) -> None:
    assert found.unclassified == ()
    custom = {r.urn for r in plan.resources if r.custom}
    assert {item.urn for item in found.items} == custom


def test_a_zone_is_told_as_planned(found: Facts) -> None:
    zone = store(found, "emc2-zones-curated")
    assert (type(zone), zone.zone) == (ObjectStore, "curated")
    assert zone.locked_days == Known(30)
    assert zone.versions == Known(value=True)
    assert (zone.recoverable_days, zone.version_days) == (Known(None), Known(None))
    assert zone.expire_days == Known(None)
    assert zone.guarded == Known(value=True)
    assert zone.encrypted == Known(value=False)
    key = zone.key
    assert isinstance(key, Known)
    assert str(key.value).endswith("::emc2-keys-zone-curated")
    assert isinstance(zone.places, Known)
    (place,) = zone.places.value
    assert (place.copy, place.country) == (Copy.PRIMARY, "FR")


def test_the_machines_place_is_unknown_to_nobody_but_its_owner(plan: Plan) -> None:
    folder = next(r for r in plan.resources if r.name == "emc2-network-folder")
    record = {**folder.inputs["record"], "settings": {}}
    told = store(changed(plan, folder.name, record=record), "emc2-zones-curated")
    assert isinstance(told.places, Known)
    assert told.places.value[0].country is None
    withheld = store(changed(plan, folder.name, record=UNKNOWN), "emc2-zones-curated")
    assert withheld.places == Unknown("record.settings.country")


@pytest.mark.parametrize(
    ("name", "inputs", "fact", "value"),
    [
        ("emc2-zones-curated", {"versions": False}, "versions", Known(value=False)),
        ("emc2-zones-curated", {"immutable_days": 1}, "locked_days", Known(1)),
        ("emc2-zones-curated", {"versions": False}, "recoverable_days", Known(0)),
        ("emc2-zones-curated", {"versions": UNKNOWN}, "version_days", Unknown("versions")),
        (
            "emc2-zones-curated",
            {"immutable_days": UNKNOWN},
            "locked_days",
            Unknown("immutable_days"),
        ),
        ("emc2-zones-curated", {"tags": UNKNOWN}, "tags", Unknown("tags")),
        ("emc2-database-server", {"tls_minimum": "1.3"}, "tls_minimum", Known("1.3")),
        ("emc2-database-server", {"asked_version": 14}, "engine", Known("postgresql 14")),
        ("emc2-audit-logs", {"retention_days": 7}, "retention_days", Known(7)),
        ("emc2-backup-policy", {"retention_days": 2}, "retention_days", Known(2)),
    ],
)
def test_a_changed_input_changes_its_fact(
    plan: Plan, name: str, inputs: dict, fact: str, value: object
) -> None:
    before = getattr(store(provider.facts(plan), name), fact)
    assert getattr(store(changed(plan, name, **inputs), name), fact) == value != before


def test_a_project_reads_its_zones_until_its_end(found: Facts) -> None:
    (grant,) = [g for g in found.of(Grant) if g.project == "cohort-diabetes"]
    assert isinstance(grant.targets, Known)
    assert [urn.rsplit("::", 1)[-1] for urn in grant.targets.value] == ["emc2-zones-curated"]
    assert grant.rights == Known(frozenset({Right.READ}))
    assert isinstance(grant.expires, Known)
    assert isinstance(grant.expires.value, dt.date)
    (credential,) = [c for c in found.of(Credential) if c.project == "cohort-diabetes"]
    assert credential.expires == grant.expires


def test_keys_and_network_say_what_they_lack(found: Facts) -> None:
    assert {key.hsm for key in found.of(Key)} == {Known(value=False)}
    assert {key.use_logged for key in found.of(Key)} == {Known(value=False)}
    (network,) = found.of(NetworkElement)
    assert network.egress_denied == Known(value=False)


def test_a_strangers_resource_is_unclassified(plan: Plan) -> None:
    resource = replace(plan.resources[-1], type="pulumi-python:dynamic/other:Zone")
    bare = replace(plan.resources[-1], type="Zone", urn="urn:bare")
    found = facts(replace(plan, resources=(resource, bare)))
    unknown = tuple(Unclassified(each.urn, each.type) for each in (resource, bare))
    assert found == Facts((), unknown)


def test_what_nobody_knows_is_listed(plan: Plan) -> None:
    strange = replace(plan.resources[-1], urn="urn:strange", type="toy:index:Bucket")
    found = provider.facts(replace(plan, resources=(*plan.resources, strange)))
    assert found.unclassified == (Unclassified("urn:strange", "toy:index:Bucket"),)
    assert found.about("urn:strange") == []


def bare(kind: str, name: str, *, protect: bool = False) -> PlannedResource:
    token = f"pulumi-python:dynamic/havre-local:{kind}"
    return PlannedResource(f"urn:{name}", token, name, True, {}, protect=protect)


def holder(found: Facts, name: str) -> Holder:
    (item,) = [item for item in found.of(Holder) if item.name == name]
    return item


@pytest.mark.parametrize("kind", ["Database", "Schema"])
@pytest.mark.parametrize("protect", [True, False])
def test_a_part_of_the_server_is_lost_alone(kind: str, protect: bool) -> None:
    found = facts(Plan("local", (bare(kind, "part", protect=protect),)))
    assert holder(found, "urn:part").guarded == Known(protect)


@pytest.mark.parametrize("kind", ["ObjectStore", "DataFolder"])
@pytest.mark.parametrize(
    ("zones", "protect", "guarded"),
    [
        ([True, True], False, Known(value=True)),
        ([True, False], False, Known(value=False)),
        ([False], True, Known(value=True)),
        ([], False, DOES_NOT_APPLY),
        ([], True, DOES_NOT_APPLY),
    ],
)
def test_what_holds_zones_is_guarded_by_them_or_by_itself(
    kind: str, zones: list[bool], protect: bool, guarded: Any
) -> None:
    inside = [bare("Zone", f"z{n}", protect=each) for n, each in enumerate(zones)]
    found = facts(Plan("local", (bare(kind, "all", protect=protect), *inside)))
    assert holder(found, "urn:all").guarded == guarded


@pytest.mark.parametrize(
    "kind", ["Database", "Schema", "ObjectStore", "DataFolder", "Zone", "Key", "LogStore"]
)
@pytest.mark.parametrize("operation", ["delete", "replace"])
def test_what_takes_data_along_is_not_deleted_or_replaced(kind: str, operation: str) -> None:
    gone = replace(bare(kind, "gone"), operation=operation)
    plan = Plan("local", (), removed=(gone,))
    case = Case(load(EXAMPLE).warehouse, facts(plan), plan, provider, (), Qualifications(()), DAY)
    (verdict,) = find_control("continuity.deletion").judge(case)
    assert (verdict.outcome, verdict.resource) == (Outcome.FAIL, gone.urn)


def test_access_that_is_taken_away_takes_no_data() -> None:
    plan = Plan("local", (), removed=(replace(bare("ProjectAccess", "p"), operation="delete"),))
    case = Case(load(EXAMPLE).warehouse, facts(plan), plan, provider, (), Qualifications(()), DAY)
    assert find_control("continuity.deletion").judge(case) == []


@pytest.mark.parametrize("project", [None, UNKNOWN, "", 7, ["cohort-diabetes"]])
def test_whose_an_access_is_may_be_withheld(plan: Plan, project: object) -> None:
    name = next(r.name for r in plan.resources if r.type.endswith(":ProjectAccess"))
    facts = changed(plan, name, project=project)
    mine = [each for each in facts.items if each.name == name]
    assert {each.project for each in mine if isinstance(each, Grant | Credential)} == {UNTOLD}
