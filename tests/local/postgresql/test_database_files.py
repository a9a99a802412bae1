"""Files of the cluster, which PostgreSQL's account may replace by anything."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from havre.errors import GuardError, MissingDependencyError, StateError
from havre_local.machine.folder import Folder, prepare
from havre_local.machine.postgresql import schemas
from havre_local.machine.postgresql import server as postgres
from havre_local.machine.supervision import supervisor
from tests.local.conftest import DATABASE, WAREHOUSE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = "only root may read this"
WRITTEN = ("warehouse.conf", "postgresql.conf", "havre.conf", "pg_hba.conf", "server.pem")
REPLACED: dict[str, Callable[[Path, Path], None]] = {
    "a link": lambda path, other: path.symlink_to(other),
    "a hard link": lambda path, other: path.hardlink_to(other),
    "a pipe": lambda path, _: os.mkfifo(path),
    "a link to nowhere": lambda path, other: path.symlink_to(other.with_name("nowhere")),
}

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="only as root is PostgreSQL's account another one than ours"
)


def create(folder: Folder) -> Folder:
    """Create a cluster that does not run; skip where PostgreSQL is not installed."""
    try:
        postgres.ensure_cluster(folder)
    except MissingDependencyError as error:
        pytest.skip(str(error))
    return folder


@pytest.fixture(scope="module")
def created(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A cluster that was created and does not run, whose files tests replace."""
    folder = Folder(tmp_path_factory.mktemp("files") / "data")
    prepare(folder, WAREHOUSE)
    return create(folder)


@pytest.fixture
def version(created: Folder) -> Iterator[Path]:
    """The file that names the version; it is as it was afterwards."""
    path = created.database / "PG_VERSION"
    before, owner = path.read_bytes(), created.database.stat()
    yield path
    path.unlink()
    path.write_bytes(before)
    os.chown(path, owner.st_uid, owner.st_gid)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(SECRET)
    path.chmod(0o600)
    return path


def replace(path: Path, how: str, other: Path) -> None:
    path.unlink(missing_ok=True)
    REPLACED[how](path, other)


def readable_by_postgresql(folder: Folder) -> list[str]:
    """Content of all plain files of PostgreSQL's account."""
    owner = folder.database.stat().st_uid
    files = (path for path in folder.database.iterdir() if path.is_file() and not path.is_symlink())
    return [path.read_text("utf-8", "replace") for path in files if path.stat().st_uid == owner]


@pytest.mark.parametrize("how", REPLACED)
@pytest.mark.parametrize("name", WRITTEN)
def test_what_the_account_puts_in_a_files_place_is_not_read(
    created: Folder, secret: Path, name: str, how: str
) -> None:
    replace(created.database / name, how, secret)
    postgres.ensure_cluster(created)
    assert not [text for text in readable_by_postgresql(created) if SECRET in text]
    assert secret.read_text() == SECRET
    assert secret.stat().st_uid == 0
    assert not secret.with_name("nowhere").exists()


@pytest.mark.parametrize("how", REPLACED)
def test_the_version_is_read_from_no_other_file(
    created: Folder, version: Path, secret: Path, how: str
) -> None:
    replace(version, how, secret)
    with pytest.raises(GuardError, match="PG_VERSION") as raised:
        postgres.ensure_cluster(created)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("content", ["", "eighteen", "18.6", "-18", "1" * 100_000])
def test_a_version_that_is_none_is_an_error(created: Folder, version: Path, content: str) -> None:
    version.write_text(content)
    with pytest.raises(StateError, match="PG_VERSION"):
        postgres.existing_major(created)


def test_a_folder_in_a_files_place_is_an_error(created: Folder) -> None:
    (created.database / "pg_hba.conf").unlink()
    (created.database / "pg_hba.conf").mkdir()
    with pytest.raises(StateError, match=r"pg_hba\.conf"):
        postgres.ensure_cluster(created)
    (created.database / "pg_hba.conf").rmdir()


def test_an_administrators_own_settings_hold_and_a_former_file_does_no_harm(
    folder: Folder,
) -> None:
    create(folder)
    path = folder.database / "postgresql.conf"
    (folder.database / "havre.conf").write_text("log_line_prefix = 'former'\n")
    with path.open("a") as file:
        file.write("\nwork_mem = '5MB'\nlog_statement = none\ninclude 'havre.conf'\n")
    before = path.read_bytes()
    supervisor.ensure_running(folder, *postgres.ensure_cluster(folder))
    schemas.ensure_database(postgres.administrator(folder), DATABASE)
    assert path.read_bytes() == before
    with postgres.admin_connection(folder, DATABASE) as connection:
        names = ("work_mem", "log_statement", "log_line_prefix")
        rows = [connection.execute(f"SHOW {name}").fetchone() for name in names]
    assert rows == [("5MB",), ("all",), ("%m [%p] %c ",)]


@pytest.mark.parametrize("slots", [60, 250])
def test_the_front_lets_in_as_many_as_the_administrator_gave_room_for(
    folder: Folder, slots: int
) -> None:
    create(folder)
    with (folder.database / "postgresql.conf").open("a") as file:
        file.write(f"\nmax_connections = {slots}\n")
    for service in postgres.ensure_cluster(folder):
        if service.name == postgres.FRONT:
            assert f"--slots {slots}" in " ".join(service.argv)


def test_a_front_before_settings_that_are_refused_has_the_servers_default(folder: Folder) -> None:
    create(folder)
    with (folder.database / "postgresql.conf").open("a") as file:
        file.write("\nmax_connections = many\n")
    words = [" ".join(service.argv) for service in postgres.ensure_cluster(folder)]
    assert not [word for word in words if "--slots" in word and "--slots 100" not in word]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Folder]:
    """A cluster of one test."""
    folder = Folder(tmp_path / "data")
    prepare(folder, WAREHOUSE)
    yield create(folder)
    supervisor.stop(folder)


def copied(folder: Folder) -> None:
    """Make the cluster's files root's, as a copy by root does that keeps no owners."""
    for path in (folder.database, *folder.database.rglob("*")):
        os.chown(path, 0, 0, follow_symlinks=False)


def test_a_copy_that_is_root_s_is_given_back_without_the_socket_of_the_original(
    own: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = own.database.stat().st_uid
    monkeypatch.chdir(own.database)  # a path of a socket has 108 bytes at most
    with socket.socket(socket.AF_UNIX) as former:
        former.bind(".s.PGSQL.1")
    copied(own)
    supervisor.ensure_running(own, *postgres.ensure_cluster(own))
    with postgres.administrator(own)() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    supervisor.stop(own)
    assert not (own.database / ".s.PGSQL.1").exists()
    owners = {path.lstat().st_uid for path in own.database.rglob("*")}
    assert owners == {account} != {0}


def test_a_copy_in_which_a_process_listens_is_refused(
    own: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own.database)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(".s.PGSQL.1")
        other.listen()
        copied(own)
        with pytest.raises(GuardError, match="a process still listens on it"):
            postgres.ensure_cluster(own)
        assert (own.database / ".s.PGSQL.1").exists()
    postgres.ensure_cluster(own)
    assert not (own.database / ".s.PGSQL.1").exists()
