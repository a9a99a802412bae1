"""Two warehouses of `havre up`: the database follows its source while it is written to."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre.exit.database import replication
from havre_local.machine import ways
from havre_local.machine.access import open_warehouse
from havre_local.machine.folder import read_secret
from havre_local.machine.postgresql import server as postgres
from havre_local.machine.supervision import supervisor
from havre_local.machine.supervision.services import names
from tests.waits import until
from tests.warehouse.conftest import Site, read_example
from tests.warehouse.objects import put

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES = """
CREATE TABLE curated.visit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ward text);
INSERT INTO curated.visit (ward) SELECT 'ward ' || i FROM generate_series(1, 500) i;
"""
COUNT = "SELECT count(*) FROM curated.visit"
DECIDED = """
database: {method: replication}
decisions:
  - property: modified
    who: Director of research
    why: The times of writing stand in the seal.
    when: 2026-11-29
"""
SUBSCRIBED = "SELECT coalesce(string_agg(subconninfo, ' '), '') FROM pg_subscription"
LEFT = """
SELECT (SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_publication)
  + (SELECT count(*) FROM pg_subscription)
"""


@pytest.fixture
def target() -> Iterator[Site]:
    made = Site(Path(tempfile.mkdtemp(prefix="havre-test-")), read_example("hospital"))
    yield made
    supervisor.stop(made.folder)
    shutil.rmtree(made.root)


def one(site: Site, statement: str) -> Any:
    with open_warehouse(site.data_dir).connect(autocommit=True) as connection:
        found = connection.execute(statement.encode())
        row = found.fetchone() if found.description else None
    return row and row[0]


def begun(site: Site, target: Site) -> Path:
    """The folder of an exit by replication, with its file filled in."""
    folder = site.root / "exit"
    assert main(["exit", "new", str(folder)]) == 0
    file = folder / "exit.yaml"
    text = file.read_text().replace("../source", str(site.data_dir))
    text = text.replace("../target", str(target.data_dir))
    file.write_text(text.replace("\ndecisions: []\n", DECIDED))
    return folder


def run(folder: Path, step: str, *words: str) -> int:
    return main(["exit", step, str(folder), *words])


@contextlib.contextmanager
def writer(site: Site) -> Iterator[list[int]]:
    """Somebody who writes with a role of their own, until the freeze ends their session."""
    name = one(site, "SELECT current_database()")
    one(
        site,
        f"CREATE ROLE clerk LOGIN PASSWORD 'a-clerks-password';"
        f"GRANT CONNECT ON DATABASE {name} TO clerk;"
        "GRANT USAGE ON SCHEMA curated TO clerk; GRANT INSERT ON curated.visit TO clerk",
    )
    libpq = postgres.settings_for(site.folder, name, "clerk")
    written: list[int] = []
    stopped = threading.Event()

    def write() -> None:
        session = psycopg.connect(
            password="a-clerks-password",
            autocommit=True,
            **libpq,  # type: ignore[arg-type]
        )
        with contextlib.suppress(psycopg.OperationalError), session as connection:
            for number in itertools.count():
                connection.execute("INSERT INTO curated.visit (ward) VALUES (%s)", (str(number),))
                written.append(number)
                if stopped.wait(0.02):
                    break

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield written
    finally:
        stopped.set()
        thread.join()


def files_below(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    for folder in folders:
        for file in folder.rglob("*"):
            with contextlib.suppress(OSError):
                if file.is_file():
                    yield file, file.read_bytes()


def secret_is_nowhere(site: Site, target: Site, folder: Path) -> None:
    """The source's password is in no file of the exit, and in none of the target but its own."""
    secret = read_secret(site.folder, "database-password").encode()
    held = [file for file, content in files_below(folder, target.data_dir) if secret in content]
    assert held == []


def nothing_is_left(site: Site, target: Site) -> None:
    assert (one(site, LEFT), one(target, LEFT)) == (0, 0)
    assert ways.RELAY not in names(target.folder)
    found = [each for place in ("database", "run") for each in (target.data_dir / place).iterdir()]
    assert [each.name for each in found if each.name.startswith("way.")] == []


@pytest.mark.long
def test_writers_go_on_until_the_freeze_and_the_seal_is_checked_without_havre(
    site: Site, target: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up() == 0
    assert target.up() == 0
    put(site, "curated")
    one(site, TABLES)
    folder = begun(site, target)
    with writer(site) as written:
        assert run(folder, "plan") == 0
        assert "1 table, by replication" in capsys.readouterr().out
        assert run(folder, "copy") == 0
        shown = " ".join(capsys.readouterr().out.split())
        assert f"Replication slot {replication.name_of(folder.name)} makes the source" in shown
        before = len(written)
        until(lambda: len(written) > before + 10)
        assert run(folder, "verify") == ExitCode.ENGINE
        assert "still follows" in capsys.readouterr().err
        until(lambda: one(target, COUNT) > 500 + before)
        secret = read_secret(site.folder, "database-password")
        assert secret not in one(target, SUBSCRIBED)
        assert main(target.command("status")) == 0
        assert run(folder, "freeze") == 0
    assert run(folder, "copy") == 0
    assert "and the replication is ended" in capsys.readouterr().out
    nothing_is_left(site, target)
    secret_is_nowhere(site, target, folder)
    assert run(folder, "verify") == 0
    assert run(folder, "seal") == 0
    assert one(target, COUNT) == one(site, COUNT) > 500 + before
    assert one(target, "SELECT nextval('curated.visit_id_seq')") > one(site, COUNT) + 1000
    script, authority = site.root / "verify.sh", folder / "authorities" / "ca.pem"
    words = ("--authority", str(authority), "--tsa-authority", str(authority))
    assert main(["exit", "evidence", str(folder / "seal"), *words, "--script", str(script)]) == 0
    checked = subprocess.run(
        ["sh", script, folder / "seal", authority, authority],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "VERIFIED" in checked.stdout
