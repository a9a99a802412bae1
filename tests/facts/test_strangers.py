"""Types that no provider knows: what holds nothing, and what the others may do."""

import pytest

from havre.facts import Facts, Unclassified, collect, facts_of
from havre.facts.model import Neutral
from havre.facts.strangers import Suspicion, suspected
from havre.plan import Plan, PlannedResource


def planned(token: str, **told: str) -> PlannedResource:
    return PlannedResource(f"urn:pulumi:s::p::{token}::x", token, "x", True, {}, **told)


def read(*resources: PlannedResource, removed: tuple[PlannedResource, ...] = ()) -> Facts:
    plan = Plan("paper", resources, removed=removed)
    return facts_of(plan, lambda p: collect(p, lambda r: Unclassified(r.urn, r.type)))


@pytest.mark.parametrize(
    "token",
    [
        "pulumi:pulumi:StackReference",
        "random:index/randomPassword:RandomPassword",
        "random:index/randomId:RandomId",
        "tls:index/privateKey:PrivateKey",
        "command:local:Command",
        "time:index/rotating:Rotating",
    ],
)
def test_what_holds_nothing_is_known_everywhere(token: str) -> None:
    found = read(planned(token), removed=(planned(token, operation="delete"),))
    assert found.unclassified == ()
    assert [type(each) for each in found.items] == [Neutral]
    (gone,) = found.removed
    assert not isinstance(gone.means, Unclassified)


@pytest.mark.parametrize(
    "token", ["randomised:index:Store", "cloud:random:Store", "pulumi:pulumi:Other", "x:tls:Key"]
)
def test_what_only_sounds_so_is_not(token: str) -> None:
    assert [each.type for each in read(planned(token)).unclassified] == [token]


@pytest.mark.parametrize(
    ("token", "may"),
    [
        ("cloud:sql:Server", Suspicion.DATA),
        ("cloud:sql:FirewallRule", Suspicion.ACCESS),
        ("cloud:documentdb:DatabaseAccount", Suspicion.DATA),
        ("cloud:s3/bucketV2:BucketV2", Suspicion.DATA),
        ("cloud:compute:Snapshot", Suspicion.DATA),
        ("cloud:network:LoadBalancer", Suspicion.ACCESS),
        ("cloud:network:VirtualNetworkGateway", Suspicion.ACCESS),
        ("cloud:compute:SSHPublicKey", Suspicion.NONE),
        ("cloud:billing:Budget", Suspicion.NONE),
    ],
)
def test_what_a_type_may_do(token: str, may: Suspicion) -> None:
    assert suspected(token) is may
    assert Unclassified("urn", token).suspicion is may


def test_the_worst_comes_first() -> None:
    assert list(Suspicion) == [Suspicion.DATA, Suspicion.ACCESS, Suspicion.NONE]
