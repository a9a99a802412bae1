"""What projects are given: files in their folders, and the masters that alone are believed.

A project's folder may belong to its researchers, who can put anything there. So each file that
is given out stands once more below `secrets`, where only the administrator writes; what has
been given out is written again, and never read back with the administrator's rights.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from havre_local.machine.folder import PRIVATE, SECRET

if TYPE_CHECKING:
    from pathlib import Path

    from havre_local.machine.folder import Folder

SETTINGS = "project.json"
PGPASS = "pgpass"
CREDENTIALS = "aws-credentials"
GIVEN = (SETTINGS, PGPASS, CREDENTIALS)
"""Files in a project's folder."""


def master(folder: Folder, project: str) -> Path:
    """Return the folder of a project's masters."""
    return folder.secrets / "projects" / project


def give(folder: Folder, project: str, name: str, content: bytes) -> Path:
    """Write a file of the project: its master, then what the researchers have; return that.

    Raises:
        GuardError: the project's folder is no folder.
    """
    target = folder.project(project) / name
    if not os.path.lexists(target.parent):
        folder.custody.make_folder(target.parent, PRIVATE)
    for directory in (folder.secrets / "projects", master(folder, project)):
        folder.custody.make_folder(directory, PRIVATE)
    folder.custody.write(master(folder, project) / name, content, SECRET)
    folder.custody.hand_out(target, content)
    return target


def take_back(folder: Folder, project: str, name: str) -> None:
    """Remove a file of the project and its master; none is fine."""
    folder.custody.take_back(folder.project(project) / name)
    folder.custody.remove(master(folder, project) / name)


def lacking(folder: Folder, project: str) -> list[str]:
    """Return the files, and their masters, that are missing, by their path in the data folder."""
    places = (master(folder, project), folder.project(project))
    files = (place / name for place in places for name in GIVEN)
    return [str(file.relative_to(folder.root)) for file in files if not os.path.lexists(file)]


def given_without_master(folder: Folder, project: str) -> bool:
    """Tell whether an earlier Havre, which knew no masters, gave the project its secrets."""
    return os.path.lexists(folder.project(project) / PGPASS) and not os.path.lexists(
        master(folder, project)
    )


def believed(folder: Folder, project: str) -> Path:
    """Return the folder whose files of the project may be read.

    For the administrator the masters: the project's own only where they were never given away,
    as by an earlier Havre. For a project's own account, which reads no masters, its folder.
    """
    own = master(folder, project)
    return own if os.path.lexists(own / SETTINGS) else folder.project(project)


def shown(folder: Folder, project: str) -> Path:
    """Return the folder whose files a client of the caller may be pointed to.

    A client runs what its settings say, such as `credential_process` of an AWS profile: where the
    project's folder is another account's, the masters.
    """
    given = folder.project(project)
    ours = os.path.lexists(given) and given.lstat().st_uid == os.geteuid()
    return given if ours else believed(folder, project)
