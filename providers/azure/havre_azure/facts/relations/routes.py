"""Where a subnet's routes lead what leaves for the Internet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.facts.addresses import network
from havre.facts.read import NONE, both, items, read, then, together
from havre.facts.traffic import FOUR, PUBLIC, addresses, minus, overlap
from havre.facts.values import Fact, Known, Unknown
from havre_azure.facts.relations.rules import for_customers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource

SYSTEM = "internet"
"""Where Azure sends what no route of the table is about."""
OWN = ("addressPrefix", "nextHopType")


def hops(index: Index, subnet: PlannedResource) -> Fact[frozenset[str]]:
    """Where what leaves for the Internet is sent, by the longest prefix that holds an address.

    Routes of the table and routes of their own count the same; IPv4 is what they are about.
    """
    if read(subnet.inputs, "routeTable") == NONE:
        return Known(frozenset({SYSTEM}))
    table = index.target(subnet, "routeTable.id", "network:RouteTable")
    if isinstance(table, Unknown) or table.value is None:
        return Unknown("routeTable.id")
    return then(_routes(index, table.value), _led)


def _routes(index: Index, table: PlannedResource) -> Fact[list[Mapping[str, Any]]]:
    own: list[Fact[Mapping[str, Any]]] = []
    for route, link in index.users("network:Route", "routeTableName", table):
        told = {name: read(route.inputs, name) for name in OWN}
        values = both(link, both(told[OWN[0]], told[OWN[1]]))
        own.append(then(values, lambda pair: dict(zip(OWN, pair[1], strict=True))))
        if isinstance(own[-1], Unknown):
            break
    listed = both(items(table.inputs, "routes"), together(own))
    return then(listed, lambda pair: [*pair[0], *pair[1]])


def _led(routes: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    rest, found = overlap(PUBLIC, FOUR), set()
    prefixes = [(network(str(route.get(OWN[0]))), route) for route in routes]
    named = [(prefix, route) for prefix, route in prefixes if prefix is not None]
    for prefix, route in sorted(named, key=lambda pair: -pair[0].prefixlen):
        taken = addresses([str(prefix)])
        if overlap(rest, taken):
            found.add(str(route.get(OWN[1])).lower())
        rest = minus(rest, taken)
    for named_by, route in prefixes:
        if named_by is None and for_customers(str(route.get(OWN[0]))):
            found.add(str(route.get(OWN[1])).lower())
    return frozenset({*found, SYSTEM}) if rest else frozenset(found)
