"""Registry: a private namespace of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumiverse_scaleway import registry as images

from havre.provider.parts import RegistryInputs, RegistryOutputs
from havre_scaleway import resources as shared
from havre_scaleway import sites
from havre_scaleway.conventions.table import name

if TYPE_CHECKING:
    from havre.provider.context import Part
    from havre_scaleway.settings import ScalewaySettings


def registry(part: Part[ScalewaySettings], _inputs: RegistryInputs) -> RegistryOutputs:
    """The namespace; its images are private, and who may pull them is a matter of IAM."""
    label, region = f"{part.name}-registry", sites.region(part.primary)
    made = images.Namespace(
        label,
        name=name(part.context, label),
        description=shared.describe(part.context, "Images of the warehouse"),
        project_id=part.settings.project_id,
        region=region,
        is_public=False,
        opts=part.guarded(retain=True),
    )
    return RegistryOutputs(endpoint=made.endpoint, identifier=made.id, region=region)
