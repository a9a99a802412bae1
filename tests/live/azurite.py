"""Azure Blob Storage on this machine: Azurite, on a free port, with nothing written to disk."""

from __future__ import annotations

import contextlib
import shutil
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.core.credentials import AzureNamedKeyCredential

from havre.capabilities import Support, Supported
from havre.live.objects import Ability
from havre_azure import blobs
from havre_azure.blobs import ABILITIES
from tests.live.gateways import free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's own, which its documentation names: no secret."""
API_VERSION = "2025-11-05"
"""The newest that Azurite 3.35.0 knows."""
PLACE = Path(sys.prefix) / "azurite" / "node_modules" / "azurite" / "dist" / "src" / "blob"
QUIET = ("--disableTelemetry", "--silent")
LACKING = (Ability.VERSIONS, Ability.DELETED, Ability.LOCK, Ability.HOLD)
EMULATED: Mapping[Ability, Supported] = {
    **ABILITIES,
    **dict.fromkeys(LACKING, Supported(Support.ABSENT, "Azurite 3.35.0 does not have it")),
}
"""Where the emulator is weaker than the service: it takes locks and holds and forgets them."""
_NUMBERS = count()


@dataclass(frozen=True)
class AzuriteServer:
    """A running Azurite."""

    port: int

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/{ACCOUNT}"

    def client(self, container: str) -> Any:
        credential = AzureNamedKeyCredential(ACCOUNT, KEY)
        return blobs.connect(self.endpoint, container, credential, api_version=API_VERSION)

    def container(self) -> blobs.Container:
        """A new container."""
        client = self.client(f"zone-{next(_NUMBERS):03d}")
        client.create_container()
        return blobs.Container(client)


def node() -> str:
    """Node: on PATH, or of the Python package that `make develop` installs where there is none."""
    beside = Path(sys.executable).parent / "node"
    found = shutil.which("node") or (str(beside) if beside.exists() else None)
    assert found, "Azurite needs Node: run `make develop`"
    return found


@contextlib.contextmanager
def azurite(memory: int = 512, *more: str) -> Iterator[AzuriteServer]:
    """A server; what is in it is in memory, so many MiB at most; more options may follow."""
    assert PLACE.is_dir(), "Azurite is missing: run `make develop`"
    port = free_port()
    options = ["--inMemoryPersistence", f"--extentMemoryLimit={memory}", *QUIET, *more]
    address = ["--blobHost=127.0.0.1", f"--blobPort={port}"]
    with running([node(), str(PLACE / "main.js"), *address, *options], port, {}):
        yield AzuriteServer(port)
