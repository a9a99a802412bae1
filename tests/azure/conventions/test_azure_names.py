"""Names that an organisation gives: all by a pattern, or single ones, and none left behind."""

import re
import uuid
from typing import Any, cast

import pytest

from havre.errors import InputError
from havre.plan import Plan
from havre.provider.context import Part, context
from havre.spec import Warehouse
from havre.stack.program import read_settings
from havre_azure.conventions import kinds as k
from havre_azure.conventions.table import UNIQUE, entries
from havre_azure.names import Deployment
from havre_azure.provider import provider
from tests.azure.stack import GIVEN, asked, at, example, leaves, of, one, plan_of

CAF = "{type}-hdh-{warehouse}-{environment}-{part}-{region}"
SPECS = {
    "emc2": lambda: example("emc2"),
    "hospital": lambda: example("hospital"),
    "large": asked,
    "keys of Azure": lambda: asked(("encryption.keys", "provider"), ("cluster", None)),
    "alone": lambda: asked(("network.recovery_address_space", None), ("registry", None)),
}


def deployment(spec: Warehouse, **settings: Any) -> Deployment:
    made = read_settings(provider, {**GIVEN, **settings})
    return Deployment(cast("Any", Part(context(provider, spec, made), "", cast("Any", None))))


def named(plan: Plan) -> dict[str, set[str]]:
    """Texts among the inputs of each resource, by its logical name."""
    found: dict[str, set[str]] = {}
    for resource in plan.resources:
        texts = {each for each in resource.inputs.values() if isinstance(each, str)}
        found.setdefault(resource.name, set()).update(texts)
    return found


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("pattern", [None, CAF])
def test_the_table_of_names_is_what_is_planned(spec: str, pattern: str | None) -> None:
    given = {"name_pattern": pattern} if pattern else {}
    names, found = (
        deployment(SPECS[spec](), **given).table,
        named(plan_of(SPECS[spec](), **given)),
    )
    wrong = {label for label, it in names.items() if it.name not in found.get(label, set())}
    assert wrong <= {f"{deployment(SPECS[spec]()).stem}-cluster-nodes"}  # no resource of the plan


def other(kind: Any, number: int) -> str:
    """A name that the kind accepts and nothing else has."""
    if kind is k.DATABASE_NAMES:
        return "warehouse.postgres.database.azure.com"
    return f"estate{number}"


@pytest.mark.parametrize("spec", SPECS)
def test_nothing_still_refers_to_a_former_name(spec: str) -> None:
    usual = deployment(SPECS[spec]()).table
    names = {
        label: other(it.kind, number) for number, (label, it) in enumerate(sorted(usual.items()))
    }
    plan = plan_of(SPECS[spec](), names=names)
    former = {it.name for it in usual.values()} - {"database", "registry", "disks", "secrets"}
    inputs = [text for r in plan.resources for text in leaves(dict(r.inputs))]
    paths = [
        part
        for text in inputs
        if isinstance(text, str) and text.startswith(("/subscriptions/", "https://"))
        for part in re.split(r"[/.]", text)
    ]
    assert not former & set(paths)
    addresses = [text for text in inputs if isinstance(text, str) and ".net/keys/" in text]
    assert {re.split("/keys/", text)[1].split("/")[0] for text in addresses} <= {*names.values()}
    assert addresses or not deployment(SPECS[spec]()).own_keys
    plain = {
        value
        for r in plan.resources
        for key, value in r.inputs.items()
        if key.endswith("Name") and isinstance(value, str) and not r.type.endswith("Peering")
    }
    assert not {n for n in former & plain if n != "database"}


def test_the_logical_names_stay_whatever_azure_calls_them(emc2: Plan) -> None:
    patterned = plan_of(example("emc2"), name_pattern=CAF)
    given = plan_of(example("emc2"), names={"emc2-production": "rg-hospital"})
    for plan in (patterned, given):
        assert [r.urn for r in plan.resources] == [r.urn for r in emc2.resources]


def test_a_pattern_names_by_abbreviation_part_and_region() -> None:
    plan = plan_of(example("emc2"), name_pattern=CAF)
    assert one(plan, "resources:ResourceGroup").inputs["resourceGroupName"] == (
        "rg-hdh-emc2-production-francecentral"
    )
    networks = {r.inputs["virtualNetworkName"] for r in of(plan, "network:VirtualNetwork")}
    assert "vnet-hdh-emc2-production-network-francecentral" in networks
    assert len(networks) == 2
    vaults = [vault.inputs["vaultName"] for vault in of(plan, "keyvault:Vault")]
    assert len(set(vaults)) == len(vaults) > 1
    assert all(re.fullmatch(r"kv-hdh-emc2-pro-[0-9a-f]{8}", vault) for vault in vaults)
    for account in of(plan, "storage:StorageAccount"):
        assert re.fullmatch(r"sthdhemc2prod\w*[0-9a-f]{8}", account.inputs["accountName"])


@pytest.mark.parametrize("spec", SPECS)
def test_names_by_a_pattern_fit_their_types_and_are_each_their_own(spec: str) -> None:
    long = "{type}-a-very-long-organisation-{warehouse}-{environment}-{part}-{region}"
    names = deployment(SPECS[spec](), name_pattern=long)
    for label, it in names.table.items():
        assert it.kind.accepts(it.name), (label, it)
    pairs = [(it.kind.code, it.within, it.name) for it in names.table.values()]
    assert len(set(pairs)) == len(pairs)


def test_unique_names_differ_from_subscription_to_subscription() -> None:
    mine = deployment(example("emc2"), name_pattern=CAF)
    theirs = deployment(example("emc2"), name_pattern=CAF, subscription_id=str(uuid.uuid4()))
    unique = [entry.label for entry in entries(mine) if entry.kind in UNIQUE]
    assert len(unique) > 8
    assert not [label for label in unique if mine.name(label) == theirs.name(label)]


def refused(**settings: Any) -> str:
    with pytest.raises(InputError) as refusal:
        plan_of(example("emc2"), **settings)
    return f"{refusal.value.message} {refusal.value.remedy}"


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("emc2-production-vault", "kv--hospital"),
        ("emc2-production-vault", "kv-of-a-hospital-that-is-too-long"),
        ("emc2-production-vault", "1kv"),
        ("emc2-production-zone-curated", "st-curated"),
        ("emc2-production-zone-curated", "StCurated"),
        ("emc2-production-zone-curated-container", "a--b"),
        ("emc2-production-registry", "cr-hospital"),
        ("emc2-production-database", "Psql"),
        ("emc2-production", "rg."),
        ("emc2-production-network", "vnet/1"),
        ("emc2-production-network-private.postgres.database.azure.com", "postgres.internal"),
    ],
)
def test_a_name_that_azure_would_refuse_is_refused(label: str, name: str) -> None:
    told = refused(names={label: name})
    assert f"`{name}` for `{label}` must be" in told
    assert "settings.names" in told


def test_an_unknown_logical_name_is_refused_with_the_nearest_one() -> None:
    told = refused(names={"emc2-production-valt": "kv-hospital"})
    assert "did you mean `emc2-production-vault`?" in told
    assert "settings.names" in refused(names={"emc2-production-network-AzureFirewallSubnet": "x"})


def test_two_resources_of_a_type_never_share_a_name() -> None:
    curated, landing = "emc2-production-zone-curated", "emc2-production-zone-landing"
    told = refused(names={curated: "sthospital", landing: "sthospital"})
    assert f"`{landing}` and `{curated}` would both be named `sthospital`" in told


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("{type}-{warehouse}", "{part}"),
        ("{type}-{part}", "{warehouse}"),
        ("{typ}-{warehouse}-{part}", "no placeholders except"),
        ("{warehouse!r}-{part}", "no placeholders except"),
        ("{warehouse:>9}-{part}", "no placeholders except"),
        ("{}-{warehouse}-{part}", "no placeholders except"),
        ("{warehouse}-{part", "whole placeholders"),
        ("{warehouse} {part}", "only letters, digits"),
        ("{warehouse}/{part}", "only letters, digits"),
        ("{warehouse.__class__}-{part}", "no placeholders except"),
        ("x" * 80 + "{warehouse}-{part}", "at most 80"),
    ],
)
def test_a_pattern_that_cannot_name_is_refused(pattern: str, said: str) -> None:
    assert said in refused(name_pattern=pattern)


def test_a_pattern_whose_names_a_type_refuses_is_refused() -> None:
    assert "settings.name_pattern" in refused(name_pattern="1{type}-{warehouse}-{part}")


def test_references_follow_a_given_name() -> None:
    given = {
        "emc2-production": "rg-hospital",
        "emc2-production-vault": "kv-hospital-prod",
        "emc2-production-zone-curated": "sthospitalcurated",
        "emc2-production-zone-curated-key": "curated-data",
        "emc2-production-network": "vnet-hospital",
        "emc2-production-network-database": "snet-data",
    }
    plan = plan_of(example("emc2"), names=given)
    account = one(plan, "storage:StorageAccount", "zone-curated").inputs
    assert account["accountName"] == "sthospitalcurated"
    assert account["resourceGroupName"] == "rg-hospital"
    held = at(account, "encryption.keyVaultProperties")
    assert held["keyVaultUri"] == "https://kv-hospital-prod.vault.azure.net"
    assert held["keyName"] == "curated-data"
    server = one(plan, "dbforpostgresql:Server").inputs
    assert at(server, "network.delegatedSubnetResourceId").endswith(
        "/resourceGroups/rg-hospital/providers/Microsoft.Network/virtualNetworks/vnet-hospital"
        "/subnets/snet-data"
    )
