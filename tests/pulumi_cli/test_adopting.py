"""What a team made is imported under a warehouse's names: the real CLI replaces nothing."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from havre.cli import main
from tests.changes.matrix import table
from tests.clouds import ECHOED
from tests.pulumi_cli.stack import PLUGINS, Stack, configure, pytestmark
from tests.warehouse.conftest import EXAMPLES

__all__ = ["pytestmark"]

AZURE = """
import pulumi
from pulumi_azure_native import dbforpostgresql, keyvault, resources, storage

where = {"location": "francecentral"}
group = resources.ResourceGroup("ours", resource_group_name="rg-hospital", **where)
place = {"resource_group_name": "rg-hospital", **where}
for zone in ("curated", "landing"):
    account = storage.StorageAccount(
        f"data-{zone}", account_name=f"sthospital{zone}", kind="StorageV2",
        sku=storage.SkuArgs(name="Standard_LRS"), tags={"zone": zone, "team": "data"}, **place)
    storage.BlobContainer(
        f"blobs-{zone}", account_name=f"sthospital{zone}", container_name="data",
        resource_group_name="rg-hospital", opts=pulumi.ResourceOptions(parent=account))
keyvault.Vault(
    "keys", vault_name="kv-hospital", tags={"team": "data"}, **place,
    properties=keyvault.VaultPropertiesArgs(
        tenant_id="11111111-2222-4333-8444-555555555555",
        sku=keyvault.SkuArgs(family="A", name="standard")))
dbforpostgresql.Server(
    "data", server_name="psql-hospital", version="16", tags={"team": "data"}, **place)
storage.StorageAccount("site", account_name="stwebsite", kind="StorageV2",
    sku=storage.SkuArgs(name="Standard_LRS"), resource_group_name="rg-hospital",
    location="northeurope")
"""
OVH = """
from pulumi_ovh import cloudproject

project = "0123456789abcdef0123456789abcdef"
for zone in ("curated", "landing"):
    cloudproject.Storage(
        f"data-{zone}", service_name=project, region_name="EU-WEST-PAR", name=f"hospital-{zone}",
        tags={"zone": zone, "team": "data"},
        **({"object_lock": cloudproject.StorageObjectLockArgs(status="enabled")}
           if zone == "curated" else {}))
"""
PROGRAMS = {"azure": AZURE, "ovh": OVH}
GIVEN: Mapping[str, dict[str, str]] = {"azure": {"emc2-production-vault": "kv-hospital"}, "ovh": {}}
"""What a person decides: three vaults of the plan could be the one that exists."""
TAKEN = {
    "azure": {
        "emc2-production",
        "emc2-production-database",
        "emc2-production-vault",
        *(f"emc2-production-zone-{zone}" for zone in ("curated", "landing")),
        *(f"emc2-production-zone-{zone}-container" for zone in ("curated", "landing")),
    },
    "ovh": {"emc2-zones-curated", "emc2-zones-landing"},
}


def team(stack: Stack, provider: str) -> Path:
    """A stack of a team's own, up; its exported state."""
    folder = stack.folder.parent / "team"
    folder.mkdir()
    package = PLUGINS[provider]
    (folder / "Pulumi.yaml").write_text(
        "name: estate\nruntime:\n  name: python\n  options:\n"
        f"    virtualenv: {sys.prefix}\n"
        f"plugins:\n  providers:\n    - name: {package}\n      path: {stack.folder / 'plugin'}\n"
    )
    (folder / "__main__.py").write_text(PROGRAMS[provider])
    other = Stack(folder, stack.environment)
    other.run("stack", "init", "team")
    other.run("up", "--yes", "--skip-preview")
    state = folder / "state.json"
    state.write_text(other.run("stack", "export").stdout)
    return state


def told(stack: Stack, provider: str, state: Path | None = None) -> None:
    """Tell the plugin what replaces, and what an import finds."""
    rows = {kind: row.replaced for kind, row in table(provider).items()}
    there: dict[str, Any] = {}
    if state is not None:
        for each in json.loads(state.read_text())["deployment"]["resources"]:
            inputs = each.get("inputs", {})
            there[each.get("id", "")] = inputs
            if provider == "ovh":
                place = [inputs.get(k, "") for k in ("serviceName", "regionName", "name")]
                there["/".join(place)] = inputs
    document = {"replaced": rows, "gone": [], "there": there}
    (stack.folder / "plugin" / "table.json").write_text(json.dumps(document))


@pytest.mark.parametrize("provider", ["azure", "ovh"])
def test_what_exists_is_imported_and_nothing_is_replaced(
    stack: Stack, provider: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(stack, provider)
    told(stack, provider)
    state = team(stack, provider)
    told(stack, provider, state)
    file, out = str(EXAMPLES / "emc2" / "warehouse.yaml"), stack.folder / "adoption"
    config = stack.folder / "Pulumi.local.yaml"
    document = json.loads(config.read_text())
    settings = {**ECHOED[provider], "names": GIVEN[provider]}
    document["config"]["warehouse:settings"] = settings
    config.write_text(json.dumps(document))
    words = ("--state", str(state), "--out", str(out), "--stack-config", str(config), "--json")
    main(["adopt", file, "-p", provider, *words])
    found = json.loads(capsys.readouterr().out)
    assert {each["name"] for each in found["matches"]} == TAKEN[provider]
    assert not [c for c in found["changes"] if c["doing"] in ("replaced", "refused")]

    document["config"]["warehouse:settings"] = {
        **settings,
        **json.loads((out / "settings.json").read_text()),
    }
    config.write_text(json.dumps(document))
    generate = ("--generate-code=false", "--skip-preview", "--yes")
    stack.run("import", "--file", str(out / "import.json"), *generate)
    steps = json.loads(stack.run("preview", "--json", "--show-sames").stdout)["steps"]
    taken = {s["urn"].rpartition("::")[2]: s["op"] for s in steps if s["op"] in ("same", "update")}
    assert TAKEN[provider] <= taken.keys()
    assert not [s["urn"] for s in steps if "replace" in s["op"] or "delete" in s["op"]]
    foretold = {c["name"] for c in found["changes"] if c["doing"] != "new"}
    assert {name for name in TAKEN[provider] if taken[name] == "update"} == (
        foretold & TAKEN[provider]
    )
