"""A bad item that is told decides, whatever is unknown beside it; a good one decides nothing."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from havre.facts import Known, Unknown
from havre.facts.model import Copy, Grant, NetworkElement, Right
from havre.facts.stores import DatabaseServer, ImageRegistry
from havre.plan import Plan
from havre.plan.values import UNKNOWN, Secret
from havre.policy import Case, Outcome
from havre.policy.qualifications import Qualifications
from havre_ovh.facts import facts
from havre_ovh.provider import provider
from tests.ovh.facts.resources import (
    BUCKET,
    DATABASE,
    KUBE,
    LIFECYCLE,
    NETWORK,
    POLICY,
    SERVED,
    SOUND,
    USER,
    bucket,
    made,
    of,
)
from tests.policy import cases
from tests.policy.mutations import spec_for

if TYPE_CHECKING:
    from havre.plan import PlannedResource

DAY = dt.date(2026, 11, 29)
FAIL, PASS, OPEN = Outcome.FAIL, Outcome.PASS, Outcome.UNKNOWN
OFFICE = spec_for("ovh").network.administration[0]
RESTRICT = "ovh:CloudProject/kubeIpRestrictions:KubeIpRestrictions"
REGISTRY = "ovh:CloudProject/containerRegistry:ContainerRegistry"
DOORS = [
    f"ovh:CloudProject/containerRegistryIPRestrictions{which}"
    f":ContainerRegistryIPRestrictions{which}"
    for which in ("Registry", "Management")
]


def verdicts(control: str, *resources: PlannedResource) -> set[Outcome]:
    plan = Plan("ovh", resources)
    gaps = tuple(provider.gaps(spec_for("ovh"), None)) if "private" in control else ()
    case = Case(spec_for("ovh"), facts(plan), plan, provider, gaps, Qualifications(()), DAY)
    return {each.outcome for each in cases.control(control).judge(case)} - {Outcome.NOT_APPLICABLE}


def tied(type_: str, name: str, path: str, **inputs: Any) -> PlannedResource:
    return made(type_, {path: UNKNOWN, **inputs}, name, needs={path: ["urn:it"]})


@pytest.mark.parametrize(
    ("listed", "outcome"),
    [
        (["0.0.0.0/0", UNKNOWN], FAIL),
        ([UNKNOWN, Secret("8.8.8.0/24")], FAIL),
        ([OFFICE, UNKNOWN], OPEN),
        ([UNKNOWN], OPEN),
        (UNKNOWN, OPEN),
        ([OFFICE], PASS),
        ([], FAIL),
    ],
    ids=str,
)
def test_addresses_that_reach_a_cluster(listed: Any, outcome: Outcome) -> None:
    doors = tied(RESTRICT, "ips", "kubeId", ips=listed)
    kube = made(KUBE, {"region": "GRA11"})
    assert verdicts("exposure.public-cluster", kube, doors) == {outcome}


@pytest.mark.parametrize(
    ("listed", "outcome"),
    [
        ([{"ip": "0.0.0.0/0"}, {"ip": UNKNOWN}], FAIL),
        ([UNKNOWN, {"ip": "0.0.0.0/0", "description": UNKNOWN}], FAIL),
        ([{"ip": "10.0.0.0/24"}, UNKNOWN], OPEN),
        ([{"ip": UNKNOWN}], OPEN),
        (UNKNOWN, OPEN),
        ([{"ip": "10.0.0.0/24", "description": UNKNOWN}], PASS),
    ],
    ids=str,
)
def test_addresses_that_reach_a_database(listed: Any, outcome: Outcome) -> None:
    service = made(DATABASE, {**SERVED, "ipRestrictions": listed})
    assert verdicts("exposure.open-ingress", service) == {outcome}
    assert of(DatabaseServer, service).allowed == of(DatabaseServer, service).allowed
    assert isinstance(of(DatabaseServer, service).allowed, Known) == (outcome is PASS)


OFFICES = [{"ip_block": "192.0.2.0/24"}]


@pytest.mark.parametrize(
    ("doors", "allowed"),
    [
        ([OFFICES, UNKNOWN], Unknown("ipRestrictions", Known(("192.0.2.0/24",)))),
        (
            [[{"ip_block": "0.0.0.0/0"}, {"ip_block": UNKNOWN}], OFFICES],
            Unknown("ipRestrictions[].ip_block", Known(("0.0.0.0/0", "192.0.2.0/24"))),
        ),
        ([[{"ipBlock": "0.0.0.0/0", "description": UNKNOWN}]], Known(())),
        ([UNKNOWN], Known(())),
        ([OFFICES, []], Known(())),
        ([OFFICES, OFFICES], Known(("192.0.2.0/24",) * 2)),
    ],
    ids=str,
)
def test_a_registry_that_one_door_leaves_open_is_open(doors: list[Any], allowed: Any) -> None:
    made_doors = [
        tied(door, f"door{n}", "registryId", ipRestrictions=listed)
        for n, (door, listed) in enumerate(zip(DOORS, doors, strict=False))
    ]
    registry = made(REGISTRY, {"region": "GRA"})
    assert of(ImageRegistry, registry, *made_doors).allowed == allowed


@pytest.mark.parametrize(
    ("inputs", "control", "outcome"),
    [
        ({"nodes": [{"region": "BHS"}, UNKNOWN]}, "residency.data", FAIL),
        ({"nodes": [{"region": "BHS"}, {"region": UNKNOWN}]}, "residency.data", FAIL),
        ({"nodes": [{"region": "GRA"}, {"region": UNKNOWN}]}, "residency.data", OPEN),
        ({"nodes": [{"region": "GRA", "networkId": UNKNOWN}]}, "residency.data", PASS),
        ({"backupRegions": ["GRA", "BHS", UNKNOWN]}, "residency.backups", FAIL),
        ({"backupRegions": ["GRA", UNKNOWN]}, "residency.backups", OPEN),
        ({"backupRegions": ["GRA", "SBG"]}, "residency.backups", PASS),
        ({"backupRegions": ["BHS"], "nodes": UNKNOWN}, "residency.backups", FAIL),
    ],
    ids=str,
)
def test_a_region_abroad(inputs: dict[str, Any], control: str, outcome: Outcome) -> None:
    assert verdicts(control, made(DATABASE, {**SERVED, **inputs})) == {outcome}


@pytest.mark.parametrize(
    ("regions", "outcome"),
    [
        (["GRA11", "BHS5", UNKNOWN], FAIL),
        (["GRA11", UNKNOWN], OPEN),
        ([UNKNOWN], OPEN),
        (UNKNOWN, OPEN),
        (["GRA11", "SBG5"], PASS),
        ([], FAIL),
    ],
    ids=str,
)
def test_a_network_that_spreads_abroad(regions: Any, outcome: Outcome) -> None:
    network = made(NETWORK, {"regions": regions})
    assert of(NetworkElement, network).rules == Known(())
    assert verdicts("residency.spread", network) == {outcome}


def rule(region: Any, **differs: Any) -> dict[str, Any]:
    return {"status": "enabled", "destination": {"name": UNKNOWN, "region": region}, **differs}


@pytest.mark.parametrize(
    ("rules", "outcome"),
    [
        ([rule("BHS"), rule(UNKNOWN)], FAIL),
        ([UNKNOWN, rule("BHS", priority=UNKNOWN)], FAIL),
        ([rule("BHS", status="disabled"), rule("SBG")], PASS),
        ([rule("BHS", status=UNKNOWN)], OPEN),
        ([rule("SBG"), UNKNOWN], OPEN),
        ([rule("SBG")], PASS),
    ],
    ids=str,
)
def test_a_replica_abroad(rules: Any, outcome: Outcome) -> None:
    copied = made(BUCKET, {**SOUND, "replication": {"rules": rules}})
    assert verdicts("residency.replicas", copied) == {outcome}


READS = "publicCloudProject:apiovh:region/get"


@pytest.mark.parametrize(
    ("inputs", "outcome"),
    [
        ({"allows": ["*", UNKNOWN]}, FAIL),
        ({"allows": [READS], "permissionsGroups": ["urn:v1:eu:x:OvhAdmin", UNKNOWN]}, FAIL),
        ({"allows": [READS], "resources": ["urn:a", "urn:v1:eu:resource:*", UNKNOWN]}, FAIL),
        ({"allows": ["*"], "identities": [UNKNOWN]}, FAIL),
        ({"allows": [READS, UNKNOWN]}, OPEN),
        ({"allows": UNKNOWN}, OPEN),
        ({"allows": [READS]}, PASS),
    ],
    ids=str,
)
def test_a_policy_that_allows_everything(inputs: dict[str, Any], outcome: Outcome) -> None:
    base = {"identities": ["urn:who"], "resources": ["urn:v1:eu:resource:x/1"]}
    assert verdicts("access.least-privilege", made(POLICY, {**base, **inputs})) == {outcome}


def test_identities_that_are_told_have_grants_of_their_own() -> None:
    policy = made(
        POLICY, {"identities": ["urn:a", UNKNOWN], "resources": ["urn:r"], "allows": [READS]}
    )
    grants = facts(Plan("ovh", (policy,))).of(Grant)
    assert [each.identity for each in grants] == [Known("urn:a"), Unknown("identities")]


@pytest.mark.parametrize(
    ("inputs", "rights"),
    [
        (
            {"roleNames": ["administrator", UNKNOWN]},
            Unknown("roleNames", Known({Right.EVERYTHING})),
        ),
        (
            {"roleNames": ["administrator", "sorcerer"]},
            Unknown("roleNames", Known({Right.EVERYTHING})),
        ),
        ({"roleName": "administrator"}, Known({Right.EVERYTHING})),
        (
            {"roleName": UNKNOWN, "roleNames": ["compute_operator"]},
            Unknown("roleName", Known({Right.ADMINISTER})),
        ),
        ({"roleNames": ["compute_operator"]}, Known({Right.ADMINISTER})),
    ],
    ids=str,
)
def test_a_role_that_is_told_beside_another(inputs: dict[str, Any], rights: Any) -> None:
    user = made(USER, {"serviceName": "p", **inputs})
    assert of(Grant, user).rights == rights


def days(expiration: Any, **differs: Any) -> dict[str, Any]:
    return {"status": "enabled", "expiration": {"days": expiration}, **differs}


@pytest.mark.parametrize(
    ("rules", "expiry"),
    [
        ([days(1), UNKNOWN], Unknown("rules", Known(1))),
        ([days(1), days(UNKNOWN)], Unknown("rules[].expiration.days", Known(1))),
        ([days(1, status=UNKNOWN)], Unknown("rules[].status")),
        ([days(30, id=UNKNOWN)], Known(30)),
        ([days(30), days(1, status="disabled")], Known(30)),
        ([UNKNOWN], Unknown("rules")),
    ],
    ids=str,
)
def test_a_rule_that_deletes_early_beside_another(rules: Any, expiry: Any) -> None:
    lifecycle = made(LIFECYCLE, {"containerName": "sound", "rules": rules}, "life")
    assert bucket(lifecycle).expire_days == expiry
    assert bucket().places == bucket(lifecycle).places
    assert [place.copy for place in bucket().places.value] == [Copy.PRIMARY]
