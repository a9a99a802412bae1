"""Relations of imported states, which have identifiers and no dependencies."""

from typing import Any

import pytest

from havre.facts import Facts, Known
from havre.facts.model import Compute, Holder, Key, LogRoute
from havre.facts.stores import DatabaseServer
from havre.plan import Plan, PlannedResource
from havre_ovh.facts import facts
from tests.ovh.facts.resources import DATABASE, KEY, KUBE, POOL, STREAM

RESTRICTIONS = "ovh:CloudProject/kubeIpRestrictions:KubeIpRestrictions"
SUBNET = "ovh:CloudProject/networkPrivateSubnetV2:NetworkPrivateSubnetV2"
INSTANCE = "ovh:CloudProjectDatabase/databaseInstance:DatabaseInstance"
SUBSCRIPTION = "ovh:CloudProjectDatabase/logSubscription:LogSubscription"
OKMS = "ovh:Okms/okms:Okms"
NO, YES = Known(value=False), Known(value=True)


def made(token: str, name: str, identifier: str, **inputs: Any) -> PlannedResource:
    urn = f"urn:pulumi:s::p::{token}::{name}"
    return PlannedResource(urn, token, name, True, inputs, id=identifier)


def read(*resources: PlannedResource) -> Facts:
    return facts(Plan("ovh", resources))


KUBE_ONE = made(KUBE, "kube", "b0a7-11", region="GRA11", version="1.35", nodesSubnetId="sub-7")


@pytest.mark.parametrize(
    ("cluster", "allowed"), [("b0a7-11", ("192.0.2.0/24",)), ("B0A7-11", ("192.0.2.0/24",))]
)
def test_restrictions_are_the_clusters_that_they_name(cluster: str, allowed: Any) -> None:
    door = made(RESTRICTIONS, "door", "x", kubeId=cluster, ips=["192.0.2.0/24"])
    (compute,) = read(KUBE_ONE, door).of(Compute)
    assert compute.allowed == Known(allowed)


def test_restrictions_of_another_cluster_are_not_this_ones() -> None:
    door = made(RESTRICTIONS, "door", "x", kubeId="b0a7-1", ips=["192.0.2.0/24"])
    (compute,) = read(KUBE_ONE, door).of(Compute)
    assert compute.allowed == Known(())


@pytest.mark.parametrize(("cluster", "stands"), [("b0a7-11", 1), ("another", 2)])
def test_a_pool_is_told_with_its_cluster_alone(cluster: str, stands: int) -> None:
    pool = made(POOL, "pool", "p", kubeId=cluster, availabilityZones=["a"])
    assert len(read(KUBE_ONE, pool).of(Compute)) == stands


def test_nodes_stand_in_the_subnet_that_the_cluster_names() -> None:
    subnet = made(SUBNET, "subnet", "sub-7", networkId="net-7", cidr="10.0.0.0/24")
    inside = made(KUBE, "kube", "b", privateNetworkId="net-7", nodesSubnetId="sub-7")
    (compute,) = read(inside, subnet).of(Compute)
    assert compute.segments == Known((subnet.urn,))
    (compute,) = read(inside).of(Compute)
    assert compute.segments == Known(("sub-7",))


def test_a_database_is_its_servers_and_lost_alone() -> None:
    server = made(DATABASE, "db", "db-1", engine="postgresql", version="17")
    server = PlannedResource(**{**vars(server), "protect": True})
    part = made(INSTANCE, "omop", "i-1", clusterId="db-1", engine="postgresql")
    found = read(server, part)
    assert [each.guarded for each in found.of(Holder)] == [NO]
    assert [each.guarded for each in found.of(DatabaseServer)] == [NO]
    kept = PlannedResource(**{**vars(part), "protect": True})
    found = read(server, kept)
    assert [each.guarded for each in found.of(Holder)] == [YES]
    assert [each.guarded for each in found.of(DatabaseServer)] == [YES]


def test_logs_go_from_the_database_to_the_stream_that_are_named() -> None:
    server = made(DATABASE, "db", "db-1", engine="postgresql")
    stream = made(STREAM, "stream", "st-1")
    route = made(SUBSCRIPTION, "route", "r", clusterId="db-1", streamId="st-1")
    (told,) = [r for r in read(server, stream, route).of(LogRoute) if r.name == "route"]
    assert (told.sources, told.sinks) == (Known((server.urn,)), Known((stream.urn,)))


def test_a_key_lies_where_its_domain_does() -> None:
    domain = made(OKMS, "okms", "dom-1", region="eu-west-par")
    found = read(domain, made(KEY, "key", "k-1", okmsId="dom-1"))
    (key,) = found.of(Key)
    (holder,) = found.of(Holder)
    assert key.places == holder.places
    assert holder.guarded == NO


def test_what_bears_the_same_identifier_at_another_provider_is_not_meant() -> None:
    other = made("cloud:net:Subnet", "subnet", "sub-7")
    inside = made(KUBE, "kube", "b", privateNetworkId="net-7", nodesSubnetId="sub-7")
    (compute,) = read(inside, other).of(Compute)
    assert compute.segments == Known(("sub-7",))
