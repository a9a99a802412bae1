"""The way from this warehouse's database server to another one, such as to what it subscribes to.

The server knows the other by two files in its own data folder: a certificate and a password, which
so stands in no catalog, log of changes or log. A server without TLS cannot verify anybody: it is
led through a relay of its own account, which does. All of it goes when the way is forgotten.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from havre.errors import InputError, StateError
from havre_local.machine import fronts
from havre_local.machine.folder import LAST_PORT, write_json
from havre_local.machine.fronts import relay
from havre_local.machine.supervision import supervisor
from havre_local.machine.supervision.services import Probe, Service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre_local.machine.folder import Folder

RELAY = "postgresql-relay"
AUTHORITY = "way.pem"
PGPASS = "way.pgpass"
HERE = "/proc/self/cwd"
"""The server's data folder, as itself and its processes name it."""
ORDER = 3
_FILE = "way.json"


class Way(BaseModel):
    """How another server is reached and verified."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")
    port: int = Field(ge=1, le=LAST_PORT)
    verification: Literal["verify-full", "verify-ca", "require"]
    system: bool
    """Whether the authorities of the system are asked, and not one of its own."""


def show(
    folder: Folder, known: Mapping[str, str], *, port: int, tls: bool, account: str | None
) -> dict[str, str]:
    """Make a way, in place of any other; return what the server is to connect with.

    Args:
        folder: the data folder; the caller has PostgreSQL's lock.
        known: libpq's keywords by which the other server is reached from here, with its password.
        port: of this warehouse's server.
        tls: whether that server speaks TLS itself.
        account: that it runs as; None: the caller's.

    Raises:
        InputError: the other server is not reached over TLS, or its authority cannot be read.
        RetryError: the relay does not answer.
    """
    way, authority = _read(known)
    taken = folder.custody.hand_out
    words = {"dbname": known["dbname"], "user": known["user"], "gssencmode": "disable"}
    if known.get("password"):
        taken(folder.database / PGPASS, _pgpass(known["password"]).encode())
        words["passfile"] = PGPASS
    if tls:
        if authority:
            taken(folder.database / AUTHORITY, authority)
        root = relay.SYSTEM if way.system else AUTHORITY if authority else ""
        verified = {"sslrootcert": root} if root else {}
        there = {"host": way.host, "port": str(way.port), "sslmode": way.verification}
        return {**words, **there, **verified}
    if authority:
        folder.custody.write(folder.run / AUTHORITY, authority)
    write_json(folder, folder.run / _FILE, way.model_dump(mode="json"))
    supervisor.ensure_running(folder, *relays(folder, port, account))
    return {**words, "host": HERE, "port": str(_number(port)), "sslmode": "disable"}


def forget(folder: Folder) -> None:
    """Take the way away; none is fine."""
    for name in (AUTHORITY, PGPASS):
        folder.custody.take_back(folder.database / name)
    supervisor.remove(folder, RELAY)
    for name in (_FILE, AUTHORITY):
        folder.custody.remove(folder.run / name)


def relays(folder: Folder, port: int, account: str | None) -> tuple[Service, ...]:
    """The relay of a way that stands, to run beside the server; none where there is no way.

    Raises:
        StateError: what is on record of it was damaged.
    """
    path = folder.run / _FILE
    try:
        way = Way.model_validate_json(folder.custody.read(path))
    except FileNotFoundError:
        return ()
    except ValidationError as error:
        message = f"{path}: is not the record of a way to another server"
        raise StateError(message, "Remove it, then run `havre exit copy` again.") from error
    script = Path(relay.__file__)
    authority = relay.SYSTEM if way.system else str(folder.run / AUTHORITY)
    words = [f"--socket={_number(port)}", f"--host={way.host}", f"--port={way.port}"]
    words += [f"--verification={way.verification}", f"--authority={authority}"]
    words += [f"--account={account}"] if account is not None else []
    service = Service(
        name=RELAY,
        # As a script and isolated: it needs the standard library alone.
        argv=(sys.executable, "-I", "-B", str(script), *words),
        port=_number(port),
        probe=Probe.SOCKET,
        directory=str(folder.database),
        order=ORDER,
        restart_on=fronts.digest(script),
    )
    return (service,)


def _read(known: Mapping[str, str]) -> tuple[Way, bytes]:
    """The way that libpq's keywords tell, and the certificate of the other's authority."""
    root, mode = known.get("sslrootcert", ""), known.get("sslmode", "")
    system = root == relay.SYSTEM or (not root and mode == "require")
    try:
        content = b"" if system else Path(root).read_bytes()
        told = {"host": known.get("host"), "port": int(known.get("port") or 5432)}
        return Way.model_validate({**told, "verification": mode, "system": system}), content
    except OSError as error:
        message = f"{root}: {error.strerror}"
        raise InputError(message, "Name the certificate of the source's authority.") from error
    except (ValidationError, ValueError) as error:
        message = "the other server is not reached over TLS by a host and a port"
        raise InputError(message, "Reach it with sslmode=verify-full.") from error


def _number(port: int) -> int:
    """The number in the name of the relay's socket, which is not that of the server's own."""
    return LAST_PORT if port != LAST_PORT else LAST_PORT - 1


def _pgpass(password: str) -> str:
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    return f"*:*:*:*:{escaped}\n"
