"""A planted fault: refused in a real exit, and found by the steps of the exit itself."""

from __future__ import annotations

import datetime as dt
import io
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from havre.errors import GuardError, InputError
from havre.exit.folder import ExitStep, opened
from havre.exit.journal import Journal
from havre.exit.objects.copying import Sides
from havre.exit.objects.mapping import Rules
from havre.exit.objects.running import MovingZone, copy_zone, list_zone
from havre.exit.objects.verifying import LockComparison, differences, read_back, recorded
from havre.exit.planting import LET, PlantedFault, planted
from havre.exit.records import write_ordered
from havre.exit.settings import read_exit
from havre.exit.steps.seal import seal
from havre.live.objects import Properties, RefusedError
from tests.exit.memory import EVERYTHING, LIMITS, Given, MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
name: trial
level: {level}
source: {{data_dir: ../a}}
target: {{data_dir: ../b}}
controller: A hospital
host: A host SAS
planted: {fault}
"""
RULES = Rules("zone curated", LIMITS, EVERYTHING, dt.datetime(2026, 11, 29, tzinfo=dt.UTC))
BEARS = Properties({"content-type": "text/plain"})
KEYS = [f"visits/{number}.csv" for number in range(60)]


def copied(folder: Path, target: MemoryStore, fault: PlantedFault | None) -> tuple[Journal, int]:
    source = MemoryStore()
    for key in KEYS:
        source.put(key, key.encode())
    journal = Journal(folder / "journal.sqlite")
    zone = MovingZone("curated", Given(Sides(source, planted(target, fault), RULES)))
    seen = list_zone(journal, zone)
    with ThreadPoolExecutor(2) as pool:
        assert copy_zone(journal, zone, pool, 2, len) == []
    return journal, seen


def found(folder: Path, journal: Journal, seen: int, target: MemoryStore) -> list[tuple[str, str]]:
    paths, locks = (folder / "source.tsv", folder / "target.tsv"), LockComparison()
    with ThreadPoolExecutor(2) as pool:
        write_ordered(paths[1], locks.met(read_back(lambda: target, pool, 2)))
    write_ordered(paths[0], locks.wanted(recorded(journal, "curated", seen)))
    return [(each.key, each.what) for each in differences(*paths)]


def test_what_a_lying_store_drops_and_changes_is_found_when_it_is_read_back(
    tmp_path: Path,
) -> None:
    target = MemoryStore()
    journal, seen = copied(tmp_path, target, PlantedFault.LYING_STORE)
    told = found(tmp_path, journal, seen, target)
    kept = {key: contents[-1] for key, contents in target.contents().items()}
    dropped = {key for key in KEYS if key not in kept}
    changed = {key for key in KEYS if kept.get(key, key.encode()) != key.encode()}
    assert dropped
    assert changed
    assert {key for key, _ in told} == dropped | changed


def test_an_honest_store_is_not_accused(tmp_path: Path) -> None:
    target = MemoryStore()
    journal, seen = copied(tmp_path, target, None)
    assert found(tmp_path, journal, seen, target) == []


def test_an_expired_credential_stops_the_copy_and_a_new_one_goes_on(tmp_path: Path) -> None:
    target = MemoryStore()
    with pytest.raises(RefusedError, match="credential has expired"):
        copied(tmp_path, target, PlantedFault.EXPIRED_TOKEN)
    assert 0 < len(target.objects) <= LET
    _, seen = copied(tmp_path, target, None)
    assert seen
    assert {key: [key.encode()] for key in KEYS} == target.contents()


def test_parts_are_refused_by_an_expired_credential_too() -> None:
    store = planted(MemoryStore(), PlantedFault.EXPIRED_TOKEN)
    for number in range(LET):
        store.write(f"{number}", io.BytesIO(b"x"), BEARS)
    with pytest.raises(RefusedError):
        store.begin("large", BEARS)


@pytest.mark.parametrize("fault", list(PlantedFault), ids=str)
def test_a_real_exit_plants_nothing(tmp_path: Path, fault: PlantedFault) -> None:
    (tmp_path / "exit.yaml").write_text(FILE.format(level="real", fault=fault))
    with pytest.raises(InputError, match="plants a fault in a real exit"):
        read_exit(tmp_path)


def test_nothing_is_sealed_while_a_fault_is_planted(tmp_path: Path) -> None:
    (tmp_path / "exit.yaml").write_text(FILE.format(level="rehearsal", fault="lying-store"))
    with opened(tmp_path) as folder:
        for step in (ExitStep.PLAN, ExitStep.COPY, ExitStep.VERIFY):
            folder.end(folder.begin(step), {})
        with pytest.raises(GuardError, match="lying-store is planted in this exit"):
            seal(folder)
        assert folder.last(ExitStep.SEAL) is None
