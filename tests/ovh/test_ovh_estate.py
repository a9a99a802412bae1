"""In an estate that exists: what is given is used, never made, and never evaluated."""

from typing import Any

import pytest

from havre.assess.check import check
from havre.errors import InputError
from havre.facts import Outside, facts_of, outside_of
from havre.facts.model import NetworkElement
from havre.facts.stores import LogStore
from havre.plan import Plan
from havre.policy.findings import FindingKind, Result
from havre.provider.faults import faults
from havre.stack.program import read_settings
from havre_ovh.provider import provider
from tests.ovh.stack import (
    DATABASE,
    EXAMPLES,
    KUBE,
    NETWORK,
    SETTINGS,
    SUBNET,
    example,
    of,
    one,
    planned,
)

GATEWAY = "ovh:index/cloudGateway:CloudGateway"
STREAM = "ovh:Dbaas/logsOutputGraylogStream:LogsOutputGraylogStream"
WHO = "Network team, network@hospital.example"
PARIS = "aaaaaaaa-0000-4000-8000-000000000001"
GRAVELINES = "aaaaaaaa-0000-4000-8000-000000000002"
THEIR_GATEWAY = "bbbbbbbb-0000-4000-8000-000000000001"
THEIR_STREAM = "cccccccc-0000-4000-8000-000000000001"
PARTS: dict[str, Any] = {
    "network_ids": {"EU-WEST-PAR": PARIS, "GRA11": GRAVELINES},
    "gateway_id": THEIR_GATEWAY,
    "stream_id": THEIR_STREAM,
}
MAKES = {"network_ids": NETWORK, "gateway_id": GATEWAY, "stream_id": STREAM}
"""What no plan makes where a part is given."""


def estate(*names: str, **more: Any) -> dict[str, Any]:
    return {"answers_for": WHO, **{name: PARTS[name] for name in names or PARTS}, **more}


@pytest.fixture(scope="module")
def given() -> Plan:
    return planned(example("emc2"), estate=estate())


@pytest.fixture(scope="module")
def alone() -> dict[str, Plan]:
    return {part: planned(example("emc2"), estate=estate(part)) for part in PARTS}


@pytest.mark.parametrize("part", PARTS)
def test_what_is_given_is_not_made_a_second_time_and_the_rest_is_as_it_was(
    part: str, given: Plan, alone: dict[str, Plan]
) -> None:
    assert not of(given, MAKES[part])
    assert {each: len(of(alone[part], MAKES[each])) for each in PARTS} == {
        each: int(each != part) for each in PARTS
    }


def test_segments_lie_in_the_given_network_and_services_stand_there(given: Plan) -> None:
    subnets = of(given, SUBNET)
    assert subnets
    found = {(each.inputs["region"], each.inputs["networkId"]) for each in subnets}
    assert found == {("EU-WEST-PAR", PARIS), ("GRA11", GRAVELINES)}
    assert one(given, KUBE).inputs["privateNetworkId"] == PARIS
    nodes = one(given, DATABASE).inputs["nodes"]
    assert {each["networkId"] for each in nodes} == {PARIS}


def test_the_segments_that_the_given_gateway_joins_announce_a_gateway(given: Plan) -> None:
    routed = {each.name for each in of(given, SUBNET) if each.inputs["enableGatewayIp"]}
    assert routed == {f"emc2-network-{name}" for name in ("compute", "database")}


def test_every_log_goes_to_the_given_stream(given: Plan) -> None:
    kinds = ("CloudProjectKubeLogSubscription", "LogSubscription")
    sent = [each for each in given.resources if each.type.endswith(tuple(f":{k}" for k in kinds))]
    assert [each.inputs["streamId"] for each in sent] == [THEIR_STREAM] * 2


def test_the_plan_says_what_is_outside_of_it(given: Plan) -> None:
    found = outside_of(given)
    assert found.keys() == {PARIS, GRAVELINES, THEIR_GATEWAY, THEIR_STREAM}
    assert {each.answers_for for each in found.values()} == {WHO}
    assert outside_of(planned(example("hospital"))) == {}


def test_facts_show_what_is_given_and_nothing_of_it(given: Plan) -> None:
    facts = facts_of(given, provider.facts)
    (stream,) = [each for each in facts.of(LogStore) if each.urn == THEIR_STREAM]
    assert isinstance(stream.retention_days, Outside)
    assert isinstance(stream.places, Outside)
    parts = {each.urn: each for each in facts.of(NetworkElement)}
    assert isinstance(parts[THEIR_GATEWAY].egress_denied, Outside)
    assert isinstance(parts[PARIS].flows_logged, Outside)


def checked(*parts: str) -> Result:
    settings = {**SETTINGS, "estate": estate(*parts)}
    return check(EXAMPLES / "emc2" / "warehouse.yaml", "ovh", settings=settings)


NETWORKS = {"inventory.known", "audit.network", "exposure.egress", "exposure.names"}
OUTSIDE = {
    "network_ids": NETWORKS,
    "gateway_id": NETWORKS,
    "stream_id": {
        *("inventory.known", "audit.retention", "audit.protected", "audit.statements"),
        *("residency.logs", "encryption.at-rest", "encryption.in-transit"),
    },
}
"""Controls that say that something is outside the plan; others may, too."""


@pytest.mark.parametrize("part", PARTS)
def test_controls_name_what_is_outside_and_who_answers_for_it(part: str) -> None:
    result = checked(part)
    assert {each.control for each in result.outside()} >= OUTSIDE[part]
    assert all(WHO in each.found for each in result.outside())


def test_with_everything_given_nothing_passes_that_did_not_and_nothing_fails_anew() -> None:
    plain = check(EXAMPLES / "emc2" / "warehouse.yaml", "ovh", settings=SETTINGS)
    result = checked()
    failing = [{f.control for f in each.of(FindingKind.FAIL)} for each in (result, plain)]
    assert failing[0] <= failing[1]
    unseen = {each.control for each in result.outside()}
    assert not [control for control in unseen if result.verdict(control) == "pass"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"network_ids": {"GRA11": GRAVELINES}}, "the network in EU-WEST-PAR is not named"),
    (
        {"network_ids": {"EU-WEST-PAR": PARIS, "GRA11": PARIS, "BHS5": GRAVELINES}},
        "the warehouse has no network in BHS5",
    ),
]


@pytest.mark.parametrize(("parts", "said"), WRONG, ids=["missing", "foreign"])
def test_networks_are_named_for_the_regions_of_the_warehouse(
    parts: dict[str, Any], said: str
) -> None:
    told = {**SETTINGS, "estate": {"answers_for": WHO, **parts}}
    found = faults(provider, example("emc2"), read_settings(provider, told))
    assert any(said in str(each) for each in found), found


def test_a_vlan_of_a_network_that_is_not_ours_is_a_fault() -> None:
    told = {**SETTINGS, "vlan_id": 100, "estate": estate("network_ids")}
    found = faults(provider, example("emc2"), read_settings(provider, told))
    assert ["settings.vlan_id" in str(each) for each in found] == [True]


SHAPES: list[tuple[dict[str, Any], str]] = [
    ({"stream_id": THEIR_STREAM}, "answers_for"),
    ({"answers_for": WHO}, "names nothing that exists"),
    ({"answers_for": WHO, "stream_id": "a-stream"}, "stream_id"),
    ({"answers_for": WHO, "gateway_id": "gw"}, "gateway_id"),
    ({"answers_for": WHO, "network_ids": {"EU-WEST-PAR": "pn-123_0"}}, "network_ids"),
    ({"answers_for": WHO, "network_ids": {"paris": PARIS}}, "network_ids"),
    ({"answers_for": WHO, "hub": "x"}, "is unknown"),
]


@pytest.mark.parametrize(("told", "said"), SHAPES, ids=str)
def test_shapes_are_checked(told: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as error:
        read_settings(provider, {**SETTINGS, "estate": told})
    assert said in error.value.message
    assert "estate" in error.value.message
