"""Keys that get another name at the target: given by a person, proved, and never mixed."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from havre.errors import GuardError, InputError
from havre.exit.folder import opened
from havre.exit.ledger import LedgerFate
from havre.exit.objects.copying import Sides
from havre.exit.objects.inventory import take_inventory
from havre.exit.objects.mapping import Rules
from havre.exit.objects.running import MovingZone, copy_zone, give_up_uploads, list_zone
from havre.exit.objects.verifying import (
    LockComparison,
    differences,
    read_back,
    recorded,
    version_map,
)
from havre.exit.records import renamed_lines, write_ordered
from havre.exit.settings import read_exit
from havre.exit.sides import OpenedZone, renaming_digest
from havre.exit.steps.renamings import PROPOSALS, refuse_changed, settle, write_proposals
from havre.live.objects import Properties
from tests.exit.memory import EVERYTHING, LIMITS, Given, MemoryStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from havre.exit.folder import ExitFolder

NOW = dt.datetime(2026, 11, 29, tzinfo=dt.UTC)
FILE = """\
name: trial
level: rehearsal
source: {data_dir: ../a}
target: {data_dir: ../b}
controller: A hospital
host: A host SAS
"""
SIGNED = "    who: Director of research\n    why: It does not fit.\n    when: 2026-11-29\n"
PATHS = replace(LIMITS, paths=True, name_bytes=60, refused="\x01")
BEARS = Properties({"content-type": "a/b"}, {"ward": "1"})
PARTS = 20 * 2**20


def said(renamed: Mapping[str, str], zone: str = "curated") -> str:
    """A section of exit.yaml, of keys as evidence shows them."""
    keys = "".join(f"      {key}: {name}\n" for key, name in renamed.items())
    return f"renamings:\n  - zone: {zone}\n    keys:\n{keys}{SIGNED}"


class Moving:
    """A zone whose stores are in memory, with the folder of its exit."""

    def __init__(self, root: Path) -> None:
        self.root, self.source = root, MemoryStore()
        self.target = MemoryStore(limits=PATHS)
        root.mkdir(mode=0o700)
        self.says("")

    def says(self, text: str) -> None:
        (self.root / "exit.yaml").write_text(FILE + text)

    def zone(self, folder: ExitFolder) -> MovingZone:
        renamed = folder.file.renamed("curated")
        rules = Rules("zone curated", PATHS, EVERYTHING, NOW, {}, renamed)
        return MovingZone("curated", Given(Sides(self.source, self.target, rules)))

    def plan(self) -> dict[tuple[str, str], tuple[str, str]]:
        """What is not kept of single keys, by key and property."""
        with opened(self.root) as folder, ThreadPoolExecutor(2) as pool:
            zone = self.zone(folder)
            settle(folder, "curated")
            list_zone(folder.journal, zone)
            take_inventory(folder.journal, zone, pool, 2, lambda _: None, fresh=False)
            write_proposals(folder, [zone])
            return {
                (e.item, e.property): (e.fate.value, e.became)
                for e in folder.journal.losses()
                if e.item != "all" and e.fate is not LedgerFate.KEPT
            }

    def copy(self) -> None:
        with opened(self.root) as folder, ThreadPoolExecutor(2) as pool:
            refuse_changed(folder, ["curated"])
            zone = self.zone(folder)
            list_zone(folder.journal, zone)
            assert copy_zone(folder.journal, zone, pool, 2, lambda _: None) == []

    def differ(self) -> list[str]:
        source, target = self.root / "source.tsv", self.root / "target.tsv"
        with opened(self.root) as folder, ThreadPoolExecutor(2) as pool:
            refuse_changed(folder, ["curated"])
            renamed, seen = (
                folder.file.renamed("curated"),
                int(folder.journal.fact("listed curated")),
            )
            locks = LockComparison()
            write_ordered(target, locks.met(read_back(lambda: self.target, pool, 2)))
            write_ordered(source, locks.wanted(recorded(folder.journal, "curated", seen, renamed)))
        found = [f"{each.key} {each.what}" for each in differences(source, target)]
        assert (source.read_bytes() == target.read_bytes()) == (not found)
        return found


@pytest.fixture
def moving(tmp_path: Path) -> Moving:
    made = Moving(tmp_path / "exit")
    made.source.put("care/a\x01b", b"first", BEARS)
    made.source.put("care/a\x01b", b"second", BEARS)
    made.source.put("care/plain", b"plain", BEARS)
    return made


def accept(moving: Moving) -> None:
    """What a person does with the proposals: sign them, and move them to exit.yaml."""
    proposed = (moving.root / PROPOSALS).read_text()
    for field, value in (("who", "Director of research"), ("why", "It does not fit.")):
        proposed = proposed.replace(f"{field}: ''", f"{field}: {value}")
    moving.says(proposed.replace("when: ''", "when: 2026-11-29"))


def test_what_a_plan_proposes_needs_only_to_be_accepted(moving: Moving) -> None:
    moving.source.put("report.csv", b"beside its own folder", BEARS)
    moving.source.put("report.csv/1", b"in it", BEARS)
    moving.source.put("x" * 80, b"too long", BEARS)
    fates = moving.plan()
    blocked = {item for (item, _), (fate, _) in fates.items() if fate == "blocking"}
    assert blocked == {"care/a\x01b", "report.csv", "x" * 80}
    accept(moving)
    fates = moving.plan()
    assert {fate for fate, _ in fates.values()} == {"mapped"}
    assert {item for item, name in fates if name == "key"} == blocked
    assert fates["care/a\x01b", "key"] == ("mapped", "care/a_b")
    assert not (moving.root / PROPOSALS).exists()
    moving.copy()
    assert moving.differ() == []
    assert len(moving.target.objects) == len(moving.source.objects)
    assert moving.target.contents()["care/a_b"] == [b"first", b"second"]
    assert [key for key in moving.target.objects if key.startswith("report")] == [
        fates["report.csv", "key"][1],
        "report.csv/1",
    ]


def test_everything_of_a_renamed_key_goes_and_later_changes_follow(moving: Moving) -> None:
    moving.source.put("care/a\x01b", b"x" * PARTS, BEARS)
    moving.source.mark("care/a\x01b")
    moving.says(said({"care/a%01b": "care/new%20name"}))
    moving.plan()
    moving.copy()
    assert moving.differ() == []
    assert moving.target.contents()["care/new name"] == [b"first", b"second", b"x" * PARTS, None]
    moving.source.put("care/a\x01b", b"later", BEARS)
    moving.copy()
    assert moving.differ() == []
    with opened(moving.root) as folder:
        seen = int(folder.journal.fact("listed curated"))
        renamed = folder.file.renamed("curated")
        led = [each.key for each in version_map(folder.journal, "curated", seen, renamed)]
    assert led == ["care/new name"] * 5 + ["care/plain"]
    assert renamed_lines(renamed) == ["care/a%01b\tcare/new%20name"]


def test_what_stands_under_the_new_name_unrecorded_is_taken_as_done(moving: Moving) -> None:
    moving.says(said({"care/a%01b": "care/a_b"}))
    moving.plan()
    moving.target.put("care/a_b", b"first", BEARS)  # by a run that was killed
    moving.copy()
    assert moving.differ() == []
    assert moving.target.contents()["care/a_b"] == [b"first", b"second"]


def test_what_a_killed_run_left_unfinished_under_the_new_name_is_given_up(moving: Moving) -> None:
    moving.says(said({"care/a%01b": "care/a_b"}))
    moving.plan()
    theirs = moving.target.begin("care/theirs", BEARS)
    moving.target.begin("care/a_b", BEARS)
    with opened(moving.root) as folder:
        assert give_up_uploads(folder.journal, moving.zone(folder)) == 1
    assert list(moving.target.uploads()) == [theirs]


def test_what_stands_under_another_name_than_the_map_says_is_found(moving: Moving) -> None:
    moving.says(said({"care/a%01b": "care/a_b"}))
    moving.plan()
    moving.copy()
    del moving.target.objects["care/a_b"]
    for content in (b"first", b"second"):
        moving.target.put("care/other", content, BEARS)
    assert {*moving.differ()} == {"care/a_b missing", "care/other extra"}


WRONG = {
    "no such key": ({"care/none": "care/one"}, "the source has no such key"),
    "a key that is there": ({"care/a%01b": "care/plain"}, "the source has the key"),
    "a name that does not fit": ({"care/a%01b": "care//b"}, "a step of the key is empty"),
    "a folder": ({"care/a%01b": "care"}, "the target keeps keys as paths"),
    "below a key": ({"care/a%01b": "care/plain/b"}, "the target keeps keys as paths"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_renaming_that_cannot_be_done_blocks(moving: Moving, case: str) -> None:
    renamed, why = WRONG[case]
    moving.says(said(renamed))
    blocking = [key for key, (fate, _) in moving.plan().items() if fate == "blocking"]
    assert blocking
    with opened(moving.root) as folder:
        remedies = [e.remedy for e in folder.journal.losses() if e.fate is LedgerFate.BLOCKING]
    assert any(why in remedy for remedy in remedies), remedies


REFUSED = {
    said({"a%20b": "a_b"}).replace("a%20b", "a b"): "renamings",
    said({"x%61": "b"}): "is written `xa` in the evidence",
    said({"a": "a"}): "`a` would keep its name",
    said({"a": "c", "b": "c"}): "`c` stands for two keys",
    said({"a": "c"}) + said({"a": "d"}).removeprefix("renamings:\n"): "`a` is renamed twice",
    said({"a": "c"}).replace("    who: Director of research\n", ""): "who",
    "renamings: [{zone: z, keys: {}, who: w, why: y, when: 2026-11-29}]\n": "keys",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_map_that_is_wrong_in_itself_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "exit.yaml").write_text(FILE + text)
    with pytest.raises(InputError, match=REFUSED[text]):
        read_exit(tmp_path)


def test_a_map_that_changed_since_the_plan_is_refused_by_every_step(moving: Moving) -> None:
    moving.says(said({"care/a%01b": "care/a_b"}))
    moving.plan()
    moving.says(said({"care/a%01b": "care/a_c"}))
    for step in (moving.copy, moving.differ):
        with pytest.raises(InputError, match="changed since the plan"):
            step()
    moving.plan()  # nothing was copied: it may be another one
    moving.copy()
    assert moving.differ() == []
    assert "care/a_c" in moving.target.objects


@pytest.mark.parametrize(
    "later", [{"care/a%01b": "care/a_c"}, {"care/a%01b": "care/a_b", "care/plain": "care/p"}, {}]
)
def test_a_key_that_was_copied_keeps_its_name(moving: Moving, later: dict[str, str]) -> None:
    moving.says(said({"care/a%01b": "care/a_b"}))
    moving.plan()
    moving.copy()
    before = moving.target.contents()
    moving.says(said(later) if later else "")
    with pytest.raises(GuardError, match=r"was copied as `care/\w+` already"):
        moving.plan()
    with pytest.raises(InputError, match="changed since the plan"):
        moving.copy()
    moving.says(said({"care/a%01b": "care/a_b"}))
    moving.plan()
    moving.copy()
    assert (moving.differ(), moving.target.contents()) == ([], before)


def test_keys_of_a_zone_that_does_not_go_are_refused(moving: Moving) -> None:
    moving.says(said({"a": "b"}, zone="none"))
    with opened(moving.root) as folder, pytest.raises(InputError, match="no zone `none`"):
        refuse_changed(folder, ["curated"])


def test_a_worker_refuses_another_map_than_the_step_began_with(tmp_path: Path) -> None:
    (tmp_path / "exit.yaml").write_text(FILE + said({"a": "b"}))
    begun = OpenedZone(tmp_path, "curated", "curated", renamed=renaming_digest({"a": "c"}))
    with pytest.raises(InputError, match="changed while a step is under way"):
        begun()
    assert renaming_digest({}) == ""
