"""Links at each kind of path of a data folder: none is read, written through or given away."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING

import pytest

from havre.errors import GuardError, StateError
from havre_local.machine import moving, processes, projects
from havre_local.machine.backups import latest, writing
from havre_local.machine.encryption import certificates, keys
from havre_local.machine.folder import (
    Folder,
    ensure_port,
    ensure_secret,
    prepare,
    read_secret,
    write_json,
    write_secret,
)
from havre_local.machine.postgresql import configuration, ends, identities, installation
from havre_local.machine.postgresql import server as postgres
from havre_local.machine.record import chain, collector
from havre_local.machine.supervision import services, supervisor
from tests.local.attackers import ANOTHER, NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="giving files away takes root")
LAST = dt.date(2099, 12, 31)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "data")
    prepare(made, "demo")
    certificates.ensure_certificate(made, "one")
    keys.ensure_key(made, keys.BACKUP, 30)
    ensure_secret(made, "token", lambda: "hush")
    latest.next_number(made)
    ends.record(made, "project_a", "demo", LAST)
    ensure_port(made, "one")
    record(made).append([("service", "a line", None)])
    write_json(made, made.logs / "policy.json", {"retention_days": 30})
    services.definition_path(made, "one").write_bytes(b"{}")
    (made.run / "status.json").write_bytes(b"{}")
    (made.run / "services/one.pid").write_bytes(b"{}")
    made.log("one").write_bytes(b"a line\n")
    projects.give(made, "a", projects.PGPASS, b"secret")
    made.database.mkdir(mode=0o700)
    (made.database / "PG_VERSION").write_text("18\n")
    return made


def record(folder: Folder) -> chain.Chain:
    return chain.Chain(folder.custody, collector.directory(folder), collector.head_path(folder))


def the_segment(folder: Folder) -> str:
    return f"logs/record/{next(iter(folder.custody.names(collector.directory(folder))))}"


READ: dict[str, tuple[str, Callable[[Folder], object]]] = {
    "authority": ("certificates/ca.pem", certificates.ensure_authority),
    "authority's key": ("certificates/ca.key", certificates.ensure_authority),
    "certificate": ("certificates/one.pem", lambda f: certificates.renewal_due(f, "one")),
    "key": ("keys/backup/v0001.key", lambda f: keys.read_key(f, "backup", 1)),
    "keys": ("keys/backup/metadata.json", lambda f: keys.key_info(f, "backup")),
    "numbers of backups": ("keys/backups.json", latest.latest),
    "secret": ("secrets/token", lambda f: read_secret(f, "token")),
    "marker": ("havre.json", lambda f: prepare(f, "demo")),
    "ports": ("run/ports.json", lambda f: ensure_port(f, "one")),
    "ends": ("run/ends.json", ends.recorded),
    "process": ("run/services/one.pid", lambda f: processes.recorded_alive(f, "one")),
    "definition": ("run/services/one.json", services.read_definitions),
    "what runs": ("run/status.json", supervisor._last_written),
    "record's head": ("state/record-head.json", record),
    "log that is shown": ("logs/one.log", lambda f: supervisor.last_lines(f, f.log("one"))),
    "log that is collected": ("logs/one.log", lambda f: collector.Collector(f).collect()),
    "master": (
        "secrets/projects/a/pgpass",
        lambda f: identities.read_pgpass(f, f.secrets / "projects/a/pgpass"),
    ),
    "version of the cluster": ("database/PG_VERSION", postgres.existing_major),
}
"""What is read, by whom."""


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A file that the administrator alone reads, and what must be left as it is."""
    made = tmp_path / "shadow"
    made.write_bytes(b"{}")
    made.chmod(0o600)
    return made


def plant(path: Path, target: Path, how: str) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rename(path.with_name(f"{path.name}-moved"))
    path.unlink(missing_ok=True)
    if how == "a hard link":
        path.hardlink_to(target)
    elif how == "a pipe":
        os.mkfifo(path, 0o600)
    else:
        path.symlink_to(target)


@pytest.mark.parametrize("how", ["a link", "a hard link", "a pipe"])
@pytest.mark.parametrize("kind", READ)
def test_what_is_read_is_no_link_to_another_file(
    folder: Folder, theirs: Path, kind: str, how: str
) -> None:
    name, read = READ[kind]
    plant(folder.root / name, theirs, how)
    with pytest.raises(GuardError, match="not trusted"):
        read(folder)
    assert theirs.read_bytes() == b"{}"


@AS_ROOT
@pytest.mark.parametrize("kind", READ)
def test_what_another_account_owns_is_not_read(folder: Folder, kind: str) -> None:
    name, read = READ[kind]
    os.chown(folder.root / name, ANOTHER, ANOTHER)
    os.chown(folder.database, NOBODY, NOBODY)  # its owner may own what is in it, another may not
    with pytest.raises(GuardError, match="not trusted"):
        read(folder)


@pytest.mark.parametrize("kind", [kind for kind in READ if kind != "marker"])
def test_what_is_read_is_in_a_folder_of_the_keepers(
    folder: Folder, theirs: Path, kind: str
) -> None:
    name, read = READ[kind]
    parent = (folder.root / name).parent
    parent.rename(theirs.parent / "elsewhere")
    parent.symlink_to(theirs.parent / "elsewhere")
    with pytest.raises(GuardError, match="not trusted"):
        read(folder)


def _two(folder: Folder) -> Path:
    return folder.certificates / "two.pem"


def renewed(folder: Folder, *names: str) -> None:
    for name in names:
        (folder.certificates / name).unlink(missing_ok=True)
    certificates.ensure_authority(folder)


def headless(folder: Folder) -> None:
    made = object.__new__(chain.Chain)
    made._custody, made._kept = folder.custody, collector.head_path(folder)
    made._directory, made.positions, made.head = collector.directory(folder), {}, chain.Head()
    made.append([("service", "another line", None)])


def grown(folder: Folder) -> None:
    chain.Chain._write(record(folder), collector.directory(folder) / "000000000002.jsonl", b"x")


WRITTEN: dict[str, tuple[str, Callable[[Folder], object]]] = {
    "authority": ("certificates/ca.pem", lambda f: renewed(f, "ca.pem", "ca.key")),
    "certificate": ("certificates/two.pem", lambda f: f.custody.write(_two(f), b"new")),
    "key": ("keys/zone-a/v0001.key", lambda f: keys.ensure_key(f, "zone-a", 30)),
    "keys": ("keys/zone-a/metadata.json", lambda f: keys.ensure_key(f, "zone-a", 30)),
    "secret": ("secrets/other", lambda f: write_secret(f, "other", "new")),
    "record": ("logs/record/000000000002.jsonl", grown),
    "record's head": ("state/record-head.json", headless),
    "log": ("logs/new.log", lambda f: os.close(f.custody.open_log(f.log("new")))),
    "lock": ("run/x.lock", lambda f: f.custody.lock(f.run / "x.lock").close()),
    "settings of PostgreSQL": (
        f"database/{configuration.MAIN}",
        lambda f: configuration._write(f, configuration.MAIN, b"new"),
    ),
    "what is handed out": ("projects/a/pgpass", lambda f: projects.give(f, "a", "pgpass", b"new")),
    "master": ("secrets/projects/a/pgpass", lambda f: projects.give(f, "a", "pgpass", b"new")),
    "backup": (
        "backups/x/database.enc",
        lambda f: writing.stream(f, f.backups / "x/database.enc", lambda t: t.write(b"new")),
    ),
}
"""What is written, by whom."""


@pytest.mark.parametrize("dangling", [False, True], ids=["to a file", "to none"])
@pytest.mark.parametrize("kind", WRITTEN)
def test_nothing_is_written_through_a_link(
    folder: Folder, theirs: Path, kind: str, *, dangling: bool
) -> None:
    name, write = WRITTEN[kind]
    path = folder.root / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    target = theirs.with_name("none") if dangling else theirs
    plant(path, target, "a link")
    try:
        write(folder)
    except (GuardError, StateError, FileExistsError):
        assert path.is_symlink()
    else:
        assert not path.is_symlink()
    assert theirs.read_bytes() == b"{}"
    assert theirs.stat().st_uid == os.geteuid()
    assert not target.exists() or target == theirs


@pytest.mark.parametrize("kind", WRITTEN)
def test_nothing_is_written_into_a_folder_elsewhere(
    folder: Folder, theirs: Path, kind: str
) -> None:
    name, write = WRITTEN[kind]
    parent, elsewhere = (folder.root / name).parent, theirs.parent / "elsewhere"
    elsewhere.mkdir()
    if parent.is_dir():
        parent.rename(theirs.parent / "moved")
    parent.symlink_to(elsewhere)
    with pytest.raises(GuardError, match=r"not trusted|is not a folder"):
        write(folder)
    assert [*elsewhere.iterdir()] == []


REMOVED: dict[str, Callable[[Folder], object]] = {
    "backups": writing.clear_unfinished,
    "database": postgres.destroy_cluster,
    "database/base": postgres.destroy_cluster,
    "run/services/one.pid": lambda f: moving.adopt(f, Folder(f.root.with_name("former"))),
    "projects/a/pgpass": lambda f: projects.take_back(f, "a", "pgpass"),
}


@pytest.mark.parametrize("name", REMOVED)
def test_nothing_is_removed_through_a_link(folder: Folder, tmp_path: Path, name: str) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / ".unfinished-1").mkdir()
    (kept / ".unfinished-1/file").write_bytes(b"theirs")
    plant(folder.root / name, kept, "a link")
    try:
        REMOVED[name](folder)
    except (GuardError, OSError):
        assert (folder.root / name).is_symlink()
    assert (kept / ".unfinished-1/file").read_bytes() == b"theirs"


@AS_ROOT
def test_programs_that_another_account_could_change_are_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = installation.find()
    monkeypatch.setattr(installation, "CACHE", tmp_path / "cache")
    copy = installation._copy(found)
    assert (copy / "postgres").is_file()
    assert installation._copy(found) == copy
    os.chown(next((tmp_path / "cache").iterdir()), ANOTHER, ANOTHER)
    with pytest.raises(GuardError, match="not trusted"):
        installation._copy(found)
    os.chown(tmp_path / "cache", ANOTHER, ANOTHER)
    with pytest.raises(GuardError, match="not trusted"):
        installation._copy(found)
