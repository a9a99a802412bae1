"""What Scaleway would refuse of the names, tags and addresses of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.provider.conventions import address_faults, name_faults, tag_faults
from havre.spec.subnets import subnets
from havre_scaleway.conventions.kinds import TAGS
from havre_scaleway.conventions.table import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.provider.context import Context
    from havre.provider.faults import ProviderFault
    from havre.spec import Warehouse
    from havre_scaleway.settings import ScalewaySettings

SEGMENT_ADDRESSES = 16
"""Addresses that a segment needs for its gateway, DHCP and services; ours."""


def _least(spec: Warehouse) -> dict[str, int]:
    """Addresses that each segment needs: a node has one, and pods have none of the network."""
    nodes = spec.cluster.nodes if spec.cluster else 0
    found = dict.fromkeys(subnets(spec.network.address_space, spec), SEGMENT_ADDRESSES)
    return {**found, "compute": nodes + SEGMENT_ADDRESSES}


def convention_faults(context: Context[ScalewaySettings]) -> Iterator[ProviderFault]:
    """Every fault of the settings of this kind."""
    settings, spec = context.settings, context.spec
    yield from tag_faults(settings.tags, TAGS)
    patterned = settings.name_pattern is not None
    yield from name_faults(settings.names, table(context), patterned=patterned)
    primary, away = spec.network.address_space, spec.network.recovery_address_space
    cut, needed = subnets(primary, spec), _least(spec)
    yield from address_faults("address_plan", primary, cut, settings.address_plan, needed)
    cut, plan = subnets(away, spec) if away else {}, settings.recovery_address_plan
    yield from address_faults("recovery_address_plan", away or primary, cut, plan, needed)
