"""The files of the cluster that Havre writes: settings, access rules and the certificate.

PostgreSQL's account can replace any file of the cluster, by a link or a pipe too. So none of them
is read but by `read_file`, which follows nothing, and what is written replaces what is there.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from havre.errors import GuardError, StateError
from havre.files.custody import ROOT
from havre_local.machine.folder import HOST, SECRET, Folder, warehouse_of
from havre_local.machine.postgresql import log

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre_local.machine.postgresql.installation import Installation

MAIN = "warehouse.conf"
"""The file that PostgreSQL is started with. It includes `postgresql.conf`, for the
administrator's own settings, and then says what is Havre's to say."""
CERTIFICATE = "server.pem"

_FORMER = "havre.conf"
_NOTE = "# Written by Havre; your own settings belong into postgresql.conf.\n"


def configure(
    folder: Folder,
    chosen: Installation,
    port: int,
    tls_minimum: str,
    certificate: bytes,
    further: Mapping[str, str],
) -> str:
    """Write settings, access rules and certificate; return a digest of what needs a restart.

    Raises:
        StateError: one of them cannot be replaced.
    """
    digest = hashlib.sha256(chosen.version.encode())
    for name, content in _files(folder, chosen, port, tls_minimum, further).items():
        _write(folder, name, content.encode())
        digest.update(content.encode())
    if os.path.lexists(folder.database / _FORMER):  # a former postgresql.conf includes it
        _write(folder, _FORMER, f"# Written by Havre: settings are in {MAIN}.\n".encode())
    _write(folder, CERTIFICATE, certificate)
    return digest.hexdigest()


def outdated(folder: Folder, chosen: Installation, port: int, tls_minimum: str) -> list[str]:
    """Return the files of settings and access rules that `configure` would write otherwise."""
    found = []
    for name, content in _files(folder, chosen, port, tls_minimum, {}).items():
        try:
            same = read_file(folder, name) == content.encode()
        except GuardError:
            same = False
        found += [] if same else [name]
    return found


def _files(
    folder: Folder, chosen: Installation, port: int, tls_minimum: str, further: Mapping[str, str]
) -> dict[str, str]:
    """Return settings and access rules, by the names of their files.

    An access rule for all databases is one for logical replication too, and not for physical.
    """
    settings = {**_settings(folder, chosen, port, tls_minimum), **further}
    lines = [f"{name} = {_quote(value)}" for name, value in sorted(settings.items())]
    kind = "hostssl" if chosen.tls else "local"
    address = f" {HOST}/32" if chosen.tls else ""
    return {
        MAIN: "\n".join([f"{_NOTE}include_if_exists 'postgresql.conf'", *lines, ""]),
        "pg_hba.conf": f"# Written by Havre.\n{kind} all all{address} scram-sha-256\n",
    }


def _settings(folder: Folder, chosen: Installation, port: int, tls_minimum: str) -> dict[str, str]:
    """Return PostgreSQL's settings; every connection and statement is logged."""
    settings = {
        "cluster_name": warehouse_of(folder),
        "port": str(port),
        "listen_addresses": HOST if chosen.tls else "",
        "unix_socket_directories": "" if chosen.tls else ".",
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "wal_level": "logical",  # an exit by replication begins without a restart
        "logging_collector": "off",  # the supervisor's log outlives and outranks this account
        "log_destination": "stderr",
        "log_timezone": "UTC",
        "log_line_prefix": log.PREFIX,
        "log_connections": "on",
        "log_disconnections": "on",
        "log_statement": "all",
        "lc_messages": "C",  # `log` reads them
    }
    if (chosen.binaries.parent / "lib" / "pg_stat_statements.so").exists():
        settings["shared_preload_libraries"] = "pg_stat_statements"
    if chosen.tls:
        settings |= {
            "ssl": "on",
            "ssl_cert_file": CERTIFICATE,
            "ssl_key_file": CERTIFICATE,
            "ssl_min_protocol_version": f"TLSv{tls_minimum}",
        }
    return settings


def _quote(value: str) -> str:
    escaped = value.replace("'", "''")
    return f"'{escaped}'"


def read_file(folder: Folder, name: str) -> bytes | None:
    """Return the content of a file of the cluster, None if there is none.

    Raises:
        GuardError: it is no plain file of the cluster's owner, such as a link to another's.
    """
    owner = folder.database.lstat().st_uid if folder.database.exists() else ROOT
    try:
        return folder.custody.read(folder.database / name, also={owner})
    except FileNotFoundError:
        return None


def _write(folder: Folder, name: str, data: bytes) -> None:
    """Write a file of the cluster, for its owner, unless it already stands there."""
    path, owner = folder.database / name, folder.database.lstat()
    try:
        known = read_file(folder, name)
    except GuardError:  # whatever it is, it is replaced unread
        known = None
    try:
        if known != data:
            ids = (owner.st_uid, owner.st_gid)
            folder.custody.write(path, data, SECRET, owner=ids, also={owner.st_uid})
    except OSError as error:
        message = f"{path}: cannot be replaced ({error.strerror})"
        raise StateError(message, "Remove what is there, then run again.") from error
