"""The way from a server of this machine to another: over TLS, and without a secret in a catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from havre.errors import InputError, StateError
from havre_local.machine import ways
from havre_local.machine.encryption.certificates import ensure_certificate
from havre_local.machine.folder import Folder, prepare, read_secret
from havre_local.machine.postgresql import server as postgres
from havre_local.machine.supervision.services import names
from tests.local.conftest import DATABASE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local.postgresql.conftest import Cluster

NAME = "trial_way"


def known(cluster: Cluster) -> dict[str, str]:
    """How the server is reached from here; in these tests it is shown the way to itself."""
    return postgres.admin_settings(cluster.folder, DATABASE)


def shown(cluster: Cluster, **how: str) -> dict[str, str]:
    return postgres.show_way(cluster.folder, {**known(cluster), **how})


def subscribe(cluster: Cluster, words: dict[str, str]) -> None:
    """Have the server connect; the slot is there already, as it must be within one server."""
    told = sql.Literal(make_conninfo("", **words))
    made = sql.SQL("CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION {} WITH ({})").format(
        sql.Identifier(NAME),
        told,
        sql.Identifier(NAME),
        sql.SQL("create_slot = false, copy_data = false"),
    )
    with cluster.connect(DATABASE, autocommit=True) as connection:
        connection.execute(made)


@pytest.fixture
def published(cluster: Cluster) -> Iterator[Cluster]:
    """The server with a publication and a slot."""
    with cluster.connect(DATABASE, autocommit=True) as connection:
        connection.execute(f"CREATE PUBLICATION {NAME} FOR TABLE curated.stays".encode())
        connection.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", (NAME,))
    yield cluster
    postgres.forget_way(cluster.folder)
    with cluster.connect(DATABASE, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_subscription").fetchone():
            connection.execute(f"ALTER SUBSCRIPTION {NAME} DISABLE".encode())
            connection.execute(f"ALTER SUBSCRIPTION {NAME} SET (slot_name = NONE)".encode())
            connection.execute(f"DROP SUBSCRIPTION {NAME}".encode())
        connection.execute(
            "SELECT pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots"
            " WHERE active_pid IS NOT NULL"
        )
        connection.execute("SELECT pg_drop_replication_slot(%s)", (NAME,))
        connection.execute(f"DROP PUBLICATION {NAME}".encode())


def kept(folder: Folder) -> list[str]:
    """Files of a way, wherever they are."""
    found = [each for place in (folder.database, folder.run) for each in place.iterdir()]
    return sorted(each.name for each in found if each.name.startswith("way."))


def test_the_server_reaches_another_and_keeps_no_password_in_its_catalog(
    published: Cluster,
) -> None:
    secret = read_secret(published.folder, "database-password")
    words = shown(published)
    assert secret not in str(words)
    subscribe(published, words)
    with published.connect() as connection:
        row: Any = connection.execute("SELECT subconninfo FROM pg_subscription").fetchone()
    assert secret not in row[0]
    assert "pgpass" in row[0]
    assert (published.folder.database / ways.PGPASS).stat().st_mode & 0o077 == 0


def test_when_it_is_forgotten_nothing_of_it_is_left(published: Cluster) -> None:
    shown(published)
    assert ways.PGPASS in kept(published.folder)
    postgres.forget_way(published.folder)
    assert kept(published.folder) == []
    assert ways.RELAY not in names(published.folder)
    postgres.forget_way(published.folder)


def test_another_authority_than_the_servers_is_no_way(published: Cluster, tmp_path: Path) -> None:
    foreign = Folder(tmp_path / "foreign")
    prepare(foreign, "foreign")
    ensure_certificate(foreign, postgres.SERVICE)
    words = shown(published, sslrootcert=str(foreign.authority))
    with pytest.raises(psycopg.OperationalError, match="could not connect to the publisher"):
        subscribe(published, words)


@pytest.mark.parametrize(
    "how",
    [
        *({"sslmode": mode} for mode in ("disable", "allow", "prefer", "")),
        *({"host": host} for host in ("", "/nowhere", "-h", "a b", "x\n")),
        *({"port": port} for port in ("0", "70000", "many")),
        {"sslrootcert": "/nowhere/ca.pem"},
    ],
    ids=str,
)
def test_what_is_not_reached_over_tls_is_refused_and_leaves_nothing(
    how: dict[str, str], cluster: Cluster
) -> None:
    with pytest.raises(InputError):
        shown(cluster, **how)
    assert kept(cluster.folder) == []


@pytest.mark.parametrize("content", ["", "{}", '{"host": "-x", "port": 1}'])
def test_a_record_that_was_damaged_is_told(content: str, cluster: Cluster) -> None:
    path = cluster.folder.run / "way.json"
    cluster.folder.custody.write(path, content.encode())
    try:
        with pytest.raises(StateError, match=r"way\.json: is not the record of a way"):
            postgres.ensure_cluster(cluster.folder)
    finally:
        postgres.forget_way(cluster.folder)


def test_settings_that_an_earlier_havre_wrote_are_found_and_written_anew(
    cluster: Cluster,
) -> None:
    assert not postgres.changed(cluster.folder, "1.2")
    path = cluster.folder.database / "warehouse.conf"
    owner, text = path.stat(), path.read_text()
    former = text.replace("wal_level = 'logical'\n", "")
    assert former != text
    cluster.folder.custody.write(
        path, former.encode(), owner=(owner.st_uid, owner.st_gid), also={owner.st_uid}
    )
    assert postgres.changed(cluster.folder, "1.2")
    postgres.ensure_cluster(cluster.folder)
    assert not postgres.changed(cluster.folder, "1.2")
    assert path.read_text() == text
    with cluster.connect() as connection:
        assert connection.execute("SHOW wal_level").fetchone() == ("logical",)
