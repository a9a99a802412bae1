"""What is absent is what Azure does then."""

from typing import Any

import pytest

from havre.facts import Known, Unknown
from havre.facts.stores import ObjectStore
from havre.plan.values import UNKNOWN, Secret
from tests.azure.facts.resources import NO, YES, alone, bare


def test_an_account_that_says_nothing_has_azures_defaults() -> None:
    store = alone(bare("azure-native:storage:StorageAccount", {"location": "francecentral"}))
    assert (type(store), store.encrypted, store.key) == (ObjectStore, YES, Known(None))
    assert store.tls_minimum == Known("1.0")
    assert (store.shared_keys, store.public_endpoint, store.private_endpoint) == (YES, YES, NO)
    assert store.cross_tenant == YES  # copies from any tenant
    assert (store.public_read, store.versions, store.locked_days) == (NO, NO, Known(0))
    assert (store.expire_days, store.backup_days) == (Known(None), Known(None))
    assert (store.recoverable_days, store.version_days) == (Known(0), Known(0))
    assert (store.reads_logged, store.administration_logged, store.guarded) == (NO, NO, NO)
    assert store.tags == Known({})


ENTRA = {"allowSharedKeyAccess": False}


@pytest.mark.parametrize(
    ("inputs", "fact", "value"),
    [
        ({"enableHttpsTrafficOnly": False, "minimumTlsVersion": "TLS1_2"}, "tls_minimum", None),
        ({"minimumTlsVersion": "TLS1_0"}, "tls_minimum", "1.0"),
        ({"minimumTlsVersion": "TLS1_2"}, "tls_minimum", "1.2"),
        ({"allowBlobPublicAccess": True}, "public_read", True),
        ({"allowSharedKeyAccess": False}, "shared_keys", False),
        ({"allowSharedKeyAccess": False, "isSftpEnabled": True}, "shared_keys", True),
        ({**ENTRA, "isLocalUserEnabled": True}, "shared_keys", True),
        ({**ENTRA, "isLocalUserEnabled": "TRUE"}, "shared_keys", True),
        ({**ENTRA, "isLocalUserEnabled": True, "isSftpEnabled": UNKNOWN}, "shared_keys", True),
        ({**ENTRA, "isLocalUserEnabled": False, "isSftpEnabled": True}, "shared_keys", False),
        ({**ENTRA, "isLocalUserEnabled": False}, "shared_keys", False),
        ({**ENTRA, "isLocalUserEnabled": None}, "shared_keys", False),
        ({"allowedCopyScope": "AAD"}, "cross_tenant", False),
        ({"allowedCopyScope": "AAD", "allowCrossTenantReplication": True}, "cross_tenant", True),
        ({"publicNetworkAccess": "Disabled"}, "public_endpoint", False),
        ({"publicNetworkAccess": "Disabled"}, "private_endpoint", False),
        ({"sku": {"name": "Standard_ZRS"}}, "multi_zone", True),
        ({"sku": {"name": "Standard_GRS"}}, "multi_zone", False),
        ({"publicNetworkAccess": Secret("Disabled")}, "public_endpoint", False),
    ],
)
def test_a_property_of_an_account(inputs: dict[str, Any], fact: str, value: object) -> None:
    resource = bare("azure-native:storage:StorageAccount", {"location": "francecentral", **inputs})
    assert getattr(alone(resource), fact) == Known(value)


@pytest.mark.parametrize(
    ("fact", "path"),
    [
        ("tls_minimum", "minimumTlsVersion"),
        ("tls_minimum", "enableHttpsTrafficOnly"),
        ("public_read", "allowBlobPublicAccess"),
        ("shared_keys", "isSftpEnabled"),
        ("shared_keys", "isLocalUserEnabled"),
        ("cross_tenant", "allowCrossTenantReplication"),
        ("public_endpoint", "publicNetworkAccess"),
        ("key", "encryption.keySource"),
        ("places", "sku.name"),
        ("places", "location"),
        ("multi_zone", "sku.name"),
        ("tags", "tags"),
    ],
)
def test_what_is_not_decided_names_its_property(fact: str, path: str) -> None:
    inputs: dict[str, Any] = {
        "location": "francecentral",
        "sku": {"name": "Standard_LRS"},
        "allowSharedKeyAccess": False,
        "allowedCopyScope": "AAD",
        "encryption": {"keySource": "Microsoft.Storage"},
    }
    whole = bare("azure-native:storage:StorageAccount", inputs)
    assert isinstance(getattr(alone(whole), fact), Known)
    *outer, last = path.split(".")
    holder = inputs.setdefault(outer[0], {}) if outer else inputs
    holder[last] = UNKNOWN
    assert getattr(alone(whole), fact) == Unknown(path)
