"""What Azure would refuse of the names, tags and addresses of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from havre.provider.context import Part, context
from havre.provider.conventions import address_faults, name_faults, tag_faults
from havre_azure.conventions.kinds import TAGS
from havre_azure.conventions.segments import FIREWALL_SUBNET, computed, least
from havre_azure.names import Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pulumi

    from havre.provider import Provider
    from havre.provider.faults import ProviderFault
    from havre.spec import Warehouse
    from havre_azure.settings import AzureSettings


def convention_faults(
    provider: Provider, spec: Warehouse, settings: AzureSettings
) -> Iterator[ProviderFault]:
    """Every fault of the settings of this kind; nothing is built."""
    nothing = cast("pulumi.ComponentResource", None)  # names alone are asked for
    at = Deployment(Part(context(provider, spec, settings), "", nothing))
    yield from tag_faults(settings.tags, TAGS)
    patterned = settings.name_pattern is not None
    yield from name_faults(settings.names, at.table, patterned=patterned)
    primary, recovery = spec.network.address_space, spec.network.recovery_address_space
    cut, needed = computed(at, primary), least(spec)
    yield from address_faults("address_plan", primary, cut, settings.address_plan, needed)
    away = computed(at, recovery) if recovery and at.networked_away else {}
    away.pop(FIREWALL_SUBNET, None)
    plan = settings.recovery_address_plan
    yield from address_faults("recovery_address_plan", recovery or primary, away, plan, needed)
