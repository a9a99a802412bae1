"""The cut lets roles log in at the target, and takes the exit's mark away: once, or again."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from havre.capabilities.model import Support, Supported
from havre.exit.database import marks
from havre.exit.folder import ExitFolder, opened
from havre.exit.freezing import taking
from havre.exit.settings import ExitSide
from havre.exit.steps import databases
from havre.exit.steps.ending import cut
from tests.exit.database.servers import Server

FILE = "name: trial\nlevel: rehearsal\nsource: {data_dir: ../a}\ntarget: {data_dir: ../b}\n"
FILE += "controller: A hospital\nhost: A host SAS\n"


@dataclass
class OneDatabase:
    """A warehouse that is nothing but a database."""

    server: Server

    @property
    def live(self) -> "OneDatabase":
        return self

    def database(self) -> Server:
        return self.server

    def database_reader(self) -> Supported:
        return Supported(Support.ABSENT, "nobody is asked to read it back here")


@pytest.fixture
def folder(
    source: Server, target: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ExitFolder]:
    root = tmp_path / "exit"
    root.mkdir(mode=0o700)
    (root / "exit.yaml").write_text(FILE)

    def reach(side: ExitSide, _root: Path) -> OneDatabase:
        return OneDatabase(source if side.data_dir == "../a" else target)

    monkeypatch.setattr(databases, "reach", reach)
    for server in (source, target):
        server.run("CREATE ROLE doctor NOLOGIN; CREATE ROLE clerk NOLOGIN")
    try:
        with opened(root) as found:
            known = {"roles": {"1": "doctor", "2": "gone since"}}
            found.journal.record(f"{taking.MEMORY}database {source.name}", json.dumps(known))
            yield found
    finally:
        for server in (source, target):
            server.run("DROP ROLE doctor, clerk")


def marked(server: Server, name: str, *, finished: bool) -> None:
    with server.connect(autocommit=True) as connection:
        marks.begin(connection, name, set())
        if finished:
            marks.finish(connection)


def may_log_in(server: Server) -> Any:
    query = "SELECT count(*) FROM pg_roles WHERE rolcanlogin AND rolname IN ('doctor', 'clerk')"
    return server.one(query)


def test_who_could_log_in_may_again_and_the_mark_is_gone(
    folder: ExitFolder, target: Server
) -> None:
    marked(target, "trial", finished=True)
    assert cut.open_database(folder) == ["doctor"]
    assert may_log_in(target) == 1
    assert target.one("SELECT count(*) FROM pg_namespace WHERE nspname = 'havre_exit'") == 0
    assert cut.open_database(folder) == ["doctor"], "a run that was cut off loses no name"
    assert may_log_in(target) == 1


def test_where_no_database_was_moved_nothing_is_done(folder: ExitFolder, target: Server) -> None:
    assert cut.open_database(folder) == []
    marked(target, "trial", finished=False)
    assert cut.open_database(folder) == []
    assert may_log_in(target) == 0
