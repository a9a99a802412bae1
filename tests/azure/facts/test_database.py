"""PostgreSQL."""

from dataclasses import replace

import pulumi
import pytest
from pulumi_azure_native import (
    dbforpostgresql,
    network,
)

from havre.facts import Fact, Known, Reserved, Unknown
from havre.facts.model import Credential
from havre.facts.stores import DatabaseServer, DataStore
from havre.plan.values import UNKNOWN
from tests.azure.facts.resources import (
    NO,
    YES,
    account,
    alone,
    bare,
    one,
    places,
    server,
    told,
    watch,
)


def parameter(made: dbforpostgresql.Server, name: str, value: pulumi.Input[str]) -> None:
    dbforpostgresql.Configuration(
        name, configuration_name=name, server_name=made.name, resource_group_name="rg", value=value
    )


def test_a_server_that_says_nothing_is_public_and_has_a_password() -> None:
    found = told(server)
    store = one(found, DataStore)
    assert (store.engine, type(store)) == (Known("postgresql 16"), DatabaseServer)
    assert (store.public_endpoint, store.private_endpoint) == (YES, NO)
    assert (store.tls_minimum, store.backup_days) == (Known("1.2"), Known(7))
    assert (store.multi_zone, store.reads_logged, store.key) == (NO, NO, Known(None))
    assert one(found, Credential).expires == Known(None)


def test_a_server_in_a_subnet_has_no_public_address() -> None:
    def body() -> None:
        made = network.Subnet(
            "db-net", subnet_name="db", virtual_network_name="net", resource_group_name="rg"
        )
        server(network=dbforpostgresql.NetworkArgs(delegated_subnet_resource_id=made.id))

    store = one(told(body), DataStore)
    assert (store.public_endpoint, store.private_endpoint) == (NO, YES)
    open_ = bare("azure-native:dbforpostgresql:Server", {"network": UNKNOWN})
    assert isinstance(alone(open_).public_endpoint, Unknown)
    assert isinstance(alone(open_).private_endpoint, Unknown)


def test_geo_redundant_backups_land_in_the_pair() -> None:
    backup = dbforpostgresql.BackupArgs(geo_redundant_backup="Enabled", backup_retention_days=14)
    store = one(told(lambda: server(backup=backup)), DataStore)
    assert places(store) == [
        ("primary", "westeurope", "NL", False),
        ("backup", "westeurope", "NL", True),
        ("backup", "northeurope", "IE", True),
    ]
    assert store.backup_days == Known(14)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("require_secure_transport", "OFF", None),
        ("ssl_min_protocol_version", "TLSv1.3", "1.3"),
        ("ssl_min_protocol_version", "TLSv1.1", "1.1"),
    ],
)
def test_a_servers_tls_is_that_of_its_parameters(
    name: str, value: str, expected: str | None
) -> None:
    store = one(told(lambda: parameter(server(), name, value)), DataStore)
    assert store.tls_minimum == Known(expected)


def test_parameters_that_nobody_knows_yet_are_not_the_default() -> None:
    store = one(
        told(lambda: parameter(server(), "require_secure_transport", account().id)), DataStore, "db"
    )
    assert isinstance(store.tls_minimum, Unknown)
    resource = bare("azure-native:dbforpostgresql:Server", {"location": UNKNOWN})
    orphan = bare(
        "azure-native:dbforpostgresql:Configuration",
        {"configurationName": "require_secure_transport", "serverName": UNKNOWN, "value": "off"},
    )
    found = alone(resource, replace(orphan, urn="urn:other"))
    assert found.tls_minimum == Unknown("require_secure_transport")
    assert found.engine == Unknown("version")


ASKED = Reserved(
    "not in force until the server restarts and `CREATE EXTENSION pgaudit` runs in the database",
    YES,
)


@pytest.mark.parametrize(
    ("classes", "expected"), [("all", ASKED), ("read, write", ASKED), ("ddl", NO)]
)
def test_statements_are_logged_by_pgaudit_once_it_is_loaded_and_created(
    classes: str, expected: Fact[bool]
) -> None:
    def body() -> None:
        made = server()
        parameter(made, "shared_preload_libraries", "pg_cron,pgaudit")
        parameter(made, "pgaudit.log", classes)
        parameter(made, "log_connections", "on")
        watch(made.id, "PostgreSQLLogs")

    assert one(told(body), DataStore).reads_logged == expected
