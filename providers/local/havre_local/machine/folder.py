"""The data folder of a warehouse: its layout, its files written whole, its secrets and ports."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from havre.errors import GuardError, InputError, RetryError, StateError
from havre.files.custody import Custody, make_closed
from havre_local.machine import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FORMAT = 1
"""Version of the folder's layout, written into its marker."""
PRIVATE = 0o700
SECRET = 0o600
HOST = "127.0.0.1"
"""The only address on which the services listen."""
PORTS = range(20_000, 32_000)
"""Ports to choose from: below 32768, where Linux takes ports of outgoing connections, so
that a port stays ours while its service is stopped."""

PORTS_FILE = "ports.json"
"""Name of the record of ports, in the folder `run`."""
FIRST_PORT, LAST_PORT = 1024, 65_535
"""Ports that an account other than root can have."""

LOCK_SECONDS = 300.0
"""How long a process waits for another's lock: longer than the slowest step under one."""

_ROOT_MODE = 0o711  # researchers reach their project's folder below, but list nothing
_LAYOUT = {
    "state": PRIVATE,
    "certificates": 0o755,
    "keys": PRIVATE,
    "secrets": PRIVATE,
    "object-store": PRIVATE,
    "object-store/data": PRIVATE,
    "object-store/versions": PRIVATE,
    "object-store/accounts": PRIVATE,
    "logs": PRIVATE,
    "run": PRIVATE,
    "run/services": PRIVATE,
    "backups": PRIVATE,
    "projects": 0o711,
}


@dataclass(frozen=True)
class Folder:
    """The data folder of one warehouse; `root` is made absolute."""

    root: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root).absolute())

    @property
    def custody(self) -> Custody:
        """What opens its files, and refuses those that others can have written."""
        return Custody(self.root)

    @property
    def marker(self) -> Path:
        """The file that says whose folder this is."""
        return self.root / "havre.json"

    @property
    def state(self) -> Path:
        """The engine's state."""
        return self.root / "state"

    @property
    def certificates(self) -> Path:
        """The authority's certificate (readable) and the private keys (0600)."""
        return self.root / "certificates"

    @property
    def authority(self) -> Path:
        """Certificate of the authority, PEM, for every client to verify with."""
        return self.certificates / "ca.pem"

    @property
    def keys(self) -> Path:
        """Encryption keys, one folder a key."""
        return self.root / "keys"

    @property
    def secrets(self) -> Path:
        """Passwords, one file a secret."""
        return self.root / "secrets"

    @property
    def database(self) -> Path:
        """PostgreSQL's own data folder."""
        return self.root / "database"

    @property
    def objects(self) -> Path:
        """The object store's folders: data, versions, accounts."""
        return self.root / "object-store"

    @property
    def logs(self) -> Path:
        """One log a service, and the access log of the object store."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Locks, ports, service definitions and the supervisor's status."""
        return self.root / "run"

    @property
    def backups(self) -> Path:
        """One folder a backup, named by its time (UTC)."""
        return self.root / "backups"

    def project(self, name: str) -> Path:
        """Folder of the project `name`, with its credentials (0700).

        It may be given to the researchers: what is in it is written and never believed.
        """
        return self.root / "projects" / name

    def log(self, service: str) -> Path:
        """What the service `service` writes to its standard output and error."""
        return self.logs / f"{service}.log"


def prepare(folder: Folder, warehouse: str) -> None:
    """Create the layout of `folder` for the warehouse named `warehouse`.

    Raises:
        GuardError: the folder holds something else, or another warehouse.
        InputError: the folder cannot be created.
    """
    try:
        make_closed(folder.root, _ROOT_MODE)
    except OSError as error:
        message = f"{folder.root}: cannot be created ({error.strerror})"
        raise InputError(message, "Choose another data folder.") from error
    folder.custody.check("state", "run")
    if folder.custody.exists(folder.marker):
        _check_owner(folder, warehouse)
    else:
        _claim(folder, warehouse)
    folder.custody.set_mode(folder.root, _ROOT_MODE)
    for name, mode in _LAYOUT.items():
        path = folder.root / name
        if not path.is_dir():
            folder.custody.make_folder(path, mode)
    folder.custody.check(*(name for name in _LAYOUT if not name.startswith("object-store/")))


def laid_out(folder: Folder) -> bool:
    """Tell whether the folder has every folder of its layout."""
    return not lacking(folder)


def lacking(folder: Folder) -> list[str]:
    """Return the folders of the layout that are not there, by their path in the folder."""
    return [name for name in _LAYOUT if not (folder.root / name).is_dir()]


def _check_owner(folder: Folder, warehouse: str) -> None:
    """Raise GuardError unless the marker names `warehouse` in a format known here."""
    marker = read_json(folder, folder.marker)
    if marker.get("format") != FORMAT:
        message = f"{folder.marker}: format {marker.get('format')!r}, this Havre knows {FORMAT}"
        raise GuardError(
            message,
            "Use the version of Havre that made this folder.",
        )
    if marker.get("warehouse") != warehouse:
        message = (
            f"{folder.root} contains the warehouse {marker.get('warehouse')!r}, not {warehouse!r}"
        )
        raise GuardError(
            message,
            "Choose another data folder, or the other warehouse's file.",
        )
    _check_place(folder, marker)
    place(folder)


def _claim(folder: Folder, warehouse: str) -> None:
    """Write the marker into an empty folder: first of all, so that a killed run can resume."""
    # What is ignored: our own half-written marker, the engine's state, and what mkfs leaves.
    found = [
        name
        for name in folder.custody.names(folder.root)
        if name not in {"lost+found", "state"} and not name.startswith(".havre.json.")
    ]
    if found:
        message = (
            f"{folder.root} is not empty ({min(found)} …) and contains no warehouse, so "
            f"{warehouse!r} is not created there"
        )
        raise GuardError(
            message,
            "Choose an empty or new data folder.",
        )
    content = {
        "format": FORMAT,
        "warehouse": warehouse,
        "place": str(folder.root),
        "created": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    }
    write_json(folder, folder.marker, content, 0o644)


def place(folder: Folder) -> None:
    """Write into the marker where the folder is: a copy, or moved, it is another."""
    marker = read_json(folder, folder.marker)
    if marker.get("place") != str(folder.root):
        write_json(folder, folder.marker, {**marker, "place": str(folder.root)}, 0o644)


def _check_place(folder: Folder, marker: Mapping[str, Any]) -> None:
    """Raise GuardError if the marker was written for another place."""
    former = marker.get("place")
    if former is not None and os.path.realpath(str(former)) != os.path.realpath(folder.root):
        message = f"{folder.root} is a copy, or was moved: it was made as {former}"
        remedy = f"To use it where it is now: havre adopt --data-dir {folder.root}"
        raise GuardError(message, remedy)


def warehouse_of(folder: Folder) -> str:
    """Return the name of the warehouse that `folder` holds.

    Raises:
        GuardError: others can have written there, or it is a copy or was moved.
        InputError: the folder holds no warehouse.
    """
    if not folder.custody.exists(folder.marker):
        message = f"{folder.root} contains no warehouse"
        raise InputError(message, "Name its data folder.")
    marker = read_json(folder, folder.marker)
    _check_place(folder, marker)
    return str(marker["warehouse"])


def write_json(folder: Folder, path: Path, content: Any, mode: int = SECRET) -> None:
    """Replace `path`, a file of the folder, by `content` as JSON, whole or not at all.

    Raises:
        GuardError: others can write where it is.
    """
    data = (json.dumps(content, indent=2, sort_keys=True) + "\n").encode()
    folder.custody.write(path, data, mode)


def read_json(folder: Folder, path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`, a file of the folder.

    Raises:
        GuardError: others can have written it.
        StateError: it cannot be read.
    """
    try:
        content = json.loads(folder.custody.read(path))
    except (OSError, ValueError) as error:
        message = f"{path}: cannot be read ({error})"
        raise StateError(message, "Restore it from a backup.") from error
    if not isinstance(content, dict):
        message = f"{path}: is not a JSON object"
        raise StateError(message, "Restore it from a backup.")
    return content


def write_secret(folder: Folder, name: str, value: str) -> None:
    """Set the secret `name`."""
    folder.custody.write(folder.secrets / name, value.encode(), SECRET)


def read_secret(folder: Folder, name: str) -> str:
    """Return the secret `name`.

    Raises:
        StateError: there is none.
    """
    try:
        return folder.custody.read(folder.secrets / name).decode()
    except OSError as error:
        message = f"{folder.secrets / name}: cannot be read ({error.strerror})"
        raise StateError(
            message,
            "Deploy the warehouse again, or restore the file.",
        ) from error


def ensure_secret(folder: Folder, name: str, factory: Callable[[], str]) -> str:
    """Return the secret `name`, made by `factory` the first time."""
    path = folder.secrets / name
    if not folder.custody.exists(path):
        folder.custody.create(path, factory().encode(), SECRET)
    return read_secret(folder, name)


def password() -> str:
    """Return a random password of 32 letters, digits, `-` and `_` (190 bits)."""
    return secrets.token_urlsafe(24)


@contextlib.contextmanager
def locked(folder: Folder, name: str) -> Iterator[None]:
    """Hold the lock `name` of the folder; another process waits for it.

    Raises:
        RetryError: another process holds it too long.
    """
    path = folder.run / f"{name}.lock"
    with folder.custody.lock(path) as lock:
        if not lock.take(LOCK_SECONDS):
            message = f"another process uses {path}"
            raise RetryError(message, "Wait for the other run to end, then run again.")
        yield


def ensure_port(folder: Folder, service: str, listener: str | None = None) -> int:
    """Return the port of `service`: chosen free once, and the same ever after.

    Args:
        folder: the prepared data folder.
        service: under which name the port is remembered.
        listener: the supervised service that listens there, if it has another name.

    Raises:
        RetryError: another process listens there while the service does not run.
    """
    path = folder.run / PORTS_FILE
    with locked(folder, "ports"):
        ports = _ports(folder, path)
        if service not in ports:
            ports[service] = _free_port(set(ports.values()))
            write_json(folder, path, ports)
    port = ports[service]
    ours = processes.recorded_alive(folder, listener or service)
    if not ours and not _bindable(port):
        message = f"Port {port} of {service} is taken by another process ({path})"
        raise RetryError(
            message,
            "Stop that process, or give the service another free port in that file.",
        )
    return port


def renew_ports(folder: Folder) -> dict[int, int]:
    """Choose other free ports; return them, by the former ones."""
    path = folder.run / PORTS_FILE
    with locked(folder, "ports"):
        former = _ports(folder, path)
        chosen: dict[str, int] = {}
        for service in former:
            chosen[service] = _free_port({*former.values(), *chosen.values()})
        write_json(folder, path, chosen)
    return {former[service]: port for service, port in chosen.items()}


def _ports(folder: Folder, path: Path) -> dict[str, int]:
    """Return the ports on record, by service: numbers of ports and nothing else.

    Raises:
        StateError: the record holds something else.
    """
    ports = read_json(folder, path) if folder.custody.exists(path) else {}
    return {service: checked_port(path, port) for service, port in ports.items()}


def checked_port(path: Path, port: object) -> int:
    """Return a port that a file gives.

    Raises:
        StateError: it is none.
    """
    if type(port) is not int or not FIRST_PORT <= port <= LAST_PORT:
        message = f"{path}: {port!r:.40} is not a port"
        raise StateError(message, f"Write a number from {FIRST_PORT} to {LAST_PORT} there.")
    return port


def _free_port(taken: set[int]) -> int:
    """Return a port of `PORTS` on which nothing listens and that is not in `taken`."""
    candidates = [port for port in PORTS if port not in taken]
    secrets.SystemRandom().shuffle(candidates)
    for port in candidates:
        if _bindable(port):
            return port
    message = f"No free port between {PORTS.start} and {PORTS.stop}"
    raise RetryError(message, "Stop a service.")


def _bindable(port: int) -> bool:
    """Tell whether nothing listens on `port`."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Without it, connections that ended a minute ago would count as a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
