"""Rules: who reaches whom inside the network, as one table; all else is refused."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING

from pulumi_azure_native import network as net

from havre_azure.conventions.segments import API_SUBNET, FIREWALL_SUBNET

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre_azure.names import Deployment

ROUTED = ("compute", "administration")
"""Segments whose programs open connections of their own."""
HTTPS, SSH, POSTGRESQL, DNS = "443", "22", "5432", "53"
API_SERVER = ("443", "4443")
"""Ports of an AKS API server inside a network."""
PROBE = "9988"
"""Port on which the platform's load balancer probes such an API server."""
ANY = "*"
INTERNET, BALANCER = "Internet", "AzureLoadBalancer"
STORAGE, ENTRA = "Storage", "AzureActiveDirectory"
PLATFORM_NAMES = "AzurePlatformDNS"
"""Azure's own resolver, which other rules do not reach."""
TAGS = (INTERNET, BALANCER, STORAGE, ENTRA)
"""Azure's own names for addresses outside the network."""
LAST = 4096
"""Priority of what refuses: the lowest is read first, and there is room for rules by hand."""
IN, OUT = net.SecurityRuleDirection.INBOUND, net.SecurityRuleDirection.OUTBOUND


@dataclass(frozen=True)
class Rule:
    """A security rule.

    Attributes:
        name: what it is for.
        priority: its order.
        direction: which way the traffic goes.
        sources: addresses or service tags.
        target: address or service tag.
        ports: TCP ports, and UDP for DNS; none for all ports and protocols.
        allow: whether it lets traffic through.
    """

    name: str
    priority: int
    direction: net.SecurityRuleDirection
    sources: tuple[str, ...]
    target: str
    ports: tuple[str, ...] = ()
    allow: bool = True

    def args(self) -> net.SecurityRuleArgs:
        """The rule as Azure takes it."""
        one = len(self.sources) == 1
        access = net.SecurityRuleAccess
        return net.SecurityRuleArgs(
            name=self.name,
            priority=self.priority,
            access=access.ALLOW if self.allow else access.DENY,
            direction=self.direction,
            protocol=net.SecurityRuleProtocol.TCP if self.ports not in ((), (DNS,)) else ANY,
            source_address_prefix=self.sources[0] if one else None,
            source_address_prefixes=None if one else list(self.sources),
            source_port_range=ANY,
            destination_address_prefix=self.target,
            destination_port_range=None if self.ports else ANY,
            destination_port_ranges=list(self.ports) or None,
        )


_Row = tuple[str, net.SecurityRuleDirection, str, int, tuple[str, ...], tuple[str, ...]]
TRAFFIC: tuple[_Row, ...] = (
    # segment, direction, name, priority, other ends, ports (none: all ports and protocols)
    ("endpoints", IN, "use", 300, ROUTED, (HTTPS,)),
    ("database", IN, "standby", 200, ("database",), (POSTGRESQL,)),
    ("database", IN, "use", 300, ROUTED, (POSTGRESQL,)),
    # Its log archive and Entra: what the service itself must reach, and nothing else.
    ("database", OUT, "to-standby", 200, ("database",), (POSTGRESQL,)),
    ("database", OUT, "archive", 400, (STORAGE,), (HTTPS,)),
    ("database", OUT, "entra", 500, (ENTRA,), (HTTPS,)),
    ("compute", IN, "nodes", 200, ("compute",), ()),
    ("compute", IN, "administration", 300, ("administration",), (SSH, HTTPS)),
    ("compute", IN, "probes", 400, (BALANCER,), ()),
    ("compute", IN, "api", 310, (API_SUBNET,), ()),
    ("compute", OUT, "to-nodes", 200, ("compute",), ()),
    ("compute", OUT, "to-endpoints", 300, ("endpoints",), (HTTPS,)),
    ("compute", OUT, "to-database", 310, ("database",), (POSTGRESQL,)),
    ("compute", OUT, "to-api", 320, (API_SUBNET,), API_SERVER),
    ("administration", OUT, "to-endpoints", 300, ("endpoints",), (HTTPS,)),
    ("administration", OUT, "to-database", 310, ("database",), (POSTGRESQL,)),
    ("administration", OUT, "to-api", 320, (API_SUBNET,), API_SERVER),
    ("administration", OUT, "to-nodes", 200, ("compute",), (SSH, HTTPS)),
    (API_SUBNET, IN, "use", 300, ROUTED, API_SERVER),
    (API_SUBNET, IN, "probes", 400, (BALANCER,), (PROBE,)),
    # The service's private endpoint of the vault may be in this subnet: it is not documented.
    (API_SUBNET, IN, "itself", 310, (API_SUBNET,), (HTTPS,)),
    (API_SUBNET, OUT, "to-itself", 310, (API_SUBNET,), (HTTPS,)),
    (API_SUBNET, OUT, "to-nodes", 200, ("compute",), ()),
    (API_SUBNET, OUT, "to-endpoints", 300, ("endpoints",), (HTTPS,)),
    # Names are asked of the firewall, which logs each of them.
    *(
        (segment, OUT, "names", 450, (FIREWALL_SUBNET,), (DNS,))
        for segment in ("database", *ROUTED, API_SUBNET)
    ),
)
"""What is let through; a row whose other end is a segment that is not there stands for nothing."""


def _administration(at: Deployment, target: str) -> Iterator[Rule]:
    """Administration comes from the spec's addresses only; a rule holds one IP version."""
    for version, priority in ((4, 100), (6, 110)):
        asked = at.spec.network.administration
        sources = tuple(a for a in asked if ip_network(a).version == version)
        if sources:
            name = f"administration-ipv{version}"
            yield Rule(name, priority, IN, sources, target, (SSH, HTTPS))


def _egress(at: Deployment, segment: str) -> Iterator[Rule]:
    """The way to the firewall, which then filters by host name."""
    if at.firewalled:
        ports = tuple(sorted({str(e.port) for e in at.spec.network.egress} | {HTTPS}))
        yield Rule("egress", 500, OUT, (segment,), INTERNET, ports)


def rules(at: Deployment, segment: str, cut: Mapping[str, str]) -> Iterator[Rule]:
    """All rules of a segment; `cut` has the addresses of those that are there."""
    own = cut[segment]
    if segment == "administration":
        yield from _administration(at, own)
    for of, direction, name, priority, ends, ports in TRAFFIC:
        others = tuple(end if end in TAGS else cut[end] for end in ends if end in {*TAGS, *cut})
        if of != segment or not others:
            continue
        if direction is IN:
            yield Rule(name, priority, direction, others, own, ports)
        else:
            yield Rule(name, priority, direction, (own,), others[0], ports)
    if segment in ROUTED:
        yield from _egress(at, own)
    if segment in ROUTED and FIREWALL_SUBNET in cut:
        yield Rule("platform-names", 600, OUT, (own,), PLATFORM_NAMES, allow=False)
    for direction, way in ((IN, "in"), (OUT, "out")):
        yield Rule(f"deny-all-{way}", LAST, direction, (ANY,), ANY, allow=False)
