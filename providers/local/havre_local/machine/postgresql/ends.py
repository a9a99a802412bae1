"""The last days of projects and last hours of members, enforced without another deployment.

PostgreSQL refuses a password past its last day, but ends no session that it let in before. The
supervisor therefore watches the record and runs this module when a last day has passed.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from havre.errors import HavreError
from havre.startup import guard_memory
from havre_local.machine.folder import Folder, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE = "ends.json"


def path(folder: Folder) -> Path:
    """The file with each role's database and last day."""
    return folder.run / _FILE


def recorded(folder: Folder) -> Mapping[str, tuple[str, dt.date]]:
    """Return database and last day, or the time of the end, of each role on record."""
    try:
        found = json.loads(folder.custody.read(path(folder)))
    except FileNotFoundError:
        return {}
    return {name: (end["database"], _end(end["last"])) for name, end in found.items()}


def _end(text: str) -> dt.date:
    """A day, or a time of a day."""
    day = len(text) == len("2026-12-01")
    return dt.date.fromisoformat(text) if day else dt.datetime.fromisoformat(text)


def _over(last: dt.date, now: dt.datetime) -> bool:
    return last <= now if isinstance(last, dt.datetime) else last < now.date()


def record(folder: Folder, name: str, database: str, last: dt.date) -> None:
    """Record a role's last day, or its end in UTC; the caller has PostgreSQL's lock."""
    _write(folder, {**recorded(folder), name: (database, last)})


def forget(folder: Folder, name: str) -> None:
    """Forget a role; the caller has PostgreSQL's lock."""
    known = dict(recorded(folder))
    if known.pop(name, None) is not None:
        _write(folder, known)


def _write(folder: Folder, ends: Mapping[str, tuple[str, dt.date]]) -> None:
    content = {
        name: {"database": database, "last": last.isoformat()}
        for name, (database, last) in ends.items()
    }
    write_json(folder, path(folder), content)


def passed(folder: Folder) -> frozenset[tuple[str, dt.date]]:
    """Return the roles whose last day, which is told with them, has passed (UTC)."""
    now = dt.datetime.now(dt.UTC)
    return frozenset(
        (name, last) for name, (_, last) in recorded(folder).items() if _over(last, now)
    )


def enforce(folder: Folder) -> None:
    """Take rights and sessions from every role that has ended; readers and members are dropped.

    Raises:
        RetryError: the server does not answer, or a session does not end.
    """
    from havre.database.wanted import member_of
    from havre_local.machine.postgresql import roles
    from havre_local.machine.postgresql.server import administering

    with administering(folder) as connect:  # first: another run may just be moving an end
        known = recorded(folder)
        for name, _ in passed(folder):
            if name == roles.READER or member_of(name):
                roles.drop_role(connect, name)
                forget(folder, name)
                continue
            roles.end_role(connect, name, known[name][0])


def main() -> int:
    """Enforce the ends of the folder that is named; return an exit code."""
    guard_memory()
    try:
        enforce(Folder(Path(sys.argv[1])))
    except HavreError as error:
        sys.stderr.write(f"ends of projects: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
