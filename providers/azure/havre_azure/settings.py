"""What a stack on Azure must say beyond the spec."""

from __future__ import annotations

import uuid
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from havre.provider.conventions import (
    AddressPlan,
    AfterFirstDeployment,
    ExtraTags,
    Names,
    pattern_of,
)
from havre.provider.workloads.settings import CONTEXT, KubernetesContext
from havre_azure.estate.settings import AzureEstate  # noqa: TC001 - pydantic reads annotations

NAME = "azure"
"""Name of the provider."""


def _uuid(value: str) -> str:
    try:
        return str(uuid.UUID(value))
    except ValueError:
        message = "not a UUID such as 11111111-2222-3333-4444-555555555555"
        raise ValueError(message) from None


PLACEHOLDERS = ("type", "warehouse", "environment", "part", "region")
"""What a pattern of names may contain, in braces."""
EXAMPLE = "11111111-2222-3333-4444-555555555555"
"""The shape of an identifier, for plans that are made before one is known."""
LOCKED_LATER = "Azure's API refuses to create an immutability policy that is locked."
"""Why a first deployment locks nothing (Azure documentation, immutability policies)."""
Uuid = Annotated[str, AfterValidator(_uuid)]
"""An identifier of Microsoft Entra or Azure, in canonical form."""


class AzureSettings(BaseModel):
    """Settings of the Azure provider; none is a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant_id: Uuid = Field(
        description="Microsoft Entra tenant that the subscription trusts", examples=[EXAMPLE]
    )
    subscription_id: Uuid = Field(description="Subscription of the warehouse", examples=[EXAMPLE])
    administrators_id: Uuid = Field(
        description="Object ID of the Microsoft Entra group that administers database and cluster",
        examples=[EXAMPLE],
    )
    administrators_name: Annotated[str, Field(min_length=1, max_length=256)] = Field(
        description="Display name of that group, which is also the name of its PostgreSQL role",
        examples=["warehouse-administrators"],
    )
    name_salt: Annotated[str, Field(pattern=r"^[a-z0-9]{0,12}$")] = Field(
        default="",
        description="Text that changes every globally unique name. Set it if a deleted key vault "
        "still reserves its name during soft delete, because it cannot be purged.",
    )
    kubernetes_version: Annotated[str, Field(pattern=r"^1\.\d{2}$")] = Field(
        default="1.36",
        description="Minor version of Kubernetes. Azure applies patches automatically. The default "
        "is supported from June 2026 to June 2027 (AKS release calendar, read on 2026-11-23).",
    )
    kubernetes_context: KubernetesContext | None = Field(default=None, description=CONTEXT)
    lock_immutability: Annotated[bool, AfterFirstDeployment(LOCKED_LATER)] = Field(
        default=False,
        description="Lock every immutability policy, irreversibly. Azure creates policies "
        "unlocked. Set it directly after the first deployment, before the first object is written: "
        "earlier objects stay unlocked for their whole period.",
    )
    tags: ExtraTags = Field(
        default_factory=dict,
        description="Tags of the organisation, in addition to those of the warehouse, on every "
        "resource that has tags. 10 at most.",
        examples=[{"cost-centre": "4711"}],
    )
    name_pattern: Annotated[str, pattern_of(*PLACEHOLDERS)] | None = Field(
        default=None,
        description="Pattern of names, such as `{type}-{warehouse}-{environment}-{part}-{region}`. "
        "`{type}` is the abbreviation of the Cloud Adoption Framework. Names that are unique in "
        "all of Azure lose the characters that their type refuses, and end with a digest. Another "
        "pattern makes other resources: set it before the first deployment.",
    )
    names: Names = Field(
        default_factory=dict,
        description="Names of single resources, by the logical names of `havre plan --details`. "
        "They count before the pattern.",
        examples=[{"emc2-production-vault": "kv-hospital-prod"}],
    )
    address_plan: AddressPlan = Field(
        default_factory=dict,
        description="Addresses of segments within `network.address_space`, in place of those that "
        "are computed. Segments: `endpoints`, `database`, `compute`, `administration`, and if they "
        "are needed `AzureFirewallSubnet` and `apiserver`.",
        examples=[{"endpoints": "10.42.8.0/24"}],
    )
    recovery_address_plan: AddressPlan = Field(
        default_factory=dict,
        description="The same within `network.recovery_address_space`",
    )
    estate: AzureEstate | None = Field(
        default=None,
        description="Parts of an estate that exists, which the warehouse uses and does not manage",
    )
    network_watcher_group: Annotated[str, Field(pattern=r"^[\w().-]+$", max_length=90)] = Field(
        default="NetworkWatcherRG",
        description="Resource group of the subscription's Network Watcher, which Azure creates in "
        "every region with a network",
    )
