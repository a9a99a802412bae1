"""Backups in an exit: taken over and proved by their content, or left by a named decision."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from havre.capabilities import Support, Supported
from havre.errors import GuardError, StateError
from havre.exit.folder import ExitFolder, opened
from havre.exit.ledger import LedgerFate, decided
from havre.exit.steps.beside import backups as step
from havre.exit.steps.ending.dates import calendar_now
from havre.live.encrypted.backups import BackupSet
from havre_azure.live import AzureLive
from havre_ovh.live import OvhLive

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from havre.exit.steps.results import BackupsCopied, BackupsVerified
    from havre.live.encrypted.backups import BackupParts

CREATED = dt.datetime(2026, 11, 1, 3, 4, 5, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
TODAY = dt.datetime.now(dt.UTC).date()
ABSENT = Supported(Support.ABSENT, "the provider has them")
PARTS = {"a": b"content", "b": b""}
FILE = """\
name: left
level: rehearsal
source: {data_dir: /nowhere/old}
target: {data_dir: /nowhere/new}
controller: Example hospital
host: Example host SAS
"""
DECIDED = """
decisions:
  - {property: backup, who: CISO, why: The source stays until then., when: 2026-11-29}
  - {property: kept until, who: CISO, why: Thirty days suffice., when: 2026-11-29}
"""


@dataclass
class Sets:
    """Backups in memory."""

    held: dict[str, dict[str, bytes]] = field(default_factory=dict)
    form: str = "boxes"
    key: str = "k/1"
    days: int | None = 30
    created: Mapping[str, dt.datetime] = field(default_factory=dict)

    def set(self, name: str) -> BackupSet:
        created = self.created.get(name, CREATED)
        return BackupSet(name, created, self.key, {"warehouse": "left", "number": name})

    def sets(self) -> list[BackupSet]:
        return [self.set(name) for name in sorted(self.held)]

    def kept_until(self, found: BackupSet) -> dt.date | None:
        return None if self.days is None else found.created.date() + self.days * DAY

    def opened(self, name: str) -> Iterator[tuple[str, Iterator[bytes]]]:
        for part, content in self.held[name].items():
            yield part, iter([content[:2], content[2:]])

    def take(self, found: BackupSet, parts: BackupParts) -> None:
        whole = {part: b"".join(pieces) for part, pieces in parts}
        if found.name in self.held:
            message = f"{found.name} is there already"
            raise GuardError(message)
        self.held[found.name] = whole


@dataclass
class Both:
    """An exit's folder, and what each side answers."""

    folder: ExitFolder
    source: Any
    target: Any

    def planned(self) -> dict[tuple[str, str], LedgerFate]:
        step.plan_backups(self.folder)
        found = decided(self.folder.journal.losses(), self.folder.file.decisions)
        return {(e.item, e.property): e.fate for e in found if e.scope == step.BACKUPS}

    def copied(self) -> BackupsCopied:
        (found,) = step.copy_backups(self.folder, lambda _: None)
        return found

    def verified(self) -> BackupsVerified:
        (found,) = step.verify_backups(self.folder)
        return found


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    root = tmp_path / "exit"
    root.mkdir(mode=0o700)
    (root / "exit.yaml").write_text(FILE)
    with opened(root) as folder:
        made = Both(folder, Sets({"one": dict(PARTS), "two": {"a": b"2"}}), Sets(key="t/2"))

        def reach(side: Any, _: Path) -> SimpleNamespace:
            def backups(came_from: str = "") -> Any:
                old = str(side.data_dir).endswith("old")
                assert came_from == ("" if old else "left")
                return made.source if old else made.target

            outputs = SimpleNamespace(warehouse="left")
            return SimpleNamespace(outputs=outputs, live=SimpleNamespace(backups=backups))

        monkeypatch.setattr(step, "reach", reach)
        yield made


def test_backups_come_under_the_targets_key_and_the_ledger_says_so(both: Both) -> None:
    assert both.planned() == {
        ("one", "backup"): LedgerFate.MAPPED,
        ("two", "backup"): LedgerFate.MAPPED,
        ("one", "kept until"): LedgerFate.KEPT,
        ("two", "kept until"): LedgerFate.KEPT,
    }
    (entry, *_) = [e for e in both.folder.journal.losses() if e.property == "backup"]
    assert (entry.found, entry.became) == (
        "encrypted under k/1",
        "encrypted under t/2 of the target",
    )
    assert step.preview_backups(both.folder) == ("one", "two")
    assert both.target.held == {}
    assert (both.copied().backups, both.copied().backups) == (2, 0)
    assert step.preview_backups(both.folder) == ()
    assert both.target.held == both.source.held
    assert both.verified() == type(both.verified())(2, 3, 0, ())
    (sides,) = step.backup_sides(both.folder)
    assert sides.count == 3
    lines = sides.target.read_text().splitlines()
    assert lines == sides.source.read_text().splitlines()
    digest = hashlib.sha256(PARTS["a"]).hexdigest()
    assert lines[0].split("\t")[:4] == ["one/a", "1", "7", digest]


def test_where_there_are_none_nothing_is_asked_and_the_seal_has_no_list(both: Both) -> None:
    both.source.held.clear()
    assert both.planned() == {("all", "backup"): LedgerFate.KEPT}
    assert step.copy_backups(both.folder, lambda _: None) == ()
    assert step.verify_backups(both.folder) == ()
    assert step.backup_sides(both.folder) == ()


STAYING = {
    "the source does not open them": ("source", ABSENT, ["all"]),
    "the target takes none": ("target", ABSENT, ["one", "two"]),
    "the target takes others alone": ("target", Sets(form="tapes"), ["one", "two"]),
}


@pytest.mark.parametrize("how", STAYING)
def test_what_does_not_go_waits_for_a_named_decision(how: str, both: Both) -> None:
    side, answer, items = STAYING[how]
    setattr(both, side, answer)
    assert both.planned() == {(item, "backup"): LedgerFate.BLOCKING for item in items}
    (entry, *_) = both.folder.journal.losses()
    assert entry.decidable
    assert getattr(answer, "reason", "takes tapes alone") in entry.remedy
    assert step.copy_backups(both.folder, lambda _: None) == ()
    assert step.verify_backups(both.folder) == ()
    assert step.backup_sides(both.folder) == ()
    (both.folder.root / "exit.yaml").write_text(FILE + DECIDED)
    both.folder = replace(both.folder, file=step_file(both.folder.root))
    assert both.planned() == {(item, "backup"): LedgerFate.LOST for item in items}


def step_file(root: Path) -> Any:
    from havre.exit.settings import read_exit

    return read_exit(root)


def test_the_end_of_a_backup_that_stays_is_in_the_ledger_and_in_the_calendar(both: Both) -> None:
    both.target = ABSENT
    both.planned()
    found = [entry.found for entry in both.folder.journal.losses()]
    assert found == ["of 2026-11-01 03:04:05 UTC, kept until 2026-12-01"] * 2
    days = calendar_now(both.folder, TODAY).days
    ends = [each for each in days if "backup" in each.what and "has ended" in each.what]
    assert [(each.day, each.bound) for each in ends] == [(dt.date(2026, 12, 2), "earliest")] * 2
    both.target = Sets()
    both.planned()
    assert not [e for e in calendar_now(both.folder, TODAY).days if "has ended" in e.what]


@pytest.mark.parametrize(
    ("here", "there", "fate"),
    [
        (30, 30, LedgerFate.KEPT),
        (30, 31, LedgerFate.MAPPED),
        (30, None, LedgerFate.MAPPED),
        (None, None, LedgerFate.KEPT),
        (30, 29, LedgerFate.BLOCKING),
        (None, 30, LedgerFate.BLOCKING),
    ],
)
def test_a_shorter_retention_at_the_target_is_decided_by_a_person(
    here: int | None, there: int | None, fate: LedgerFate, both: Both
) -> None:
    both.source.days, both.target.days = here, there
    assert both.planned()["one", "kept until"] is fate


def test_a_run_that_was_killed_in_between_goes_on(both: Both) -> None:
    both.target.held["one"] = dict(PARTS)  # it was written, and not recorded
    assert both.copied().backups == 2
    assert both.verified().differences == 0


def test_a_backup_that_breaks_off_is_not_recorded(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str) -> Iterator[tuple[str, Iterator[bytes]]]:
        yield "a", iter([b"content"])
        message = f"{name} was cut off"
        raise StateError(message)

    with monkeypatch.context() as patched:
        patched.setattr(both.source, "opened", broken)
        with pytest.raises(StateError, match="one was cut off"):
            both.copied()
    assert both.target.held == {}
    assert both.copied().backups == 2
    assert both.verified().differences == 0


CHANGES: dict[str, Any] = {
    "another byte": lambda held: held["one"].update(a=b"contenT"),
    "a part less": lambda held: held["one"].pop("b"),
    "a part more": lambda held: held["one"].update(c=b""),
    "a backup less": lambda held: held.pop("two"),
    "a backup more": lambda held: held.update(three={"a": b"3"}),
    "two that are exchanged": lambda held: held.update(one=held["two"], two=held["one"]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_differs_at_the_target_is_found(change: str, both: Both) -> None:
    both.copied()
    CHANGES[change](both.target.held)
    found = both.verified()
    assert found.differences > 0
    assert all(each.partition("/")[0] in {"one", "two", "three"} for each in found.named)


def test_a_backup_made_since_the_copy_is_found_and_taken_over_by_the_next(both: Both) -> None:
    both.copied()
    both.source.held["three"] = {"a": b"3"}
    assert both.verified().named == ("three: made since the copy",)
    assert both.copied().backups == 1
    assert both.verified().differences == 0


def test_a_backup_that_the_target_has_lost_comes_again(both: Both) -> None:
    both.copied()
    del both.target.held["one"]
    assert both.verified().differences == 2
    assert both.copied().backups == 1
    assert both.verified().differences == 0


@pytest.mark.parametrize("ended", [True, False])
def test_a_backup_that_both_sides_let_go_is_proved_until_its_end(ended: bool, both: Both) -> None:
    last = TODAY - DAY if ended else TODAY
    both.source.created = {"one": dt.datetime.combine(last - 30 * DAY, dt.time(), dt.UTC)}
    both.copied()
    for side in (both.source, both.target):
        del side.held["one"]
    both.copied()
    assert (both.verified().differences == 0) is ended


@pytest.mark.parametrize("live", [AzureLive, OvhLive])
def test_a_cloud_says_why_its_backups_do_not_go(live: Any, both: Both) -> None:
    both.source = live(None).backups()
    assert both.planned() == {("all", "backup"): LedgerFate.BLOCKING}
    (entry,) = both.folder.journal.losses()
    assert "restores them into a service of its own" in entry.remedy


def test_what_is_recorded_names_no_content(both: Both) -> None:
    both.planned()
    both.copied()
    told = json.loads(both.folder.journal.fact(step.CARRIED))
    assert "content" not in json.dumps(told)
