"""What probes are asked of: a deployed warehouse, and what its file promises."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from havre.audit.logs import AccessLogs
    from havre.capabilities import Supported
    from havre.database.wanted import WantedDatabase
    from havre.live.warehouse import Live
    from havre.probe.answers import Answer
    from havre.provider.outputs import CertificateSource, Outputs
    from havre.spec import Warehouse

HTTPS = 443


@dataclass(frozen=True)
class ServerAddress:
    """Where a server is, and by which authority it is verified.

    Attributes:
        host: name or address.
        port: TCP port.
        authority: file with the certificate of its authority; None: the system's.
        lacking: why that file cannot be had; empty where it can.
    """

    host: str
    port: int
    authority: Path | None
    lacking: str = ""

    def __str__(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class ProbeLimits:
    """Limits by which what is seen is measured.

    Attributes:
        log_seconds: within which the logs must show a probe.
        backup_days: age of the last backup at most.
        certificate_days: for which a certificate must still be valid.
    """

    log_seconds: float = 90.0
    backup_days: int = 2
    certificate_days: int = 7


@dataclass(frozen=True)
class ProbeSubject:
    """A deployed warehouse, as probes reach it.

    Attributes:
        spec: what its file promises.
        outputs: where its services are.
        live: the way to its data.
        wanted: what the file asks for in its database.
        logs: what reads its logs; where none can, an answer that says why.
        now: when the probes begin, UTC.
        mark: what names this run in logs; no secret.
        limits: by which what is seen is measured.
        folder: of the warehouse on this machine, where certificates are; None: elsewhere.
        sandbox: whether stand-ins on this machine answer for the provider.
    """

    spec: Warehouse
    outputs: Outputs
    live: Live
    wanted: WantedDatabase
    logs: AccessLogs | Supported
    now: dt.datetime
    mark: str
    limits: ProbeLimits = field(default_factory=ProbeLimits)
    folder: Path | None = None
    sandbox: bool = False

    @property
    def stores(self) -> dict[str, ServerAddress]:
        """The servers of the object stores, by the name of a target: each once."""
        found: dict[str, ServerAddress] = {}
        for zone in self.outputs.zones.values():
            server = self.server_of(zone.endpoint, zone.authority)
            found.setdefault(f"object store {server}", server)
        return found

    @property
    def database(self) -> ServerAddress:
        """The server of the database."""
        known = self.outputs.database
        return ServerAddress(known.host, known.port, *self._authority(known.authority))

    def server_of(self, endpoint: str, authority: CertificateSource) -> ServerAddress:
        """The server of an object store."""
        where = urlsplit(endpoint)
        usual = HTTPS if where.scheme == "https" else 80
        return ServerAddress(where.hostname or "", where.port or usual, *self._authority(authority))

    def _authority(self, source: CertificateSource) -> tuple[Path | None, str]:
        if source.kind == "system":
            return None, ""
        if source.kind == "api":
            return None, f"its authority is read from {source.location}, not from this machine"
        from pathlib import Path as File

        path = File(source.location)
        found = path if path.is_absolute() or self.folder is None else self.folder / path
        return (found, "") if found.is_file() else (None, f"{found} is not there")


@dataclass(frozen=True)
class Probe:
    """What is tried, and why it does no harm.

    Attributes:
        id: stable identifier.
        control: that a broken promise fails.
        what: the promise, in one sentence.
        harmless: why the attempt does no harm, in one sentence.
        targets: names what is asked, of a warehouse.
        attempt: tries one target; it raises Havre's errors where it cannot.
        drill: whether it is tried only if a drill is asked for.
        after: whether it looks at what the other probes left in the logs, and so comes last.
        stood_in: whether a sandbox has something that stands in for what it asks.
    """

    id: str
    control: str
    what: str
    harmless: str
    targets: Callable[[ProbeSubject], Iterable[str]]
    attempt: Callable[[ProbeSubject, str], Answer]
    drill: bool = False
    after: bool = False
    stood_in: bool = True
