import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from havre.engine import Engine, StateStore
from havre.engine.state import ResourceState, State
from havre.errors import InputError, RetryError, StateError
from havre.stack.standing import read_record, record_path
from tests.engine.conftest import Program

RECORD = ResourceState(
    urn="urn:pulumi:test::library::toy:index:Room::room",
    type="toy:index:Room",
    custom=False,
    outputs={"last": 3},
    dependencies=("urn:pulumi:test::library::a::b",),
    property_dependencies={"needs": ("urn:pulumi:test::library::a::b",)},
    protect=True,
)


def test_a_record_survives_writing_and_reading() -> None:
    state = State([RECORD], [RECORD])
    assert State.from_json(json.loads(json.dumps(state.as_json()))) == state


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"version": 2}',
        b'{"version": 3}',
        b'{"version":3,"deployment":[]}',
        b'{"version":3,"deployment":{"resources":[{}]}}',
        b"\xff\xfe",
    ],
)
def test_a_damaged_state_is_refused_and_the_last_good_one_named(
    tmp_path: Path, content: bytes
) -> None:
    store = StateStore(tmp_path / "data")
    store.create()
    store.save(State([RECORD]))
    store.keep_previous()
    store.path.write_bytes(content)
    with pytest.raises(StateError) as caught:
        store.load()
    assert str(store.path) in caught.value.message
    assert str(store.previous) in caught.value.remedy
    assert store.path.read_bytes() == content
    store.path.write_bytes(store.previous.read_bytes())
    assert store.load() == State([RECORD])


def test_a_full_disk_is_told_and_leaves_the_last_good_state(
    engine: Engine, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.up(program(first={}))
    good = engine.store.path.read_bytes()

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StateError, match=r"stack\.json.* cannot be written: the disk is full"):
        engine.up(program(first={}, second={}))
    assert engine.store.path.read_bytes() == good
    assert [p.name for p in engine.store.folder.iterdir() if p.name.startswith(".")] == []
    monkeypatch.undo()
    assert len(engine.up(program(first={}, second={}))) == 1


def test_a_really_full_volume_is_told(tmp_path: Path) -> None:
    volume = tmp_path / "small"
    volume.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(volume)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting a small volume needs root and the right to mount")
    try:
        store = StateStore(volume / "data")
        store.create()
        store.save(State([RECORD]))
        good = store.path.read_bytes()
        (volume / "filler").write_bytes(b"x" * 48_000)
        big = ResourceState(**{**RECORD.__dict__, "outputs": {"text": "x" * 40_000}})
        with pytest.raises(StateError, match="the disk is full"):
            store.save(State([big]))
        assert store.path.read_bytes() == good
    finally:
        subprocess.run(["umount", str(volume)], check=True)


def test_a_second_run_is_refused_while_the_first_lasts(tmp_path: Path) -> None:
    store = StateStore(tmp_path / "data")
    store.create()
    other = (
        "import sys; from pathlib import Path; from havre.engine import StateStore\n"
        "with StateStore(Path(sys.argv[1])).lock():\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", other, str(store.data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(RetryError, match=f"process {process.pid}"), store.lock():
            pytest.fail("two runs held the lock")
    finally:
        process.kill()
        process.wait()
    with store.lock():
        assert (store.folder / "lock").read_text().strip() == str(os.getpid())


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="is not empty and is not the data folder of a warehouse"):
        StateStore(tmp_path).create()
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_that_cannot_be_made_is_told() -> None:
    with pytest.raises(InputError, match="cannot be made"):
        StateStore(Path("/proc/havre")).create()


def test_commands_on_a_folder_without_warehouse_say_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no warehouse in"):
        read_record(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_damaged_record_of_the_run_is_told(tmp_path: Path, content: str) -> None:
    store = StateStore(tmp_path / "data")
    store.create()
    record_path(store.data_dir).write_text(content)
    with pytest.raises(StateError, match=r"run\.json"):
        read_record(store.data_dir)
