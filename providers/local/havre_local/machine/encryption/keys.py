"""Encryption keys in files: one a zone and one for backups, in versions.

A key is `keys/<name>/v0001.key` (32 random bytes, mode 0600) and its successors, described
by `keys/<name>/metadata.json`, which holds no key material. New data is encrypted with the
current version; every version stays, so that what it has encrypted stays readable. What is
encrypted names its version by a fingerprint: numbers may differ after keys are imported.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from havre.errors import GuardError, InputError, StateError
from havre.files import write_once
from havre_local.machine.folder import (
    PRIVATE,
    SECRET,
    Folder,
    locked,
    read_json,
)

if TYPE_CHECKING:
    from pathlib import Path

KEY_BYTES = 32
FINGERPRINT_BYTES = 8
BACKUP = "backup"
"""Name of the key of backups; see `zone_key` for the others."""

_NONCE_BYTES = 12
_SALT_BYTES = 16
_SCRYPT = {"n": 2**17, "r": 8, "p": 1}  # OWASP, Password Storage Cheat Sheet: 128 MiB
_EXPORT_FORMAT = "havre-keys-1"
_LARGEST_EXPORT = 1 << 24
"""Bytes that are read of a file of exported keys: some 50,000 versions."""


def zone_key(zone: str) -> str:
    """Return the name of the key of the zone `zone`."""
    return f"zone-{zone}"


@dataclass(frozen=True)
class KeyVersion:
    """One version of a key."""

    number: int
    created: dt.datetime
    fingerprint: str
    """Names the version in what it has encrypted; hexadecimal, tells nothing of the key."""


@dataclass(frozen=True)
class KeyInfo:
    """A key, without its material."""

    name: str
    current: int
    versions: tuple[KeyVersion, ...]
    rotation_days: int
    retired: dt.datetime | None = None

    @property
    def created(self) -> dt.datetime:
        """When the current version was made."""
        return self.versions[self.current - 1].created

    @property
    def reference(self) -> str:
        """The current version, such as `curated/v0001`."""
        return f"{self.name}/v{self.current:04d}"


def ensure_key(folder: Folder, name: str, rotation_days: int) -> KeyInfo:
    """Return the key `name`, made the first time; its rotation period is set.

    A retired key is in use again.

    Raises:
        StateError: a version that is recorded has no key file.
    """
    with locked(folder, "keys"):
        versions = _load_versions(folder, name)
        if not versions:
            versions = [_new_version(folder, name, 1)]
        current = _metadata(folder, name).get("current") or versions[-1].number
        return _save(folder, KeyInfo(name, int(current), tuple(versions), rotation_days))


def rotate_key(folder: Folder, name: str) -> KeyInfo:
    """Make a new version of the key and encrypt with it from now on.

    Raises:
        StateError: there is no such key.
    """
    with locked(folder, "keys"):
        info = key_info(folder, name)
        version = _new_version(folder, name, len(info.versions) + 1)
        versions = (*info.versions, version)
        return _save(folder, KeyInfo(name, version.number, versions, info.rotation_days))


def retire_key(folder: Folder, name: str, now: dt.datetime) -> None:
    """Mark the key as no longer used. Nothing is deleted: what it encrypted may be needed."""
    with locked(folder, "keys"):
        if not _metadata(folder, name):
            return
        info = key_info(folder, name)
        if info.retired is None:
            _save(
                folder,
                KeyInfo(name, info.current, info.versions, info.rotation_days, now),
            )


def key_info(folder: Folder, name: str) -> KeyInfo:
    """Return the key `name`.

    Raises:
        StateError: there is none, or it is incomplete.
    """
    metadata = _metadata(folder, name)
    versions = _load_versions(folder, name)
    if not metadata or not versions:
        message = f"{folder.keys / name}: there is no such key"
        raise StateError(message, "Deploy the warehouse, or import its keys.")
    retired = metadata.get("retired")
    return KeyInfo(
        name,
        int(metadata["current"]),
        tuple(versions),
        int(metadata["rotation_days"]),
        dt.datetime.fromisoformat(retired) if retired else None,
    )


def key_names(folder: Folder) -> tuple[str, ...]:
    """Return the names of all keys, retired ones too."""
    names = folder.custody.names(folder.keys)
    return tuple(name for name in names if _metadata_path(folder, name).is_file())


def due(info: KeyInfo, now: dt.datetime) -> bool:
    """Tell whether the key is to be rotated."""
    return now - info.created >= dt.timedelta(days=info.rotation_days)


def read_key(folder: Folder, name: str, version: int) -> bytes:
    """Return the 32 bytes of a version.

    Raises:
        StateError: it is missing or damaged.
    """
    path = _key_path(folder, name, version)
    try:
        material = folder.custody.read(path)
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror})"
        raise StateError(message, "Import the warehouse's keys.") from error
    if len(material) != KEY_BYTES:
        message = f"{path}: contains {len(material)} bytes instead of {KEY_BYTES}"
        raise StateError(message, "Import the warehouse's keys.")
    return material


def fingerprint(material: bytes) -> str:
    """Return the name under which encrypted data refers to a key."""
    return hashlib.sha256(b"havre key\0" + material).hexdigest()[: FINGERPRINT_BYTES * 2]


def find_key(folder: Folder, name: str, wanted: str) -> bytes:
    """Return the version of the key `name` with the fingerprint `wanted`.

    Raises:
        StateError: there is none.
    """
    for version in key_info(folder, name).versions:
        if version.fingerprint == wanted:
            return read_key(folder, name, version.number)
    message = f"{folder.keys / name}: no version with the fingerprint {wanted}"
    raise StateError(message, "Import the keys with which this was encrypted.")


def wrap(folder: Folder, name: str, data_key: bytes) -> bytes:
    """Encrypt a data key with the current version of the key `name` (AES-256-GCM)."""
    info = key_info(folder, name)
    material = read_key(folder, name, info.current)
    mark = bytes.fromhex(fingerprint(material))
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return mark + nonce + AESGCM(material).encrypt(nonce, data_key, _context(name, mark))


def unwrap(folder: Folder, name: str, wrapped: bytes) -> bytes:
    """Decrypt a data key with the version that had wrapped it.

    Raises:
        StateError: that version is not here, or the wrapped key was changed.
    """
    mark, rest = wrapped[:FINGERPRINT_BYTES], wrapped[FINGERPRINT_BYTES:]
    material = find_key(folder, name, mark.hex())
    try:
        nonce, content = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        return AESGCM(material).decrypt(nonce, content, _context(name, mark))
    except (InvalidTag, ValueError) as error:
        message = f"A data key wrapped with {name} was changed since"
        raise StateError(message, "Restore the data from a backup.") from error


def _context(name: str, mark: bytes) -> bytes:
    """Bind a wrapped key to the key's name, so that it is of no use elsewhere."""
    return b"havre wrap\0" + name.encode() + b"\0" + mark


def export_keys(folder: Folder, target: Path, passphrase: str) -> None:
    """Write all keys, encrypted with a passphrase (scrypt, AES-256-GCM), to a new file.

    The file and the passphrase are kept apart from the backups: together they open them.

    Raises:
        GuardError: the file exists.
        InputError: the passphrase is empty, or the file cannot be written.
    """
    if not passphrase:
        message = "The passphrase of exported keys is empty"
        raise InputError(message, "Give one.")
    exported = [
        {**_as_json(version), "name": name, "key": read_key(folder, name, version.number).hex()}
        for name in key_names(folder)
        for version in key_info(folder, name).versions
    ]
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    cipher = AESGCM(_derive(passphrase, salt))
    content = cipher.encrypt(nonce, json.dumps(exported).encode(), _EXPORT_FORMAT.encode())
    document = {
        "format": _EXPORT_FORMAT,
        "salt": base64.b64encode(salt).decode(),
        "nonce": base64.b64encode(nonce).decode(),
        "content": base64.b64encode(content).decode(),
    }
    try:
        created = write_once(target, json.dumps(document).encode(), SECRET)
    except OSError as error:
        message = f"{target}: cannot be written ({error.strerror})"
        raise InputError(message, "Name another file.") from error
    if not created:
        message = f"{target} exists and is not overwritten"
        raise GuardError(message, "Name another file.")


def import_keys(folder: Folder, source: Path, passphrase: str) -> int:
    """Add the keys of an exported file; return how many versions were new here.

    A version that is here already is left alone. Into a folder without the key, versions
    keep their numbers; else they are numbered on, and the current one stays current.

    Raises:
        InputError: the file is none of ours, or the passphrase is wrong.
    """
    added = 0
    with locked(folder, "keys"):
        for item in _read_export(source, passphrase):
            added += _import(folder, item.name, bytes.fromhex(item.key), item.created)
    return added


def _import(folder: Folder, name: str, material: bytes, created: dt.datetime) -> int:
    versions = _load_versions(folder, name)
    if fingerprint(material) in {version.fingerprint for version in versions}:
        return 0
    metadata = _metadata(folder, name)
    version = _store(folder, name, len(versions) + 1, material, created)
    # Into an empty folder the newest becomes the current one; ours stays where there is one.
    ours = bool(metadata) and not metadata.get("imported", False)
    current = int(metadata["current"]) if ours else version.number
    days = int(metadata.get("rotation_days", 365))
    _save(folder, KeyInfo(name, current, (*versions, version), days), imported=not ours)
    return 1


class _Export(BaseModel):
    """The file of exported keys. The parameters of scrypt are the format's: no file sets them."""

    model_config = ConfigDict(extra="forbid")

    format: str
    salt: str
    nonce: str
    content: str


class _ExportedKey(BaseModel):
    """A version of a key in the file. Its name becomes a folder's: nothing else may be in it."""

    name: str = Field(pattern=rf"^({BACKUP}|{zone_key('[a-z](-?[a-z0-9])*')})$", max_length=25)
    key: str = Field(pattern=r"^[0-9a-f]{64}$")
    created: AwareDatetime


def _read_export(source: Path, passphrase: str) -> list[_ExportedKey]:
    """Return the keys of the file; all are looked at before the first is used."""
    salt, nonce, content = _read_sealed(source)
    try:
        cipher = AESGCM(_derive(passphrase, salt))
        plain = cipher.decrypt(nonce, content, _EXPORT_FORMAT.encode())
    except InvalidTag as error:
        message = f"{source}: the passphrase is wrong, or the file was changed"
        raise InputError(message, "Give the passphrase with which it was written.") from error
    try:
        return TypeAdapter(list[_ExportedKey]).validate_json(plain)
    except ValidationError:  # not named as the cause: it would show keys
        message = f"{source}: it was decrypted but contains no keys of a warehouse"
        raise InputError(message, "Name a file that `havre keys export` wrote.") from None


def _read_sealed(source: Path) -> tuple[bytes, bytes, bytes]:
    """Return salt, nonce and encrypted content of the file.

    Raises:
        InputError: it is none of ours.
    """
    try:
        with source.open("rb") as file:
            data = file.read(_LARGEST_EXPORT + 1)
        document = _Export.model_validate_json(data)
        encoded = (document.salt, document.nonce, document.content)
        salt, nonce, content = (base64.b64decode(text, validate=True) for text in encoded)
    except (OSError, ValueError) as error:
        message = f"{source}: contains no exported keys"
        raise InputError(message, "Name a file that `havre keys export` wrote.") from error
    if document.format != _EXPORT_FORMAT:
        message = f"{source}: format {document.format!r}, this Havre knows {_EXPORT_FORMAT!r}"
        raise InputError(message, "Use the version of Havre that wrote it.")
    if len(data) > _LARGEST_EXPORT or (len(salt), len(nonce)) != (_SALT_BYTES, _NONCE_BYTES):
        message = f"{source}: contains no exported keys"
        raise InputError(message, "Name a file that `havre keys export` wrote.")
    return salt, nonce, content


def _derive(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=KEY_BYTES, **_SCRYPT).derive(passphrase.encode())


def _key_path(folder: Folder, name: str, version: int) -> Path:
    return folder.keys / name / f"v{version:04d}.key"


def _metadata_path(folder: Folder, name: str) -> Path:
    return folder.keys / name / "metadata.json"


def _metadata(folder: Folder, name: str) -> dict[str, Any]:
    path = _metadata_path(folder, name)
    return read_json(folder, path) if folder.custody.exists(path) else {}


def _load_versions(folder: Folder, name: str) -> list[KeyVersion]:
    """Return the versions, from their files: a run may have been killed before the metadata."""
    known = {
        item["number"]: item["created"] for item in _metadata(folder, name).get("versions", ())
    }
    numbers = sorted(
        {int(path.stem[1:]) for path in (folder.keys / name).glob("v*.key")} | set(known)
    )
    return [
        KeyVersion(
            number,
            _created(folder, name, number, known),
            fingerprint(read_key(folder, name, number)),
        )
        for number in numbers
    ]


def _created(folder: Folder, name: str, number: int, known: dict[int, str]) -> dt.datetime:
    if number in known:
        return dt.datetime.fromisoformat(known[number])
    seconds = folder.custody.stat(_key_path(folder, name, number)).st_mtime
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC)


def _new_version(folder: Folder, name: str, number: int) -> KeyVersion:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return _store(folder, name, number, secrets.token_bytes(KEY_BYTES), now)


def _store(
    folder: Folder, name: str, number: int, material: bytes, created: dt.datetime
) -> KeyVersion:
    """Write the key file: never over another."""
    path = _key_path(folder, name, number)
    folder.custody.make_folder(path.parent, PRIVATE)
    if not folder.custody.create(path, material, SECRET):
        message = f"{path} exists and is not overwritten"
        raise StateError(message, "Run again.")
    return KeyVersion(number, created, fingerprint(material))


def _save(folder: Folder, info: KeyInfo, *, imported: bool = False) -> KeyInfo:
    """Write the metadata, if it differs, and return `info`."""
    content = {
        "current": info.current,
        "rotation_days": info.rotation_days,
        "retired": info.retired.isoformat() if info.retired else None,
        "imported": imported,
        "versions": [_as_json(version) for version in info.versions],
    }
    path = _metadata_path(folder, info.name)
    if not folder.custody.exists(path) or read_json(folder, path) != content:
        folder.custody.write(path, (json.dumps(content, indent=2) + "\n").encode(), SECRET)
    return info


def _as_json(version: KeyVersion) -> dict[str, Any]:
    return {**asdict(version), "created": version.created.isoformat()}
