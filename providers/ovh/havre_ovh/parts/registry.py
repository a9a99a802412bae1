"""Registry: a managed private registry that only known addresses reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_ovh import cloudproject

from havre.provider.parts import RegistryInputs, RegistryOutputs, component
from havre_ovh import resources as shared
from havre_ovh import sites

if TYPE_CHECKING:
    import pulumi

    from havre_ovh.settings import OvhSettings


def registry(
    settings: OvhSettings, name: str, inputs: RegistryInputs, opts: pulumi.ResourceOptions
) -> RegistryOutputs:
    """The registry, with restrictions of both its images and its administration."""
    common = inputs.common
    scope = shared.Scope(settings, common, name, component("havre:ovh:Registry", name, opts))
    region = settings.registry_region or sites.region(common.primary, "registry")
    made = cloudproject.ContainerRegistry(
        f"{name}-registry",
        service_name=scope.project,
        region=region,
        plan_id=settings.registry_plan_id,
        name=common.name("registry"),
        opts=scope.guarded(),
    )
    blocks = [
        {"ip_block": address, "description": "named in the spec or the settings"}
        for address in shared.allowed(settings, common)
    ]
    for which, restrictions in (
        ("images", cloudproject.ContainerRegistryIPRestrictionsRegistry),
        ("management", cloudproject.ContainerRegistryIPRestrictionsManagement),
    ):
        restrictions(
            f"{name}-{which}",
            service_name=scope.project,
            registry_id=made.id,
            ip_restrictions=blocks,
            opts=scope.below(),
        )
    scope.part.register_outputs({})
    return RegistryOutputs(endpoint=made.url, identifier=made.id, region=region)
