"""Registry: a managed private registry that only known addresses reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_ovh import cloudproject

from havre.provider.parts import RegistryInputs, RegistryOutputs
from havre_ovh import resources as shared
from havre_ovh import sites
from havre_ovh.conventions.table import name

if TYPE_CHECKING:
    from havre.provider.context import Part
    from havre_ovh.settings import OvhSettings


def registry(part: Part[OvhSettings], _inputs: RegistryInputs) -> RegistryOutputs:
    """The registry, with restrictions of both its images and its administration."""
    context = part.context
    region = context.settings.registry_region or sites.region(context.primary, "registry")
    made = cloudproject.ContainerRegistry(
        f"{part.name}-registry",
        service_name=part.settings.service_name,
        region=region,
        plan_id=context.settings.registry_plan_id,
        name=name(context, f"{part.name}-registry"),
        opts=part.guarded(retain=True, fixed=["region"]),  # another would never be sent
    )
    blocks = [
        {"ip_block": address, "description": "named in the spec or the settings"}
        for address in shared.allowed(context)
    ]
    for which, restrictions in (
        ("images", cloudproject.ContainerRegistryIPRestrictionsRegistry),
        ("management", cloudproject.ContainerRegistryIPRestrictionsManagement),
    ):
        restrictions(
            f"{part.name}-{which}",
            service_name=part.settings.service_name,
            registry_id=made.id,
            ip_restrictions=blocks,
            opts=part.guarded(retain=True),  # to delete it opens the registry to every address
        )
    return RegistryOutputs(endpoint=made.url, identifier=made.id, region=region)
