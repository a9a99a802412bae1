"""A replication of the database over several runs: begun, followed, ended in the freeze.

Its slot has the source keep its log, and fills its disk if it is left behind. So the journal knows
of it before it is begun, and until it is taken away.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from psycopg.conninfo import make_conninfo

from havre.errors import GuardError
from havre.exit.database import replication
from havre.exit.folder import SLOT
from havre.exit.meter import Meter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre.exit.database.move import DatabaseMove
    from havre.exit.database.replication import ReplicationLag
    from havre.exit.folder import ExitFolder
    from havre.exit.meter import Progress
    from havre.live.warehouse import LiveDatabase

FOLLOWS = "replication begun"
"""Name of the fact that a replication was begun whole, and is gone on with."""
_WAY = ("host", "port", "dbname", "user", "sslmode", "sslrootcert")


def follows(folder: ExitFolder) -> bool:
    """Whether a replication was begun, and nothing says that it cannot go on."""
    return bool(folder.slot and folder.journal.fact(FOLLOWS))


def refuse_following(folder: ExitFolder) -> None:
    """Refuse to compare a database that is still written to by its replication.

    Raises:
        GuardError: it is.
    """
    if folder.slot:
        message = f"The database still follows its source (replication slot {folder.slot})"
        remedy = f"Run `havre exit freeze {folder.root}`, then `havre exit copy` once more."
        raise GuardError(message, remedy)


def follow(folder: ExitFolder, job: DatabaseMove, progress: Progress) -> ReplicationLag:
    """Begin the replication, or go on with it, and wait until the first copy is done.

    Raises:
        GuardError: the target holds what this exit has not made, or the replication cannot go
            on: the next run begins anew.
        ProviderError: a side refused.
        RetryError: a server does not answer, or no further table arrives; it goes on.
    """
    meter = Meter(f"database {job.source.end.name}", 0, progress, "tables")

    def told(now: ReplicationLag) -> None:
        meter.total = now.tables
        meter.add(now.tables - now.copying - meter.done)

    with _broken_ones_forgotten(folder):
        if not follows(folder):
            folder.journal.record(FOLLOWS, "")
            folder.journal.record_durably(SLOT, replication.name_of(job.exit))
            replication.start(job, way_to(job.source.end))
            folder.journal.record(FOLLOWS, "yes")
        return replication.follow(job, told)


def finish(folder: ExitFolder, job: DatabaseMove) -> None:
    """In the freeze: everything arrives, and the replication is ended.

    Raises:
        GuardError: it cannot go on: the next run begins anew.
        ProviderError, RetryError: as both sides; the next run goes on.
    """
    with _broken_ones_forgotten(folder):
        replication.finish(job)


def take_away(folder: ExitFolder, job: DatabaseMove, facts: Mapping[str, str]) -> None:
    """Take away what stands of a replication; record that, and facts, as a whole.

    Raises:
        ProviderError, RetryError: as both sides.
    """
    replication.clean(job)
    with folder.journal.together():
        for name, value in {**facts, SLOT: "", FOLLOWS: ""}.items():
            folder.journal.record(name, value)


@contextmanager
def _broken_ones_forgotten(folder: ExitFolder) -> Iterator[None]:
    try:
        yield
    except replication.ReplicationBrokenError:
        folder.journal.record(FOLLOWS, "")
        raise


def way_to(end: LiveDatabase) -> str:
    """How the target's server reaches a database: as the exit does, with its password.

    Raises:
        RetryError, ProviderError: as the database.
    """
    with end.connect() as connection:
        known = connection.info.get_parameters()
        password = connection.info.password
    # Its server resolves the host by itself, and names its sessions after the replication.
    words = {name: known[name] for name in _WAY if known.get(name)}
    return make_conninfo("", **words, **({"password": password} if password else {}))
