"""Names and identifiers: pure functions of spec and settings, known before any resource is.

An ARM identifier is made of subscription, resource group, type and name, all of which a stack
decides. Parts that know them beforehand keep the plan's values known; `resources.known` adds
the resources that must exist before a value holds.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from havre_azure.conventions import kinds
from havre_azure.conventions.segments import FIREWALL_SUBNET
from havre_azure.conventions.table import ARCHIVE, DATABASE_NAMES, table
from havre_azure.sites import copies_to_pair

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.provider.context import Part
    from havre.provider.conventions import Nameable
    from havre.spec import Warehouse
    from havre_azure.estate.settings import AzureEstate, AzureHub
    from havre_azure.settings import AzureSettings

BLOB_NAMES = "privatelink.blob.core.windows.net"
VAULT_NAMES = "privatelink.vaultcore.azure.net"
REGISTRY_NAMES = "privatelink.azurecr.io"
MONITOR_NAMES = (
    "privatelink.monitor.azure.com",
    "privatelink.oms.opinsights.azure.com",
    "privatelink.ods.opinsights.azure.com",
    "privatelink.agentsvc.azure-automation.net",
)
DIGEST = 8
"""Digits of the digest that makes a name unique in all of Azure."""


class Role(StrEnum):
    """Built-in roles by identifier: Azure documentation, "Azure built-in roles"."""

    ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
    BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
    BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
    CRYPTO_SERVICE_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
    CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
    IDENTITY_OPERATOR = "f1a07417-d97a-45cb-824c-7a7467783830"
    NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
    POSTGRESQL_BACKUP = "c088a766-074b-43ba-90d4-1fb21feae531"
    READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    STORAGE_BACKUP = "e5e2a7ff-d759-4cd2-bb51-3152d37e2eb1"
    VAULT_CONTRIBUTOR = "f25e0fa2-a7c8-4377-a976-54943a77a395"


@dataclass(frozen=True)
class Deployment:
    """A part of a warehouse in a subscription: names, identifiers and places."""

    part: Part[AzureSettings]

    @property
    def settings(self) -> AzureSettings:
        """What the stack says."""
        return self.part.settings

    @property
    def spec(self) -> Warehouse:
        """What is asked."""
        return self.part.spec

    @property
    def tags(self) -> dict[str, str]:
        """Labels of every resource."""
        return self.part.tags

    @property
    def location(self) -> str:
        """Region of the primary site."""
        return self.part.primary.regions["network"]

    @property
    def recovery_location(self) -> str | None:
        """Region of the recovery site."""
        return self.part.recovery.regions["network"] if self.part.recovery else None

    @property
    def zonal(self) -> bool:
        """Whether the primary site has several availability zones."""
        return self.part.primary.zones > 1

    @property
    def recovery_zonal(self) -> bool:
        """Whether the recovery site has several availability zones."""
        return self.part.recovery is not None and self.part.recovery.zones > 1

    @property
    def estate(self) -> AzureEstate | None:
        """What the stack is given of an estate that exists."""
        return self.settings.estate

    @property
    def hub(self) -> AzureHub | None:
        """The hub that the warehouse's network is joined to."""
        return self.estate.hub if self.estate else None

    @property
    def own_group(self) -> bool:
        """Whether the warehouse has a resource group of its own."""
        return self.estate is None or self.estate.resource_group is None

    @property
    def own_database_zone(self) -> bool:
        """Whether the database server has its name in a zone of the warehouse's own."""
        return self.estate is None or not self.estate.database_zone

    @property
    def own_firewall(self) -> bool:
        """Whether the warehouse has a firewall of its own."""
        return self.firewalled and self.hub is None

    @property
    def own_workspace(self) -> bool:
        """Whether the warehouse has a workspace of logs of its own."""
        return self.estate is None or self.estate.workspace_id is None

    @property
    def own_archive(self) -> bool:
        """Whether the warehouse has an archive of logs of its own at the primary site."""
        return self.estate is None or self.estate.archive_id is None

    @property
    def geo(self) -> bool:
        """Whether geo-redundant copies land at the recovery site."""
        sites = self.spec.sites
        return copies_to_pair(sites.primary, sites.recovery, self.spec.residency.countries)

    @property
    def own_keys(self) -> bool:
        """Whether the warehouse has keys of its own."""
        return self.part.own_keys

    @property
    def firewalled(self) -> bool:
        """Whether anything may leave the network at all."""
        return bool(self.spec.network.egress or self.spec.cluster)

    @property
    def stem(self) -> str:
        """With which the logical names of all resources begin, whatever Azure calls them."""
        return self.part.named()

    @cached_property
    def table(self) -> Mapping[str, Nameable]:
        """Every resource whose name a stack may choose, by its logical name."""
        return table(self)

    def name(self, label: str) -> str:
        """What Azure calls the resource of a logical name.

        Raises:
            KeyError: no stack may choose the name of such a resource.
        """
        return self.table[label].name

    @property
    def networked_away(self) -> bool:
        """Whether the recovery site has a network."""
        return (
            self.recovery_location is not None
            and self.spec.network.recovery_address_space is not None
        )

    @property
    def group(self) -> str:
        """Name of the resource group."""
        given = self.estate.resource_group if self.estate else None
        return given or self.name(self.stem)

    @property
    def subscription(self) -> str:
        """ARM identifier of the subscription."""
        return f"/subscriptions/{self.settings.subscription_id}"

    @property
    def group_id(self) -> str:
        """ARM identifier of the resource group."""
        return f"{self.subscription}/resourceGroups/{self.group}"

    def unique(self, *words: str, limit: int) -> str:
        """A name of lower-case letters and digits, unique in all of Azure."""
        plain = re.sub("[^a-z0-9]", "", self.spec.name + "".join(words))
        return plain[: limit - DIGEST] + self.digest(*words)

    def digest(self, *words: str) -> str:
        """Digits that follow from the subscription, the warehouse and `words`."""
        whole = (self.settings.subscription_id, self.settings.name_salt, self.stem, *words)
        return hashlib.sha256("/".join(whole).encode()).hexdigest()[:DIGEST]

    def id(self, kind: str, *names: str) -> str:
        """ARM identifier of a resource of the group, such as `Microsoft.Network/x`, `name`."""
        return "/".join((self.group_id, "providers", kind, *names))

    def assignment(self, name: str) -> str:
        """Name of a role assignment: a UUID that depends on the warehouse and on `name`."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.group_id}#{name}"))

    def role(self, role: Role) -> str:
        """ARM identifier of a built-in role."""
        return f"{self.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"

    def vault(self, *words: str) -> str:
        """Name of the key vault, or of the recovery site's."""
        return self.name("-".join((self.stem, "vault", *words)))

    def vault_id(self, *words: str) -> str:
        """ARM identifier of the key vault, or of the recovery site's."""
        return self.id("Microsoft.KeyVault/vaults", self.vault(*words))

    def identity_id(self, label: str) -> str:
        """ARM identifier of the user-assigned identity of a logical name."""
        return self.id("Microsoft.ManagedIdentity/userAssignedIdentities", self.name(label))

    def key_identity_id(self, purpose: str) -> str:
        """ARM identifier of the identity that may use the key of `purpose`."""
        return self.identity_id(f"{self.stem}-{purpose}-key-user")

    def key_name(self, purpose: str, *words: str) -> str:
        """Name of the key of `purpose`, in the warehouse's vault or in that of `words`."""
        return self.name("-".join((self.stem, purpose, *words, "key")))

    def key_uri(self, purpose: str, *words: str) -> str:
        """Address of that key, without a version."""
        return f"https://{self.vault(*words)}.vault.azure.net/keys/{self.key_name(purpose, *words)}"

    def account(self, purpose: str) -> str:
        """Name of the storage account of `purpose`."""
        return self.name(f"{self.stem}-{purpose}")

    def container(self, purpose: str) -> str:
        """Name of the container of a zone's `purpose`."""
        return self.name(f"{self.stem}-{purpose}-container")

    def account_id(self, purpose: str) -> str:
        """ARM identifier of the storage account of `purpose`."""
        return self.id("Microsoft.Storage/storageAccounts", self.account(purpose))

    def network_id(self, label: str) -> str:
        """ARM identifier of a site's network, by its logical name."""
        return self.id("Microsoft.Network/virtualNetworks", self.name(label))

    def subnet_name(self, network: str, segment: str) -> str:
        """Name of a segment's subnet; that of a firewall is Azure's own."""
        return segment if segment == FIREWALL_SUBNET else self.name(f"{network}-{segment}")

    def subnet_id(self, segment: str) -> str:
        """ARM identifier of a subnet of the primary site."""
        label = self.part.named("network")
        return f"{self.network_id(label)}/subnets/{self.subnet_name(label, segment)}"

    def address_plan(self, space: str) -> Mapping[str, str]:
        """Addresses that the stack plans for the segments of a site, by its address space."""
        settings = self.settings
        primary = space == self.spec.network.address_space
        return settings.address_plan if primary else settings.recovery_address_plan

    @property
    def archive_id(self) -> str:
        """ARM identifier of the storage account that archives logs."""
        given = self.estate.archive_id if self.estate else None
        return given or self.account_id(ARCHIVE)

    @property
    def workspace_id(self) -> str:
        """ARM identifier of the workspace of logs."""
        given = self.estate.workspace_id if self.estate else None
        kind = "Microsoft.OperationalInsights/workspaces"
        return given or self.id(kind, self.name(f"{self.stem}-logs"))

    def zone_id(self, name: str) -> str:
        """ARM identifier of a private DNS zone."""
        given = self.estate.dns_zones.get(name) if self.estate else None
        return given or self.id("Microsoft.Network/privateDnsZones", name)

    @property
    def server(self) -> str:
        """Name of the database server."""
        return self.name(f"{self.stem}-database")

    @property
    def database_zone(self) -> str:
        """Private DNS zone of the database server."""
        given = self.estate.database_zone if self.estate else ""
        return given or self.name(f"{self.stem}-network-{DATABASE_NAMES}")

    @property
    def database(self) -> str:
        """Name of the warehouse's database on the server."""
        usual = self.spec.name.replace("-", "_")
        found = self.table[f"{self.stem}-database-{usual}"]
        # A warehouse called `key` has a key of the same logical name.
        return found.name if found.kind is kinds.DATABASE else usual


def zone_purpose(zone: str) -> str:
    """Purpose of a zone's key and storage account, apart from those that no spec names."""
    return f"zone-{zone}"
