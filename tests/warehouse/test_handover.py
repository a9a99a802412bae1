"""Backups leave with their warehouse: under the target's key, sealed, and restored from there."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from havre.cli import main
from havre.errors import StateError
from havre_local.machine.access import open_warehouse
from havre_local.machine.backups import described, reading
from havre_local.machine.folder import warehouse_of
from havre_local.machine.supervision import supervisor
from tests.warehouse.conftest import Site, read_example
from tests.warehouse.objects import get, put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PASSPHRASE = "correct horse battery"
DECIDED = """
decisions:
  - property: modified
    who: Director of research
    why: The times of writing stand in the seal.
    when: 2026-11-29
"""


@pytest.fixture
def another() -> Iterator[Callable[[], Site]]:
    """Makes further sites for the same file."""
    made: list[Site] = []

    def make() -> Site:
        made.append(Site(Path(tempfile.mkdtemp(prefix="havre-test-")), read_example("hospital")))
        return made[-1]

    yield make
    for site in made:
        if (site.data_dir / "run").is_dir():
            supervisor.stop(site.folder)
        shutil.rmtree(site.root)


def run(folder: Path, step: str, *words: str) -> int:
    return main(["exit", step, str(folder), *words])


def begun(site: Site, target: Site) -> Path:
    """The folder of an exit, with its file filled in."""
    folder = site.root / "exit"
    assert main(["exit", "new", str(folder)]) == 0
    file = folder / "exit.yaml"
    text = file.read_text().replace("../source", str(site.data_dir))
    text = text.replace("../target", str(target.data_dir))
    file.write_text(text.replace("\ndecisions: []\n", DECIDED))
    return folder


@pytest.mark.long
def test_a_backup_of_the_source_is_restored_with_the_targets_keys_alone(
    site: Site,
    another: Callable[[], Site],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HAVRE_PASSPHRASE", PASSPHRASE)
    target, later = another(), another()
    assert site.up() == 0
    assert target.up() == 0
    put(site, "curated", body=b"as it was backed up")
    with open_warehouse(site.data_dir).connect() as connection:
        connection.execute("CREATE TABLE curated.note AS SELECT 'kept' AS text")
    assert main(site.command("backup")) == 0
    put(site, "curated", body=b"as it left")
    folder = begun(site, target)
    assert run(folder, "plan") == 0
    capsys.readouterr()
    assert run(folder, "ledger", "--all", "--json") == 0
    entries = [e for e in json.loads(capsys.readouterr().out) if e["scope"] == "backups"]
    assert {(e["property"], e["fate"]) for e in entries} == {
        ("backup", "mapped"),
        ("kept until", "kept"),
    }
    for number in ("1 backup", "0 backups"):
        assert run(folder, "copy") == 0
        assert f"backups: {number} taken over" in capsys.readouterr().out
    came = came_whole(site, target)
    check_seal(folder, came.name, capsys)
    supervisor.stop(site.folder)
    check_restored(target, later, came)


def came_whole(site: Site, target: Site) -> Path:
    """The backup at the target: the source's own, under the target's key, apart from its own."""
    (own,) = described.list_backups(site.folder)
    place = target.folder.backups / described.CAME / warehouse_of(site.folder)
    (came,) = described.list_backups(target.folder, place)
    assert described.list_backups(target.folder) == ()
    assert reading.verify(target.folder, came.path) == reading.verify(site.folder, own.path)
    with pytest.raises(StateError):
        reading.verify(site.folder, came.path)
    assert main(target.command("backup")) == 0
    assert described.list_backups(target.folder, place) == (came,)
    assert main(target.command("logs", "verify")) == 0
    return came.path


def check_seal(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The seal has the backup's parts on both sides, and holds for who has only `sh`."""
    capsys.readouterr()
    assert run(folder, "verify") == 0
    assert "backups: 1 backup read back, all the same" in capsys.readouterr().out
    assert run(folder, "seal") == 0
    lists = folder / "seal" / "data" / "objects"
    lines = (lists / "the=20backups.target.tsv").read_text().splitlines()
    parts = {line.split("\t")[0] for line in lines}
    assert {f"{name}/contents.enc", f"{name}/database.enc"} < parts
    script, authority = folder / "verify.sh", folder / "authorities" / "ca.pem"
    words = ("--authority", str(authority), "--tsa-authority", str(authority))
    assert main(["exit", "evidence", str(folder / "seal"), *words, "--script", str(script)]) == 0
    subprocess.run(["sh", script, folder / "seal", authority, authority], check=True)


def check_restored(target: Site, later: Site, came: Path) -> None:
    """A further warehouse of that name holds what was backed up, by the target's keys."""
    exported = target.root / "keys.export"
    assert main(target.command("keys", "export", str(exported))) == 0
    assert later.up() == 0
    words = ("restore", str(came), "--keys", str(exported), "--number", "1")
    assert main(later.command(*words)) == 0
    assert get(later, "curated") == b"as it was backed up"
    with open_warehouse(later.data_dir).connect() as connection:
        assert connection.execute("SELECT text FROM curated.note").fetchall() == [("kept",)]
