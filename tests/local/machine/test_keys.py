"""Keys: in versions of which none is ever lost, and streams that open whole or not at all."""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from havre.errors import GuardError, InputError, StateError
from havre_local.machine.encryption import envelope, keys
from havre_local.machine.folder import Folder, prepare

if TYPE_CHECKING:
    from pathlib import Path

SMALL = 1000


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "CHUNK", SMALL)


def encrypted(folder: Folder, plain: bytes) -> bytes:
    target = io.BytesIO()
    writer = envelope.EncryptingWriter(folder, "k", target)
    writer.write(plain)
    writer.finish()
    return target.getvalue()


def decrypted(folder: Folder, data: bytes) -> bytes:
    return b"".join(envelope.decrypt(folder, "k", io.BytesIO(data), "a stream"))


def test_a_key_is_made_once_and_private(folder: Folder) -> None:
    first = keys.ensure_key(folder, "k", rotation_days=30)
    assert keys.ensure_key(folder, "k", rotation_days=30) == first
    assert first.reference == "k/v0001"
    path = folder.keys / "k" / "v0001.key"
    assert path.stat().st_mode & 0o777 == 0o600
    material = path.read_bytes()
    assert len(material) == keys.KEY_BYTES
    metadata = (folder.keys / "k" / "metadata.json").read_text()
    assert material.hex() not in metadata


def test_what_an_old_version_wrapped_opens_after_a_rotation(folder: Folder) -> None:
    keys.ensure_key(folder, "k", rotation_days=30)
    old = keys.wrap(folder, "k", b"d" * 32)
    rotated = keys.rotate_key(folder, "k")
    assert rotated.reference == "k/v0002"
    new = keys.wrap(folder, "k", b"d" * 32)
    assert new[: keys.FINGERPRINT_BYTES] != old[: keys.FINGERPRINT_BYTES]
    assert keys.unwrap(folder, "k", old) == keys.unwrap(folder, "k", new) == b"d" * 32


def test_a_wrapped_key_does_not_open_under_another_name(folder: Folder) -> None:
    keys.ensure_key(folder, "k", rotation_days=30)
    wrapped = keys.wrap(folder, "k", b"d" * 32)
    (folder.keys / "other").mkdir()
    (folder.keys / "other" / "v0001.key").write_bytes(keys.read_key(folder, "k", 1))
    keys.ensure_key(folder, "other", rotation_days=30)
    with pytest.raises(StateError, match="was changed"):
        keys.unwrap(folder, "other", wrapped)


def test_a_key_is_due_when_its_current_version_is_old(folder: Folder) -> None:
    info = keys.ensure_key(folder, "k", rotation_days=30)
    assert not keys.due(info, info.created + dt.timedelta(days=29))
    assert keys.due(info, info.created + dt.timedelta(days=30))


def test_a_run_killed_before_the_metadata_loses_no_key(folder: Folder) -> None:
    keys.ensure_key(folder, "k", rotation_days=30)
    wrapped = keys.wrap(folder, "k", b"d" * 32)
    (folder.keys / "k" / "metadata.json").unlink()
    keys.ensure_key(folder, "k", rotation_days=30)
    assert keys.unwrap(folder, "k", wrapped) == b"d" * 32
    assert len(keys.key_info(folder, "k").versions) == 1


def test_retiring_deletes_nothing(folder: Folder) -> None:
    keys.ensure_key(folder, "k", rotation_days=30)
    wrapped = keys.wrap(folder, "k", b"d" * 32)
    keys.retire_key(folder, "k", dt.datetime.now(dt.UTC))
    assert keys.key_info(folder, "k").retired is not None
    assert keys.unwrap(folder, "k", wrapped) == b"d" * 32


def test_exported_keys_open_old_data_elsewhere(folder: Folder, tmp_path: Path) -> None:
    keys.ensure_key(folder, "zone-k", rotation_days=30)
    wrapped = [keys.wrap(folder, "zone-k", b"1" * 32)]
    keys.rotate_key(folder, "zone-k")
    wrapped.append(keys.wrap(folder, "zone-k", b"2" * 32))
    target = tmp_path / "keys.json"
    keys.export_keys(folder, target, "correct horse")
    assert target.stat().st_mode & 0o777 == 0o600
    assert keys.read_key(folder, "zone-k", 1).hex().encode() not in target.read_bytes()
    empty, used = Folder(tmp_path / "empty"), Folder(tmp_path / "used")
    for other in (empty, used):
        prepare(other, "demo")
    keys.ensure_key(used, "zone-k", rotation_days=30)
    mine = keys.wrap(used, "zone-k", b"3" * 32)
    for other in (empty, used):
        assert keys.import_keys(other, target, "correct horse") == 2
        assert keys.import_keys(other, target, "correct horse") == 0
        opened = [keys.unwrap(other, "zone-k", data) for data in wrapped]
        assert opened == [b"1" * 32, b"2" * 32]
    assert keys.key_info(empty, "zone-k").reference == "zone-k/v0002"
    assert keys.unwrap(used, "zone-k", mine) == b"3" * 32
    assert (
        keys.wrap(used, "zone-k", b"")[: keys.FINGERPRINT_BYTES] == mine[: keys.FINGERPRINT_BYTES]
    )


def test_exported_keys_need_their_passphrase_and_their_own_file(
    folder: Folder, tmp_path: Path
) -> None:
    keys.ensure_key(folder, "k", rotation_days=30)
    target = tmp_path / "keys.json"
    keys.export_keys(folder, target, "right")
    with pytest.raises(InputError, match="passphrase"):
        keys.import_keys(folder, target, "wrong")
    with pytest.raises(GuardError, match="not overwritten"):
        keys.export_keys(folder, target, "right")


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("size", [0, 1, SMALL - 1, SMALL, SMALL + 1, SMALL * 3])
def test_a_stream_of_any_size_comes_back(folder: Folder, size: int) -> None:
    keys.ensure_key(folder, "k", rotation_days=30)
    plain = bytes(number % 251 for number in range(size))
    data = encrypted(folder, plain)
    keys.rotate_key(folder, "k")
    assert decrypted(folder, data) == plain
    assert plain[:50] not in data or size < 2


@pytest.mark.usefixtures("small_chunks")
def test_a_stream_that_was_cut_off_or_changed_does_not_open(folder: Folder) -> None:
    keys.ensure_key(folder, "k", rotation_days=30)
    data = encrypted(folder, b"x" * SMALL * 3 + b"y")
    chunk = SMALL + 16
    body = len(data) - 3 * chunk - 17
    first, second = data[body : body + chunk], data[body + chunk : body + 2 * chunk]
    rest = data[body + 2 * chunk :]
    broken = {
        "cut within a chunk": data[:-1],
        "cut between chunks": data[:-17],
        "cut after the first chunk": data[: body + chunk],
        "cut within the header": data[: body - 1],
        "only a header": data[:body],
        "empty": b"",
        "reordered": data[:body] + second + first + rest,
        "repeated": data[:body] + first + first + second + rest,
        "chunk left out": data[:body] + first + rest,
        "bit flipped": data[:-5] + bytes([data[-5] ^ 1]) + data[-4:],
        "appended": data + b"z",
        "header changed": data[: body - 1] + bytes([data[body - 1] ^ 1]) + data[body:],
    }
    for how, bad in broken.items():
        with pytest.raises(StateError):
            pytest.fail(f"{how}: opened as {decrypted(folder, bad)[:20]!r}")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A passphrase that takes no time to derive a key from."""
    monkeypatch.setitem(keys._SCRYPT, "n", 2)


def forged(target: Path, *names: str, key: str = "00" * 32) -> Path:
    """A file of exported keys as whoever knows the passphrase can write it."""
    item = {"key": key, "created": "2026-01-01T00:00:00+00:00", "number": 1, "fingerprint": ""}
    salt, nonce = bytes(16), bytes(12)
    plain = json.dumps([{**item, "name": name} for name in names]).encode()
    sealed = AESGCM(keys._derive("correct horse", salt))
    content = sealed.encrypt(nonce, plain, keys._EXPORT_FORMAT.encode())
    parts = {"salt": salt, "nonce": nonce, "content": content}
    document = {name: base64.b64encode(part).decode() for name, part in parts.items()}
    target.write_text(json.dumps({"format": keys._EXPORT_FORMAT, **document}))
    return target


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "name",
    [
        "{outside}",
        "../outside",
        "zone-../x",
        "a-key",
        "zone-",
        "zone-A",
        "zone--a",
        "backup\n",
        ".",
    ],
)
def test_a_key_of_another_name_is_not_imported_and_none_with_it(
    folder: Folder, tmp_path: Path, name: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    before = outside.stat().st_mode
    source = forged(tmp_path / "keys.export", "backup", name.format(outside=outside))
    with pytest.raises(InputError, match="no keys of a warehouse"):
        keys.import_keys(folder, source, "correct horse")
    assert list(folder.keys.iterdir()) == []
    assert (list(outside.iterdir()), outside.stat().st_mode) == ([], before)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("key", ["", "00" * 31, "00" * 33, "zz" * 32, "00" * 32 + "\n"])
def test_a_key_of_another_length_is_not_imported(folder: Folder, tmp_path: Path, key: str) -> None:
    source = forged(tmp_path / "keys.export", "backup", key=key)
    with pytest.raises(InputError, match="no keys of a warehouse"):
        keys.import_keys(folder, source, "correct horse")
    assert list(folder.keys.iterdir()) == []


@pytest.mark.usefixtures("quick")
def test_the_rights_of_a_folder_that_is_there_stay(folder: Folder, tmp_path: Path) -> None:
    (folder.keys / "backup").mkdir(mode=0o750)
    source = forged(tmp_path / "keys.export", "backup", "zone-a1-b2")
    assert keys.import_keys(folder, source, "correct horse") == 2
    assert (folder.keys / "backup").stat().st_mode & 0o777 == 0o750


@pytest.mark.usefixtures("quick")
def test_a_folder_of_keys_that_is_a_link_is_refused(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (folder.keys / "backup").symlink_to(tmp_path / "outside")
    with pytest.raises(GuardError, match="is a link"):
        keys.import_keys(folder, forged(tmp_path / "keys.export", "backup"), "correct horse")
    assert list((tmp_path / "outside").iterdir()) == []
