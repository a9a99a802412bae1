"""Types, their versions, and those that nobody knows."""

import importlib
import inspect
from dataclasses import fields

import pytest

from havre.facts import Facts, Unclassified
from havre.facts.stores import DataStore
from havre.facts.values import DOES_NOT_APPLY, NOT_TOLD
from havre.plan import Plan
from havre_azure.facts import CLASSES, PLAIN, UNTAGGED, facts
from tests.azure.facts.resources import YES, alone, bare, example, places


@pytest.mark.parametrize("version", ["", "/v20240101", "/v20240101preview"])
def test_a_versioned_token_is_the_same_type(version: str) -> None:
    token = f"azure-native:storage{version}:StorageAccount"
    store = alone(
        bare(
            token,
            {"allowBlobPublicAccess": True, "location": "East US", "sku": {"name": "Standard_LRS"}},
        )
    )
    assert store.type == "azure-native:storage:StorageAccount"
    assert store.public_read == YES
    assert places(store) == [("primary", "eastus", "US", False)]


@pytest.mark.parametrize(
    "token",
    ["azure-native:sql:Server", "azure:storage:Account", "aws:storage:StorageAccount", "Vault"],
)
def test_a_type_that_nobody_listed_is_unclassified(token: str) -> None:
    resource = bare(token, {})
    found = facts(Plan("azure", (resource,)))
    assert found == Facts((), (Unclassified(resource.urn, token),))


@pytest.mark.parametrize("what", sorted({*CLASSES, *PLAIN, *UNTAGGED}))
def test_what_is_listed_exists_in_the_sdk_and_is_tagged_as_there(what: str) -> None:
    module, name = what.split(":")
    made = getattr(importlib.import_module(f"pulumi_azure_native.{module}"), name)
    tagged = "tags" in inspect.signature(made._internal_init).parameters
    found = facts(Plan("azure", (bare(f"azure-native:{what}", {}),)))
    assert found.unclassified == ()
    assert any(item.tags != DOES_NOT_APPLY for item in found.items) is tagged


def test_every_fact_of_a_store_is_told() -> None:
    """What facts leave out is unknown for ever: only what Azure does not say may be.

    No control asks which addresses a store lets in where private endpoints are to be had.
    """
    found = facts(example())
    left = {
        (store.type.rsplit(":", 1)[-1], field.name)
        for store in found.of(DataStore)
        for field in fields(store)
        if getattr(store, field.name) is NOT_TOLD and field.name != "allowed"
    }
    assert left == {("Vault", "multi_zone"), ("Workspace", "multi_zone")}
