"""Resources that a stranger might plan, and what they mean."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pulumi
from pulumi_azure_native import (
    dbforpostgresql,
    keyvault,
    monitor,
    network,
    resources,
    storage,
)

from havre.evaluate import evaluate
from havre.facts import Facts, Known
from havre.facts.stores import DataStore
from havre.plan import Plan, PlannedResource
from havre.spec.load import load
from havre.stack.program import program, read_settings
from havre_azure.facts import facts
from havre_azure.provider import provider
from tests.clouds import SETTINGS

EXAMPLE = Path(__file__).parents[3] / "examples" / "emc2" / "warehouse.yaml"


SCOPE = "/subscriptions/22222222-2222-4333-8444-555555555555"


YES, NO = Known(value=True), Known(value=False)


def planned(body: Callable[[], Any]) -> Plan:
    """The plan of a stranger's program."""

    def run() -> None:
        body()

    return evaluate(run, project="p", stack="s", provider="azure")


def told(body: Callable[[], Any]) -> Facts:
    return facts(planned(body))


def one(found: Facts, kind: type, name: str = "") -> Any:
    """The only fact of a kind, or that of a name."""
    (item,) = [item for item in found.of(kind) if not name or item.name == name]
    return item


def group(location: str = "France Central") -> resources.ResourceGroup:
    return resources.ResourceGroup("rg", resource_group_name="rg", location=location)


def account(name: str = "store", **differs: Any) -> storage.StorageAccount:
    settings: dict[str, Any] = {
        "account_name": name,
        "resource_group_name": "rg",
        "location": "francecentral",
        "kind": "StorageV2",
        "sku": storage.SkuArgs(name="Standard_LRS"),
    }
    return storage.StorageAccount(name, **(settings | differs))


def account_facts(**differs: Any) -> Any:
    store: DataStore = one(told(lambda: account(**differs)), DataStore)
    return store


def places(item: Any) -> list[tuple[str, str, str | None, bool]]:
    """Copy, region and country of each place, and whether a setting implies it."""
    assert isinstance(item.places, Known)
    return [(p.copy.value, p.region, p.country, bool(p.implied)) for p in item.places.value]


def bare(token: str, inputs: dict[str, Any], **differs: Any) -> PlannedResource:
    """A planned resource as written, without the SDK."""
    urn = f"urn:pulumi:s::p::{token}::thing"
    return PlannedResource(urn, token, "thing", True, inputs, **differs)


def alone(resource: PlannedResource, *others: PlannedResource) -> Any:
    """The first fact of one resource."""
    return facts(Plan("azure", (*others, resource))).about(resource.urn)[0]


def vault(name: str = "kv", **differs: Any) -> keyvault.Vault:
    location = differs.pop("location", "francecentral")
    settings: dict[str, Any] = {
        "sku": keyvault.SkuArgs(family="A", name="standard"),
        "tenant_id": SCOPE.rsplit("/", 1)[-1],
    }
    return keyvault.Vault(
        name,
        vault_name=name,
        resource_group_name="rg",
        location=location,
        properties=keyvault.VaultPropertiesArgs(**(settings | differs)),
    )


def key(name: str, holder: Any = "kv", **properties: Any) -> keyvault.Key:
    return keyvault.Key(
        name,
        key_name=name,
        vault_name=holder,
        resource_group_name="rg",
        properties=keyvault.KeyPropertiesArgs(**({"kty": "RSA"} | properties)),
    )


def endpoint(target: pulumi.Input[str]) -> network.PrivateEndpoint:
    return network.PrivateEndpoint(
        "pe",
        private_endpoint_name="pe",
        resource_group_name="rg",
        location="francecentral",
        private_link_service_connections=[
            network.PrivateLinkServiceConnectionArgs(
                name="blob", group_ids=["blob"], private_link_service_id=target
            )
        ],
        subnet=network.SubnetArgs(id=f"{SCOPE}/x"),
    )


def watch(uri: pulumi.Input[str], *categories: str, group: str | None = None) -> None:
    logs = [monitor.DiagnosticsLogSettingsArgs(category=c, enabled=True) for c in categories]
    if group:
        logs.append(monitor.DiagnosticsLogSettingsArgs(category_group=group, enabled=True))
    monitor.DiagnosticSetting(
        "watch", name="watch", resource_uri=uri, workspace_id=f"{SCOPE}/w", logs=logs
    )


BLOBS = "/blobServices/default"


def server(**differs: Any) -> dbforpostgresql.Server:
    settings: dict[str, Any] = {
        "server_name": "db",
        "resource_group_name": "rg",
        "location": "westeurope",
        "version": "16",
    }
    return dbforpostgresql.Server("db", **(settings | differs))


@lru_cache(maxsize=1)
def example() -> Plan:
    settings = read_settings(provider, SETTINGS["azure"])
    spec = load(EXAMPLE).warehouse
    return evaluate(program(spec, provider, settings), project="p", stack="s", provider="azure")
