"""The source's audit logs are taken along, and stay the controller's alone."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from havre.capabilities import Support, Supported
from havre.exit.folder import ExitFolder, opened
from havre.exit.ledger import LedgerFate
from havre.exit.steps.beside.logs import LOGS, keep_logs, plan_logs
from havre.live.trail import TrailFile
from havre_local.machine.folder import Folder, prepare
from havre_local.machine.record import collector
from havre_local.machine.record.chain import Chain
from havre_local.machine.record.trail import RecordTrail

DAY = dt.date(2027, 1, 31)
ABSENT = Supported(Support.ABSENT, "the provider has them")
FILE = """\
name: left
level: rehearsal
source: {data_dir: /nowhere/old}
target: {data_dir: /nowhere/new}
controller: Example hospital
host: Example host SAS
"""


@dataclass
class Trail:
    """Logs in memory."""

    held: dict[str, bytes] = field(default_factory=lambda: {"a.jsonl": b"1\n2\n", "b.jsonl": b""})
    wrong: Sequence[str] = ()

    def files(self) -> Iterator[TrailFile]:
        for name, content in self.held.items():
            yield TrailFile(name, DAY, lambda content=content: iter([content[:2], content[2:]]))

    def faults(self) -> Sequence[str]:
        return self.wrong


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[ExitFolder]:
    root = tmp_path / "exit"
    root.mkdir(mode=0o700)
    (root / "exit.yaml").write_text(FILE)
    with opened(root) as found:
        yield found


def fates(folder: ExitFolder) -> dict[str, LedgerFate]:
    return {each.property: each.fate for each in folder.journal.losses() if each.scope == LOGS}


def test_logs_are_kept_for_their_owner_alone_with_their_digest_and_their_end(
    folder: ExitFolder,
) -> None:
    lines = [str(each) for each in keep_logs(folder, Trail())]
    for line, (name, content) in zip(lines, Trail().held.items(), strict=True):
        digest = hashlib.sha256(content).hexdigest()
        assert line == f"{name}\t{len(content)}\t{digest}\t2027-01-31"
        path = folder.root / LOGS / name
        assert path.read_bytes() == content
        assert path.stat().st_mode & 0o777 == 0o600
    assert (folder.root / LOGS).stat().st_mode & 0o777 == 0o700


def test_a_second_run_takes_what_came_since(folder: ExitFolder) -> None:
    keep_logs(folder, Trail())
    (folder.root / LOGS / "a.jsonl.partial").write_text("of a run that was killed")
    later = Trail({"a.jsonl": b"1\n2\n3\n"})
    (kept,) = keep_logs(folder, later)
    assert kept.size == 6
    assert (folder.root / LOGS / "a.jsonl").read_bytes() == b"1\n2\n3\n"
    assert not [*(folder.root / LOGS).glob("*.partial")]


def test_what_becomes_of_them_is_in_the_ledger(folder: ExitFolder) -> None:
    plan_logs(folder, Trail())
    assert fates(folder) == {"audit logs": LedgerFate.MAPPED}
    plan_logs(folder, Trail(wrong=["line 7 does not follow line 5"]))
    assert fates(folder)["whole logs"] is LedgerFate.BLOCKING
    plan_logs(folder, Trail())
    assert "whole logs" not in fates(folder), "mended since"


def test_logs_that_a_provider_keeps_wait_for_a_decision(folder: ExitFolder) -> None:
    plan_logs(folder, ABSENT)
    (entry,) = [each for each in folder.journal.losses() if each.scope == LOGS]
    assert (entry.fate, entry.decidable) == (LedgerFate.BLOCKING, True)
    assert "the provider has them" in entry.remedy
    assert keep_logs(folder, ABSENT) == []


@pytest.fixture
def record(tmp_path: Path) -> Folder:
    """A warehouse's folder with a record of three lines."""
    made = Folder(tmp_path / "data")
    prepare(made, "left")
    made.custody.make_folder(made.logs)
    made.custody.write(made.logs / "policy.json", b'{"retention_days": 365}')
    chain = Chain(made.custody, collector.directory(made), collector.head_path(made))
    chain.append([("object-store", {"event": number}, None) for number in range(3)])
    return made


def test_the_record_of_a_local_warehouse_goes_with_its_retention(record: Folder) -> None:
    trail = RecordTrail(record)
    (file,) = trail.files()
    assert b"".join(file.read()).count(b'"source":"object-store"') == 3
    today = dt.datetime.now(dt.UTC).date()
    assert abs((file.keep_until - today).days - 365) <= 1
    assert trail.faults() == []


def test_a_record_that_was_changed_is_told(record: Folder) -> None:
    (path,) = collector.directory(record).glob("*.jsonl")
    path.write_bytes(path.read_bytes().replace(b'"event":1', b'"event":7'))
    assert RecordTrail(record).faults()
