"""Rules as sets of packets, against the first rule that is about a packet, one by one."""

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from havre.facts.model import Rule
from havre.facts.traffic import (
    addresses,
    certain,
    lets_in,
    minus,
    overlap,
    packets,
    possible,
    refuses_rest,
    size,
    union,
    walk,
    wide,
)

NETWORKS = ("0.0.0.0/1", "128.0.0.0/1", "8.0.0.0/8", "10.0.0.0/8", "10.1.0.0/16", "203.0.113.7")
SIX = ("::/0", "2001:db8::/32", "2000::/3")
HOSTS = ("1.2.3.4", "8.8.8.8", "10.1.2.3", "10.2.0.1", "203.0.113.7", "2001:db8::1", "2a00::1")
PORTS = (21, 22, 443, 5432)
rules = st.lists(
    st.builds(
        Rule,
        allow=st.booleans(),
        inbound=st.just(True),
        addresses=st.lists(st.sampled_from(("*", *NETWORKS, *SIX)), min_size=1, max_size=3).map(
            tuple
        ),
        ports=st.lists(
            st.sampled_from(((22, 22), (0, 443), (443, 6000), (5432, 5432))), max_size=2
        ).map(tuple),
        priority=st.integers(1, 4),
        protocols=st.sampled_from(((), ("tcp",), ("udp",), ("tcp", "udp"))),
        own=st.sampled_from((("*",), ("10.0.0.0/8",), ("10.1.0.0/16", "8.0.0.0/8"))),
        source_ports=st.sampled_from(((), ((0, 1023),), ((1024, 65535),))),
    ),
    max_size=5,
)


def holds(written: tuple[str, ...], host: str) -> bool:
    ip = ipaddress.ip_address(host)
    nets = (ipaddress.ip_network(each) for each in written if each != "*")
    return "*" in written or any(ip in each for each in nets if each.version == ip.version)


def about(rule: Rule, protocol: str, port: int, origin: int, own: str, other: str) -> bool:
    return (
        (not rule.protocols or protocol in rule.protocols)
        and (not rule.ports or any(low <= port <= high for low, high in rule.ports))
        and (not rule.source_ports or any(low <= origin <= high for low, high in rule.source_ports))
        and holds(rule.own, own)
        and holds(rule.addresses, other)
    )


@given(
    rules,
    st.sampled_from(("tcp", "udp", "icmp")),
    st.sampled_from(PORTS),
    st.sampled_from((80, 40000)),
    st.sampled_from(HOSTS),
    st.sampled_from(HOSTS),
)
def test_the_first_rule_that_is_about_a_packet_decides(
    found: list[Rule], protocol: str, port: int, origin: int, own: str, other: str
) -> None:
    packet = (protocol, port, origin, own, other)
    first = next((r for r in sorted(found, key=lambda r: r.priority) if about(r, *packet)), None)
    among: Any = packets(
        protocols=(protocol,),
        ports=((port, port),),
        own=addresses((own,)),
        other=addresses((other,)),
    )
    among = (*among[:2], ((origin, origin),), *among[3:])
    passed, rest = walk(found, inbound=True, among=among)
    assert [rule for rule, _ in passed] == ([first] if first is not None and first.allow else [])
    assert bool(rest) is (first is None)


numbers = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 6)).map(lambda pair: (pair[0], sum(pair))),
    max_size=5,
)


@given(numbers, numbers)
def test_sets_of_intervals_are_sets_of_numbers(one: Any, other: Any) -> None:
    def all_of(ranges: Any) -> set[int]:
        return {n for low, high in ranges for n in range(low, high + 1)}

    a, b = union(one), union(other)
    assert all_of(a) == all_of(one)
    assert size(a) == len(all_of(one))
    assert all_of(overlap(a, b)) == all_of(one) & all_of(other)
    assert all_of(minus(a, b)) == all_of(one) - all_of(other)


@pytest.mark.parametrize(
    ("written", "any_one"),
    [
        (("*",), True),
        (("0.0.0.0/1", "128.0.0.0/1"), True),
        (tuple(f"{n}.0.0.0/9" for n in range(20, 24)), True),
        (("2000::/3",), True),
        (("8.0.0.0/8",), False),
        (("10.0.0.0/8", "172.16.0.0/12", "fc00::/7"), False),
        (("203.0.113.0/24", "198.51.100.7"), False),
        (("VirtualNetwork",), False),
        ((), False),
    ],
)
def test_a_union_of_networks_counts_as_any_address(written: Any, any_one: bool) -> None:
    assert wide(addresses(written)) is any_one


def let(*others: str, **told: Any) -> Rule:
    return Rule(True, True, others, told.pop("ports", ()), told.pop("priority", 200), **told)


def refuse(*others: str, **told: Any) -> Rule:
    return Rule(False, True, others, told.pop("ports", ()), told.pop("priority", 100), **told)


SSH = packets(protocols=("tcp",), ports=((22, 22),))


@pytest.mark.parametrize(
    ("found", "open_"),
    [
        ([let("*", protocols=("udp",))], False),
        ([let("*", protocols=("icmp",))], False),
        ([let("*", protocols=("6",))], True),
        ([let("*"), refuse("*", protocols=("udp",))], True),
        ([let("*"), refuse("*", protocols=("tcp",))], False),
        ([let("*"), refuse("*", own=("10.0.0.1",))], True),
        ([let("*", own=("10.0.0.1",)), refuse("*", own=("10.0.0.0/24",))], False),
        ([let("*"), refuse("*", source_ports=((0, 1023),))], True),
        ([let("*"), refuse("0.0.0.0/1"), refuse("128.0.0.0/1", "::/0")], False),
        ([let("*"), refuse("0.0.0.0/1"), refuse("::/0")], True),
        ([let("*"), refuse("*", ports=((0, 21),)), refuse("*", ports=((23, 65535),))], True),
        ([let("*"), refuse("*", ports=((0, 30),))], False),
        ([let("*"), refuse("*", priority=300)], True),
        ([let("0.0.0.0/1"), let("128.0.0.0/1")], True),
        ([let("10.0.0.0/8"), let("203.0.113.0/24")], False),
    ],
)  # fmt: skip
def test_a_refusal_covers_what_it_refuses_alone(found: list[Rule], open_: bool) -> None:
    assert lets_in(found, SSH) is open_


@pytest.mark.parametrize(
    ("found", "sure", "may"),
    [
        ([let("*"), let("*", withheld="x")], True, True),
        ([let("10.0.0.0/8"), let("*", withheld="x")], False, True),
        ([let("*"), refuse("*", withheld="x")], False, True),
        ([let("*"), refuse("*", withheld="x", priority=300)], True, True),
        ([let("10.0.0.0/8"), refuse("*", withheld="x")], False, False),
    ],
)
def test_what_is_not_decided_opens_and_closes_as_much_as_it_may(
    found: list[Rule], sure: bool, may: bool
) -> None:
    assert (lets_in(certain(found), SSH), lets_in(possible(found), SSH)) == (sure, may)


def out(allow: bool, *others: str, **told: Any) -> Rule:
    return Rule(allow, False, others, told.pop("ports", ()), told.pop("priority", 100), **told)


@pytest.mark.parametrize(
    ("found", "refused"),
    [
        ([out(False, "*")], True),
        ([out(False, "*", protocols=("tcp",)), out(False, "*", protocols=("udp",))], False),
        ([out(False, "8.8.8.8")], False),
        ([out(False, "AzureCloud")], False),
        ([out(False, "*", ports=((0, 442),)), out(False, "*", ports=((443, 65535),))], True),
        ([out(True, "203.0.113.0/24", priority=90), out(False, "*")], True),
        ([out(True, "0.0.0.0/1", priority=90), out(False, "*")], False),
        ([out(True, "*"), out(False, "*", priority=90)], True),
        ([], False),
    ],
)
def test_the_rest_is_refused(found: list[Rule], refused: bool) -> None:
    assert refuses_rest(found) is refused
