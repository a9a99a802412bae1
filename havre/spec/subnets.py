"""How an address space is cut into the segments of a warehouse."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.spec.model import Warehouse

ADDRESSES_PER_NODE = 32
"""The node's own address, one for each of its 30 pods, and one to spare."""
SEGMENT_PREFIX = 24
"""Prefix of the segments whose needs do not grow."""
SEGMENT_ADDRESSES = 256
"""Addresses of such a segment."""
COMPUTE_PREFIX = 20
"""Prefix of the widest compute segment: 4096 addresses, for the 100 nodes a spec may ask for."""
WIDEST_PREFIX = 8
"""Prefix of the widest private address space, 10.0.0.0/8."""


def longest_prefix(spec: Warehouse) -> int:
    """Prefix of the smallest address space that holds the segments of `spec`.

    The compute segment is the space's last quarter, so the space is four times as large as the
    power of two that holds the nodes' addresses, and never less than four segments of 256.
    """
    nodes = spec.cluster.nodes if spec.cluster else 0
    addresses = max(SEGMENT_ADDRESSES, nodes * ADDRESSES_PER_NODE)
    compute_prefix = 32 - (addresses - 1).bit_length()
    return compute_prefix - 2


def subnets(address_space: str, spec: Warehouse) -> Mapping[str, IPv4Network]:
    """Cut `address_space` into the segments endpoints, database, compute and administration.

    The three small segments are the first ones of 256 addresses; compute is the last quarter
    of the space, of at most 4096 addresses. Nothing depends on the number of nodes: adding
    nodes, or the first cluster, moves no segment and so replaces nothing.

    Raises:
        ValueError: the space is no IPv4 network, or too small for the segments of `spec`.
    """
    space = IPv4Network(address_space)
    if space.prefixlen > longest_prefix(spec):
        message = f"{address_space} is too small: at least a /{longest_prefix(spec)} is needed"
        raise ValueError(message)
    endpoints, database, administration = islice(space.subnets(new_prefix=SEGMENT_PREFIX), 3)
    prefix = max(COMPUTE_PREFIX, space.prefixlen + 2)
    last = int(space.broadcast_address) + 1 - 2 ** (32 - prefix)
    return {
        "endpoints": endpoints,
        "database": database,
        "compute": IPv4Network((last, prefix)),
        "administration": administration,
    }
