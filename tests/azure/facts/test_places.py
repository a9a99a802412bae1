"""Where things and their copies lie."""

from typing import Any

import pytest
from pulumi_azure_native import (
    operationalinsights,
    recoveryservices,
    storage,
)

from havre.facts import Unknown
from havre.facts.stores import DataStore
from havre_azure.sites import PLACES, REGIONS
from tests.azure.facts.resources import account, account_facts, group, one, places, told, vault


@pytest.mark.parametrize(
    ("location", "sku", "expected"),
    [
        ("France Central", "Standard_LRS", [("primary", "francecentral", "FR", False)]),
        (
            "francecentral",
            "Standard_GZRS",
            [("primary", "francecentral", "FR", False), ("replica", "francesouth", "FR", True)],
        ),
        (
            "westeurope",
            "Standard_RAGRS",
            [("primary", "westeurope", "NL", False), ("replica", "northeurope", "IE", True)],
        ),
        (
            "brazilsouth",
            "Standard_GRS",
            [("primary", "brazilsouth", "BR", False), ("replica", "southcentralus", "US", True)],
        ),
        (
            "polandcentral",
            "Standard_GRS",
            [("primary", "polandcentral", "PL", False), ("replica", "", None, True)],
        ),
        ("uksouth", "Premium_LRS", [("primary", "uksouth", "GB", False)]),
        ("Atlantis North", "Standard_LRS", [("primary", "atlantisnorth", None, False)]),
    ],
)
def test_where_an_account_and_its_copies_lie(location: str, sku: str, expected: object) -> None:
    found = account_facts(location=location, sku=storage.SkuArgs(name=sku))
    assert places(found) == expected


def test_every_pair_is_a_region_and_every_site_has_one_of_its_own() -> None:
    assert {region.pair for region in REGIONS.values()} <= {None, *REGIONS}
    assert [place.site for place in PLACES.values()] == list(PLACES)
    assert len({place.name for place in PLACES.values()}) == len(PLACES) == 13


def test_a_resource_without_a_location_lies_where_its_group_does() -> None:
    def body() -> None:
        account(location=None, resource_group_name=group("West Europe").name)

    assert places(one(told(body), DataStore)) == [("primary", "westeurope", "NL", False)]


def test_a_group_that_is_elsewhere_leaves_the_place_open() -> None:
    assert account_facts(location=None).places == Unknown("location")


def test_a_global_service_lies_in_no_country() -> None:
    def body() -> None:
        operationalinsights.Workspace(
            "logs", workspace_name="logs", resource_group_name="rg", location="global"
        )

    assert places(one(told(body), DataStore)) == [("log", "global", None, False)]


def test_a_vaults_content_is_copied_to_the_pair() -> None:
    def body(location: str) -> None:
        vault(location=location)

    found = one(told(lambda: body("westeurope")), DataStore)
    assert places(found)[1] == ("key", "northeurope", "IE", True)
    assert len(places(one(told(lambda: body("polandcentral")), DataStore))) == 1


def test_a_recovery_vault_is_geo_redundant_by_default() -> None:
    def body(**settings: Any) -> None:
        recoveryservices.Vault(
            "backups",
            vault_name="backups",
            resource_group_name="rg",
            location="westeurope",
            properties=recoveryservices.VaultPropertiesArgs(**settings),
        )

    assert places(one(told(body), DataStore))[1] == ("backup", "northeurope", "IE", True)
    local = recoveryservices.VaultPropertiesRedundancySettingsArgs(
        standard_tier_storage_redundancy="LocallyRedundant"
    )
    assert len(places(one(told(lambda: body(redundancy_settings=local)), DataStore))) == 1
