"""Security rules of a group, inline and on their own, in all their dimensions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from havre.facts.model import Rule
from havre.facts.read import bare
from havre.facts.values import Fact, Known, Unknown
from havre.plan.values import UNKNOWN, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from havre.facts.index import Index
    from havre.plan import PlannedResource

INTERNET = frozenset({"internet", "any"})
"""Azure's own words for any address from outside."""
CUSTOMERS = frozenset(
    {
        *("appconfiguration", "appservice", "azurecloud", "azurecontainerregistry"),
        *("azurecosmosdb", "azuredatabricks", "azurefrontdoor", "azuresignalr", "datafactory"),
        *("eventhub", "servicebus", "sql", "storage"),
    }
)
"""Service tags of services in which any customer can keep data or run programs of its own; each may
carry a region. Source: Microsoft's documentation of virtual network service tags."""
OWN = "virtualnetwork"
"""On this side, the tag that holds every address of the network."""
FIRST = 1
"""What goes before all else: the priority of a rule that does not tell its own."""
INLINE = "securityRules"
_WAYS = (True, False)


def for_customers(tag: str) -> bool:
    """Whether a service tag stands for what any customer can have."""
    return tag.lower().partition(".")[0] in CUSTOMERS


def ranges(written: Iterable[Any]) -> tuple[tuple[int, int], ...]:
    """Inclusive ranges of ports; none for all ports."""
    found = []
    for text in written:
        if text == "*":
            return ()
        low, _, high = str(text).partition("-")
        found.append((int(low), int(high or low)))
    return () if (0, 65535) in found else tuple(found)


@dataclass(frozen=True)
class _Part:
    """What one side of a rule lists: what is told, and the property that withholds the rest."""

    told: tuple[str, ...]
    withheld: str = ""


def _part(rule: Mapping[str, Any], *names: str, groups: str = "") -> _Part:
    """The items of some properties; a group of applications by its identifier."""
    told: list[str] = []
    withheld = ""
    for name in (*names, *((groups,) if groups else ())):
        value = rule.get(name)
        items = value if isinstance(value, list) else [] if value in (None, "") else [value]
        for item in items:
            found = item.get("id", UNKNOWN) if name == groups and isinstance(item, dict) else item
            if isinstance(found, str | int):
                told.append(str(found))
            else:
                withheld = withheld or name
    return _Part(tuple(told), withheld)


def _side(rule: Mapping[str, Any], side: str) -> _Part:
    names = (f"{side}AddressPrefix", f"{side}AddressPrefixes")
    return _part(rule, *names, groups=f"{side}ApplicationSecurityGroups")


def _word(rule: Mapping[str, Any], name: str) -> str | None:
    value = rule.get(name)
    return str(value).lower() if isinstance(value, str | int) else None


def rules_of(rule: Any, where: str = "") -> tuple[Rule, ...]:
    """The rules that one security rule stands for: what is told of it, and what else it may be.

    Args:
        rule: as written, with unknown values in their places.
        where: what goes before the names of its properties in a message.
    """
    rule = bare(rule)
    if not isinstance(rule, dict):
        return tuple(
            _widest(way, allow, where.rstrip("[].") or INLINE) for way in _WAYS for allow in _WAYS
        )
    direction, access = _word(rule, "direction"), _word(rule, "access")
    lacking = "direction" if direction is None else "access" if access is None else ""
    return tuple(
        found
        for inbound in _either(direction, "inbound")
        for allow in _either(access, "allow")
        for found in _decided(rule, inbound, allow, lacking, where)
    )


def _either(word: str | None, yes: str) -> tuple[bool, ...]:
    return _WAYS if word is None else (word == yes,)


def _widest(inbound: bool, allow: bool, withheld: str, priority: int = FIRST) -> Rule:
    return Rule(allow, inbound, ("*",), (), priority, withheld=withheld)


def _decided(
    rule: Mapping[str, Any], inbound: bool, allow: bool, lacking: str, where: str
) -> Iterable[Rule]:
    """A rule of one direction, as far as it is told; and as wide as it may be, if any is not."""
    ends = ("source", "destination") if inbound else ("destination", "source")
    other, own = _side(rule, ends[0]), _side(rule, ends[1])
    ports = _part(rule, "destinationPortRange", "destinationPortRanges")
    origins = _part(rule, "sourcePortRange", "sourcePortRanges")
    protocol, priority = _word(rule, "protocol"), _priority(rule)
    parts = (other, own, ports, origins)
    unread = "protocol" if protocol is None and rule.get("protocol") is not None else ""
    unread = unread or ("priority" if priority is None else "")
    withheld = lacking or unread or next((part.withheld for part in parts if part.withheld), "")
    if not lacking and not unread and all(part.told or not part.withheld for part in parts):
        yield Rule(
            allow,
            inbound,
            _others(other.told, allow=allow, inbound=inbound),
            ranges(ports.told),
            priority or 0,
            () if protocol in (None, "*") else (str(protocol),),
            tuple("*" if each.lower() == OWN else each for each in own.told) or ("*",),
            ranges(origins.told),
            () if inbound else tuple(each for each in other.told if for_customers(each)),
        )
    if withheld:
        yield _widest(inbound, allow, f"{where}{withheld}", priority or FIRST)


def _priority(rule: Mapping[str, Any]) -> int | None:
    value = rule.get("priority", 0)
    if value is None:
        return 0
    return int(value) if isinstance(value, int | str) and not isinstance(value, bool) else None


def _others(told: tuple[str, ...], *, allow: bool, inbound: bool) -> tuple[str, ...]:
    """The other side: what all customers can have lets any address in, and refuses itself alone."""
    found = []
    for each in told:
        tag = each.lower()
        anybody = tag in INTERNET or (inbound and allow and tag.partition(".")[0] == "azurecloud")
        found.append("*" if anybody else each)
    return tuple(found) or ("*",)


ELSEWHERE = frozenset({"networkSecurityGroupName", "resourceGroupName", "securityRuleName"})
"""Properties of a rule on its own that say where it is, not what it lets through."""


def own_rule(resource: PlannedResource) -> tuple[Rule, ...]:
    """A rule that is a resource."""
    return rules_of({k: v for k, v in resource.inputs.items() if k not in ELSEWHERE})


def security_rules(group: PlannedResource, index: Index) -> Fact[tuple[Rule, ...]]:
    """The rules of a security group, with those that are resources of their own.

    One that may be the group's or another's is not decided, whatever it says. Only a list of
    which nothing is known leaves all of them unknown.
    """
    inline = group.inputs.get(INLINE)
    inline = inline.value if isinstance(inline, Secret) else inline
    if inline is not None and not isinstance(inline, list):
        return Unknown(INLINE)
    found = [rule for each in inline or () for rule in rules_of(each, f"{INLINE}[].")]
    for own, link in index.users("network:SecurityRule", "networkSecurityGroupName", group):
        told = own_rule(own)
        if isinstance(link, Unknown):
            told = tuple(_doubted(rule, link.property) for rule in told)
        found += told
    return Known(tuple(sorted(found, key=lambda rule: rule.priority)))


def _doubted(rule: Rule, withheld: str) -> Rule:
    return replace(rule, withheld=rule.withheld or withheld)
