"""A backup's database loaded into a scratch database: proof that it can be restored."""

from __future__ import annotations

import hashlib
import secrets
from functools import partial
from typing import TYPE_CHECKING, Any

from havre.live.encrypted.drills import Drilled
from havre_local.machine.backups.described import DUMP
from havre_local.machine.backups.reading import genuine, given_name, identified
from havre_local.machine.folder import locked
from havre_local.machine.postgresql import dump, programs
from havre_local.machine.postgresql import schemas as database
from havre_local.machine.postgresql.server import administering

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from havre_local.machine.folder import Folder

SCRATCH = "havre_drill_"
"""What names of scratch databases begin with."""


def drill(folder: Folder, path: Path) -> Drilled:
    """Load a backup's database into a scratch database, read all of it, and drop it.

    Owners and rights are left out, so that no role is made. Only the administrator may connect.

    Args:
        folder: the data folder, its services running.
        path: of the backup.

    Raises:
        StateError: it is not the backup that its folder is named for, or was changed or cut off.
        ProviderError: PostgreSQL cannot load it.
    """
    scratch = f"{SCRATCH}{secrets.token_hex(6)}"
    with locked(folder, "backup"), administering(folder) as connect:
        _, contents, _ = identified(folder, path, given_name(path))
        try:
            database.ensure_database(connect, scratch)
            source = genuine(folder, path, contents, DUMP, None)
            dump.read(partial(programs.program, folder, scratch), scratch, source, rights=False)
            with connect(scratch) as connection:
                database.snapshot(connection)
                rows = database.row_counts(connection)
                digest = _digest(connection, rows)
        finally:
            database.drop_database(connect, scratch)
    return Drilled(rows, digest, rows == contents.rows)


def _digest(connection: psycopg.Connection[Any], rows: dict[str, int]) -> str:
    """SHA-256 over names of tables and their rows as text, sorted."""
    from psycopg import sql

    found = hashlib.sha256()
    for name in sorted(rows):
        schema, _, table = name.partition(".")
        found.update(f"{name}\n".encode())
        text = "COPY (SELECT t::text FROM ONLY {}.{} t ORDER BY 1) TO STDOUT"
        query = sql.SQL(text).format(sql.Identifier(schema), sql.Identifier(table))
        with connection.cursor().copy(query) as lines:
            for line in lines:
                found.update(line)
    return found.hexdigest()
