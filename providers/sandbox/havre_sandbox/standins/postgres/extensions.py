"""Extensions that a managed server lets its administrators create, and no others.

PostgreSQL 18 looks for them where `extension_control_path` says: there are those of the list, each
trusted, so that who administers a database creates it without being a superuser.
"""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING

from havre.files.whole import write_in
from havre_local.machine.supervision.services import DIRECTORY_FD

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from havre_local.machine.folder import Folder
    from havre_local.machine.postgresql.installation import Installation

SINCE = 18
"""First major version of PostgreSQL that knows the setting."""
SETTING = "extension_control_path"
VALUE = f"/proc/self/fd/{DIRECTORY_FD}"
"""The cluster's own folder, as the server has it open."""
ALWAYS = frozenset({"plpgsql"})
_FOLDER = "extension"
_TRUSTED = re.compile(r"^\s*(trusted|superuser)\s*=.*\n?", re.MULTILINE)


def allow(folder: Folder, chosen: Installation, wanted: Iterable[str]) -> tuple[str, ...]:
    """Let these extensions be created, in place of any before; return those that are not installed.

    Args:
        folder: the prepared data folder, its cluster made.
        chosen: the PostgreSQL that serves it.
        wanted: names of extensions, in any case.
    """
    names = ALWAYS | {name.strip().lower() for name in wanted if name.strip()}
    source = chosen.binaries.parent / "share" / _FOLDER
    files = {file.name: _content(file) for name in names for file in _files(source, name)}
    found = folder.custody.stat(folder.database)
    owner = (found.st_uid, found.st_gid)
    cluster = folder.custody.open_folder(folder.database, also={owner[0]})
    try:
        place = _opened(cluster, owner)
        try:
            for name, content in files.items():
                write_in(place, name, content, 0o600, owner)
            for name in set(os.listdir(place)) - files.keys():  # noqa: PTH208 - of a descriptor
                os.unlink(name, dir_fd=place)
        finally:
            os.close(place)
    finally:
        os.close(cluster)
    return tuple(sorted(name for name in names if f"{name}.control" not in files))


def _opened(cluster: int, owner: tuple[int, int]) -> int:
    """The folder of extensions, made where it is missing."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(_FOLDER, 0o700, dir_fd=cluster)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    place = os.open(_FOLDER, flags, dir_fd=cluster)
    if os.geteuid() == 0:
        os.fchown(place, *owner)
    return place


def _files(source: Path, name: str) -> list[Path]:
    control = source / f"{name}.control"
    return [control, *source.glob(f"{name}--*.sql")] if control.is_file() else []


def _content(file: Path) -> bytes:
    content = file.read_bytes()
    if file.suffix != ".control":
        return content
    text = _TRUSTED.sub("", content.decode())
    return f"{text.rstrip()}\ntrusted = true\n".encode()
