"""The record's chain: whatever is done to a line, a check finds it."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import json
import os
from typing import TYPE_CHECKING

import pytest

from havre.files.custody import Custody
from havre_local.machine.record import chain
from havre_local.machine.record.chain import Chain, Head, verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def write(folder: Path, *entries: str) -> Chain:
    made = Chain(Custody(folder), folder / "record", folder / "head")
    made.append([("service", entry, [1, number]) for number, entry in enumerate(entries)])
    return made


def the_file(folder: Path) -> Path:
    return chain.segments(Custody(folder), folder / "record")[-1]


def kept(folder: Path) -> Head:
    found = chain.read_head(Custody(folder), folder / "head")
    assert found is not None
    return found


def test_a_record_that_nobody_touched_is_whole(tmp_path: Path) -> None:
    head = write(tmp_path, "a", "b", "c").head
    write(tmp_path, "d")
    verdict = verify(Custody(tmp_path), tmp_path / "record", head, kept(tmp_path))
    assert (verdict.faults, verdict.first, verdict.head) == ([], 1, kept(tmp_path))
    assert verdict.head.number == 5


def swapped(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[2], lines[1], *lines[3:]]


def renumbered(lines: list[bytes]) -> list[bytes]:
    """A line taken out, and all after it renumbered and bound again, but for what is kept."""
    made, previous = [], chain.START
    for number, line in enumerate([*lines[:1], *lines[2:]], 1):
        content = {**json.loads(line), "n": number, "previous": previous}
        made.append(json.dumps(content, separators=(",", ":")).encode())
        previous = chain.digest(made[-1])
    return made


TAMPERINGS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "changed": lambda lines: [*lines[:2], lines[2].replace(b'"b"', b'"x"'), *lines[3:]],
    "removed": lambda lines: [*lines[:2], *lines[3:]],
    "swapped": swapped,
    "repeated": lambda lines: [*lines[:2], lines[1], *lines[2:]],
    "put in": lambda lines: [*lines[:2], b"a line of a stranger", *lines[2:]],
    "appended": lambda lines: [*lines, lines[-1].replace(b'"n":4', b'"n":5')],
    "without its last line": lambda lines: lines[:-1],
    "without its first line": lambda lines: lines[1:],
    "the last line changed": lambda lines: [*lines[:-1], lines[-1].replace(b'"c"', b'"x"')],
    "bound again": renumbered,
    "emptied": lambda _lines: [],
    "not JSON": lambda lines: [*lines[:2], b"[" * 50_000, *lines[3:]],
    "another shape": lambda lines: [*lines[:2], b'{"n": true}', *lines[3:]],
}


@pytest.mark.parametrize("tamper", TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_whatever_is_done_to_lines_is_found(
    tmp_path: Path, tamper: Callable[[list[bytes]], list[bytes]]
) -> None:
    head = write(tmp_path, "a", "b", "c").head
    path = the_file(tmp_path)
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"".join(line + b"\n" for line in tamper(lines)))
    assert verify(Custody(tmp_path), tmp_path / "record", head).faults


@pytest.mark.parametrize("tamper", TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_it_is_found_after_the_record_went_on_as_well(
    tmp_path: Path, tamper: Callable[[list[bytes]], list[bytes]]
) -> None:
    write(tmp_path, "a", "b", "c")
    path = the_file(tmp_path)
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"".join(line + b"\n" for line in tamper(lines)))
    write(tmp_path, "d")
    assert verify(Custody(tmp_path), tmp_path / "record", kept(tmp_path)).faults


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_half_a_line_of_a_killed_process_is_no_fault_and_is_written_again(
    tmp_path: Path, cut: int
) -> None:
    write(tmp_path, "a", "b")
    path = the_file(tmp_path)
    head_file, whole = (tmp_path / "head").read_bytes(), path.read_bytes()
    made = write(tmp_path, "c")
    last = path.read_bytes()[len(whole) :]
    path.write_bytes(whole + last[:cut])  # killed while it wrote; its head was not written yet
    (tmp_path / "head").write_bytes(head_file)
    again = write(tmp_path, "c")
    assert again.head.number == made.head.number
    assert verify(Custody(tmp_path), tmp_path / "record", kept(tmp_path)).faults == []


def test_where_each_source_was_read_to_is_known_after_a_restart(tmp_path: Path) -> None:
    write(tmp_path, "a", "b")
    assert Chain(Custody(tmp_path), tmp_path / "record", tmp_path / "head").positions == {
        "service": [1, 1]
    }


def test_files_that_were_kept_long_enough_go_and_the_record_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "SEGMENT_BYTES", 300)
    for number in range(6):
        made = write(tmp_path, f"entry {number}")
    old = chain.segments(Custody(tmp_path), tmp_path / "record")[:2]
    for path in old:
        os.utime(path, (0, 0))
    made.forget(dt.datetime.now(dt.UTC) - dt.timedelta(days=1))
    assert not any(path.exists() for path in old)
    assert Chain(Custody(tmp_path), tmp_path / "record", tmp_path / "head").positions == {
        "service": [1, 0]
    }
    verdict = verify(Custody(tmp_path), tmp_path / "record", kept(tmp_path))
    assert verdict.faults == []
    assert verdict.first > 1
    chain.segments(Custody(tmp_path), tmp_path / "record")[0].unlink()
    assert verify(Custody(tmp_path), tmp_path / "record").faults


class Full:
    """A disk that takes `room` bytes more of the record, and then none until there is room."""

    def __init__(self, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room, self._real, self._monkeypatch = room, os.write, monkeypatch
        monkeypatch.setattr(os, "write", self._write)

    def _write(self, descriptor: int, data: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self._real(descriptor, data[: self.room])
        self.room -= written
        return written

    def make_room(self) -> None:
        self._monkeypatch.undo()


@pytest.mark.parametrize("another_day", [False, True])
@pytest.mark.parametrize("room", [0, 1, 100, 190, 250, 400])
def test_a_full_disk_leaves_the_record_whole_and_loses_nothing(
    tmp_path: Path, room: int, another_day: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = write(tmp_path, "a", "b")
    if another_day:
        os.utime(the_file(tmp_path), (0, 0))
    disk, left = Full(room, monkeypatch), [("service", word, [1, 7]) for word in "cde"]
    for _ in range(3):
        with pytest.raises(OSError, match="No space"):
            made.append(left)
    assert made.positions == {"service": [1, 1]}
    assert verify(Custody(tmp_path), tmp_path / "record", made.head).faults == []
    disk.make_room()
    made.append(left)
    verdict = verify(Custody(tmp_path), tmp_path / "record", made.head, kept(tmp_path))
    assert verdict.faults == []
    told = [
        json.loads(line)["entry"]
        for path in chain.segments(Custody(tmp_path), tmp_path / "record")
        for line in path.read_bytes().splitlines()
    ]
    assert [entry for entry in told if isinstance(entry, str)] == [*"abcde"]


def test_a_head_that_cannot_be_kept_loses_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = write(tmp_path, "a")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Custody, "write", full)
    with contextlib.suppress(OSError):
        made.append([("service", "b", None)])
    monkeypatch.undo()
    made.append([("service", "c", None)])
    assert verify(Custody(tmp_path), tmp_path / "record", made.head, kept(tmp_path)).faults == []
    assert write(tmp_path, "d").head.number == 5
