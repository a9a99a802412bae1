"""The object store's server, versitygw: its program, its service, its clients and its admin API."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import http.client
import os
import shutil
import ssl
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

from havre.errors import MissingDependencyError, ProviderError, RetryError
from havre.files.custody import NOBODY_ELSE
from havre.live import s3
from havre.live.wrappers import Remedy
from havre_local.machine import accounts, fronts, processes
from havre_local.machine.encryption.certificates import ensure_certificate
from havre_local.machine.folder import (
    HOST,
    PRIVATE,
    SECRET,
    Folder,
    ensure_port,
    ensure_secret,
    locked,
    password,
    read_secret,
)
from havre_local.machine.objects import front
from havre_local.machine.supervision import services, supervisor
from havre_local.machine.supervision.services import Probe, Service
from havre_local.sites import S3_REGION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SERVICE = "object-store"
REGION = S3_REGION
ADMINISTRATOR = "havre"
"""Access key of the administrator."""
ACCESS_LOG = SERVICE
ACCOUNTS = ("havre-object-store",)
"""The account that root runs the object store as; it is created."""

_SECRET = "object-store-secret"  # noqa: S105 - the name of the secret, not the secret
_PROGRAM = "versitygw"
_HINT = "go install github.com/versity/versitygw/cmd/versitygw@v1.8.0"
_ADMIN_SECONDS = 30
_ANSWER_SECONDS = 60.0
_ATTEMPTS = 4
"""How often boto3 tries a call: it alone can send the stream of an upload again from its start."""
_DATA = "data"
_PARTS = ("versions", "accounts", front.RUN, _DATA)
_ENTERED = 0o711  # the store's account goes through, and lists nothing
_FORMER_SOCKET = "gateway.socket"
_NOT_AS_ROOT = "The object store does not run as root"
# Below the folder that it inherits open: its account may not reach it by its path.
_ARGUMENTS = (
    f"--port={front.SOCKET}",
    "--socket-perm=0600",
    f"--cert={front.PLACE}/{front.RUN}/{front.CERTIFICATE}",
    f"--key={front.PLACE}/{front.RUN}/{front.CERTIFICATE}",
    f"--region={REGION}",
    f"--iam-dir={front.PLACE}/accounts",
    "--access-log=stdout",
    "--quiet",
    "posix",
    f"--versioning-dir={front.PLACE}/versions",
    "--dir-perms=0700",
    "--file-perms=0600",
    f"{front.PLACE}/data",
)


def find_program() -> Path:
    """Return the program versitygw.

    Looked for in HAVRE_VERSITYGW, beside the Python interpreter, on PATH and in ~/go/bin.

    Raises:
        MissingDependencyError: it is not there.
    """
    named = os.environ.get("HAVRE_VERSITYGW")
    on_path = shutil.which(_PROGRAM)
    candidates = [
        Path(named) if named else None,
        Path(sys.executable).parent / _PROGRAM if not named else None,
        Path(on_path) if on_path and not named else None,
        Path.home() / "go" / "bin" / _PROGRAM if not named else None,
    ]
    for path in candidates:
        if path is not None and path.is_file() and os.access(path, os.X_OK):
            return path.absolute()
    where = f"HAVRE_VERSITYGW names {named}, where it is not" if named else "it is not on PATH"
    message = f"The object store needs {_PROGRAM}: {where}"
    raise MissingDependencyError(message, f"Run `{_HINT}`, or set HAVRE_VERSITYGW.")


def ensure_gateway(folder: Folder) -> Service:
    """Return the service of the object store. Nothing is started here.

    It listens on 127.0.0.1 with TLS, keeps versions, logs every request, and sends no metrics.
    Run by root, it acts as an account of its own, which a former store's files are given to: it
    is stopped for that.

    Raises:
        GuardError: a file of the store is a link, or another account's.
        MissingDependencyError: versitygw is not installed, or its account cannot be created.
        RetryError: another process listens on its port.
    """
    found = find_program()
    with locked(folder, SERVICE):
        account = accounts.chosen(folder.objects / _DATA, ACCOUNTS, _NOT_AS_ROOT)
        program = accounts.reachable(found, account)
        _hand_over(folder, accounts.owner(account))
        ensure_secret(folder, _SECRET, password)
        certificate = ensure_certificate(folder, SERVICE)
        port = ensure_port(folder, SERVICE)
        _copy_certificate(folder, certificate.path, accounts.owner(account))
    script = Path(front.__file__)
    act_as = () if account is None else (f"--account={account}",)
    return Service(
        name=SERVICE,
        # As a script and isolated: it needs the standard library and its own distribution alone.
        argv=(
            *(sys.executable, "-I", "-B", str(script), f"--port={port}", *act_as, "--"),
            *(str(program), *_ARGUMENTS),
        ),
        port=port,
        probe=Probe.TLS,
        directory=str(folder.objects),
        order=1,
        environment={"ROOT_ACCESS_KEY_ID": ADMINISTRATOR},
        secret_environment={"ROOT_SECRET_ACCESS_KEY": _SECRET},
        restart_on=f"{program.stat().st_size} {fronts.digest(script)}",
        reload_on=certificate.fingerprint,
    )


def acts_as_root(folder: Folder) -> bool:
    """Whether the store's files are root's, as in a former store: to be given to its account."""
    with contextlib.suppress(FileNotFoundError):
        return os.geteuid() == 0 and folder.custody.stat(folder.objects / _DATA).st_uid == 0
    return False


def _hand_over(folder: Folder, owner: tuple[int, int] | None) -> None:
    """Make the store's folders, and give them to its account where it has one.

    The folder around them stays root's: what is on record of zones is in it.
    """
    parts = [folder.objects / name for name in _PARTS]
    for part in (folder.objects, *parts):
        if not folder.custody.exists(part):
            folder.custody.make_folder(part, PRIVATE)
    if owner is None:
        return
    if any(folder.custody.stat(part).st_uid != owner[0] for part in parts):
        _stop(folder)
        path = folder.objects / front.RUN / Path(front.SOCKET).name
        accounts.forget_socket(folder.custody, path)
    for part in parts:
        folder.custody.give(part, owner)
    folder.custody.set_mode(folder.objects, _ENTERED)


def _stop(folder: Folder) -> None:
    """Stop the store if it runs; it stays defined, for whoever has to start it again."""
    definition = services.definition_path(folder, SERVICE)
    if processes.recorded_alive(folder, SERVICE) and folder.custody.exists(definition):
        content = folder.custody.read(definition)
        supervisor.remove(folder, SERVICE)
        folder.custody.write(definition, content)


def _copy_certificate(folder: Folder, source: Path, owner: tuple[int, int] | None) -> None:
    """Put certificate and key where the store's account reads them, in the place of any file."""
    also = NOBODY_ELSE if owner is None else frozenset({owner[0]})
    path = folder.objects / front.RUN / front.CERTIFICATE
    folder.custody.write(path, folder.custody.read(source), SECRET, owner=owner, also=also)
    folder.custody.remove(folder.objects / _FORMER_SOCKET)


def server_port(folder: Folder) -> int:
    """Return the port on which the object store listens."""
    return ensure_port(folder, SERVICE)


def endpoint(folder: Folder, port: int | None = None) -> str:
    """Return the object store's address, for S3 clients."""
    return f"https://{HOST}:{port or server_port(folder)}"


def admin_credentials(folder: Folder) -> tuple[str, str]:
    """Return access key and secret of the administrator."""
    return ADMINISTRATOR, read_secret(folder, _SECRET)


def client(
    folder: Folder, credentials: tuple[str, str] | None = None, port: int | None = None
) -> Any:
    """Return a boto3 S3 client that verifies the server.

    Args:
        folder: the data folder, its object store running.
        credentials: access key and secret, or None for the administrator's.
        port: the server's port, for those who may not read where it is recorded.
    """
    address = s3.Address(
        endpoint(folder, port), REGION, authority=str(folder.authority), direct=True
    )
    known = s3.Credentials(*(credentials or admin_credentials(folder)))
    return s3.connect(address, known, attempts=_ATTEMPTS, timeout=_ANSWER_SECONDS)


def administrator(folder: Folder) -> Any:
    """Return the administrator's client: one in a process, since making each takes 20 ms.

    Another port, secret or certificate of the authority has another client.
    """
    authority = folder.custody.read(folder.authority)
    return _kept(folder, endpoint(folder), admin_credentials(folder), authority)


@functools.lru_cache(maxsize=4)
def _kept(folder: Folder, _endpoint: str, known: tuple[str, str], _authority: bytes) -> Any:
    return client(folder, known)


def store(folder: Folder, bucket: str) -> s3.Bucket:
    """Return a bucket as a store, with the administrator's rights."""
    return s3.Bucket(client(folder), bucket)


@contextlib.contextmanager
def asking(folder: Folder, resource: str) -> Iterator[None]:
    """Turn boto3's errors into ours, naming `resource`.

    Raises:
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    try:
        yield
    except Exception as error:
        found = s3.failure(error)
        if found is None:
            raise
        if found.remedy is Remedy.RETRY:
            message = f"{resource}: the object store does not answer ({error})"
            raise RetryError(message, f"See {folder.log(SERVICE)}.") from error
        message = f"{resource}: {error}"
        raise ProviderError(message, f"See {folder.log(ACCESS_LOG)}.") from error


def known_accounts(folder: Folder) -> dict[str, str]:
    """Return the secret of every account, by access key."""
    tree = ET.fromstring(_admin(folder, "/list-users"))  # noqa: S314 - our own server's answer
    return {
        account.findtext("Access", ""): account.findtext("Secret", "")
        for account in tree.iter("Accounts")
    }


def create_account(folder: Folder, access: str, secret: str) -> None:
    """Create an account without any right of its own."""
    content = {"Access": access, "Secret": secret, "Role": "user"}
    _admin(folder, "/create-user", body=_xml("Account", content))


def update_account(folder: Folder, access: str, secret: str) -> None:
    """Replace the secret of an account."""
    _admin(folder, f"/update-user?access={access}", body=_xml("MutableProps", {"Secret": secret}))


def remove_account(folder: Folder, access: str) -> None:
    """Remove an account; none is fine."""
    _admin(folder, f"/delete-user?access={access}")


def _xml(name: str, content: Mapping[str, str]) -> bytes:
    root = ET.Element(name)
    for key, value in content.items():
        ET.SubElement(root, key).text = value
    return ET.tostring(root)


def _admin(folder: Folder, target: str, body: bytes = b"") -> bytes:
    """Send a signed request to the admin API; return the answer.

    Raises:
        ProviderError: it was refused.
        RetryError: the server does not answer.
    """
    context = ssl.create_default_context(cafile=str(folder.authority))
    port = ensure_port(folder, SERVICE)
    connection = http.client.HTTPSConnection(HOST, port, timeout=_ADMIN_SECONDS, context=context)
    try:
        connection.request("PATCH", target, body, _signed(folder, target, body))
        response = connection.getresponse()
        answer = response.read()
    except OSError as error:
        message = f"{SERVICE}: no answer ({error})"
        raise RetryError(message, f"See {folder.log(SERVICE)}.") from error
    finally:
        connection.close()
    if response.status >= http.client.BAD_REQUEST:
        path = target.partition("?")[0]
        message = f"{SERVICE}: {path} was refused with status {response.status}"
        raise ProviderError(message, f"See {folder.log(SERVICE)}.")
    return answer


def _signed(folder: Folder, target: str, body: bytes) -> dict[str, str]:
    """Return the headers of a request, signed as the administrator."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    headers = {"X-Amz-Content-Sha256": hashlib.sha256(body).hexdigest()}
    request = AWSRequest("PATCH", f"{endpoint(folder)}{target}", headers, data=body)
    SigV4Auth(Credentials(*admin_credentials(folder)), "s3", REGION).add_auth(request)
    return dict(request.headers.items())
