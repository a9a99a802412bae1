"""PostgreSQL's programs: of a version between both sides, and with the TLS that they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from havre.errors import MissingDependencyError
from havre.exit.database import programs
from havre.live.credentials import SecretReference
from havre.live.database import SYSTEM, LibpqDatabase
from havre_local.machine.postgresql import installation
from tests.exit.database.servers import Server

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT = 'echo "sslmode value $PGSSLMODE invalid when SSL support is not compiled in" >&2'
OLD = 'echo "pg_dump: error: connection to server failed" >&2'
NEW = (
    'case "$PGSSLROOTCERT,$PGSSLMODE" in system,require) '
    'echo "weak sslmode may not be used with sslrootcert=system" >&2;; esac'
)  # fmt: skip


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> LibpqDatabase:
    """A server that is reached with verified TLS."""
    monkeypatch.setenv("SOME_PASSWORD", "secret")
    reference = SecretReference("SOME_PASSWORD")
    return LibpqDatabase("db.example.org", 5432, "verified", "keeper", reference, "/ca.pem")


def made(folder: Path, version: int, says: str) -> Path:
    """Programs of a version, which say something before they connect."""
    folder.mkdir()
    for name in ("pg_dump", "pg_restore"):
        text = (
            f'#!/bin/sh\ncase "$1" in --version) echo "{name} {version}.1"; exit;; esac\n{says}\n'
        )
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


def plain(folder: Path) -> Server:
    return Server(folder, 5432, "secret", "plain")


def test_programs_without_tls_are_passed_over_where_a_server_is_verified(
    verified: LibpqDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought = plain(made(tmp_path / "brought", 97, WITHOUT))
    assert programs.find(97, 97, (brought, brought)).folder == brought.binaries
    monkeypatch.setenv("PATH", str(made(tmp_path / "path", 97, OLD)))
    assert programs.find(97, 97, (brought, verified)).folder == tmp_path / "path"
    assert programs.find(97, 97, (verified, brought)).folder == tmp_path / "path"


def test_where_none_fit_each_is_named_with_what_it_lacks(
    verified: LibpqDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought = plain(made(tmp_path / "brought", 97, WITHOUT))
    monkeypatch.setenv("PATH", str(made(tmp_path / "path", 96, OLD)))
    with pytest.raises(MissingDependencyError) as caught:
        programs.find(97, 98, (brought, verified))
    assert f"97 in {brought.binaries}, without the TLS that verified asks for" in str(caught.value)
    assert f"96 in {tmp_path / 'path'}" in str(caught.value)


def test_the_systems_authorities_need_programs_that_know_them(
    verified: LibpqDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = LibpqDatabase(**{**vars(verified), "authority": SYSTEM})
    monkeypatch.setenv("PATH", str(made(tmp_path / "old", 97, OLD)))
    assert programs.find(97, 97, (verified, verified)).folder == tmp_path / "old"
    with pytest.raises(MissingDependencyError, match="does not know the system's authorities"):
        programs.find(97, 97, (system, system))
    monkeypatch.setenv("PATH", str(made(tmp_path / "new", 97, NEW)))
    assert programs.find(97, 97, (system, verified)).folder == tmp_path / "new"


def test_the_programs_that_are_installed_here_say_so_themselves(
    verified: LibpqDatabase,
) -> None:
    folder = installation.find().binaries
    found = programs.Programs(folder, 0)
    tls = b"libssl" in (folder / "postgres").read_bytes()
    assert programs.unfit(found, verified) == (
        "" if tls else "without the TLS that verified asks for"
    )
    assert programs.unfit(found, plain(folder)) == ""
