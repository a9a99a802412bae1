"""Database: PostgreSQL over TLS, one database, one schema a zone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pulumi

from havre.provider.dynamic import Departure
from havre.provider.parts import Authority, DatabaseInputs, DatabaseOutputs
from havre.spec.model import Purpose
from havre_local import services
from havre_local.resources import (
    Database,
    DatabaseServer,
    Kind,
    Props,
    Schema,
    folder_of,
)
from havre_local.sites import region

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.provider.context import Part
    from havre.spec import Warehouse
    from havre_local.settings import LocalSettings


TABLED = (Purpose.LANDING, Purpose.CURATED, Purpose.RESEARCH, Purpose.EXPORT)
"""Purposes of the zones that have tables beside their objects."""


def tabled_zones(spec: Warehouse) -> list[str]:
    """Names of the zones that have a schema in the database."""
    return [name for name, zone in spec.zones.items() if zone.purpose in TABLED]


def _ensure_server(props: Props) -> dict[str, Any]:
    from havre_local.machine.postgresql import server as postgres
    from havre_local.machine.supervision import supervisor

    folder = folder_of(props)
    services = postgres.ensure_cluster(folder, tls_minimum=props["tls_minimum"])
    supervisor.ensure_running(folder, *services)
    settings = postgres.admin_settings(folder)
    return {
        "endpoint": f"{settings['host']}:{settings['port']}",
        "served_version": int(postgres.version(folder).split(".")[0]),
    }


def _remove_server(props: Props) -> None:
    from havre_local.machine.postgresql import server as postgres

    postgres.destroy_cluster(folder_of(props))


def _look_server(props: Props) -> dict[str, Any] | None:
    return {} if (folder_of(props).database / "PG_VERSION").exists() else None


def _server_departures(props: Props) -> Iterator[Departure]:
    from havre_local.machine.postgresql import server as postgres

    folder = folder_of(props)
    yield from services.departures(folder, postgres.SERVICE)
    for name in postgres.changed(folder, props["tls_minimum"]):
        yield Departure(f"the file {folder.database.name}/{name} is not as Havre writes it")


SERVER = Kind(_ensure_server, _remove_server, _look_server, _server_departures)


def _ensure_database(props: Props) -> dict[str, Any]:
    from havre_local.machine.postgresql import schemas as machine
    from havre_local.machine.postgresql import server as postgres

    with postgres.administering(folder_of(props)) as connect:
        machine.ensure_database(connect, props["name"], props["extensions"])
    return _look_database(props) or {}


def _look_database(props: Props) -> dict[str, Any] | None:
    from havre_local.machine.postgresql import schemas as machine
    from havre_local.machine.postgresql import server as postgres

    folder, name = folder_of(props), props["name"]
    held = partial(machine.database_holds_data, postgres.administrator(folder), name)
    return {"holds_data": services.unless_stopped(folder, postgres.SERVICE, held)}


def _remove_database(props: Props) -> None:
    from havre.errors import GuardError
    from havre_local.machine.postgresql import schemas as machine
    from havre_local.machine.postgresql import server as postgres

    with postgres.administering(folder_of(props)) as connect:
        if machine.database_holds_data(connect, props["name"]):
            message = f"the database {props['name']} contains data"
            raise GuardError(message, "Nothing was deleted. Empty its tables first.")
        machine.drop_database(connect, props["name"])


def _check_database(props: Props) -> dict[str, str]:
    """Extensions that the PostgreSQL of this machine lacks are told before anything is made."""
    from havre_local.machine.postgresql import installation

    found = installation.find()
    missing = sorted(set(props["extensions"]) - installation.extensions(found))
    if not missing:
        return {}
    why = f"PostgreSQL {found.version} in {found.binaries} lacks {', '.join(missing)}"
    return {"extensions": f"{why}; HAVRE_POSTGRESQL may name an installation that has them"}


def _database_departures(props: Props) -> Iterator[Departure]:
    """What is closed to everybody and is open, or that it cannot be seen."""
    from havre_local.machine.postgresql import closing
    from havre_local.machine.postgresql import server as postgres

    folder = folder_of(props)
    if unseen := services.unseen(folder, postgres.SERVICE):
        yield from unseen
        return
    for found in closing.open_to_all(postgres.administrator(folder), props["name"]):
        yield Departure(found)


DATABASE = Kind(
    _ensure_database,
    _remove_database,
    _look_database,
    _database_departures,
    identity=("data_dir", "name"),
    check=_check_database,
)


def _ensure_schema(props: Props) -> dict[str, Any]:
    from havre_local.machine.postgresql import schemas as machine
    from havre_local.machine.postgresql import server as postgres

    with postgres.administering(folder_of(props)) as connect:
        machine.ensure_database(connect, props["database"], schemas=[props["name"]])
    return _look_schema(props) or {}


def _look_schema(props: Props) -> dict[str, Any] | None:
    from havre_local.machine.postgresql import schemas as machine
    from havre_local.machine.postgresql import server as postgres

    folder, name = folder_of(props), props["database"]
    if not services.answer(folder, postgres.SERVICE):
        return {"holds_data": None}
    connect = postgres.administrator(folder)
    with connect() as connection:
        if not machine.database_exists(connection, name):
            return None
    return {"holds_data": machine.schema_holds_data(connect, name, props["name"])}


def _remove_schema(props: Props) -> None:
    from havre_local.machine.postgresql import schemas as machine
    from havre_local.machine.postgresql import server as postgres

    with postgres.administering(folder_of(props)) as connect:
        machine.drop_schema(connect, props["database"], props["name"])


def _schema_departures(props: Props) -> Iterator[Departure]:
    """Whether the schema is gone; of a server that is stopped nothing is known."""
    from havre_local.machine.postgresql import schemas as machine
    from havre_local.machine.postgresql import server as postgres

    folder = folder_of(props)
    connect = postgres.administrator(folder)
    there = partial(machine.schema_exists, connect, props["database"], props["name"])
    if services.unless_stopped(folder, postgres.SERVICE, there) is False:
        yield Departure(f"the schema `{props['name']}` is missing")


SCHEMA = Kind(
    _ensure_schema,
    _remove_schema,
    _look_schema,
    _schema_departures,
    identity=("data_dir", "database", "name"),
)


def database(part: Part[LocalSettings], inputs: DatabaseInputs) -> DatabaseOutputs:
    """The server, the warehouse's database and one schema a zone."""
    from havre_local.machine.postgresql.schemas import schema_name

    data_dir = str(part.settings.data_dir)
    tags = part.tags
    guarded = part.guarded()
    server = DatabaseServer(
        f"{part.name}-server",
        {
            "data_dir": data_dir,
            "asked_version": part.spec.database.version,
            "tls_minimum": part.spec.encryption.tls.value,
            "authority": inputs.network.identifier,
            "logs": inputs.audit.sink,
            "tags": tags,
        },
        part.child(),
    )
    made = Database(
        f"{part.name}-database",
        {
            "data_dir": data_dir,
            "name": schema_name(part.spec.name),
            "extensions": [extension.value for extension in part.spec.database.extensions],
            "endpoint": server.endpoint,
            "tags": tags,
        },
        guarded,
    )
    schemas = [
        Schema(
            f"{part.name}-schema-{zone}",
            {"data_dir": data_dir, "database": made.name, "name": schema_name(zone), "tags": tags},
            guarded,
        )
        for zone in tabled_zones(part.spec)
    ]
    # Who needs the database needs its schemas: the name is told when all of them are made.
    complete = pulumi.Output.all(made.name, *(schema.name for schema in schemas))
    return DatabaseOutputs(
        host=server.endpoint.apply(lambda told: told.rpartition(":")[0]),
        port=server.endpoint.apply(lambda told: int(told.rpartition(":")[2])),
        name=complete.apply(lambda names: names[0]),
        region=region(part.primary),
        identifier=made.id,
        authority=Authority("file", inputs.network.identifier),
    )
