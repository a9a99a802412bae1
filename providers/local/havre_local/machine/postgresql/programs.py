"""PostgreSQL's own programs, run on a database of this machine."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from typing import TYPE_CHECKING

from havre.errors import ProviderError
from havre.live.database import passfile
from havre.live.warehouse import LibpqClient
from havre_local.machine.folder import HOST, Folder
from havre_local.machine.postgresql import installation, server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


_LARGEST_REASON = 1 << 16


@contextlib.contextmanager
def program(
    folder: Folder,
    database: str,
    argv: Sequence[str],
    *,
    stdin: int | None = None,
    stdout: int | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of PostgreSQL's programs as the administrator; the caller feeds or drains it.

    Raises:
        ProviderError: it failed.
    """
    chosen = installation.find(server.existing_major(folder))
    with contextlib.ExitStack() as stack:
        # Errors and what a program may put aside can hold rows: they stay in the data folder.
        errors = stack.enter_context(folder.custody.scratch(folder.run))
        client = stack.enter_context(client_of(folder, server.admin_settings(folder, database)))
        process = subprocess.Popen(  # noqa: S603 - a program found by installation.find
            [chosen.program(argv[0]), *argv[1:], "--no-password"],
            stdin=stdin,
            stdout=stdout,
            stderr=errors,
            env=client.environment,
            pass_fds=client.descriptors,
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
            message = f"{argv[0]} of {database}: {_reason(errors.read(_LARGEST_REASON))}"
            raise ProviderError(message, f"See {folder.log(server.SERVICE)}.")


def _reason(said: bytes) -> str:
    """Return what a program said first; what follows, and what is quoted last, may be a value."""
    first = said.decode("utf-8", "replace").strip().partition("\n")[0]
    return re.sub(r': ".*"$', "", first) or "it gave no reason"


def _close(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    process.wait()


@contextlib.contextmanager
def client_of(folder: Folder, settings: Mapping[str, str]) -> Iterator[LibpqClient]:
    """What a program needs to reach a database; the password is in memory.

    Args:
        folder: the data folder.
        settings: libpq's, with the password.
    """
    owner = folder.database.lstat().st_uid
    with contextlib.ExitStack() as stack:
        pgpass = stack.enter_context(passfile(settings["user"], settings["password"]))
        directory = folder.custody.open_folder(folder.database, also={owner})
        stack.callback(os.close, directory)
        yield LibpqClient(_environment(folder, settings, pgpass, directory), (pgpass, directory))


def _environment(
    folder: Folder, settings: Mapping[str, str], pgpass: int, directory: int
) -> dict[str, str]:
    environment = {
        "PATH": "/usr/bin:/bin",
        "TMPDIR": str(folder.run),
        "PGUSER": settings["user"],
        "PGDATABASE": settings["dbname"],
        "PGPORT": settings["port"],
        "PGPASSFILE": f"/proc/self/fd/{pgpass}",
        # The programs of a PostgreSQL without TLS have none either: they take the socket.
        "PGHOST": f"/proc/self/fd/{directory}",
    }
    if server.listener(folder) == server.SERVICE:
        environment |= {
            "PGHOST": settings["host"],
            "PGHOSTADDR": HOST,
            "PGSSLMODE": settings["sslmode"],
            "PGSSLROOTCERT": settings["sslrootcert"],
        }
    return environment
