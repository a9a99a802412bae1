"""Attacks on what leaves the machine encrypted: streams, backups, exported keys."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import tarfile
from typing import IO, TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from havre.errors import InputError, StateError
from havre_local.machine.backups import described, reading
from havre_local.machine.encryption import envelope, keys
from havre_local.machine.folder import Folder, prepare
from havre_local.machine.objects import archive
from tests.local.machine.opener import open_stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHUNK, TAG = 100, 16
PASSPHRASE = "correct horse battery"
STREAMS = {"database.enc": b"PGDMP" * 50, "a.zone.enc": b"a" * 250, "b.zone.enc": b"b" * 250}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A data folder with the keys `backup` and `zone-a`; streams have small chunks.

    A key is derived from a passphrase at once, since it is tried some hundred times here; the
    true cost stands in tests of exported keys.
    """
    monkeypatch.setattr(envelope, "CHUNK", CHUNK)
    monkeypatch.setitem(keys._SCRYPT, "n", 4)
    return with_keys(tmp_path / "data")


def with_keys(root: Path) -> Folder:
    made = Folder(root)
    prepare(made, "demo")
    for name in (keys.BACKUP, "zone-a"):
        keys.ensure_key(made, name, rotation_days=30)
    return made


def sealed(folder: Folder, plain: bytes, key: str = keys.BACKUP) -> bytes:
    target = io.BytesIO()
    writer = envelope.EncryptingWriter(folder, key, target)
    writer.write(plain)
    writer.finish()
    return target.getvalue()


def opened(folder: Folder, data: bytes, key: str = keys.BACKUP) -> bytes:
    return b"".join(envelope.decrypt(folder, key, io.BytesIO(data), "a stream"))


def parts(data: bytes, plain: int) -> tuple[bytes, list[bytes]]:
    """The header and the chunks of a stream of `plain` bytes."""
    count = max(1, -(-plain // CHUNK))
    start = len(data) - plain - count * TAG
    return data[:start], [data[i : i + CHUNK + TAG] for i in range(start, len(data), CHUNK + TAG)]


def test_a_stream_opens_by_its_documented_layout(
    store: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    plain = bytes(range(256)) * 4096 + b"end"
    data = sealed(store, plain)
    keys.rotate_key(store, keys.BACKUP)
    assert open_stream(data, store.keys) == plain == opened(store, data)


def test_a_stream_cut_off_anywhere_does_not_open(store: Folder) -> None:
    data = sealed(store, b"x" * 250)
    assert opened(store, data) == b"x" * 250
    for length in range(len(data)):
        with pytest.raises(StateError):
            opened(store, data[:length])


def test_a_stream_with_any_byte_changed_does_not_open(store: Folder) -> None:
    data = sealed(store, b"x" * 250)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(StateError):
            opened(store, bytes(changed))


def test_chunks_keep_their_place_and_their_stream(store: Folder) -> None:
    one, two = (sealed(store, fill * 250) for fill in (b"1", b"2"))
    (header, (a, b, c)), (other, theirs) = parts(one, 250), parts(two, 250)
    assert header + a + b + c == one
    arranged = {
        "exchanged": [header, b, a, c],
        "left out": [header, a, c],
        "repeated": [header, a, a, b, c],
        "last repeated": [header, a, b, c, c],
        "last first": [header, c, a, b],
        "bytes appended": [header, a, b, c, b"z"],
        "stream appended": [one, two],
        "another's chunk": [header, a, theirs[1], c],
        "another's last chunk": [header, a, b, theirs[2]],
        "another's header": [other, a, b, c],
        "no chunk": [header],
        "an empty last chunk": [header, a, b, c[:0]],
        "nothing": [],
    }
    for how, pieces in arranged.items():
        with pytest.raises(StateError):
            pytest.fail(f"{how}: {opened(store, b''.join(pieces))!r}")


def test_a_stream_for_one_key_opens_in_no_place_of_another(store: Folder) -> None:
    data = sealed(store, b"forged", "zone-a")
    assert opened(store, data, "zone-a") == b"forged"
    with pytest.raises(StateError):
        opened(store, data, keys.BACKUP)


@pytest.mark.parametrize("name", ["../../etc", "nul\0", "zone-none"])
def test_a_header_that_names_another_key_reads_no_file(store: Folder, name: str) -> None:
    data = sealed(store, b"x")
    old, new = (len(n).to_bytes(2, "big") + n for n in (b"backup", name.encode()))
    with pytest.raises(StateError, match="a stream"):
        opened(store, data.replace(old, new, 1))


def test_a_stream_of_another_folder_does_not_open(store: Folder, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="fingerprint"):
        opened(store, sealed(with_keys(tmp_path / "other"), b"x"))


def backup_of(folder: Folder, name: str, key: str = keys.BACKUP, **changed: Any) -> Path:
    """A backup as `backup` writes it, of invented streams."""
    path = folder.backups / name
    path.mkdir()
    digests = {}
    for file, plain in STREAMS.items():
        content = plain + name.encode()
        (path / file).write_bytes(sealed(folder, content, key))
        digests[file] = hashlib.sha256(content).hexdigest()
    created = f"{name[:4]}-01-01T00:00:00+00:00"
    inside = {
        "format": 2,
        "database": "demo",
        "rows": {},
        "roles": [],
        "zones": [],
        "streams": digests,
        "warehouse": "demo",
        "created": created,
        **changed,
    }
    (path / "contents.enc").write_bytes(sealed(folder, json.dumps(inside).encode(), key))
    describe(path, warehouse="demo", created=created)
    return path


def describe(path: Path, **changed: Any) -> None:
    """Write the readable part so that it agrees with the files, as a forger would."""
    manifest = path / "manifest.json"
    known = json.loads(manifest.read_text()) if manifest.exists() else {}
    manifest.unlink(missing_ok=True)
    files = {file.name: described.describe(file) for file in path.iterdir()}
    base = {"format": 2, "key": "backup/v0001"}
    manifest.write_text(json.dumps({**base, **known, "files": files, **changed}))


def exchange(path: Path, one: str, two: str) -> None:
    kept = (path / one).read_bytes()
    (path / one).write_bytes((path / two).read_bytes())
    (path / two).write_bytes(kept)


ATTACKS: dict[str, Callable[[Path, Path], object]] = {
    "zones exchanged": lambda path, _: exchange(path, "a.zone.enc", "b.zone.enc"),
    "a zone for the contents": lambda path, _: exchange(path, "a.zone.enc", "contents.enc"),
    "an older stream": lambda path, old: shutil.copy(old / "database.enc", path),
    "older contents": lambda path, old: shutil.copy(old / "contents.enc", path),
    "all of an older one": lambda path, old: [shutil.copy(f, path) for f in old.glob("*.enc")],
    "a stream left out": lambda path, _: (path / "b.zone.enc").unlink(),
    "no contents": lambda path, _: (path / "contents.enc").unlink(),
    "an empty stream": lambda path, _: (path / "a.zone.enc").write_bytes(b""),
    "empty contents": lambda path, _: (path / "contents.enc").write_bytes(b""),
    "a further stream": lambda path, _: shutil.copy(path / "a.zone.enc", path / "c.zone.enc"),
}


@pytest.mark.parametrize("how", ATTACKS)
def test_a_backup_of_exchanged_parts_is_refused(store: Folder, how: str) -> None:
    path, old = backup_of(store, "2026"), backup_of(store, "2025")
    assert reading.verify(store, path).database == "demo"
    ATTACKS[how](path, old)
    describe(path)
    with pytest.raises(StateError, match="2026"):
        reading.verify(store, path)


@pytest.mark.parametrize(
    "changed",
    [{"warehouse": "other"}, {"created": "2030-01-01T00:00:00+00:00"}, {"format": 1}],
    ids=["warehouse", "time", "former format"],
)
def test_the_readable_part_cannot_rename_a_backup(store: Folder, changed: dict[str, Any]) -> None:
    path = backup_of(store, "2026")
    describe(path, **{"warehouse": "other", **changed})
    with pytest.raises(StateError, match="manifest"):
        reading.verify(store, path)


def test_a_backup_written_with_a_zones_key_is_refused(store: Folder) -> None:
    forged = backup_of(store, "2026", key="zone-a")
    with pytest.raises(StateError, match="contents"):
        reading.verify(store, forged)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"[" * 100_000, b'{"format": 2}', b"\xff"])
def test_a_readable_part_that_is_none_is_one_clear_error(store: Folder, content: bytes) -> None:
    path = backup_of(store, "2026")
    (path / "manifest.json").write_bytes(content)
    with pytest.raises(StateError, match="manifest"):
        reading.verify(store, path)


def test_a_file_outside_the_backup_is_not_opened(store: Folder) -> None:
    path = backup_of(store, "2026")
    outside = {"../../havre.json": described.describe(store.marker)}
    files = json.loads((path / "manifest.json").read_text())["files"]
    describe(path, files={**files, **outside})
    with pytest.raises(StateError, match="manifest"):
        reading.verify(store, path)


def test_what_is_exchanged_after_it_was_verified_is_not_loaded(store: Folder) -> None:
    path, old = backup_of(store, "2026"), backup_of(store, "2025")
    contents = reading.verify(store, path)
    shutil.copy(old / "database.enc", path)
    given: list[bytes] = []
    with pytest.raises(StateError, match="database"):
        given.extend(reading.genuine(store, path, contents, "database.enc", None))
    assert sum(map(len, given)) < len(STREAMS["database.enc"])


def tar_of(*members: tuple[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for name, content in members:
            archive._add(tar, name, len(content), io.BytesIO(content))
    return target.getvalue()


def line_of(content: bytes) -> bytes:
    digest = hashlib.sha256(content).hexdigest()
    found = archive.Version("k", "", marker=False, sha256=digest, size=len(content))
    return json.dumps(found.__dict__).encode()


def contents_of(found: Any) -> list[bytes]:
    def content(item: tuple[archive.Version, IO[bytes]]) -> bytes:
        return item[1].read()

    return [content(item) for item in found]


def test_an_archive_is_read_to_the_end_of_its_stream(store: Folder, tmp_path: Path) -> None:
    plain = tar_of(("0", b"first"), ("0.json", line_of(b"first")))
    data = sealed(store, plain)
    assert contents_of(archive.read(iter([plain]), "a zone", tmp_path)) == [b"first"]
    header, chunks = parts(data, len(plain))
    short = io.BytesIO(header + b"".join(chunks[:-1]))
    cut = envelope.decrypt(store, keys.BACKUP, short, "a zone")
    with pytest.raises(StateError):
        contents_of(archive.read(cut, "a zone", tmp_path))


@pytest.mark.parametrize(
    "plain",
    [
        b"no archive" * 100,
        tar_of(("0", b"first"), ("0.json", line_of(b"other"))),
        tar_of(("0", b"x"), ("0.json", line_of(b"x")), ("1.json", line_of(b"x"))),
    ],
    ids=["none", "another object", "a description without its bytes"],
)
def test_an_archive_that_is_not_what_was_written_is_refused(plain: bytes, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="a zone"):
        contents_of(archive.read(iter([plain]), "a zone", tmp_path))


@pytest.fixture
def exported(store: Folder, tmp_path: Path) -> Path:
    path = tmp_path / "keys.export"
    keys.export_keys(store, path, PASSPHRASE)
    return path


def refused(path: Path, root: Path, passphrase: str = PASSPHRASE) -> str:
    """Import into an empty folder; nothing is imported, and the error names the file."""
    empty = Folder(root / "empty")
    prepare(empty, "demo")
    with pytest.raises(InputError) as caught:
        keys.import_keys(empty, path, passphrase)
    assert keys.key_names(empty) == ()
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_exported_keys_cut_off_anywhere_are_refused(exported: Path, tmp_path: Path) -> None:
    whole = exported.read_bytes()
    for length in range(0, len(whole), 7):
        exported.write_bytes(whole[:length])
        assert refused(exported, tmp_path)


def flipped(text: str) -> str:
    data = bytearray(base64.b64decode(text))
    data[-1] ^= 1
    return base64.b64encode(data).decode()


def b64(size: int) -> str:
    return base64.b64encode(bytes(size)).decode()


CHANGES: dict[str, dict[str, Any]] = {
    "another format": {"format": "havre-keys-0"},
    "no salt": {"salt": ""},
    "a huge salt": {"salt": b64(1 << 20)},
    "another salt": {"salt": b64(16)},
    "no nonce": {"nonce": ""},
    "a short nonce": {"nonce": b64(4)},
    "a long nonce": {"nonce": b64(200)},
    "another nonce": {"nonce": b64(12)},
    "no content": {"content": ""},
    "a short content": {"content": b64(8)},
    "not base64": {"content": "!" * 40},
    "a number": {"salt": 7},
    "weaker parameters": {"n": 2, "r": 1, "p": 1},
    "huge parameters": {"n": 1 << 40, "r": 1 << 20, "p": 1 << 20},
}


@pytest.mark.parametrize("how", CHANGES)
def test_changed_exported_keys_are_refused(exported: Path, tmp_path: Path, how: str) -> None:
    exported.write_text(json.dumps({**json.loads(exported.read_text()), **CHANGES[how]}))
    assert refused(exported, tmp_path)


@pytest.mark.parametrize("part", ["salt", "nonce", "content"])
def test_parts_of_two_exports_do_not_mix(
    store: Folder, exported: Path, tmp_path: Path, part: str
) -> None:
    keys.export_keys(store, tmp_path / "second", PASSPHRASE)
    document, other = (json.loads(p.read_text()) for p in (exported, tmp_path / "second"))
    for value in (other[part], flipped(document[part])):
        exported.write_text(json.dumps({**document, part: value}))
        assert "passphrase" in refused(exported, tmp_path)


def test_a_wrong_passphrase_is_refused(exported: Path, tmp_path: Path) -> None:
    for wrong in ("", PASSPHRASE.upper(), PASSPHRASE + " "):
        assert "passphrase" in refused(exported, tmp_path, wrong)


@pytest.mark.parametrize(
    "content", [b"[]", b"[" * 100_000, b"null", b"\xff\xfe", b"x" * (17 << 20)]
)
def test_what_is_no_export_is_refused(exported: Path, tmp_path: Path, content: bytes) -> None:
    exported.write_bytes(content)
    assert "no exported keys" in refused(exported, tmp_path)


HOSTILE: dict[str, Any] = {
    "a name that is a path": [{"name": "../../run/x", "key": "00" * 32}],
    "an empty name": [{"name": "", "key": "00" * 32}],
    "a short key": [{"name": "k", "key": "00" * 8}],
    "a good one before": [{"name": "k", "key": "00" * 32}, {"name": "l", "key": "xyz"}],
    "no list": {"name": "k"},
}


@pytest.mark.parametrize("how", HOSTILE)
def test_hostile_keys_under_a_known_passphrase_write_nothing(
    exported: Path, tmp_path: Path, how: str
) -> None:
    found = HOSTILE[how]
    if isinstance(found, list):
        found = [{"created": "2026-01-01T00:00:00+00:00", **item} for item in found]
    salt, nonce = bytes(16), bytes(12)
    cipher = AESGCM(keys._derive(PASSPHRASE, salt))
    content = cipher.encrypt(nonce, json.dumps(found).encode(), b"havre-keys-1")
    named = {"salt": salt, "nonce": nonce, "content": content}
    encoded = {name: base64.b64encode(value).decode() for name, value in named.items()}
    exported.write_text(json.dumps({"format": "havre-keys-1", **encoded}))
    assert "00000000" not in refused(exported, tmp_path)
    assert not list((tmp_path / "empty").rglob("*.key"))
