"""Backup and restore through the commands, with the demonstration's kind of data."""

import datetime as dt
import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from havre.cli import main
from havre.cli.backup import _agree
from havre.errors import ExitCode, GuardError, HavreError
from havre.provider import BackupIdentity
from havre_local.machine.access import open_project, open_warehouse
from tests.warehouse.conftest import Site, make
from tests.warehouse.objects import get, put

PASSPHRASE = "correct horse battery"
TABLE = pa.table({"person_id": [1, 2, 3], "value": [5.1, 7.9, 6.6]})


@pytest.fixture
def other(site: Site):
    """A second, empty folder for the same file."""
    sites: list[Site] = []
    found = make(sites, "hospital")
    found.spec = site.spec
    yield found
    found.clean()


def fill(site: Site) -> None:
    warehouse = open_warehouse(site.data_dir)
    with warehouse.connect() as connection:
        connection.execute("CREATE TABLE curated.person (person_id int, name text)")
        connection.execute("INSERT INTO curated.person VALUES (1, 'a'), (2, 'b')")
    warehouse.write_table("curated", "omop/person.parquet", TABLE)
    put(site, "curated", body=b"first")
    put(site, "curated", body=b"second")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    capsys.readouterr()
    assert main([*words, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_a_restore_into_an_empty_folder_is_the_same_warehouse(
    site: Site, other: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAVRE_PASSPHRASE", PASSPHRASE)
    assert site.up() == 0
    fill(site)
    made = run(capsys, *site.command("backup"))
    assert (made["rows"], made["objects"]) == (2, 3)
    keys = site.root / "keys.export"
    assert main(site.command("keys", "export", str(keys))) == 0
    assert "the latest: Backup 1 of chu-trial, written 2" in capsys.readouterr().out
    assert main(site.command("down")) == 0

    assert other.up() == 0
    words = other.command("restore", made["path"], "--keys", str(keys))
    assert main(words) == ExitCode.INPUT  # nobody can be asked here
    said = capsys.readouterr().err
    assert "Backup 1 of chu-trial, written 2" in said
    assert "--number 1" in said
    assert main([*words, "--number", "2"]) == ExitCode.ENGINE
    assert "is not backup 2" in capsys.readouterr().err
    back = run(capsys, *words, "--number", str(made["number"]))
    assert (back["rows"], back["objects"], back["number"]) == (2, 3, 1)
    assert get(other, "curated") == b"second"
    warehouse = open_warehouse(other.data_dir)
    versions = warehouse.client().list_object_versions(
        Bucket=warehouse.bucket("curated"), Prefix="note.txt"
    )["Versions"]
    assert len(versions) == 2
    project = open_project(other.data_dir, "bed-occupancy")
    assert project.dataset("curated", "omop").to_table().to_pydict() == TABLE.to_pydict()
    assert other.up() == 0
    with project.connect() as connection:
        rows = connection.execute("SELECT count(*) FROM curated.person").fetchone()
    assert rows == (2,)

    assert main([*words, "--yes"]) == ExitCode.ENGINE
    assert "contains data" in capsys.readouterr().err


@pytest.mark.long
def test_wrong_keys_and_damaged_backups_are_told(
    site: Site, other: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert site.up() == 0
    fill(site)
    made = run(capsys, *site.command("backup"))
    keys = site.root / "keys.export"
    file = site.root / "passphrase"
    file.write_text(PASSPHRASE + "\n")
    given = ("--passphrase-file", str(file))
    assert main(site.command("keys", "export", str(keys), *given)) == 0
    assert other.up() == 0
    restore = other.command("restore", made["path"], "--keys", str(keys), "--yes")
    assert main(restore) == ExitCode.INPUT
    assert "no passphrase was given" in capsys.readouterr().err
    monkeypatch.setenv("HAVRE_PASSPHRASE", "wrong horse battery")
    assert main(restore) == ExitCode.INPUT
    assert "passphrase" in capsys.readouterr().err
    largest = max(Path(made["path"]).iterdir(), key=lambda path: path.stat().st_size)
    content = largest.read_bytes()
    largest.write_bytes(content[:-20])
    assert main([*restore, *given]) == ExitCode.ENGINE
    largest.write_bytes(content)
    assert main([*restore, *given]) == 0


CREATED = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
LATEST = BackupIdentity("20261123T120000Z", "demo", CREATED, number=7, latest=7)
OLDER = replace(LATEST, number=6)
FORMER = replace(LATEST, number=0, latest=0, authenticated=False)


@pytest.mark.parametrize(
    ("found", "number", "yes", "said"),
    [
        (LATEST, 7, False, ""),
        (LATEST, None, True, ""),
        (LATEST, None, False, "--number 7"),
        (LATEST, 6, True, "is not backup 6"),
        (OLDER, 6, False, ""),
        (OLDER, None, True, "older than the latest backup that this warehouse knows, 7"),
        (FORMER, None, True, ""),
        (FORMER, 0, False, ""),
        (FORMER, None, False, "warehouse and time are not authenticated"),
    ],
)
def test_only_the_backup_that_somebody_agrees_to_is_restored(
    capsys: pytest.CaptureFixture[str],
    found: BackupIdentity,
    number: int | None,
    yes: bool,
    said: str,
) -> None:
    if not said:
        _agree(found, number=number, yes=yes)
        assert "of demo, written 2026-11-23 12:00:00 UTC" in capsys.readouterr().err
        return
    with pytest.raises(HavreError) as caught:
        _agree(found, number=number, yes=yes)
    assert said in f"{capsys.readouterr().err} {caught.value.message} {caught.value.remedy}"


@pytest.mark.parametrize(("answer", "agreed"), [(True, True), (False, False)])
def test_on_a_terminal_somebody_is_asked(
    monkeypatch: pytest.MonkeyPatch, answer: bool, agreed: bool
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: answer)
    with nullcontext() if agreed else pytest.raises(GuardError, match="is not wanted"):
        _agree(OLDER, number=None, yes=True)
    assert answer == agreed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("backup",), "there is no warehouse in"),
        (("connect", "nobody"), "there is no warehouse in"),
        (("keys", "export", "x"), "there is no warehouse in"),
    ],
)
def test_nothing_stands_nothing_is_done(
    site: Site, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    assert main(site.command(*words)) == ExitCode.INPUT
    assert message in capsys.readouterr().err


def test_a_short_passphrase_is_refused(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert site.up() == 0
    monkeypatch.setenv("HAVRE_PASSPHRASE", "short")
    target = site.root / "keys.export"
    assert main(site.command("keys", "export", str(target))) == ExitCode.INPUT
    assert "shorter than 12 characters" in capsys.readouterr().err
    assert not target.exists()


def test_a_stopped_warehouse_is_stopped_again_after_its_backup(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up() == 0
    assert main(site.command("down")) == 0
    assert main(site.command("backup")) == 0
    assert "is stopped again" in capsys.readouterr().err
    main(site.command("status", "--json"))
    states = {each["state"] for each in json.loads(capsys.readouterr().out)["services"]}
    assert states == {"stopped"}
