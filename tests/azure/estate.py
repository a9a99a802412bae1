"""An estate that exists, as the settings of a stack name it."""

from typing import Any

HUB = "/subscriptions/99999999-2222-4333-8444-555555555555/resourceGroups/rg-hub/providers/"
WHO = "Network team, network@hospital.example"
ZONES = (
    "privatelink.blob.core.windows.net",
    "privatelink.vaultcore.azure.net",
    "privatelink.azurecr.io",
    "privatelink.monitor.azure.com",
    "privatelink.oms.opinsights.azure.com",
    "privatelink.ods.opinsights.azure.com",
    "privatelink.agentsvc.azure-automation.net",
    "hospital.private.postgres.database.azure.com",
)
WORKSPACE = f"{HUB}Microsoft.OperationalInsights/workspaces/Hub-Logs"
ARCHIVE = f"{HUB}Microsoft.Storage/storageAccounts/hubarchive"
NETWORK = f"{HUB}Microsoft.Network/virtualNetworks/hub"
FIREWALL = "10.200.0.4"
PARTS: dict[str, Any] = {
    "resource_group": "rg-data",
    "hub": {"network_id": NETWORK, "firewall_address": FIREWALL},
    "dns_zones": {name: f"{HUB}Microsoft.Network/privateDnsZones/{name}" for name in ZONES},
    "workspace_id": WORKSPACE,
    "archive_id": ARCHIVE,
}


def estate(*names: str, **more: Any) -> dict[str, Any]:
    """The setting with some parts; all of them where none is named."""
    return {"answers_for": WHO, **{name: PARTS[name] for name in names or PARTS}, **more}
