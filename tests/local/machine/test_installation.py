"""Programs: found where they are, copied where their account can reach them."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from havre.errors import InputError, MissingDependencyError
from havre_local.machine.objects import gateway
from havre_local.machine.postgresql import installation
from havre_local.machine.postgresql import server as postgres
from havre_local.machine.postgresql.installation import Installation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_local.machine.folder import Folder


@pytest.fixture
def found() -> Installation:
    try:
        return installation.find()
    except MissingDependencyError as error:
        pytest.skip(str(error))


@pytest.fixture
def reachable_folder() -> Iterator[Path]:
    """A folder that every account may enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="havre-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def hidden_copy(found: Installation, below: Path) -> Installation:
    """The programs with their libraries, where only root reaches them."""
    package = found.binaries.parents[1]
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            shutil.copytree(source, below / "site" / source.name, symlinks=True)
    below.chmod(0o700)
    binaries = below / "site" / package.name / found.binaries.relative_to(package)
    return Installation(binaries, found.version, found.tls)


def test_what_is_missing_is_named_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAVRE_POSTGRESQL", str(tmp_path))
    with pytest.raises(MissingDependencyError) as raised:
        installation.find()
    assert str(tmp_path) in raised.value.message
    assert "pip install" in raised.value.remedy
    monkeypatch.setenv("HAVRE_VERSITYGW", str(tmp_path / "versitygw"))
    with pytest.raises(MissingDependencyError) as raised:
        gateway.find_program()
    assert str(tmp_path) in raised.value.message
    assert "go install" in raised.value.remedy


def test_another_major_version_is_not_taken(found: Installation) -> None:
    assert installation.find(found.major).major == found.major
    with pytest.raises(MissingDependencyError, match="PostgreSQL 12"):
        installation.find(12)


def test_a_cluster_keeps_to_its_major_version(folder: Folder) -> None:
    folder.database.mkdir()
    (folder.database / "PG_VERSION").write_text("12\n")
    with pytest.raises(MissingDependencyError, match="PostgreSQL 12"):
        postgres.ensure_cluster(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another account")
def test_unreachable_programs_are_copied_once(
    found: Installation,
    tmp_path: Path,
    reachable_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hidden = hidden_copy(found, tmp_path)
    parents = tmp_path.stat().st_mode
    name = installation.account(tmp_path / "none")
    monkeypatch.setattr(installation, "CACHE", reachable_folder / "havre")
    copy = installation.reachable(hidden, name)
    assert copy.binaries.is_relative_to(reachable_folder)
    program = Path(copy.program("postgres"))
    made = program.stat()
    assert installation.reachable(hidden, name) == copy
    assert program.stat() == made
    assert len(list((reachable_folder / "havre").iterdir())) == 1
    assert tmp_path.stat().st_mode == parents


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another account")
def test_a_cache_out_of_reach_is_an_error(
    found: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = hidden_copy(found, tmp_path)
    monkeypatch.setattr(installation, "CACHE", tmp_path / "havre")
    with pytest.raises(InputError, match="cannot run PostgreSQL"):
        installation.reachable(hidden, installation.account(tmp_path / "none"))


def test_reachable_programs_are_used_where_they_are(found: Installation) -> None:
    assert installation.reachable(found, None) == found
