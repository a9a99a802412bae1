"""What the settings may name of an estate that exists: shapes, and who answers for it."""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003 - pydantic reads annotations at run time
from ipaddress import AddressValueError, IPv4Address
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from havre.spec.model import Cidr  # noqa: TC001 - and so this

if TYPE_CHECKING:
    from havre.facts import Estate

DATABASE_ZONE = ".postgres.database.azure.com"
"""How every private DNS zone ends in which Azure puts a database server's name."""
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_GROUP = r"[\w().-]{0,89}[\w()-]"
PRIVATE = "10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"
"""Addresses of RFC 1918, in which a hub's firewall has its private address."""


def _named(kind: str) -> AfterValidator:
    """A check that a text is the ARM identifier of one type of resource."""
    shape = re.compile(
        rf"/subscriptions/{_UUID}/resourceGroups/{_GROUP}/providers/{re.escape(kind)}/[^/\s]+",
        re.IGNORECASE,
    )

    def check(value: str) -> str:
        if shape.fullmatch(value):
            return value
        example = f"/subscriptions/UUID/resourceGroups/GROUP/providers/{kind}/NAME"
        message = f"not an identifier such as {example}"
        raise ValueError(message)

    return AfterValidator(check)


def _private(value: str) -> str:
    try:
        address = IPv4Address(value)
    except AddressValueError:
        address = None
    ours = re.match(r"10\.|172\.(1[6-9]|2\d|3[01])\.|192\.168\.", value)
    if address is not None and ours:
        return str(address)
    message = f"not a private IPv4 address, in {PRIVATE}"
    raise ValueError(message)


NetworkId = Annotated[str, _named("Microsoft.Network/virtualNetworks")]
ZoneId = Annotated[str, _named("Microsoft.Network/privateDnsZones")]
WorkspaceId = Annotated[str, _named("Microsoft.OperationalInsights/workspaces")]
AccountId = Annotated[str, _named("Microsoft.Storage/storageAccounts")]
PrivateAddress = Annotated[str, AfterValidator(_private)]


class AzureHub(BaseModel):
    """A hub: its network is peered, and its firewall is the only way out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    network_id: NetworkId = Field(
        description="ARM identifier of the hub's virtual network. Havre creates the peering from "
        "the warehouse to it. The hub's team creates the one back."
    )
    firewall_address: PrivateAddress = Field(
        description="Private address of the hub's firewall: next hop of outbound traffic, and DNS "
        "server of the warehouse's network. Havre then creates no firewall."
    )
    address_space: tuple[Cidr, ...] = Field(
        default=(),
        description="Address space of the hub's network, so that an overlap with the warehouse's "
        "is refused before Azure refuses it",
    )


class AzureEstate(BaseModel):
    """Parts of an estate that exists; none of them is managed, protected or evaluated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answers_for: Annotated[str, Field(min_length=5, max_length=200, pattern=r"^[^\n\r\t]+$")] = (
        Field(
            description="Who answers for these parts, with an address of the team. Findings about "
            "what is outside the plan name it."
        )
    )
    resource_group: Annotated[str, Field(pattern=rf"^{_GROUP}$")] | None = Field(
        default=None,
        description="Name of an existing resource group in the subscription of the warehouse. "
        "Havre then creates none.",
    )
    hub: AzureHub | None = Field(default=None, description="Hub with the firewall of the estate")
    dns_zones: Mapping[str, ZoneId] = Field(
        default_factory=dict,
        description="ARM identifiers of existing private DNS zones, by name of the zone. Havre "
        "creates the others that the warehouse needs.",
    )
    link: bool = Field(
        default=False,
        description="Link the warehouse's network to the given DNS zones, and the hub's network "
        "to the zones that Havre creates. Without it, the responsible party creates these links.",
    )
    workspace_id: WorkspaceId | None = Field(
        default=None,
        description="ARM identifier of an existing Log Analytics workspace. Havre then creates "
        "none, and no private link to it.",
    )
    archive_id: AccountId | None = Field(
        default=None,
        description="ARM identifier of an existing storage account that archives logs, in the "
        "region of the primary site. Havre then creates none there.",
    )

    @model_validator(mode="after")
    def _of_something(self) -> AzureEstate:
        if self.parts():
            return self
        message = "names nothing that exists: set one of `resource_group`, `hub`, `dns_zones`, "
        message += "`workspace_id` and `archive_id`, or leave `estate` out"
        raise ValueError(message)

    def parts(self, subscription: str = "") -> dict[str, str]:
        """What is given, for people, and how resources refer to it.

        Args:
            subscription: ARM identifier of the warehouse's subscription.
        """
        found = {
            f"resource group {self.resource_group}": f"{subscription}/resourceGroups/"
            f"{self.resource_group}"
            if self.resource_group
            else None,
            "hub network": self.hub.network_id if self.hub else None,
            "hub firewall": self.hub.firewall_address if self.hub else None,
            "log workspace": self.workspace_id,
            "log archive": self.archive_id,
            **{f"private DNS zone {name}": zone for name, zone in self.dns_zones.items()},
        }
        return {what: identifier for what, identifier in found.items() if identifier}

    @property
    def database_zone(self) -> str:
        """Name of the given private DNS zone of database servers; empty where there is none."""
        return next((name for name in self.dns_zones if name.endswith(DATABASE_ZONE)), "")

    def recorded(self, subscription: str) -> Estate:
        """What the plan records of it."""
        from havre.facts import Estate

        return Estate(self.answers_for, self.parts(subscription))
