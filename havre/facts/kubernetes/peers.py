"""What a rule of a network policy lets through, and whether that leaves a project's own reach.

Source: Kubernetes documentation, network policies; read on 2026-11-30.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.facts.addresses import network, within
from havre.spec.workloads import DATA_PORTS, INSIDE, NAMES, RESOLVER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Segments = Mapping[str, Sequence[str]]
    """Addresses of the segments that hold data, by segment."""

SELECTORS = ("podSelector", "namespaceSelector")
ANY = "any address"


def ways_in(rule: Any) -> Iterator[str]:
    """From where an ingress rule lets in, other than from the namespace itself."""
    peers = _peers(rule, "from")
    yield from (_shown(peer) for peer in peers if not _own(peer))


def ways_out(rule: Any, segments: Segments) -> Iterator[str]:
    """Where an egress rule lets out to, other than names, data and public addresses by port."""
    ports = _ports(rule)
    for peer in _peers(rule, "to"):
        if not (_own(peer) or _resolver(peer, ports) or _block(peer, ports, segments)):
            yield f"{_shown(peer)}{_on(ports)}"


def _peers(rule: Any, key: str) -> list[Any]:
    """The other sides of a rule; one that is none stands for all where the rule names none."""
    named = rule.get(key) if isinstance(rule, dict) else None
    return named if isinstance(named, list) and named else [None]


def _own(peer: Any) -> bool:
    """Whether the other side are pods of the namespace."""
    return isinstance(peer, dict) and {k for k, v in peer.items() if v is not None} == {
        SELECTORS[0]
    }


def _resolver(peer: Any, ports: set[tuple[str, int]] | None) -> bool:
    """Whether the other side is the cluster's own resolver, for names alone."""
    asked = bool(ports) and ports is not None and ports <= {("UDP", NAMES), ("TCP", NAMES)}
    return asked and peer == RESOLVER


def _block(peer: Any, ports: set[tuple[str, int]] | None, segments: Segments) -> bool:
    """Whether the other side are addresses of data on its ports, or public ones on some."""
    block = peer.get("ipBlock") if isinstance(peer, dict) and len(peer) == 1 else None
    cidr = block.get("cidr") if isinstance(block, dict) else None
    if not isinstance(block, dict) or not isinstance(cidr, str) or not ports:
        return False
    if any(protocol != "TCP" for protocol, _ in ports):
        return False
    numbers = {port for _, port in ports}
    data = any(
        numbers <= {*DATA_PORTS[name]} and any(within(cidr, held) for held in blocks)
        for name, blocks in segments.items()
        if name in DATA_PORTS
    )
    return data or _public(cidr, block.get("except") or [])


def _public(cidr: str, kept_out: Any) -> bool:
    """Whether a block leaves every address out that may be inside."""
    found = network(cidr)
    if found is None or found.version != 4 or not isinstance(kept_out, list):  # noqa: PLR2004 - IPv4
        return False
    left_out = [str(each) for each in kept_out]
    inside = [each for each in INSIDE if within(each, cidr)]
    return not any(within(cidr, each) for each in INSIDE) and all(
        any(within(each, out) for out in left_out) for each in inside
    )


def _ports(rule: Any) -> set[tuple[str, int]] | None:
    """Ports of a rule by protocol; None where it has all, or some that only pods can tell."""
    written = rule.get("ports") if isinstance(rule, dict) else None
    if not isinstance(written, list) or not written:
        return None
    found = {_port(each) for each in written}
    return None if None in found else {each for each in found if each}


def _port(port: Any) -> tuple[str, int] | None:
    if not isinstance(port, dict) or port.get("endPort") is not None:
        return None
    number = port.get("port")
    if isinstance(number, bool) or not isinstance(number, int | float) or number != int(number):
        return None
    return str(port.get("protocol") or "TCP"), int(number)


def _shown(peer: Any) -> str:
    if not isinstance(peer, dict):
        return ANY
    block = peer.get("ipBlock")
    if isinstance(block, dict):
        return str(block.get("cidr"))
    return "pods of other namespaces"


def _on(ports: set[tuple[str, int]] | None) -> str:
    if not ports:
        return " on all ports"
    return f" on {' and '.join(f'{protocol} {number}' for protocol, number in sorted(ports))}"
