"""Evaluates a program of many azure-native resources and prints seconds, as JSON."""

import json
import sys
import time

import pulumi
from pulumi_azure_native import network, resources, storage

from havre.evaluate import evaluate


def program(count: int) -> None:
    """A third of each: storage accounts, networks, resource groups."""
    group = resources.ResourceGroup("group", location="francecentral")
    for number in range(count // 3):
        storage.StorageAccount(
            f"account-{number}",
            account_name=f"account{number}",
            resource_group_name=group.name,
            location="francecentral",
            kind="StorageV2",
            sku=storage.SkuArgs(name="Standard_ZRS"),
            minimum_tls_version="TLS1_2",
        )
        network.VirtualNetwork(
            f"network-{number}",
            resource_group_name=group.name,
            location="francecentral",
            address_space=network.AddressSpaceArgs(address_prefixes=["10.0.0.0/16"]),
        )
        resources.ResourceGroup(f"group-{number}", location="francecentral", tags={"n": "1"})
    pulumi.export("group", group.name)


def main() -> None:
    """Evaluate once to load the modules, then `COUNT` resources."""
    count = int(sys.argv[1])
    evaluate(lambda: program(3), project="bench", stack="warm")
    began = time.perf_counter()
    plan = evaluate(lambda: program(count), project="bench", stack="bench")
    took = time.perf_counter() - began
    made = sum(r.custom for r in plan.resources)
    print(json.dumps({"resources": made, "seconds": took, "ms_each": 1000 * took / made}))


if __name__ == "__main__":
    main()
