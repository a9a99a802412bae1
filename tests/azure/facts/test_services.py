"""The other services."""

from pulumi_azure_native import (
    compute,
    containerregistry,
    containerservice,
    operationalinsights,
)

from havre.facts import Known, Unknown
from havre.facts.model import Compute, Key
from havre.facts.stores import DataStore, Volume
from tests.azure.facts.resources import NO, YES, key, one, places, told


def test_a_cluster_that_says_nothing_is_public() -> None:
    def body() -> None:
        containerservice.ManagedCluster(
            "aks",
            resource_name_="aks",
            resource_group_name="rg",
            location="eastus",
            agent_pool_profiles=[
                containerservice.ManagedClusterAgentPoolProfileArgs(
                    name="n", enable_node_public_ip=True, availability_zones=["1"]
                )
            ],
        )

    found = one(told(body), Compute)
    assert (found.public_api, found.local_accounts, found.secrets_key) == (YES, YES, Known(None))
    assert (found.private_nodes, found.multi_zone, found.allowed) == (NO, NO, Known(()))
    assert found.engine == Unknown("kubernetesVersion")
    assert places(found) == [("compute", "eastus", "US", False)]


def test_a_registry_that_says_nothing_exports_and_is_public() -> None:
    def body() -> None:
        made = containerregistry.Registry(
            "acr",
            registry_name="acr",
            resource_group_name="rg",
            location="francecentral",
            sku=containerregistry.SkuArgs(name="Premium"),
            anonymous_pull_enabled=True,
            admin_user_enabled=True,
        )
        containerregistry.Replication(
            "copy", registry_name=made.name, resource_group_name="rg", location="eastus"
        )

    found = one(told(body), DataStore)
    assert (found.public_read, found.shared_keys, found.cross_tenant) == (YES, YES, YES)
    assert places(found)[1] == ("replica", "eastus", "US", False)


def test_logs_are_kept_as_long_as_the_shortest_table() -> None:
    def body() -> None:
        made = operationalinsights.Workspace(
            "logs",
            workspace_name="logs",
            resource_group_name="rg",
            location="francecentral",
            retention_in_days=365,
        )
        operationalinsights.Table(
            "table",
            table_name="t",
            workspace_name=made.name,
            resource_group_name="rg",
            total_retention_in_days=90,
        )

    found = one(told(body), DataStore)
    assert (found.retention_days, found.public_endpoint, found.shared_keys) == (Known(90), YES, YES)


def test_a_disks_key_is_that_of_its_set() -> None:
    def body() -> None:
        made = key("k1")
        group_ = compute.DiskEncryptionSet(
            "set",
            disk_encryption_set_name="set",
            resource_group_name="rg",
            location="francecentral",
            active_key=compute.KeyForDiskEncryptionSetArgs(key_url=made.key_uri_with_version),
        )
        compute.Disk(
            "disk",
            disk_name="disk",
            resource_group_name="rg",
            location="francecentral",
            creation_data=compute.CreationDataArgs(create_option="Empty"),
            encryption=compute.EncryptionArgs(disk_encryption_set_id=group_.id),
        )

    found = told(body)
    disk = one(found, DataStore)
    assert (type(disk), disk.key) == (Volume, Known(one(found, Key).urn))
    assert disk.public_endpoint == YES
