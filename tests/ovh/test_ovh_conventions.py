"""Names, tags and addresses that an organisation gives to a stack on OVHcloud."""

import re
from typing import Any

import pytest

from havre.errors import InputError
from havre.plan import Plan
from havre.provider import find
from havre.provider.context import context
from havre.spec import Warehouse
from havre.stack.program import read_settings
from havre_ovh.conventions.kinds import BUCKET, DATABASE
from havre_ovh.conventions.table import table
from havre_ovh.provider import provider
from tests.ovh.stack import SETTINGS, STORAGE, SUBNET, changed, example, planned

PATTERN = "CHU_{part}.{environment}-{warehouse}"
HOUSE = {"cost-centre": "4711", "team": "data@hospital.example"}
SPECS = {
    "emc2": lambda: example("emc2"),
    "hospital": lambda: example("hospital"),
    "alone": lambda: changed(example("emc2"), "network.recovery_address_space", None),
}


def names_of(spec: Warehouse, **settings: Any) -> Any:
    made = read_settings(provider, {**SETTINGS, **settings})
    return table(context(provider, spec, made))


def named(plan: Plan) -> dict[str, str]:
    """Name or title of each resource that has one, by its logical name."""
    return {
        r.name: r.inputs.get("name") or r.inputs["title"]
        for r in plan.resources
        if r.made and ("name" in r.inputs or "title" in r.inputs)
    }


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("pattern", [None, PATTERN])
def test_the_table_of_names_is_what_is_planned(spec: str, pattern: str | None) -> None:
    given = {"name_pattern": pattern} if pattern else {}
    found = named(planned(SPECS[spec](), **given))
    names = {label: it.name for label, it in names_of(SPECS[spec](), **given).items()}
    assert {label: found.get(label) for label in names} == names
    beyond = found.keys() - names.keys()
    assert all("cluster-" in label for label in beyond)  # pools, named by zone and flavour


@pytest.mark.parametrize("spec", SPECS)
def test_each_name_can_be_given_and_no_former_bucket_is_referred_to(spec: str) -> None:
    usual = names_of(SPECS[spec]())
    names = {label: f"estate{number}" for number, label in enumerate(sorted(usual))}
    plan = planned(SPECS[spec](), names=names)
    found = named(plan)
    assert {label: found[label] for label in names} == names
    buckets = {it.name for it in usual.values() if it.kind is BUCKET}
    text = str([dict(r.inputs) for r in plan.resources])
    assert not [bucket for bucket in buckets if bucket in text]


def test_names_by_a_pattern_fit_their_types() -> None:
    for it in names_of(example("emc2"), name_pattern=PATTERN).values():
        assert it.kind.accepts(it.name), it
        if it.kind is BUCKET:
            assert re.fullmatch(r"chu-[a-z0-9-]+-production-emc2-[0-9a-f]{8}", it.name)
        elif it.kind is not DATABASE:
            assert it.name.startswith("CHU_")


def refused(**settings: Any) -> str:
    with pytest.raises(InputError) as refusal:
        planned(example("emc2"), **settings)
    return f"{refusal.value.message} {refusal.value.remedy}"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"names": {"emc2-zones-curatd": "x"}}, "did you mean `emc2-zones-curated`"),
        ({"names": {"emc2-zones-curated": "Curated"}}, "`Curated` for `emc2-zones-curated` must"),
        ({"names": {"emc2-zones-curated": "ab"}}, "must be 3 to 63"),
        ({"names": {"emc2-network-private": "a\nb"}}, "must be 1 to 63"),
        ({"names": {"emc2-database-instance": "1db"}}, "must be 1 to 40"),
        (
            {"names": {"emc2-zones-curated": "same", "emc2-zones-landing": "same"}},
            "would both be named `same`",
        ),
        ({"name_pattern": "{type}-{warehouse}-{part}"}, "no placeholders except"),
        ({"name_pattern": "{warehouse}"}, "must contain {part}"),
        ({"tags": {"zone": "x"}}, "is a tag that the warehouse sets itself"),
        ({"tags": {"cost centre": "x"}}, "must be 1 to 128"),
        ({"tags": {"cost": "a b"}}, "has a value that must be"),
        ({"tags": {"aws:cost": "1"}}, "reserves"),
        ({"tags": {f"t{n}": "x" for n in range(31)}}, "at most 30"),
        ({"address_plan": {"compute": "10.99.0.0/20"}}, "is not within"),
        ({"address_plan": {"apiserver": "10.42.64.0/28"}}, "is not a segment here"),
        ({"address_plan": {"database": "10.42.64.0/29"}}, "at least a /28"),
        ({"address_plan": {"database": "10.42.0.0/24"}}, "overlap"),
        ({"recovery_address_plan": {"database": "10.42.64.0/24"}}, "is not within"),
    ],
)
def test_what_does_not_fit_is_refused(settings: dict[str, Any], said: str) -> None:
    told = refused(**settings)
    assert said in told
    assert next(iter(settings)) in told


def test_buckets_have_the_tags_of_the_organisation_and_nothing_else_changes() -> None:
    before = {r.urn: dict(r.inputs) for r in planned(example("emc2")).resources}
    after = {r.urn: dict(r.inputs) for r in planned(example("emc2"), tags=HOUSE).resources}
    assert before.keys() == after.keys()
    changed_ones = {urn for urn in before if before[urn] != after[urn]}
    assert changed_ones == {urn for urn in before if f"{STORAGE}::" in urn}
    for urn in changed_ones:
        assert after[urn] == {**before[urn], "tags": {**before[urn]["tags"], **HOUSE}}


def test_subnets_and_the_database_follow_the_planned_addresses() -> None:
    plan = {"compute": "10.42.64.0/20", "administration": "10.42.32.0/28"}
    made = planned(example("emc2"), address_plan=plan)
    blocks = {r.name: r.inputs["cidr"] for r in made.resources if r.type == SUBNET}
    usual = {
        r.name: r.inputs["cidr"] for r in planned(example("emc2")).resources if r.type == SUBNET
    }
    expected = {f"emc2-network-{segment}": block for segment, block in plan.items()}
    assert blocks == {**usual, **expected}
    service = next(r for r in made.resources if r.name == "emc2-database-service")
    allowed = {each["ip"] for each in service.inputs["ipRestrictions"]}
    assert set(plan.values()) <= allowed


@pytest.mark.parametrize(
    "setting", ["tags", "names", "name_pattern", "address_plan", "recovery_address_plan"]
)
def test_this_machine_has_none_of_these_and_says_so(setting: str) -> None:
    local = find("local")
    with pytest.raises(InputError, match=f"`{setting}`: is unknown"):
        read_settings(local, {"data_dir": "/srv/warehouse", setting: {}})
