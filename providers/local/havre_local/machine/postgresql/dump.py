"""A database in and out of a backup, by PostgreSQL's own pg_dump and pg_restore."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from typing import IO, TYPE_CHECKING, Any, Protocol

from havre.errors import GuardError
from havre_local.machine.postgresql.schemas import row_counts, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    import psycopg

_COPY = 1 << 20
_LEFT_OUT = ("information_schema.", "pg_")


class Run(Protocol):
    """Runs one of PostgreSQL's programs as the administrator of one database."""

    def __call__(
        self, argv: Sequence[str], *, stdin: int | None = None, stdout: int | None = None
    ) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Run `argv`; the caller feeds or drains it.

        Raises:
            ProviderError: it failed.
        """
        ...


def write(connection: psycopg.Connection[Any], run: Run, target: IO[bytes]) -> dict[str, int]:
    """Write the dump of a database to `target`; return the rows of its tables.

    Dump and counts see the same snapshot, whatever is written meanwhile.

    Args:
        connection: to the database, no transaction begun.
        run: runs programs on the same database.
        target: where the dump goes.

    Raises:
        GuardError: a table is in a schema of PostgreSQL's own, which pg_dump leaves out.
        ProviderError: pg_dump failed.
    """
    snapshot(connection)
    row = connection.execute("SELECT pg_export_snapshot()").fetchone()
    counts = row_counts(connection)
    _check_saved(counts)
    # Rights in pg_catalog are each server's own: functions differ by version.
    options = [f"--snapshot={row[0] if row else ''}", "--exclude-schema=pg_catalog"]
    argv = ["pg_dump", "--format=custom", *options]
    with run(argv, stdout=subprocess.PIPE) as process:
        if process.stdout is not None:
            shutil.copyfileobj(process.stdout, target, _COPY)
    return counts


def _check_saved(tables: Iterable[str]) -> None:
    """Raise GuardError where pg_dump would leave a table out, in silence."""
    left_out = [name for name in tables if name.startswith(_LEFT_OUT)]
    if left_out:
        message = f"{left_out[0]} cannot be backed up: that schema is PostgreSQL's own"
        raise GuardError(message, "Move the table to a zone's schema.")


def read(run: Run, database: str, source: Iterable[bytes], *, rights: bool = True) -> None:
    """Load a dump into `database`, whole or not at all.

    Args:
        run: runs programs on the same database.
        database: that it is loaded into.
        source: the dump.
        rights: whether owners and rights are loaded too.

    Raises:
        ProviderError: pg_restore failed.
    """
    options = ["--clean", "--if-exists", "--exit-on-error", "--single-transaction"]
    options += [] if rights else ["--no-owner", "--no-privileges"]
    argv = ["pg_restore", "--format=custom", *options, f"--dbname={database}"]
    with (
        run(argv, stdin=subprocess.PIPE) as process,
        contextlib.suppress(BrokenPipeError),  # its exit code says why it stopped reading
    ):
        if process.stdin is not None:
            for chunk in source:
                process.stdin.write(chunk)
            process.stdin.close()
