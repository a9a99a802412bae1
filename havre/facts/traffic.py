"""Traffic as sets of packets: what the rules of a firewall let pass, whatever way they are cut.

A set is a tuple of sorted, separate, inclusive intervals of numbers. Addresses of both IP versions
lie on one line, names beyond them; a rule is a set of protocols, of ports, of source ports, of
addresses on this side and of addresses on the other, and a packet is in it if it is in all five.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from havre.facts.addresses import WIDEST, WORDS_FOR_ANY, network

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from havre.facts.model import Rule

Ranges: TypeAlias = "tuple[tuple[int, int], ...]"
Box: TypeAlias = "tuple[Ranges, ...]"

_SIX = 1 << 32
"""Where addresses of IP version 6 begin."""
_NAMES = _SIX + (1 << 128)
"""Where names begin."""
_END = _NAMES + (1 << 256)
EVERY: Ranges = ((0, _END),)
ALL_PORTS: Ranges = ((0, 65535),)
PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "esp": 50, "ah": 51, "icmpv6": 58}
"""IANA's protocol numbers."""
_NOT_PUBLIC = (
    *("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
    *("192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8"),
)
"""Networks that no host of the Internet has. Those kept for documents count as public: what is
written stands for a public network."""
LARGEST = {4: 1 << 24, 6: 1 << 96}
"""More public addresses than these count as any address, by IP version: half the Internet in two
rules opens as much as one rule for all of it."""


def union(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The set of several intervals."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)


def overlap(one: Ranges, other: Ranges) -> Ranges:
    """What is in both sets."""
    found, i, j = [], 0, 0
    while i < len(one) and j < len(other):
        low, high = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if low <= high:
            found.append((low, high))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def minus(one: Ranges, other: Ranges) -> Ranges:
    """What is in the one set and not in the other."""
    gaps, low = [], 0
    for first, last in other:
        if low < first:
            gaps.append((low, first - 1))
        low = last + 1
    return overlap(one, (*gaps, *(((low, _END),) if low <= _END else ())))


def size(ranges: Ranges) -> int:
    """How many numbers a set has."""
    return sum(high - low + 1 for low, high in ranges)


def _named(name: str) -> int:
    digest = hashlib.sha256(name.lower().encode()).digest()
    return _NAMES + int.from_bytes(digest, "big")


def _of_address(address: str) -> tuple[int, int]:
    if address.lower() in WORDS_FOR_ANY - {"0.0.0.0/0", "::/0"}:
        return EVERY[0]
    found = network(address)
    if found is None:
        return (_named(address), _named(address))
    start = 0 if found.version == 4 else _SIX  # noqa: PLR2004 - IP version
    return (start + int(found.network_address), start + int(found.broadcast_address))


def addresses(written: Iterable[str]) -> Ranges:
    """The set of addresses and names as rules write them; `*` holds all."""
    return union(_of_address(each) for each in written)


FOUR: Ranges = ((0, _SIX - 1),)
"""Every address of IP version 4."""
SIX: Ranges = ((_SIX, _NAMES - 1),)
PUBLIC: Ranges = minus(union((*FOUR, *SIX)), addresses(_NOT_PUBLIC))
"""The addresses of the Internet."""


def wide(ranges: Ranges) -> bool:
    """Whether a set holds so many public addresses that it counts as any address."""
    public = overlap(ranges, PUBLIC)
    return any(
        size(overlap(public, space)) > LARGEST[version] for version, space in ((4, FOUR), (6, SIX))
    )


def _protocol(name: str) -> int:
    known = PROTOCOLS.get(name.lower())
    return known if known is not None else int(name) if name.isdecimal() else _named(name)


def _protocols(names: Iterable[str]) -> Ranges:
    return union((number, number) for number in map(_protocol, names)) or EVERY


def _own(rule: Rule) -> Ranges:
    """This side's addresses; a name may be any of them, so it opens all and refuses none."""
    if rule.allow and any(network(each) is None for each in rule.own):
        return EVERY
    return addresses(rule.own)


def _unspecified(address: str) -> bool:
    found = network(address)
    return (
        found is not None
        and found.network_address.is_unspecified
        and found.prefixlen >= WIDEST[found.version]
    )


def other_side(rule: Rule) -> Ranges:
    """The other side's; `0.0.0.0` lets any address in, as services read it."""
    if rule.allow and any(map(_unspecified, rule.addresses)):
        return EVERY
    return addresses(rule.addresses)


@lru_cache(maxsize=16_384)
def box(rule: Rule) -> Box:
    """The packets that a rule is about."""
    ports, source_ports = union(rule.ports), union(rule.source_ports)
    return (
        _protocols(rule.protocols),
        ports or ALL_PORTS,
        source_ports or ALL_PORTS,
        _own(rule),
        other_side(rule),
    )


def packets(
    *,
    protocols: Iterable[str] = (),
    ports: Ranges = ALL_PORTS,
    own: Ranges = EVERY,
    other: Ranges = EVERY,
) -> Box:
    """The packets of some protocols, ports and addresses; all where nothing else is said."""
    return (_protocols(protocols), ports, ALL_PORTS, own, other)


def _shared(one: Box, other: Box) -> Box | None:
    found = []
    for a, b in zip(one, other, strict=True):
        both = overlap(a, b)
        if not both:
            return None
        found.append(both)
    return tuple(found)


def _without(one: Box, other: Box) -> list[Box]:
    """The packets of a box that are not in another: at most one box a dimension."""
    shared = _shared(one, other)
    if shared is None:
        return [one]
    found = []
    for at, part in enumerate(one):
        rest = minus(part, other[at])
        if rest:
            found.append((*shared[:at], rest, *one[at + 1 :]))
    return found


def _ordered(rules: Iterable[Rule], *, inbound: bool) -> list[Rule]:
    """By priority; a refusal without one decides nothing, where order has no meaning."""
    found = [r for r in rules if r.inbound is inbound and (r.allow or r.priority > 0)]
    return sorted(found, key=lambda rule: rule.priority)


def certain(rules: Iterable[Rule]) -> list[Rule]:
    """The rules that let the least through: of those that are not decided, the refusals alone."""
    return [rule for rule in rules if not rule.withheld or not rule.allow]


def possible(rules: Iterable[Rule]) -> list[Rule]:
    """The rules that let the most through: of those that are not decided, none refuses."""
    return [rule for rule in rules if not rule.withheld or rule.allow]


def walk(
    rules: Iterable[Rule], *, inbound: bool, among: Box
) -> tuple[list[tuple[Rule, Box]], list[Box]]:
    """Which packets which rule lets pass, the first that is about a packet deciding.

    Args:
        rules: in any order; their priorities say it.
        inbound: the direction.
        among: the packets in question.

    Returns:
        What passes, by rule; and what no rule is about.
    """
    rest, passed = [among], []
    for rule in _ordered(rules, inbound=inbound):
        about = box(rule)
        if rule.allow:
            through = (_shared(each, about) for each in rest)
            passed += [(rule, each) for each in through if each is not None]
        rest = [piece for each in rest for piece in _without(each, about)]
    return passed, rest


def lets_in(rules: Sequence[Rule], among: Box) -> bool:
    """Whether any address comes in, by some of the packets in question."""
    open_ = [rule for rule in rules if rule.inbound and rule.allow and _shared(box(rule), among)]
    if not wide(union(each for rule in open_ for each in other_side(rule))):
        return False
    passed, _ = walk(rules, inbound=True, among=(*among[:4], PUBLIC))
    return wide(union(each for _, found in passed for each in found[4]))


def refuses_rest(rules: Sequence[Rule], *, own: Ranges = EVERY, other: Ranges = PUBLIC) -> bool:
    """Whether every packet to the Internet is refused or named, and none goes to any address."""
    passed, rest = walk(rules, inbound=False, among=packets(own=own, other=other))
    return not rest and not wide(union(each for _, found in passed for each in found[4]))


def let_out(rules: Sequence[Rule]) -> list[Rule]:
    """The rules that let something out, none before them refusing it all."""
    passed, _ = walk(rules, inbound=False, among=packets())
    return list({id(rule): rule for rule, _ in passed}.values())
