"""Accounts that services run as: chosen or created by root, and what they can reach.

A program may lie where an account does not reach it, in a virtual environment below /root; it is
then copied once. Folders that are not ours keep their permissions.
"""

from __future__ import annotations

import errno
import hashlib
import os
import pwd
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from havre.errors import GuardError, InputError, MissingDependencyError
from havre.files.custody import Custody, make_closed

if TYPE_CHECKING:
    from collections.abc import Sequence

CACHE = Path("/var/lib/havre")
"""Where root copies the programs that a service's account cannot reach."""
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}
"""The whole environment of what is run as another account."""

_SWITCH = (
    "import os, sys; user, group = map(int, sys.argv[1:3]); os.setgroups([]); "
    "os.setgid(group); os.setuid(user); os.execv(sys.argv[3], sys.argv[3:])"
)


def chosen(place: Path, names: Sequence[str], why: str) -> str | None:
    """Return the account to run a service as: None for one's own, if one is not root.

    As root, the owner of the service's folder `place` if it exists and is not root's, else the
    first of `names` that exists; the last is created if none does.

    Args:
        place: the folder of the service's own files.
        names: names of accounts.
        why: why the service does not run as root, for the error.

    Raises:
        MissingDependencyError: the account cannot be created.
    """
    if os.geteuid() != 0:
        return None
    if place.exists() and place.stat().st_uid != 0:
        return place.owner()
    for name in names:
        if _exists(name):
            return name
    return _create(names[-1], why)


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _create(name: str, why: str) -> str:
    """Create the system account `name`, without a home or a shell."""
    program = shutil.which("useradd", path=ENVIRONMENT["PATH"])
    problem = "useradd is not installed"
    if program is not None:
        arguments = ["--system", "--user-group", "--no-create-home", "--shell", "/bin/false"]
        done = subprocess.run(  # noqa: S603 - a program found above, without a shell
            [program, *arguments, name], capture_output=True, text=True, check=False
        )
        problem = done.stderr.strip()
    if _exists(name):
        return name
    message = f"{why} and the account {name} cannot be made: {problem}"
    raise MissingDependencyError(message, f"Create the account {name}, or do not run as root.")


def as_account(name: str | None, argv: Sequence[str]) -> dict[str, Any]:
    """Return arguments of `subprocess.run` for `argv` as the account `name`, cleanly.

    The account is changed by a program in between, not by `subprocess`: that would fork, and
    a fork of a process with busy gRPC threads (as under the Pulumi CLI) crashes now and then.
    """
    words = list(argv)
    if name is not None:
        entry = pwd.getpwnam(name)
        ids = [str(entry.pw_uid), str(entry.pw_gid)]
        words = [sys.executable, "-I", "-S", "-c", _SWITCH, *ids, *words]
    return {"args": words, "env": ENVIRONMENT, "cwd": "/"}


def runs(name: str, argv: Sequence[str]) -> bool:
    """Whether the account can run a program, to its end and with success."""
    try:
        done = subprocess.run(**as_account(name, argv), capture_output=True, check=False)
    except PermissionError:
        return False
    return done.returncode == 0


def owner(name: str | None) -> tuple[int, int] | None:
    """Return user and group id of the account `name`, None for one's own."""
    if name is None:
        return None
    entry = pwd.getpwnam(name)
    return entry.pw_uid, entry.pw_gid


def forget_socket(custody: Custody, path: Path) -> None:
    """Remove a socket of a service where nobody listens, as in a copy of a folder at work.

    What is no socket, or is not there, is left as it is.

    Raises:
        GuardError: a process listens on it, or it cannot be told.
    """
    if not custody.exists(path) or not stat.S_ISSOCK(custody.stat(path).st_mode):
        return
    at = custody.open_folder(path.parent)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)
            # Through the descriptor: a path of a socket has 108 bytes at most.
            found = probe.connect_ex(f"/proc/self/fd/{at}/{path.name}")
    finally:
        os.close(at)
    if found != errno.ECONNREFUSED:
        message = f"{path}: a process still listens on it"
        raise GuardError(message, "Stop that service, then run again.")
    custody.remove(path)


def reachable(program: Path, name: str | None) -> Path:
    """Return a program of one file, or a copy of it, that the account `name` can run.

    The copy goes to `CACHE`, whole or not at all, and is made once.

    Raises:
        GuardError: others can write where the copy goes.
        InputError: no copy that the account reaches can be made.
    """
    if name is None or runs(name, [str(program), "--version"]):
        return program
    content = program.read_bytes()
    copy = CACHE / f"{program.name}-{hashlib.sha256(content).hexdigest()[:12]}" / program.name
    try:
        _copy(content, copy)
    except OSError as error:
        message = f"{copy}: {program.name} cannot be copied there ({error.strerror})"
        raise InputError(message, "Make room there, or do not run as root.") from error
    if not runs(name, [str(copy), "--version"]):
        message = f"The account {name} cannot run {copy}"
        raise InputError(message, f"Let that account read and execute below {CACHE}.")
    return copy


def _copy(content: bytes, copy: Path) -> None:
    custody = Custody(CACHE)
    custody.check(copy.parent.name)
    if custody.exists(copy):
        return
    make_closed(CACHE, 0o755)
    custody.make_folder(copy.parent, 0o755)
    custody.write(copy, content, 0o755)
