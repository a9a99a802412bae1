"""Azurite is killed while clients write: what was answered is there afterwards."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError

from havre_azure import blobs
from havre_sandbox.standins.blob.service import ADMINISTRATOR, SERVICE, BlobService
from havre_sandbox.standins.machine import Machine
from tests.waits import until

if TYPE_CHECKING:
    from collections.abc import Iterator


class Token:
    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *_scopes: str, **_: Any) -> AccessToken:
        return AccessToken(self.token, 2**33)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    Machine(tmp_path, "emc2").stop()


def service(place: Path) -> BlobService:
    """The service as a process that begins anew knows it."""
    found = BlobService(Machine(place, "emc2"))
    found.start()
    return found


def zone(found: BlobService) -> Any:
    authority, token = str(found.machine.authority), Token(found.token(ADMINISTRATOR))
    return blobs.connect(found.endpoint("lake"), "zone", token, authority=authority)


def azurite(found: BlobService) -> int:
    """The process that its front has started."""
    (front,) = [each.pid for each in found.machine.statuses() if each.name == SERVICE]
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parts = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(parts[1]) == front:
            return int(path.parent.name)
    raise AssertionError(front)


def test_what_was_answered_is_there_after_a_kill(place: Path) -> None:
    found = service(place)
    found.change_account("lake", versions=True)
    found.change_container("lake", "zone")
    container, answered, killed = zone(found), dict[str, bytes](), threading.Event()
    container.upload_blob("removed", b"x")
    container.delete_blob("removed")

    def write() -> None:
        number = 0
        while not killed.is_set():
            name, content = f"blob-{number % 20}", f"content {number}".encode()
            try:
                container.upload_blob(name, content, overwrite=True)
            except AzureError:
                answered.pop(name, None)  # either is right
                return
            answered[name] = content
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    process = azurite(found)
    until(lambda: len(answered) == 20 or not writer.is_alive())
    os.kill(process, signal.SIGKILL)
    killed.set()
    writer.join()
    again = zone(service(place))
    until(lambda: azurite(service(place)) != process)
    read = {name: again.download_blob(name).readall() for name in answered}
    assert read == answered
    assert not again.get_blob_client("removed").exists()
    again.upload_blob("afterwards", b"y")
    assert again.download_blob("afterwards").readall() == b"y"
