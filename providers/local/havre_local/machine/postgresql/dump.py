"""The database in and out of a backup, by PostgreSQL's own pg_dump and pg_restore."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from typing import IO, TYPE_CHECKING, Any

from havre.errors import ProviderError
from havre_local.machine.folder import HOST, SECRET, Folder
from havre_local.machine.postgresql import installation
from havre_local.machine.postgresql import server as postgres
from havre_local.machine.postgresql.schemas import count_rows
from havre_local.machine.postgresql.server import ADMINISTRATOR, admin_connection, admin_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_COPY = 1 << 20


def write(folder: Folder, database: str, target: IO[bytes]) -> dict[str, int]:
    """Write the dump of `database` to `target`; return the rows of its tables.

    Dump and counts see the same snapshot, whatever is written meanwhile.

    Raises:
        ProviderError: pg_dump failed.
        RetryError: the server does not answer.
    """
    with admin_connection(folder, database) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        counts = count_rows(connection)
        argv = ["pg_dump", "--format=custom", f"--snapshot={row[0] if row else ''}"]
        with _program(folder, database, argv, stdout=subprocess.PIPE) as process:
            if process.stdout is not None:
                shutil.copyfileobj(process.stdout, target, _COPY)
    return counts


def read(folder: Folder, database: str, source: Iterable[bytes]) -> None:
    """Load a dump into `database`, whole or not at all.

    Raises:
        ProviderError: pg_restore failed.
        RetryError: the server does not answer.
    """
    options = ["--clean", "--if-exists", "--exit-on-error", "--single-transaction"]
    argv = ["pg_restore", "--format=custom", *options, f"--dbname={database}"]
    with (
        _program(folder, database, argv, stdin=subprocess.PIPE) as process,
        contextlib.suppress(BrokenPipeError),  # its exit code says why it stopped reading
    ):
        if process.stdin is not None:
            for chunk in source:
                process.stdin.write(chunk)
            process.stdin.close()


def roles(folder: Folder) -> list[dict[str, Any]]:
    """Return the roles that rights refer to, without passwords."""
    query = (
        "SELECT rolname, rolvaliduntil::text, rolconfig FROM pg_roles "
        "WHERE NOT rolsuper AND rolname !~ '^pg_' ORDER BY rolname"
    )
    with admin_connection(folder) as connection:
        return [
            {"name": name, "valid_until": until, "settings": settings or []}
            for name, until, settings in connection.execute(query)
        ]


def ensure_roles(folder: Folder, wanted: Sequence[Mapping[str, Any]]) -> None:
    """Create the roles that are missing. Without a password, none of them can log in."""
    from psycopg import sql

    with admin_connection(folder) as connection:
        present = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        for role in wanted:
            if role["name"] in present:
                continue
            name = sql.Identifier(role["name"])
            connection.execute(sql.SQL("CREATE ROLE {}").format(name))
            if role["valid_until"]:
                until = sql.SQL("ALTER ROLE {} VALID UNTIL {}")
                connection.execute(until.format(name, sql.Literal(role["valid_until"])))
            for setting in role["settings"]:
                key, _, value = str(setting).partition("=")
                change = sql.SQL("ALTER ROLE {} SET {} = {}")
                connection.execute(change.format(name, sql.Identifier(key), sql.Literal(value)))


@contextlib.contextmanager
def _program(
    folder: Folder,
    database: str,
    argv: Sequence[str],
    stdin: int | None = None,
    stdout: int | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of PostgreSQL's programs as the administrator; the caller feeds or drains it.

    Raises:
        ProviderError: it failed.
    """
    chosen = installation.find(postgres.existing_major(folder))
    with contextlib.ExitStack() as stack:
        errors = stack.enter_context(tempfile.TemporaryFile())
        environment, descriptors = _environment(folder, database, stack)
        process = subprocess.Popen(  # noqa: S603 - a program found by installation.find
            [chosen.program(argv[0]), *argv[1:], "--no-password"],
            stdin=stdin,
            stdout=stdout,
            stderr=errors,
            env=environment,
            pass_fds=descriptors,
            cwd="/",
        )
        try:
            yield process
        except BaseException:
            process.kill()
            raise
        finally:
            _close(process)
        if process.returncode != 0:
            errors.seek(0)
            message = f"{argv[0]} of {database}: {errors.read().decode('utf-8', 'replace').strip()}"
            raise ProviderError(message, f"See {folder.log(postgres.SERVICE)}.")


def _close(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    process.wait()


def _environment(
    folder: Folder, database: str, stack: contextlib.ExitStack
) -> tuple[dict[str, str], tuple[int, ...]]:
    """Return libpq's environment, and what the program inherits; the password is in memory."""
    settings = admin_settings(folder, database)
    pgpass = os.memfd_create("pgpass")
    stack.callback(os.close, pgpass)
    os.fchmod(pgpass, SECRET)
    os.write(pgpass, f"*:*:*:{ADMINISTRATOR}:{settings['password']}\n".encode())
    directory = os.open(folder.database, os.O_PATH | os.O_DIRECTORY)
    stack.callback(os.close, directory)
    environment = {
        "PATH": "/usr/bin:/bin",
        "PGUSER": ADMINISTRATOR,
        "PGDATABASE": database,
        "PGPORT": settings["port"],
        "PGPASSFILE": f"/proc/self/fd/{pgpass}",
        # The programs of a PostgreSQL without TLS have none either: they take the socket.
        "PGHOST": f"/proc/self/fd/{directory}",
    }
    if postgres.listener(folder) == postgres.SERVICE:
        environment |= {
            "PGHOST": settings["host"],
            "PGHOSTADDR": HOST,
            "PGSSLMODE": settings["sslmode"],
            "PGSSLROOTCERT": settings["sslrootcert"],
        }
    return environment, (pgpass, directory)
