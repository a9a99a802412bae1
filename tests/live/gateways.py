"""An S3 store on this machine that is no warehouse's: versitygw, on a free port, without TLS."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import socket
import subprocess
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from havre.live import s3
from havre_local.machine.objects.gateway import find_program
from tests.waits import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ACCESS, SECRET = "administrator", "not-a-secret-of-anybody"


@dataclass(frozen=True)
class S3Gateway:
    """A running versitygw."""

    port: int

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> Any:
        address = s3.Address(self.endpoint, "us-east-1", direct=True)
        return s3.connect(address, s3.Credentials(ACCESS, SECRET))

    def bucket(self, name: str, *, locks: bool = False) -> s3.Bucket:
        """A new bucket."""
        found = self.at(name)
        found.client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=locks)
        return found

    def at(self, name: str) -> s3.Bucket:
        """A bucket, whether it exists or not."""
        address = s3.Address(self.endpoint, "us-east-1", direct=True)
        return s3.bucket(address, s3.Credentials(ACCESS, SECRET), name)

    def account(self, access: str, secret: str) -> None:
        """A new account without any right of its own."""
        named = f"<Access>{access}</Access><Secret>{secret}</Secret>"
        body = f"<Account>{named}<Role>user</Role></Account>"
        digest = hashlib.sha256(body.encode()).hexdigest()
        request = AWSRequest(
            "PATCH", f"{self.endpoint}/create-user", {"X-Amz-Content-Sha256": digest}, body
        )
        SigV4Auth(Credentials(ACCESS, SECRET), "s3", "us-east-1").add_auth(request)
        assert (
            self.sent("PATCH", request.url, body, dict(request.headers.items()))
            < HTTPStatus.MULTIPLE_CHOICES
        )

    def sent(
        self, method: str, url: str, body: str = "", headers: Mapping[str, str] | None = None
    ) -> int:
        """The status of an answer."""
        target = url.removeprefix(self.endpoint)
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port)) as connection:
            connection.request(method, target, body, dict(headers or {}))
            return connection.getresponse().status


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


@contextlib.contextmanager
def running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[None]:
    """A server's program, from its first answer until the end of the block."""
    server = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    try:
        until(lambda: answers(port) or server.poll() is not None)
        assert server.poll() is None, f"{command[0]} ended with {server.returncode}"
        yield
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def gateway(folder: Path, *options: str) -> Iterator[S3Gateway]:
    """A gateway with its data in a folder."""
    for name in ("data", "old", "accounts"):
        (folder / name).mkdir()
    port = free_port()
    arguments = [
        f"--port=127.0.0.1:{port}",
        f"--iam-dir={folder / 'accounts'}",
        "--quiet",
        *options,
    ]
    posix = ["posix", f"--versioning-dir={folder / 'old'}", str(folder / "data")]
    environment = {"ROOT_ACCESS_KEY_ID": ACCESS, "ROOT_SECRET_ACCESS_KEY": SECRET}
    with running([str(find_program()), *arguments, *options, *posix], port, environment):
        yield S3Gateway(port)
