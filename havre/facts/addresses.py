"""Network addresses of rules: what stands for any, and what holds what."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

EVERY_ADDRESS = "*"
"""How facts write "any address"."""
WORDS_FOR_ANY = frozenset({EVERY_ADDRESS, "any", "internet", "0.0.0.0/0", "::/0"})
"""Ways in which providers write it."""
WIDEST = {4: 8, 6: 32}
"""A public network of a shorter prefix than this counts as any address, by IP version: half the
Internet in two rules opens as much as one rule for all of it."""


@lru_cache(maxsize=16_384)
def network(address: str) -> IPv4Network | IPv6Network | None:
    """The network that an address of a rule stands for; None where it is a name."""
    try:
        return ipaddress.ip_network(address, strict=False)
    except ValueError:
        return None


def normal(address: str) -> str:
    """An address as facts write it: `*` for a network that holds every address."""
    found = network(address)
    return EVERY_ADDRESS if found is not None and found.prefixlen == 0 else address


def anybody(address: str) -> bool:
    """Whether an address of a rule stands for any address, or for a large part of all."""
    if address.lower() in WORDS_FOR_ANY:
        return True
    found = network(address)
    if found is None:
        return False
    wide = not found.is_private and found.prefixlen < WIDEST[found.version]
    return wide or found.network_address.is_unspecified


def within(address: str, wider: str) -> bool:
    """Whether one address of a rule holds all of another."""
    if wider.lower() in {EVERY_ADDRESS, "any"} or wider.lower() == address.lower():
        return True
    inner, outer = network(address), network(wider)
    if inner is None or outer is None or inner.version != outer.version:
        return False
    return inner.subnet_of(outer)  # type: ignore[arg-type]


_DOCUMENTS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
"""Kept for documents, where they stand for public networks: RFC 5737 and RFC 3849."""


def _documents(found: IPv4Network | IPv6Network) -> bool:
    return any(within(str(found), each) for each in _DOCUMENTS)


def private(address: str) -> bool:
    """Whether an address cannot be outside.

    A name without a dot is the provider's own for a service of its own.
    """
    if anybody(address):
        return False
    found = network(address)
    return "." not in address if found is None else found.is_private and not _documents(found)
