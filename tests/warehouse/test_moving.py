"""A copied or moved folder is another one: nothing is done to the original through it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from havre.cli import main
from havre.errors import ExitCode, GuardError
from havre_local.machine.access import open_project, open_warehouse
from havre_local.machine.folder import Folder
from havre_local.machine.supervision import supervisor
from tests.warehouse.conftest import Site
from tests.warehouse.objects import put

NAME = "chu-trial"


@pytest.fixture
def filled(site: Site) -> Site:
    assert site.up() == 0
    with open_warehouse(site.data_dir).connect() as connection:
        connection.execute("CREATE TABLE curated.note AS SELECT 'kept' AS text")
    put(site, "curated", body=b"kept")
    return site


@pytest.fixture
def elsewhere(site: Site) -> Iterator[Path]:
    """Where the folder is copied or moved to; what runs there is stopped."""
    place = site.root / "elsewhere"
    yield place
    if place.exists():
        supervisor.stop(Folder(place))


def at(place: Path, *words: str) -> list[str]:
    return [*words, "--data-dir", str(place)]


def holds_all(place: Path) -> bool:
    warehouse = open_warehouse(place)
    with warehouse.connect() as connection:
        rows = connection.execute("SELECT text FROM curated.note").fetchall()
    bucket = warehouse.bucket("curated")
    found = warehouse.client().get_object(Bucket=bucket, Key="note.txt")["Body"].read()
    return rows == [("kept",)] and found == b"kept"


COMMANDS = {
    "up": lambda site: ("up", str(site.file), "--yes"),
    "status": lambda _: ("status",),
    "down": lambda _: ("down",),
    "destroy": lambda _: ("down", "--destroy-data", NAME),
    "backup": lambda _: ("backup",),
    "connect": lambda site: ("connect", next(iter(site.spec["projects"]))),
    "keys": lambda site: ("keys", "export", str(site.root / "keys.export")),
    "restore": lambda site: ("restore", str(site.root), "--keys", str(site.file)),
}


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_a_copy_is_refused_until_it_is_adopted_and_the_original_never_touched(
    filled: Site,
    elsewhere: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    running: bool,
) -> None:
    monkeypatch.setenv("HAVRE_PASSPHRASE", "correct horse battery")
    if not running:
        assert main(filled.command("down")) == 0
    subprocess.run(["cp", "-a", str(filled.data_dir), str(elsewhere)], check=True)
    for words in COMMANDS.values():
        capsys.readouterr()
        assert main(at(elsewhere, *words(filled))) == ExitCode.ENGINE
        said = capsys.readouterr().err
        assert "havre adopt" in said
        assert str(filled.data_dir) in said
    for opening in (open_warehouse, lambda place: open_project(place, "bed-occupancy")):
        with pytest.raises(GuardError, match="havre adopt"):
            opening(elsewhere)
    assert main(at(elsewhere, "adopt", "--yes")) == 0
    if not running:  # a copy of a database that runs is none to rely on
        assert main(at(elsewhere, "up", str(filled.file), "--yes")) == 0
        assert holds_all(elsewhere)
    main(at(elsewhere, "down", "--destroy-data", NAME))
    assert filled.up() == 0
    assert holds_all(filled.data_dir)


@pytest.mark.parametrize(
    "running", [pytest.param(True, marks=pytest.mark.long), False], ids=["running", "stopped"]
)
def test_a_moved_folder_goes_on_where_it_is_once_it_is_adopted(
    filled: Site, elsewhere: Path, capsys: pytest.CaptureFixture[str], *, running: bool
) -> None:
    if not running:
        assert main(filled.command("down")) == 0
    filled.data_dir.rename(elsewhere)
    assert main(at(elsewhere, "status")) == ExitCode.ENGINE
    assert "havre adopt" in capsys.readouterr().err
    assert main(at(elsewhere, "adopt", "--yes")) == 0
    assert main(at(elsewhere, "up", str(filled.file), "--yes")) == 0
    assert holds_all(elsewhere)
    assert not filled.data_dir.exists()
    assert main(at(elsewhere, "adopt")) == 0
    assert "Nothing to do" in capsys.readouterr().out


def test_a_folder_by_another_name_is_the_same(site: Site) -> None:
    assert site.up() == 0
    (site.root / "link").symlink_to(".")
    assert main(at(site.root / "link" / "warehouse", "status")) == 0
