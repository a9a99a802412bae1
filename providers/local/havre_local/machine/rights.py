"""What a service may do on this machine: it acts as an account of its own, and can gain nothing.

Uses only the standard library, for services that start as root and give that up at once.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import resource
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PR_CAPBSET_DROP = 24  # linux/prctl.h
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION = 0x20080522  # linux/capability.h, version 3
_LAST_CAPABILITY = Path("/proc/sys/kernel/cap_last_cap")


def forbid_new_privileges() -> None:
    """Have no program that this process becomes gain rights, such as a set-user-id one."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def become(name: str, groups: Sequence[int] = ()) -> None:
    """Give up root for good: act as the account `name`, without any capability or core dump.

    The bounding set is emptied too, where this process may: in a container it may not, and there
    `no_new_privs` alone keeps programs from gaining what is in it.

    Args:
        name: the account.
        groups: further groups to act with; by default none.

    Raises:
        KeyError: there is no such account.
        OSError: this process is not root's.
    """
    account = pwd.getpwnam(name)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    forbid_new_privileges()
    for number in range(_last_capability() + 1):
        with contextlib.suppress(PermissionError):
            _prctl(_PR_CAPBSET_DROP, number)
    os.setgroups([*groups])
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    _drop_capabilities()


def _last_capability() -> int:
    return int(_LAST_CAPABILITY.read_bytes())


def _drop_capabilities() -> None:
    """Empty the permitted, effective and inheritable sets, and with them the ambient one."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    _checked(ctypes.CDLL(None, use_errno=True).capset(header, (ctypes.c_uint32 * 6)()))


def _prctl(option: int, value: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    _checked(library.prctl(option, *map(ctypes.c_ulong, (value, 0, 0, 0))))


def _checked(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
