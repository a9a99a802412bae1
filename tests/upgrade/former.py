"""A warehouse as commit 06ccc47 wrote it on a machine: data folder, backup, exported keys, file.

`python -m tests.upgrade.former ROOT CODE` records it from a stopped warehouse in ROOT/warehouse,
with ROOT/warehouse.yaml and ROOT/keys.export beside it; CODE is where the former code stood. It
holds keys and passwords of a warehouse that was made for this and holds invented data only.

Paths and ports are stood for by words, so that it unpacks anywhere. PostgreSQL's own files (41 MB)
are left out: `PASSPHRASE` opens the keys, and the database is in the backup.
"""

import io
import json
import os
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ARCHIVE = Path(__file__).with_name("former.tar.gz")
PASSPHRASE = "correct horse battery"
PORTS = {"object-store": b"@STORE@", "postgresql": b"@DATABASE@"}
LEFT_OUT = (".pid", ".started", ".log", ".lock", "/status.json", "/lock")
XATTR = "HAVRE.xattr."
TEXTS = ("json", "conf", "pgpass")


@dataclass(frozen=True)
class Former:
    """What was unpacked below `root`."""

    root: Path

    @property
    def data_dir(self) -> Path:
        return self.root / "warehouse"

    @property
    def keys(self) -> Path:
        return self.root / "keys.export"

    @property
    def backup(self) -> Path:
        (found,) = (self.data_dir / "backups").glob("2*")
        return found

    @property
    def spec(self) -> dict[str, Any]:
        found = YAML(typ="safe").load((self.root / "warehouse.yaml").read_text())
        return json.loads(json.dumps(found, default=str))


def _is_text(name: str) -> bool:
    return name.endswith(TEXTS) and "/backups/" not in name and "/data/" not in name


def _kept(path: Path, root: Path) -> bool:
    name = "/" + path.relative_to(root).as_posix()
    return not name.endswith(LEFT_OUT) and not name.startswith("/warehouse/database")


def record(root: Path, code: Path) -> None:
    """Write the archive from what stands stopped below `root`."""
    ports = json.loads((root / "warehouse/run/ports.json").read_text())
    words = {
        str(root).encode(): b"@ROOT@",
        str(code).encode(): b"/nowhere",
        **{str(port).encode(): PORTS[name] for name, port in ports.items()},
    }
    with tarfile.open(ARCHIVE, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(root.rglob("*")):
            if _kept(path, root):
                _add(tar, path, root, words)


def _add(tar: tarfile.TarFile, path: Path, root: Path, words: dict[bytes, bytes]) -> None:
    member = tarfile.TarInfo(path.relative_to(root).as_posix())
    member.mode = path.stat().st_mode & 0o777
    member.pax_headers = {f"{XATTR}{n}": os.getxattr(path, n).hex() for n in os.listxattr(path)}
    data = b"" if path.is_dir() else path.read_bytes()
    if path.is_dir():
        member.type = tarfile.DIRTYPE
    elif _is_text(member.name):
        for found, word in words.items():
            data = data.replace(found, word)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def unpack(root: Path, ports: dict[str, int]) -> Former:
    """Unpack the archive below `root`, as if it had been made there and with these ports."""
    words = {b"@ROOT@": str(root).encode()}
    words |= {PORTS[name]: str(port).encode() for name, port in ports.items()}
    with tarfile.open(ARCHIVE) as tar:
        for member in tar:
            _put(tar, member, root / member.name, words)
    return Former(root)


def _put(
    tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path, words: dict[bytes, bytes]
) -> None:
    if member.isdir():
        path.mkdir(parents=True, exist_ok=True)
    else:
        file = tar.extractfile(member)
        assert file is not None
        data = file.read()
        for word, value in words.items() if _is_text(member.name) else ():
            data = data.replace(word, value)
        path.write_bytes(data)
    path.chmod(member.mode)
    for name, value in member.pax_headers.items():
        if name.startswith(XATTR):
            os.setxattr(path, name.removeprefix(XATTR), bytes.fromhex(value))


if __name__ == "__main__":
    record(Path(sys.argv[1]), Path(sys.argv[2]))
