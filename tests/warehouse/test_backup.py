"""Backup and restore through the commands, with the demonstration's kind of data."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from havre.cli import main
from havre.errors import ExitCode
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
    assert main(site.command("down")) == 0

    assert other.up() == 0
    back = run(capsys, *other.command("restore", made["path"], "--keys", str(keys)))
    assert (back["rows"], back["objects"]) == (2, 3)
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

    refused = other.command("restore", made["path"], "--keys", str(keys))
    assert main(refused) == ExitCode.ENGINE
    assert "holds" in capsys.readouterr().err


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
    restore = other.command("restore", made["path"], "--keys", str(keys))
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


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("backup",), "no warehouse stands in"),
        (("connect", "nobody"), "no warehouse stands in"),
        (("keys", "export", "x"), "no warehouse stands in"),
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
