"""The guard of what holds data looks everywhere."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING

import pytest

from havre.errors import GuardError
from havre_local.machine.postgresql import dump, programs, schemas
from tests.local.conftest import DATABASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local.postgresql.conftest import Cluster

HIDDEN = "information_schema"


@pytest.fixture
def hidden(cluster: Cluster) -> Iterator[Cluster]:
    """A table in a schema of PostgreSQL's own."""
    with cluster.connect(DATABASE) as connection:
        connection.execute(f"CREATE TABLE {HIDDEN}.stays AS SELECT 41 AS age")
    yield cluster
    with cluster.connect(DATABASE) as connection:
        connection.execute(f"DROP TABLE {HIDDEN}.stays")


def test_rows_in_a_schema_of_postgresqls_own_are_data(hidden: Cluster) -> None:
    assert schemas.schema_holds_data(hidden.connect, DATABASE, HIDDEN)
    with pytest.raises(GuardError, match=HIDDEN):
        schemas.drop_schema(hidden.connect, DATABASE, HIDDEN)
    with hidden.connect(DATABASE) as connection:
        assert schemas.row_counts(connection)[f"{HIDDEN}.stays"] == 1


def test_what_pg_dump_leaves_out_is_no_backup(hidden: Cluster) -> None:
    run = partial(programs.program, hidden.folder, DATABASE)
    with (
        hidden.connect(DATABASE) as connection,
        pytest.raises(GuardError, match="cannot be backed up"),
    ):
        dump.write(connection, run, io.BytesIO())


def test_postgresqls_own_tables_are_no_data(cluster: Cluster) -> None:
    schemas.ensure_database(cluster.connect, "empty", ["pg_trgm"], ["a"])
    assert not schemas.database_holds_data(cluster.connect, "empty")
    assert not schemas.schema_holds_data(cluster.connect, "empty", "pg_catalog")
    schemas.drop_database(cluster.connect, "empty")
