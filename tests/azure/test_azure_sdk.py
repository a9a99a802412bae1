"""Classes of the SDK that are made one by one are those that it makes all at once."""

import subprocess
import sys

ASKED = [
    *("StorageAccountArgs", "ManagementPolicyArgs", "BlobContainerArgs", "SkuArgs"),
    *("ManagementPolicyRuleArgs", "SkuName", "HttpProtocol"),
]
SHOW = """
import sys
from pulumi._types import input_type_types, is_input_type
from pulumi_azure_native import storage
for name in sys.argv[1:]:
    found = getattr(storage, name)
    if is_input_type(found):
        print(name, found, {k: str(t) for k, t in input_type_types(found).items()})
    elif isinstance(found, type):
        print(name, found, found.__mro__, [*map(str, found)] if name in {"SkuName"} else "")
"""
DEMAND = """
from havre.sdk import load_on_demand
load_on_demand("pulumi_azure_native", ["storage"])
"""
FEW = """
from pulumi_azure_native import storage
storage.StorageAccount
made = [name for name in vars(storage._inputs) if name.endswith("Args")]
assert 0 < len(made) < 40, made
assert not hasattr(storage._inputs, "NoSuchArgs")
"""
EVERYTHING = """
from pulumi_azure_native import storage
before = storage.SkuArgs
from pulumi_azure_native.storage._inputs import *
assert SkuArgs is before is storage._inputs.SkuArgs
from pulumi_azure_native.storage import encryption_scope
assert hasattr(encryption_scope, "SkuArgs")
"""
NAMES = (
    "from pulumi_azure_native.storage import *\nprint(*sorted(n for n in globals() if n[0] != '_'))"
)


def run(code: str, *words: str) -> list[str]:
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(command, check=True, timeout=120, capture_output=True, text=True)
    return done.stdout.splitlines()


def test_classes_made_on_demand_name_the_same_types() -> None:
    whole = run(SHOW, *ASKED)
    assert len(whole) == len(ASKED)
    assert "ManagementPolicySchemaArgs" in whole[1]
    assert run(DEMAND + FEW + SHOW, *ASKED) == whole


def test_a_type_that_is_one_of_several_is_made_too() -> None:
    show = SHOW.replace("storage", "network")
    demand = DEMAND.replace("storage", "network")
    whole = run(show, "FirewallPolicyRuleCollectionGroupArgs")
    assert "FirewallPolicyNatRuleCollectionArgs" in whole[0]
    assert run(demand + show, "FirewallPolicyRuleCollectionGroupArgs") == whole


def test_whoever_asks_for_everything_gets_it_and_keeps_what_was_made() -> None:
    (every,) = run(NAMES)
    names = [name for name in every.split() if name.endswith("Args")]
    assert len(names) > 60
    assert run(DEMAND + EVERYTHING + SHOW, *names) == run(SHOW, *names)
    (found,) = run(DEMAND + NAMES)
    assert {*found.split()} - {"load_on_demand"} == {*every.split()}
