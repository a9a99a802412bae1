"""The data folder: claimed once, written whole, with ports that stay."""

from __future__ import annotations

import os
import socket
import stat
from typing import TYPE_CHECKING

import pytest

from havre import files
from havre.errors import GuardError, InputError, RetryError
from havre_local.machine import folder as folders
from havre_local.machine.folder import Folder, prepare

if TYPE_CHECKING:
    from pathlib import Path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_prepare_creates_a_layout_that_others_cannot_read(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    prepare(folder, "demo")
    prepare(folder, "demo")
    assert mode(folder.root) == 0o711
    for path in (folder.keys, folder.secrets, folder.state, folder.logs, folder.objects):
        assert mode(path) == 0o700
    assert folders.warehouse_of(folder) == "demo"


def test_prepare_refuses_a_folder_with_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").touch()
    with pytest.raises(GuardError, match=r"thesis\.doc"):
        prepare(Folder(tmp_path), "demo")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_prepare_refuses_another_warehouse_and_names_both(tmp_path: Path) -> None:
    prepare(Folder(tmp_path), "demo")
    with pytest.raises(GuardError, match=r"'demo', not 'other'"):
        prepare(Folder(tmp_path), "other")


def test_prepare_goes_on_where_a_killed_run_stopped(tmp_path: Path) -> None:
    (tmp_path / ".havre.json.0123.tmp").write_text("half")
    (tmp_path / "lost+found").mkdir()
    prepare(Folder(tmp_path), "demo")
    assert (tmp_path / "run" / "services").is_dir()


def test_prepare_says_where_it_cannot_create(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file/data"):
        prepare(Folder(tmp_path / "file" / "data"), "demo")


def test_a_failed_write_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    files.write_atomic(path, b"old", 0o600)

    def fail(*_names: str, **_folders: int) -> None:
        raise OSError

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(OSError):  # noqa: PT011 - raised bare, just above
        files.write_atomic(path, b"new", 0o600)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_write_once_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert files.write_once(path, b"first", 0o600)
    assert not files.write_once(path, b"second", 0o600)
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_secret_is_made_once_and_private(folder: Folder) -> None:
    first = folders.ensure_secret(folder, "token", lambda: "one")
    assert folders.ensure_secret(folder, "token", lambda: "two") == first == "one"
    assert mode(folder.secrets / "token") == 0o600


def test_a_port_stays_the_same_and_is_no_ones_else(folder: Folder) -> None:
    first = folders.ensure_port(folder, "one")
    assert folders.ensure_port(folder, "one") == first
    assert folders.ensure_port(folder, "two") != first


def test_a_port_taken_meanwhile_is_an_error_that_names_it(folder: Folder) -> None:
    port = folders.ensure_port(folder, "one")
    with socket.create_server(("127.0.0.1", port)), pytest.raises(RetryError) as raised:
        folders.ensure_port(folder, "one")
    assert str(port) in str(raised.value)
    assert "ports.json" in str(raised.value)
    assert folders.ensure_port(folder, "one") == port
