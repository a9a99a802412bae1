"""What Azure's sandbox refuses: a table of faults, planted in a good plan; and no good plan."""

import datetime as dt
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from havre.spec import Warehouse
from havre_azure.capabilities import DATA
from havre_azure.provider import provider
from havre_azure.sandbox import rules
from havre_azure.sandbox.rules import kept_until
from havre_azure.sandbox.rules.codes import CODES
from havre_azure.sandbox.service import service
from havre_conformance.specs import SPECS, warehouse
from havre_sandbox import Act, Existing, Proposed, World
from havre_sandbox.world import deleted
from tests.clouds import SETTINGS
from tests.sandbox.clouds import example
from tests.sandbox.standing import (
    TODAY,
    Fault,
    Standing,
    Table,
    judged,
    planted,
    standing,
    unbroken,
)

provider.parts()  # the SDK loads class by class, as it does for a warehouse
GIVEN = SETTINGS["azure"]
GROUP = f"/subscriptions/{GIVEN['subscription_id']}/resourceGroups/emc2-production"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/emc2-production-network"
STEMS = ("emc2-production-", "emc2-production")
WORDS = {
    "{subnets}": f"{NETWORK}/subnets",
    "{group}": GROUP,
    "{nobody}": "99999999-2222-4333-8444-555555555555",
    "{long}": "n" * 513,
}
FAULTS = Table("azure.toml", "azure-native:", STEMS, WORDS).faults()
VAULT = "azure-native:keyvault:Vault"


def stands(spec: Warehouse) -> Standing:
    known = service(GIVEN["subscription_id"], GIVEN["tenant_id"])
    return standing(provider, {known.package: known}, spec, dict(GIVEN))


@pytest.fixture(scope="module")
def good() -> Standing:
    return stands(example("emc2"))


def test_there_are_enough_faults() -> None:
    assert len(FAULTS) >= 70


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.named)
def test_a_planted_fault_is_refused(good: Standing, fault: Fault) -> None:
    found = planted(good, fault, STEMS)
    assert fault.code in {each.code for each in found}
    assert any(each.code == fault.code and fault.says in each.message for each in found)


def test_the_example_is_not_refused(good: Standing) -> None:
    assert len(good.steps) > 200
    assert good.refused == {}


@pytest.mark.parametrize("name", ["hospital", *SPECS])
def test_a_good_plan_is_not_refused(name: str) -> None:
    made = SPECS.get(name)
    found = stands(warehouse(made(provider.sites)) if made else example(name))
    assert len(found.steps) > 50
    assert found.refused == {}


def test_nothing_that_stands_is_refused_when_it_is_written_again(good: Standing) -> None:
    known = good.services["azure-native"]
    again = [replace(step, act=Act.UPDATE, old=step.properties) for step in good.steps]
    refused = {each.name: judged(known, each, good.world) for each in again}
    assert {name: found for name, found in refused.items() if found} == {}


def test_every_rule_is_broken_by_a_fault(good: Standing) -> None:
    """A rule that no line of the table breaks may never refuse anything."""
    never = unbroken(good, FAULTS, STEMS)
    assert never == {"names.not_deleted"}  # see the test of deleted vaults


def vault(today: dt.date, until: dt.date | None) -> World:
    made = Existing(
        f"{GROUP}/providers/Microsoft.KeyVault/vaults/emc2", VAULT, "vault", {"vaultName": "emc2"}
    )
    return World((deleted(made, until) if until else made,), today)


@pytest.mark.parametrize(
    ("days_after", "codes"), [(0, ["ConflictError"]), (90, ["ConflictError"]), (91, [])]
)
def test_a_deleted_vault_keeps_its_name_for_its_days(days_after: int, codes: list[str]) -> None:
    known = service(GIVEN["subscription_id"], GIVEN["tenant_id"])
    inputs = {
        "vaultName": "EMC2",
        "resourceGroupName": "other",
        "properties": {"sku": {"name": "premium", "family": "A"}, "tenantId": GIVEN["tenant_id"]},
        "location": "francecentral",
    }
    guarded = {"properties": {"enablePurgeProtection": True, "softDeleteRetentionInDays": 90}}
    until = kept_until(Existing("id", VAULT, "vault", guarded), TODAY)
    assert until == TODAY + dt.timedelta(days=90)
    world = vault(TODAY + dt.timedelta(days=days_after), until)
    proposed = Proposed(
        VAULT, "again", inputs, id=f"{GROUP}x/providers/Microsoft.KeyVault/vaults/x"
    )
    assert [each.code for each in judged(known, proposed, world)] == codes


@pytest.mark.parametrize("properties", [{}, {"properties": {"enablePurgeProtection": False}}])
def test_a_name_that_nothing_protects_is_free_at_once(properties: dict[str, object]) -> None:
    assert kept_until(Existing("id", VAULT, "vault", properties), TODAY) is None


def test_every_answer_has_a_source() -> None:
    told = tomllib.loads((DATA / "refusals.toml").read_text())["faults"]
    assert len(told) > 50
    for name, row in told.items():
        named = "no source names the code" in row["source"]
        assert named is ("code" not in row), name


def test_no_fault_of_the_data_is_unused() -> None:
    text = "".join(path.read_text() for path in Path(rules.__file__).parent.glob("*.py"))
    assert {name for name in CODES.answers if f'"{name}"' not in text} == set()
