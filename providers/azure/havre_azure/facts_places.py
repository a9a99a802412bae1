"""Where a resource of Azure lies, and where its copies land without being told to.

Sources: for the European Union, `havre_azure.sites`; elsewhere background knowledge, unverified.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.facts.model import Copy, Fact, Known, Place, Unknown
from havre.facts.read import read, then
from havre_azure.facts_relations import target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.plan import Plan, PlannedResource

REGIONS: Mapping[str, tuple[str, str | None]] = MappingProxyType(
    {
        "francecentral": ("FR", "francesouth"),
        "francesouth": ("FR", "francecentral"),
        "germanywestcentral": ("DE", "germanynorth"),
        "germanynorth": ("DE", "germanywestcentral"),
        "westeurope": ("NL", "northeurope"),
        "northeurope": ("IE", "westeurope"),
        "swedencentral": ("SE", "swedensouth"),
        "swedensouth": ("SE", "swedencentral"),
        "austriaeast": ("AT", None),
        "belgiumcentral": ("BE", None),
        "italynorth": ("IT", None),
        "polandcentral": ("PL", None),
        "spaincentral": ("ES", None),
        "norwayeast": ("NO", "norwaywest"),
        "norwaywest": ("NO", "norwayeast"),
        "switzerlandnorth": ("CH", "switzerlandwest"),
        "switzerlandwest": ("CH", "switzerlandnorth"),
        "uksouth": ("GB", "ukwest"),
        "ukwest": ("GB", "uksouth"),
        "eastus": ("US", "westus"),
        "westus": ("US", "eastus"),
        "eastus2": ("US", "centralus"),
        "centralus": ("US", "eastus2"),
        "northcentralus": ("US", "southcentralus"),
        "southcentralus": ("US", "northcentralus"),
        "westus2": ("US", "westcentralus"),
        "westcentralus": ("US", "westus2"),
        "westus3": ("US", "eastus"),
        "canadacentral": ("CA", "canadaeast"),
        "canadaeast": ("CA", "canadacentral"),
        "mexicocentral": ("MX", None),
        "brazilsouth": ("BR", "southcentralus"),
        "brazilsoutheast": ("BR", "brazilsouth"),
        "chilecentral": ("CL", None),
        "eastasia": ("HK", "southeastasia"),
        "southeastasia": ("SG", "eastasia"),
        "japaneast": ("JP", "japanwest"),
        "japanwest": ("JP", "japaneast"),
        "koreacentral": ("KR", "koreasouth"),
        "koreasouth": ("KR", "koreacentral"),
        "centralindia": ("IN", "southindia"),
        "southindia": ("IN", "centralindia"),
        "westindia": ("IN", "southindia"),
        "indonesiacentral": ("ID", None),
        "malaysiawest": ("MY", None),
        "australiaeast": ("AU", "australiasoutheast"),
        "australiasoutheast": ("AU", "australiaeast"),
        "australiacentral": ("AU", "australiacentral2"),
        "australiacentral2": ("AU", "australiacentral"),
        "newzealandnorth": ("NZ", None),
        "uaenorth": ("AE", "uaecentral"),
        "uaecentral": ("AE", "uaenorth"),
        "qatarcentral": ("QA", None),
        "israelcentral": ("IL", None),
        "southafricanorth": ("ZA", "southafricawest"),
        "southafricawest": ("ZA", "southafricanorth"),
    }
)
"""Country and paired region, by region; a pair may lie abroad, and need not be mutual."""


def canonical(location: str) -> str:
    """A region as ARM writes it: `France Central` is `francecentral`."""
    return "".join(location.lower().split())


def place(copy: Copy, location: str, implied: str = "") -> Place:
    """Where a region lies; its country is None where it is global or not known."""
    region = canonical(location)
    country, _ = REGIONS.get(region, (None, None))
    return Place(copy, region, country, implied)


def pair(copy: Copy, location: str, implied: str) -> Place:
    """Where geo-redundant copies of a region land; nobody can choose it.

    A region without a pair takes no such setting, and one that nobody knows may have any: both
    give a place in no known country.
    """
    _, other = REGIONS.get(canonical(location), (None, None))
    return place(copy, other, implied) if other else Place(copy, "", None, implied)


def has_pair(location: str) -> bool:
    """Whether copies may land elsewhere: so it is taken to be for regions that nobody knows."""
    region = canonical(location)
    return region != "global" and REGIONS.get(region, (None, "unknown"))[1] is not None


def location(resource: PlannedResource, plan: Plan) -> Fact[str]:
    """The region as written; a resource without one stands where its resource group does."""
    own = read(resource.inputs, "location")
    if isinstance(own, Unknown) or own.value:
        return own
    group = target(plan, resource, "resourceGroupName", "resources:ResourceGroup")
    if isinstance(group, Known) and group.value and group.value.urn != resource.urn:
        return location(group.value, plan)
    return Unknown("location")


def places(resource: PlannedResource, plan: Plan, *copies: Copy) -> Fact[tuple[Place, ...]]:
    """A place for each copy, where the resource lies."""
    return then(
        location(resource, plan), lambda where: tuple(place(copy, where) for copy in copies)
    )
