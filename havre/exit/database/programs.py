"""PostgreSQL's own pg_dump and pg_restore: which to take, and how they are run."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from havre.errors import MissingDependencyError, ProviderError
from havre.exit.database.ends import masked
from havre.live.database import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from havre.live.warehouse import LiveDatabase

APPLICATION = "havre-exit"
"""Name that the exit's sessions bear at a server: what a killed run left is ended by it."""
_LARGEST_REASON = 1 << 14
_OPTIONS = (
    "-c default_transaction_read_only=off -c statement_timeout=0 -c lock_timeout=0"
    " -c idle_in_transaction_session_timeout=0 -c row_security=off"
)
# What runs a program dies with the run that started it: the kernel sees to it.
_TIED = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15);"
    "os.getppid() == int(sys.argv[1]) or sys.exit(1); os.execv(sys.argv[2], sys.argv[2:])"
)


@dataclass(frozen=True)
class Programs:
    """A folder of PostgreSQL's programs.

    Attributes:
        folder: where they are.
        major: their major version.
    """

    folder: Path
    major: int


def find(source: int, target: int, ends: Sequence[LiveDatabase]) -> Programs:
    """The programs that can dump a server and restore into another.

    They must know the source's version, a target does not know what newer ones write, and both
    servers must be reached with the TLS that they ask for: PyPI's programs have none.

    Args:
        source: major version of the server that is left.
        target: of the one that it goes to.
        ends: both databases; what they bring is looked at first, then PATH, then where
            distributions put programs.

    Raises:
        MissingDependencyError: there are none that fit.
    """
    on_path = shutil.which("pg_restore")
    places = list(filter(None, (end.binaries for end in ends)))
    places += [Path(on_path).parent] if on_path else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    passed = []
    known = [each for each in map(_inspected, dict.fromkeys(places)) if each]
    for each in known:
        if not source <= each.major <= target:
            passed.append(f"{each.major} in {each.folder}")
        elif why := next(filter(None, (unfit(each, end) for end in ends)), ""):
            passed.append(f"{each.major} in {each.folder}, {why}")
        else:
            return each
    found = "; ".join(passed) or "none"
    message = f"pg_dump and pg_restore of PostgreSQL {source} to {target}: found {found}"
    remedy = f"Install the client programs of PostgreSQL {target}, with TLS."
    raise MissingDependencyError(message, remedy)


def unfit(programs: Programs, end: LiveDatabase) -> str:
    """Why programs cannot verify a server as its client says they must; empty where they can.

    They are asked, and reach nobody: libpq looks at its settings before it connects.
    """
    with end.client() as client:
        mode, authority = (client.environment.get(n, "") for n in ("PGSSLMODE", "PGSSLROOTCERT"))
    if mode in {"", "disable"}:
        return ""
    # Programs that know the system's authorities refuse to use them without verification.
    mode = "require" if authority == SYSTEM else mode
    environment = {"PGHOST": "/dev/null", "PGSSLMODE": mode, "PGSSLROOTCERT": authority}
    said = _said(programs.folder / "pg_dump", "--no-password", environment).stderr
    if "not compiled in" in said:
        return f"without the TLS that {end.name} asks for"
    if authority == SYSTEM and "weak sslmode" not in said:
        return f"which does not know the system's authorities, by which {end.name} is verified"
    return ""


def _inspected(folder: Path) -> Programs | None:
    if not all((folder / name).is_file() for name in ("pg_dump", "pg_restore")):
        return None
    match = re.search(r"(\d+)", _said(folder / "pg_dump", "--version", {}).stdout)
    return Programs(folder, int(match[1])) if match else None


def _said(
    program: Path, word: str, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - a program found by `find`, without a shell
        [program, word], capture_output=True, text=True, check=False, env=environment
    )


def run(
    programs: Programs,
    end: LiveDatabase,
    argv: Sequence[str],
    *,
    stdout: int | None = None,
    inherited: Sequence[int] = (),
) -> None:
    """Run a program on a database and wait for it.

    Args:
        programs: where it is.
        end: the database; its credentials are in no argument.
        argv: name of the program and its arguments.
        stdout: descriptor that it writes to.
        inherited: descriptors that it may open as `/proc/self/fd/N`.

    Raises:
        ProviderError: it failed, or warned of an error that it went past.
    """
    with memory("errors") as errors, end.client() as client:
        program = str(programs.folder / argv[0])
        tied = [sys.executable, "-I", "-S", "-c", _TIED, str(os.getpid())]
        done = subprocess.run(  # noqa: S603 - a program found by `find`, without a shell
            [*tied, program, *argv[1:], "--no-password"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if stdout is None else stdout,
            stderr=errors,
            env={**client.environment, "PGAPPNAME": APPLICATION, "PGOPTIONS": _OPTIONS},
            pass_fds=(*client.descriptors, *inherited),
            cwd="/",
            check=False,
        )
        said = _read(errors)
    if done.returncode != 0 or "errors ignored on restore" in said:
        message = f"{argv[0]} of database {end.name}: {_reason(said)}"
        raise ProviderError(message, "See the server's log. Run the step again.")


@contextlib.contextmanager
def memory(name: str, content: bytes = b"") -> Iterator[int]:
    """A file in memory alone, without a name on any disk; its descriptor."""
    descriptor = os.memfd_create(name)
    try:
        os.write(descriptor, content)
        yield descriptor
    finally:
        os.close(descriptor)


def path(descriptor: int) -> str:
    """What a program that inherits a descriptor opens it as."""
    return f"/proc/self/fd/{descriptor}"


def _read(descriptor: int) -> str:
    return os.pread(descriptor, _LARGEST_REASON, 0).decode("utf-8", "replace")


def _reason(said: str) -> str:
    """The first error that a program told of; what it quotes last may be a value."""
    errors = [line for line in said.splitlines() if "error:" in line] or said.splitlines()
    return masked(errors[0]) if errors else "it gave no reason"
