"""Backups from one data folder to another: under the other's key, and as they were."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import replace
from functools import partial
from typing import IO, TYPE_CHECKING, Any

import pytest

from havre.errors import GuardError, HavreError, StateError
from havre.files.custody import Custody
from havre_local.machine.backups import described, reading, writing
from havre_local.machine.backups.handover import MachineBackups
from havre_local.machine.encryption import envelope, keys
from havre_local.machine.folder import Folder, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAME, OTHER = "20261101T030405Z", "20261102T030405Z"
SECRET = b"Elodie Durand, ward 7. " * 40
STREAMS = {"database.enc": b"PGDMP" + SECRET, "demo-curated.zone.enc": b"", "b.zone.enc": SECRET}
FORMATS = (1, 2, 3)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "CHUNK", 100)


def made(place: Path, name: str) -> Folder:
    folder = Folder(place)
    prepare(folder, name)
    keys.ensure_key(folder, keys.BACKUP, rotation_days=30)
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Folder:
    return made(tmp_path / "source", "demo")


@pytest.fixture
def target(tmp_path: Path) -> Folder:
    """The target's folder, whose key of backups was rotated since."""
    folder = made(tmp_path / "target", "haven")
    keys.rotate_key(folder, keys.BACKUP)
    return folder


def moment(name: str) -> str:
    return dt.datetime.strptime(name, "%Y%m%dT%H%M%S%z").isoformat()


def write(folder: Folder, name: str = NAME, form: int = 3, number: int = 7) -> Path:
    """A backup as some version of Havre wrote it, of invented streams."""
    path = folder.backups / name
    folder.custody.make_folder(path)

    def plain(content: bytes, file: IO[bytes]) -> None:
        file.write(content)

    digests = {
        part: writing.stream(folder, path / part, partial(plain, content))[0]
        for part, content in STREAMS.items()
    }
    inside: dict[str, Any] = {
        "database": "demo",
        "rows": {"curated.visit": 3},
        "roles": [],
        "zones": [],
        "streams": digests,
        "format": form,
        **({"warehouse": "demo", "created": moment(name)} if form > 1 else {}),
        **({"name": name, "number": number} if form > 2 else {}),
    }
    content = json.dumps(inside).encode()
    writing.stream(folder, path / "contents.enc", partial(plain, content))
    told = {"format": form, "warehouse": "demo", "created": moment(name)}
    described.write_manifest(folder, path, {**told, "number": number if form > 2 else 0})
    return path


def move(source: Folder, target: Folder, *names: str) -> MachineBackups:
    here, there = MachineBackups(source), MachineBackups(target, "demo")
    for each in here.sets():
        if not names or each.name in names:
            there.take(each, here.opened(each.name))
    return there


def content(sets: MachineBackups, name: str = NAME) -> dict[str, bytes]:
    return {part: b"".join(pieces) for part, pieces in sets.opened(name)}


@pytest.mark.parametrize("form", FORMATS)
def test_what_comes_is_what_left_under_another_key(
    form: int, source: Folder, target: Folder
) -> None:
    path = write(source, form=form)
    there = move(source, target)
    (before,), (after,) = MachineBackups(source).sets(), there.sets()
    assert after == replace(before, key="backup/v0002")
    assert content(there) == content(MachineBackups(source))
    assert {part: content(there)[part] for part in STREAMS} == STREAMS
    came = target.backups / "came" / "demo" / NAME
    assert reading.verify(target, came) == reading.verify(source, path)
    for folder, foreign in ((source, came), (target, path)):
        with pytest.raises(StateError):
            reading.verify(folder, foreign)
    assert came.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in came.iterdir())


def test_nothing_of_its_content_is_written_in_plain(
    source: Folder, target: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(source)
    opened: list[Path] = []
    whole = Custody.open

    def watched(self: Custody, path: Path, *words: Any, **how: Any) -> int:
        opened.append(path)
        return whole(self, path, *words, **how)

    monkeypatch.setattr(Custody, "open", watched)
    move(source, target)
    assert {path.suffix for path in opened if "unfinished" in str(path)} <= {".enc", ".json"}
    held = [path.read_bytes() for path in target.root.rglob("*") if path.is_file()]
    assert not [each for each in held if SECRET[:40] in each or b"curated.visit" in each]


def test_a_warehouses_own_backups_have_no_part_in_it(source: Folder, target: Folder) -> None:
    write(source)
    own = write(target, OTHER, number=1)
    move(source, target)
    assert [info.path for info in described.list_backups(target)] == [own]
    assert [each.name for each in MachineBackups(target).sets()] == [OTHER]
    assert [*reading.record_heads(target)] == []
    assert MachineBackups(target, "another").sets() == []


def changed(source: Folder) -> None:
    path = source.backups / NAME / "b.zone.enc"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))


def cut_off(source: Folder) -> None:
    path = source.backups / NAME / "b.zone.enc"
    path.write_bytes(path.read_bytes()[:-116])


def without_a_part(source: Folder) -> None:
    (source.backups / NAME / "b.zone.enc").unlink()


def another_one(source: Folder) -> None:
    write(source, OTHER)
    shutil.rmtree(source.backups / NAME)
    (source.backups / OTHER).rename(source.backups / NAME)


def with_a_further_part(source: Folder) -> None:
    path = source.backups / NAME
    shutil.copy(path / "b.zone.enc", path / "c.zone.enc")
    told = json.loads((path / "manifest.json").read_text())
    told["files"]["c.zone.enc"] = told["files"]["b.zone.enc"]
    (path / "manifest.json").write_text(json.dumps(told))


def without_its_key(source: Folder) -> None:
    shutil.rmtree(source.keys / keys.BACKUP)


@pytest.mark.parametrize(
    "damage",
    [changed, cut_off, without_a_part, another_one, with_a_further_part, without_its_key],
)
def test_a_damaged_backup_does_not_come_and_leaves_nothing(
    damage: Callable[[Folder], None], source: Folder, target: Folder
) -> None:
    write(source)
    damage(source)
    with pytest.raises(StateError):
        move(source, target)
    assert MachineBackups(target, "demo").sets() == []
    assert [path for path in target.backups.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "part", ["../b.enc", "/etc/passwd", ".b.enc", "manifest.json", "b.enc/../c.enc", "", "b\n.enc"]
)
def test_the_target_believes_no_name_of_the_source(
    part: str, source: Folder, target: Folder
) -> None:
    write(source)
    here, there = MachineBackups(source), MachineBackups(target, "demo")
    (found,) = here.sets()

    def parts() -> Iterator[tuple[str, Iterator[bytes]]]:
        yield from here.opened(NAME)
        yield part, iter([b"x"])

    with pytest.raises(StateError):
        there.take(found, parts())
    for name in ("../x", "/x", ".", "20261101T030405Z/..", "came"):
        with pytest.raises(StateError):
            there.take(replace(found, name=name), here.opened(NAME))
        with pytest.raises(StateError):
            dict(there.opened(name))
    with pytest.raises(StateError):
        MachineBackups(target, "../demo").sets()
    assert there.sets() == []


@pytest.mark.parametrize(
    "lie", [{"created": moment(OTHER)}, {"warehouse": "haven"}, {"number": "8"}, {"format": "2"}]
)
def test_what_the_source_says_of_a_backup_must_be_what_it_holds(
    lie: dict[str, str], source: Folder, target: Folder
) -> None:
    write(source)
    here, there = MachineBackups(source), MachineBackups(target, "demo")
    (found,) = here.sets()
    with pytest.raises(StateError):
        there.take(replace(found, identity={**found.identity, **lie}), here.opened(NAME))
    assert there.sets() == []


def test_a_run_that_was_killed_is_cleared_away_and_what_stands_is_not_replaced(
    source: Folder, target: Folder
) -> None:
    write(source)
    left = target.backups / ".unfinished-0123"
    left.mkdir()
    (left / "b.zone.enc").write_bytes(b"of a run that was killed")
    there = move(source, target)
    assert not left.exists()
    before = content(there)
    with pytest.raises(GuardError, match="is there already"):
        move(source, target)
    assert content(there) == before


def test_they_are_kept_as_long_as_the_target_keeps_its_own(source: Folder, target: Folder) -> None:
    for name in (NAME, OTHER):
        write(source, name)
    there = move(source, target)
    (first, second) = there.sets()
    assert there.kept_until(first) is None
    target.custody.write(target.backups / "policy.json", b'{"retention_days": 30}')
    assert there.kept_until(first) == dt.date(2026, 12, 1)
    now = second.created + dt.timedelta(days=30)
    assert writing.prune(target, 30, now) == (NAME,)
    assert there.sets() == [second]
    assert writing.prune(target, 30, now + dt.timedelta(seconds=1)) == (OTHER,)
    assert there.sets() == []


def test_a_full_disk_is_one_clear_error(
    source: Folder, target: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(source)

    def full(*_: object, **_how: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(envelope.EncryptingWriter, "_emit", full)
    with pytest.raises(HavreError, match="disk is full"):
        move(source, target)
    assert MachineBackups(target, "demo").sets() == []
