"""The stand-ins of one sandbox on this machine: their folder, their servers, their secrets.

The folder is laid out as the local provider's, whose supervisor keeps the servers running and
starts again those that end. Nothing of it is a cloud's.
"""

from __future__ import annotations

import hashlib
import ssl
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from havre_local.machine.encryption.certificates import ensure_authority, ensure_certificate
from havre_local.machine.folder import (
    HOST,
    PRIVATE,
    Folder,
    ensure_port,
    ensure_secret,
    laid_out,
    password,
    prepare,
)
from havre_local.machine.supervision import services, supervisor
from havre_local.machine.supervision.services import Probe, Service
from havre_sandbox import standins
from havre_sandbox.standins.begun import PLACE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from havre_local.machine.supervision.supervisor import ServiceStatus

_FRONTS = 3
"""When fronts start: after what stands behind them."""


@dataclass(frozen=True)
class Machine:
    """Where the stand-ins of a sandbox are.

    Attributes:
        root: the sandbox's data folder.
        name: of the warehouse.
    """

    root: Path
    name: str
    _running: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    @cached_property
    def folder(self) -> Folder:
        """The servers' folder, prepared.

        Raises:
            GuardError: it holds something else, or others can write there.
            InputError: it cannot be made.
        """
        folder = Folder(self.root / PLACE)
        prepare(folder, self.name)
        ensure_authority(folder)
        return folder

    def begin(self) -> None:
        """Prepare the folder, from when on stand-ins follow what the sandbox records.

        Raises:
            GuardError: it holds something else, or others can write there.
            InputError: it cannot be made.
            StateError: its marker is damaged.
        """
        _ = self.folder

    @property
    def standing(self) -> bool:
        """Whether stand-ins were made in the data folder."""
        return laid_out(Folder(self.root / PLACE))

    @property
    def authority(self) -> Path:
        """Certificate by which clients verify every server."""
        return self.folder.authority

    @property
    def trust(self) -> ssl.SSLContext:
        """The same for Python's own clients."""
        return ssl.create_default_context(cafile=str(self.authority))

    def place(self, name: str) -> Path:
        """A folder of a stand-in's own, closed to all others."""
        path = self.folder.root / "sandbox" / name
        for each in (path.parent, path):
            if not each.is_dir():
                self.folder.custody.make_folder(each, PRIVATE)
        return path

    def secret(self, name: str, factory: Callable[[], str] = password) -> str:
        """A secret, made the first time, in a file of mode 0600."""
        return ensure_secret(self.folder, name, factory)

    def secret_file(self, name: str) -> Path:
        """The file of a secret."""
        return self.folder.secrets / name

    def forget_secret(self, name: str) -> None:
        """Remove a secret; none is fine."""
        self.folder.custody.remove(self.secret_file(name))

    def front(
        self,
        name: str,
        module: str,
        arguments: Sequence[str],
        secrets: Mapping[str, str],
    ) -> Service:
        """The service of a front with TLS.

        Args:
            name: of the service.
            module: what is run.
            arguments: beside `--certificate` and `--port`.
            secrets: names of secrets, by the variables that hold them.
        """
        certificate = ensure_certificate(self.folder, name)
        port = ensure_port(self.folder, name)
        where = ["--certificate", str(certificate.path), "--port", str(port)]
        return Service(
            name=name,
            argv=(sys.executable, "-P", "-B", "-m", module, *arguments, *where),
            port=port,
            probe=Probe.TLS,
            directory=str(self.folder.run),
            order=_FRONTS,
            secret_environment=dict(secrets),
            restart_on=_digest(),
            reload_on=certificate.fingerprint,
        )

    def start(self, *wanted: Service) -> None:
        """Have servers run, and wait until each answers.

        Raises:
            RetryError: one does not in time; it names the log and its last lines.
        """
        supervisor.ensure_running(self.folder, *wanted)
        self._running.update(each.name for each in wanted)

    def started(self, name: str) -> bool:
        """Whether this process has seen a server run: it is kept running."""
        return name in self._running

    def stop(self) -> None:
        """Stop every server; what they keep stays.

        Raises:
            RetryError: one did not end in time.
        """
        self._running.clear()
        if self.standing:
            supervisor.stop(self.folder)

    @property
    def known(self) -> frozenset[str]:
        """Names of the servers that were ever started."""
        return services.names(self.folder)

    def statuses(self) -> tuple[ServiceStatus, ...]:
        """What each server does, proved by a probe."""
        return supervisor.status(self.folder) if self.standing else ()

    def endpoint(self, service: str) -> str:
        """Where clients reach a server."""
        return f"https://{HOST}:{ensure_port(self.folder, service)}"


def _digest() -> str:
    """What a front's code is known by: it is started again with another."""
    found = hashlib.sha256()
    for path in sorted(Path(standins.__file__).parent.rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()
