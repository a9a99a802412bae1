"""Names: what Azure accepts of each type, and which are unique in all of Azure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from havre_azure.checks import DATABASES
from havre_azure.conventions import kinds as k
from havre_azure.sandbox.rules.codes import refusal
from havre_azure.sandbox.rules.identifiers import of_name
from havre_sandbox.reading import text, value
from havre_sandbox.refusals import Act, rule
from havre_sandbox.world import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import Existing, World

ACCOUNT = "azure-native:storage:StorageAccount"
VAULT = "azure-native:keyvault:Vault"
SERVER = "azure-native:dbforpostgresql:Server"
REGISTRY = "azure-native:containerregistry:Registry"
DATABASE = "azure-native:dbforpostgresql:Database"
NAMES = {
    ACCOUNT: ("accountName", k.ACCOUNT, "account-name"),
    SERVER: ("serverName", k.SERVER, "parameter-value"),
    VAULT: ("vaultName", k.VAULT, "name"),
    REGISTRY: ("registryName", k.REGISTRY, "name"),
    DATABASE: ("databaseName", k.DATABASE, "name"),
    "azure-native:resources:ResourceGroup": ("resourceGroupName", k.GROUP, "name"),
    "azure-native:network:VirtualNetwork": ("virtualNetworkName", k.NETWORK, "name"),
    "azure-native:network:Subnet": ("subnetName", k.SUBNET, "name"),
    "azure-native:network:NetworkSecurityGroup": ("networkSecurityGroupName", k.RULES, "name"),
    "azure-native:network:RouteTable": ("routeTableName", k.ROUTES, "name"),
    "azure-native:network:PublicIPAddress": ("publicIpAddressName", k.ADDRESS, "name"),
    "azure-native:keyvault:Key": ("keyName", k.KEY, "name"),
    "azure-native:managedidentity:UserAssignedIdentity": ("resourceName", k.IDENTITY, "name"),
    "azure-native:operationalinsights:Workspace": ("workspaceName", k.WORKSPACE, "name"),
    "azure-native:containerservice:ManagedCluster": ("resourceName", k.CLUSTER, "name"),
    "azure-native:dataprotection:BackupVault": ("vaultName", k.BACKUP, "name"),
}
"""The property that names a resource, what Azure accepts there, and the fault, by type."""
UNIQUE = {
    ACCOUNT: "account-elsewhere",
    VAULT: "vault-taken",
    SERVER: "name-taken",
    REGISTRY: "name-taken",
}
"""Types whose names are unique in all of Azure, and the fault."""
GRANT_NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
MOST_TAGS = 50
ACCOUNT_TAGS = 15
"""Of a storage account (docstring of the SDK); other types have 50 (Azure documentation, tags)."""


@rule(*NAMES, acts=(Act.CREATE,), beforehand=True)
def accepted(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A name has its type's length and characters."""
    path, kind, fault = NAMES[proposed.token]
    name = text(proposed.properties, path)
    if name and not kind.accepts(name):
        yield refusal(fault, f"The name `{name}` is not accepted. Use {kind.rule}.", path)


@rule(*UNIQUE, acts=(Act.CREATE,))
def unique(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """No two resources of some types have one name, wherever they are."""
    path = NAMES[proposed.token][0]
    name = text(proposed.properties, path)
    others = of_name(world, proposed.token, path, name)
    if any(other.id.casefold() != proposed.id.casefold() for other in others):
        message = f"The name `{name}` is taken in another resource group. Choose another name."
        yield refusal(UNIQUE[proposed.token], message, path)


@rule(VAULT, acts=(Act.CREATE,))
def not_deleted(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A deleted vault keeps its name for the days of its recovery window."""
    name = text(proposed.properties, "vaultName").casefold()
    for other in world.resources:
        kept = other.token == VAULT and other.status is Status.DELETED and other.until
        if kept and kept >= world.today and _called(other, name):
            message = (
                f"A deleted vault keeps the name `{name}` until {kept}. Recover the vault, or "
                "choose another name."
            )
            yield refusal("vault-deleted", message, "vaultName")


def _called(vault: Existing, name: str) -> bool:
    return str(vault.properties.get("vaultName", "")).casefold() == name


@rule(DATABASE, acts=(Act.CREATE,), beforehand=True)
def not_reserved(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Azure keeps some databases of each server for itself."""
    name = text(proposed.properties, "databaseName")
    if name in DATABASES:
        message = f"Azure uses the database `{name}` itself. Choose another name."
        yield refusal("name", message, "databaseName")


@rule(beforehand=True)
def tagged(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A resource has so many tags at most."""
    tags = value(proposed.properties, "tags")
    most = ACCOUNT_TAGS if proposed.token == ACCOUNT else MOST_TAGS
    if isinstance(tags, dict) and len(tags) > most:
        message = f"{len(tags)} tags are set, and {most} are allowed. Remove some."
        yield refusal("tags", message, "tags")


RULES = (accepted, unique, not_deleted, not_reserved, tagged)
