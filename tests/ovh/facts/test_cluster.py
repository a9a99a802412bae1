"""The cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from havre.facts import Known, Unknown
from havre.facts.model import Compute, Copy, Grant
from havre.facts.stores import DataStore
from havre.plan.values import UNKNOWN
from tests.ovh.facts.resources import (
    DATABASE,
    FROM_OFFICE,
    KUBE,
    NO,
    NONE,
    POOL,
    S3_POLICY,
    SERVED,
    YES,
    made,
    of,
    where,
)

if TYPE_CHECKING:
    from havre.plan import PlannedResource


def test_a_cluster_that_anybody_reaches() -> None:
    item = of(Compute, made(KUBE, {"region": "UK1"}))
    assert (item.public_api, item.allowed) == (YES, Known(()))
    assert (item.engine, item.secrets_key, item.local_accounts) == (Known("kubernetes"), NONE, YES)
    assert (item.multi_zone, item.private_nodes) == (NO, NO)
    assert where(item, Copy.COMPUTE) == [("UK1", "GB")]


def tied(type_: str, name: str, **inputs: Any) -> PlannedResource:
    """A resource of the cluster `it`."""
    return made(type_, {"kubeId": UNKNOWN, **inputs}, name, needs={"kubeId": ["urn:it"]})


def test_a_cluster_is_told_by_what_belongs_to_it() -> None:
    restrict = "ovh:CloudProject/kubeIpRestrictions:KubeIpRestrictions"
    kube = made(
        KUBE,
        {"region": "EU-WEST-PAR", "version": "1.35", "privateNetworkId": UNKNOWN},
        needs={"privateNetworkId": ["urn:network"]},
    )
    pools = [
        tied(POOL, zone, availabilityZones=[zone]) for zone in ("eu-west-par-a", "eu-west-par-b")
    ]
    item = of(Compute, kube, tied(restrict, "ips", ips=["192.0.2.0/24"]), *pools)
    assert item.allowed == Known(("192.0.2.0/24",))
    assert (item.multi_zone, item.private_nodes) == (YES, YES)
    assert item.engine == Known("kubernetes 1.35")
    floating = tied(POOL, "p", availabilityZones=UNKNOWN, attachFloatingIps={"enabled": True})
    item = of(Compute, kube, tied(restrict, "ips", ips=UNKNOWN), floating)
    assert (item.allowed, item.private_nodes) == (Unknown("ips"), NO)
    assert item.multi_zone == Unknown("availabilityZones")


V2 = "ovh:CloudProject/networkPrivateSubnetV2:NetworkPrivateSubnetV2"


@pytest.mark.parametrize(
    ("inputs", "needs", "segments"),
    [
        ({"nodesSubnetId": UNKNOWN}, {"nodesSubnetId": ["urn:net"]}, Known(("urn:net",))),
        ({"nodesSubnetId": "s-1"}, {}, Known(("s-1",))),
        ({"nodesSubnetId": UNKNOWN}, {}, Unknown("nodesSubnetId")),
        (
            {"nodesSubnetId": UNKNOWN},
            {"nodesSubnetId": ["urn:net", "urn:other"]},
            Unknown("nodesSubnetId"),
        ),
        ({}, {}, Unknown("nodesSubnetId")),
        ({"privateNetworkId": None, "nodesSubnetId": "s-1"}, {}, Known((None,))),
        ({"privateNetworkId": UNKNOWN}, {}, Unknown("privateNetworkId")),
    ],
)
def test_the_segment_of_nodes(inputs: Any, needs: Any, segments: Any) -> None:
    nets = [made(V2, {"name": "x"}, name) for name in ("net", "other")]
    kube = made(KUBE, {"region": "GRA11", "privateNetworkId": "n", **inputs}, needs=needs)
    assert of(Compute, kube, *nets).segments == segments


@pytest.mark.parametrize(
    ("nodes", "segments"),
    [
        ([{"networkId": "n", "subnetId": "s-1"}] * 2, Known(("s-1",))),
        ([{"networkId": "n", "subnetId": "s-1"}, {"region": "GRA"}], Known(("s-1", None))),
        ([], Known(())),
        (UNKNOWN, Unknown("nodes")),
        ([UNKNOWN], Unknown("nodes")),
    ],
)
def test_the_segments_of_a_database(nodes: Any, segments: Any) -> None:
    assert of(DataStore, made(DATABASE, {**SERVED, "nodes": nodes})).segments == segments


def statement(**differs: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **differs}


NO_WRITING = {"Effect": "Deny", "Action": "s3:PutObject"}


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([statement(Condition=FROM_OFFICE)], ("192.0.2.0/24",)),
        ([statement(Condition=FROM_OFFICE), statement(Effect="Deny")], ()),  # nothing is left
        ([statement(Condition=FROM_OFFICE), statement(**NO_WRITING)], ("192.0.2.0/24",)),
        ([statement(Condition=FROM_OFFICE), statement()], ()),
        ([statement(Condition={"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}})], ()),
        ([statement(Condition={"IpAddress": {"aws:SourceIp": []}})], ()),
        ([statement(Condition="192.0.2.0/24")], ()),
    ],
)
def test_from_where_a_policy_holds(statements: Any, allowed: tuple[str, ...]) -> None:
    text = json.dumps({"Statement": statements})
    grant = of(Grant, made(S3_POLICY, {"userId": "1", "policy": text}))
    assert grant.allowed == Known(allowed)


def test_nodes_without_their_cluster_are_compute_of_which_little_is_known() -> None:
    item = of(Compute, made(POOL, {"kubeId": "elsewhere"}))
    assert item.places == Unknown("kubeId")
    assert isinstance(item.public_api, Unknown)


LOGS = "ovh:index/cloudProjectKubeLogSubscription:CloudProjectKubeLogSubscription"


@pytest.mark.parametrize(
    ("kind", "logged"),
    [("audit", YES), ("events", NO), (None, NO), (["audit"], NO), (UNKNOWN, Unknown("kind"))],
)
def test_a_cluster_is_logged_where_its_audit_log_is_sent(kind: Any, logged: object) -> None:
    kube = made(KUBE, {"region": "EU-WEST-PAR"})
    assert of(Compute, kube, tied(LOGS, "logs", kind=kind)).api_logged == logged
    other = made(LOGS, {"kubeId": UNKNOWN, "kind": "audit"}, "logs", needs={"kubeId": ["urn:k2"]})
    assert of(Compute, kube, other).api_logged == NO
    assert of(Compute, kube).api_logged == NO
