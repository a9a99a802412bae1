"""What Azure would refuse of the names, tags and addresses of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from havre.provider.context import Part, context
from havre.provider.conventions import Adopting, address_faults, name_faults, tag_faults
from havre_azure.conventions.kinds import TAGS
from havre_azure.conventions.segments import FIREWALL_SUBNET, computed, least
from havre_azure.facts.relations.naming import PACKAGE, kind
from havre_azure.names import Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pulumi
    from pydantic import BaseModel

    from havre.provider import Provider
    from havre.provider.conventions import Nameable
    from havre.provider.faults import ProviderFault
    from havre.spec import Warehouse
    from havre_azure.settings import AzureSettings

HOLDERS = frozenset({"resourceGroupName", "networkWatcherName"})
"""Inputs that only say in which group, or at which watcher, a resource is."""


def _deployment(provider: Provider, spec: Warehouse, settings: AzureSettings) -> Deployment:
    """A warehouse of which names alone are asked for: nothing is built."""
    nothing = cast("pulumi.ComponentResource", None)
    return Deployment(Part(context(provider, spec, settings), "", nothing))


def adopting(provider: Provider) -> Adopting:
    """How what exists on Azure is recognised; an ARM identifier is what is imported."""

    def nameable(spec: Warehouse, settings: BaseModel) -> Mapping[str, Nameable]:
        return _deployment(provider, spec, cast("AzureSettings", settings)).table

    return Adopting(_kind, nameable, HOLDERS, TAGS)


def _kind(token: str) -> str:
    """Today's token, without the version of an interface."""
    found = kind(token)
    return f"{PACKAGE}{found}" if found else token


def convention_faults(
    provider: Provider, spec: Warehouse, settings: AzureSettings
) -> Iterator[ProviderFault]:
    """Every fault of the settings of this kind; nothing is built."""
    at = _deployment(provider, spec, settings)
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
