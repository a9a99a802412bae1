"""Where a subnet's routes lead what leaves for the Internet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.facts.addresses import network
from havre.facts.read import NONE, both, items, read, then, together
from havre.facts.traffic import FOUR, PUBLIC, Ranges, addresses, minus, overlap
from havre.facts.values import Fact, Known, Unknown
from havre_azure.facts.relations.rules import for_customers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource

SYSTEM = "internet"
"""Where Azure sends what no route of the table is about."""
OWN = ("addressPrefix", "nextHopType")


def hops(index: Index, subnet: PlannedResource, space: Ranges = FOUR) -> Fact[frozenset[str]]:
    """Where what leaves for the Internet is sent, by the longest prefix that holds an address.

    Routes of the table and routes of their own count the same.

    Args:
        index: where the table and its routes are.
        subnet: from where it leaves.
        space: the addresses of the IP versions in question.
    """
    if read(subnet.inputs, "routeTable") == NONE:
        return Known(frozenset({SYSTEM}))
    table = index.target(subnet, "routeTable.id", "network:RouteTable")
    if isinstance(table, Unknown) or table.value is None:
        return Unknown("routeTable.id")
    return then(together(_routes(index, table.value)), lambda routes: _led(routes, space))


def appliances(index: Index, subnet: PlannedResource) -> Fact[frozenset[str]]:
    """Addresses of the appliances to which the routes of a subnet lead."""
    table = index.target(subnet, "routeTable.id", "network:RouteTable")
    if isinstance(table, Unknown) or table.value is None:
        return Unknown("routeTable.id")
    listed = items(table.value.inputs, "routes")
    if isinstance(listed, Unknown):
        return listed
    own = [own.inputs for own, _ in index.users("network:Route", "routeTableName", table.value)]
    found = together([read(route, HOP) for route in (*listed.value, *own)])
    return then(found, lambda hops: frozenset(str(hop) for hop in hops if hop))


HOP = "nextHopIpAddress"


def _routes(index: Index, table: PlannedResource) -> list[Fact[Mapping[str, Any]]]:
    """The routes of a table, each as far as it decides where traffic is led."""
    listed = items(table.inputs, "routes")
    if isinstance(listed, Unknown):
        return [listed]
    found = [_route(each, "routes[].{}") for each in listed.value]
    for own, link in index.users("network:Route", "routeTableName", table):
        found.append(then(both(link, _route(own.inputs, "{}")), lambda pair: pair[1]))
    return found


def _route(written: Any, where: str) -> Fact[Mapping[str, Any]]:
    told = {name: read(written, name) for name in OWN}
    unknown = next((name for name, fact in told.items() if isinstance(fact, Unknown)), "")
    values = {name: fact.value for name, fact in told.items() if isinstance(fact, Known)}
    return Unknown(where.format(unknown)) if unknown else Known(values)


def _led(routes: Sequence[Mapping[str, Any]], space: Ranges) -> frozenset[str]:
    rest, found = overlap(PUBLIC, space), set()
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
