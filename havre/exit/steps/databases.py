"""The database of an exit: measured, moved whole or by replication, and again where it changed."""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from havre.capabilities import Supported
from havre.errors import GuardError, InputError
from havre.exit.database import copying, fates, inventory, marks, preflight, verify
from havre.exit.database.ends import DatabaseSide
from havre.exit.database.fates import SCOPE, Method
from havre.exit.database.move import DatabaseMove, move
from havre.exit.folder import ExitStep
from havre.exit.ledger import ALL, LedgerEntry, LedgerFate, decided, undecided
from havre.exit.meter import Meter
from havre.exit.seal.contents import DatabaseSides, file_name
from havre.exit.sides import reach
from havre.exit.steps import replicating
from havre.exit.steps.results import DatabaseCopied, DatabasePlanned, DatabasePreview
from havre.live.warehouse import vendor_roles
from havre.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    import psycopg

    from havre.exit.folder import ExitFolder
    from havre.exit.meter import Progress
    from havre.live.warehouse import DatabaseReader, LiveDatabase

COPIED, COUNT = "database copied", "database things"
"""Names of facts: digest of what stands at the target, and how many things it is."""
_SHOWN = 5
_LOGINS = {(SCOPE, "login"), (SCOPE, "password")}


@dataclass(frozen=True)
class MovingDatabase:
    """A database of an exit.

    Attributes:
        source: the database that is left.
        target: the one that takes over, by the copy's credential.
        method: how it goes.
        reader: the target by another credential, or why there is none.
    """

    source: DatabaseSide
    target: DatabaseSide
    method: Method
    reader: DatabaseReader | Supported

    @property
    def name(self) -> str:
        """The source's name, by which evidence goes."""
        return self.source.end.name


def database_of(folder: ExitFolder) -> MovingDatabase | None:
    """The database with its counterpart; None where exit.yaml leaves it behind.

    Raises:
        InputError: a side is not reached.
    """
    way = folder.file.database
    return None if way.method == "none" else _between(folder, Method(way.method))


def _between(folder: ExitFolder, method: Method) -> MovingDatabase:
    source, target = (
        reach(side, folder.root).live for side in (folder.file.source, folder.file.target)
    )
    reader, ends = target.database_reader(), (source.database(), target.database())
    hidden = {} if isinstance(reader, Supported) else {reader.role: ""}
    met = {name: "" for name in hidden if _has_role(ends[0], name)}
    if met and not isinstance(reader, Supported) and reader.standing:
        message = f"the source has a role {reader.role} too, as the reader of the target is called"
        raise InputError(message, "Name a reader of another name.")
    own, theirs = vendor_roles(source), vendor_roles(target)
    paired = {name: theirs.get(purpose, "") for purpose, name in own.items()}
    here, there = _sides(*ends, {**met, **paired, **folder.file.database.roles})
    hidden |= dict.fromkeys(set(theirs.values()) - set(paired.values()), "")
    return MovingDatabase(here, replace(there, roles={**hidden, **there.roles}), method, reader)


def _sides(
    source: LiveDatabase, target: LiveDatabase, given: Mapping[str, str]
) -> tuple[DatabaseSide, DatabaseSide]:
    """Both sides, with the names of roles that are not the exit's: administrators are each its own.

    Args:
        source: the database that is left.
        target: the one that takes over.
        given: the target's name by the source's; empty for none.
    """
    users = [user_of(each) for each in (source, target)]
    names = {users[0]: users[1], **given}
    there = {name: name for name in names.values() if name}
    return DatabaseSide(source, there | names), DatabaseSide(target, there)


def user_of(end: LiveDatabase) -> str:
    """The role by which a database is reached."""
    with end.connect() as connection:
        return connection.info.user


def _has_role(end: LiveDatabase, name: str) -> bool:
    with end.connect() as connection:
        query = "SELECT 1 FROM pg_roles WHERE rolname = %s"
        return connection.execute(query, (name,)).fetchone() is not None


@contextmanager
def read_back(moving: MovingDatabase) -> Iterator[tuple[DatabaseSide, str]]:
    """The target as it is read back, and why that is by the copy's own credential, if it is.

    Raises:
        GuardError: the other credential may write, or sees less than everything.
        RetryError, ProviderError: as the target.
    """
    if isinstance(moving.reader, Supported):
        yield moving.target, moving.reader.reason
        return
    copier = user_of(moving.target.end)
    with moving.reader.opened() as end:
        preflight.check_reader(end, copier)
        yield replace(moving.target, end=end), ""


def plan_database(folder: ExitFolder) -> tuple[DatabasePlanned, ...]:
    """Measure the database and record what becomes of it; nothing is changed on either side.

    Raises:
        GuardError: a reader would see less than everything.
        InputError, RetryError, ProviderError: as the sides.
    """
    moving = database_of(folder)
    if moving is None:
        name = reach(folder.file.source, folder.root).outputs.database.name
        remedy = "Decide it in exit.yaml, or let it go: `database: {method: dump}`."
        found = [undecided(SCOPE, ALL, "database", name, remedy=remedy)]
        _record(folder, found)
        return ()
    source, target = inventory.both(moving.source, moving.target)
    preflight.check(source, target)
    if not isinstance(moving.reader, Supported) and moving.reader.standing:
        with read_back(moving):  # whoever made it may have given it too much, or too little
            pass
    entries = fates.entries(source, target, moving.method)
    if moving.method is Method.REPLICATION and not folder.slot:
        entries += preflight.unready(source, target)
    with moving.target.end.connect(autocommit=True) as connection:
        entries += fates.only_at_target(source, target, marks.before(connection))
        entries += _strangers(folder.file.name, connection)
    _record(folder, entries)
    tables = len(source.measured["tables"])
    return (DatabasePlanned(moving.name, moving.target.end.name, moving.method.value, tables),)


def _record(folder: ExitFolder, entries: Collection[LedgerEntry]) -> None:
    frozen = folder.last(ExitStep.FREEZE) is not None
    # In the freeze nobody logs in at the source: what was said of logins before still holds.
    logins = [e for e in folder.journal.losses() if (e.scope, e.property) in _LOGINS and frozen]
    with folder.journal.together():
        folder.journal.forget_losses(SCOPE)
        folder.journal.lose(SCOPE, (), [*logins, *entries])


def _strangers(name: str, target: psycopg.Connection[Any]) -> list[LedgerEntry]:
    """What stands in the target and is not the exit's: nothing is moved into it."""
    found = sorted(map(str, marks.strangers(target, name)))
    if not found:
        return []
    shown = ", ".join(found[:_SHOWN]) + (" ..." if len(found) > _SHOWN else "")
    remedy = "Move them elsewhere, or name a target whose database is empty."
    said = (
        SCOPE,
        ALL,
        "target",
        f"{counted(len(found), 'thing stands', 'things stand')} there: {shown}",
        "",
    )
    return [LedgerEntry(*said, LedgerFate.BLOCKING, remedy)]


def ledger_of(folder: ExitFolder) -> list[LedgerEntry]:
    """The database's part of the ledger, decided."""
    found = (each for each in folder.journal.losses() if each.scope == SCOPE)
    return list(decided(found, folder.file.decisions))


def left_behind(folder: ExitFolder) -> None:
    """See to it that a database which does not go was left behind by a decision.

    Raises:
        InputError: nobody decided it.
    """
    if not any(
        (e.item, e.property, e.fate) == (ALL, "database", LedgerFate.LOST)
        for e in ledger_of(folder)
    ):
        message = "exit.yaml leaves the database behind, and the ledger has no decision on it"
        raise InputError(message, f"Run `havre exit plan {folder.root}` again.")


def copy_database(folder: ExitFolder, progress: Progress) -> tuple[DatabaseCopied, ...]:
    """Move the database whole, unless its source is as it was when it was moved last.

    By replication, have it follow its source; in the freeze, end that.

    Raises:
        GuardError: the target holds what this exit has not made, or a replication cannot go on.
        InputError, RetryError, ProviderError: as the sides; the next run begins again.
    """
    moving = database_of(folder)
    if moving is None:
        left_behind(folder)
        return ()
    if moving.method is Method.REPLICATION:
        return (_replicated(folder, moving, progress),)
    digest, count = _digest(folder, moving)
    if folder.journal.fact(COPIED) == digest and _finished(folder, moving):
        folder.journal.record(COUNT, str(count))
        return (DatabaseCopied(moving.name, False, 0, 0, 0.0),)
    folder.journal.record(COPIED, "")
    with moving.source.end.connect() as connection:
        tables = len(copying.tables(connection))
    meter = Meter(f"database {moving.name}", tables, progress, "tables")
    move(_job(folder, moving, lambda _name, size: meter.add(1, size)))
    with folder.journal.together():
        folder.journal.record(COPIED, digest)
        folder.journal.record(COUNT, str(count))
    seconds = round(meter.reading.seconds, 1)
    return (DatabaseCopied(moving.name, True, meter.done, meter.size, seconds),)


def _job(
    folder: ExitFolder, moving: MovingDatabase, done: Callable[[str, int], None] | None = None
) -> DatabaseMove:
    entries = ledger_of(folder)
    lost = frozenset((e.property, e.item) for e in entries if e.fate is LedgerFate.LOST)
    workers = folder.file.rates.workers
    job = DatabaseMove(folder.file.name, moving.source, moving.target, workers, lost)
    return replace(job, done=done) if done else job


def _replicated(folder: ExitFolder, moving: MovingDatabase, progress: Progress) -> DatabaseCopied:
    """Have the target follow the source; in the freeze, have it catch up, and end that."""
    frozen = folder.ended(ExitStep.FREEZE) is not None
    finished = _finished(folder, moving)
    digest, count = _digest(folder, moving) if frozen else ("", 0)
    if frozen and finished and not folder.slot and folder.journal.fact(COPIED) == digest:
        folder.journal.record(COUNT, str(count))
        return DatabaseCopied(moving.name, False, 0, 0, 0.0, 0)
    folder.journal.record(COPIED, "")
    job, began, tables = _job(folder, moving), time.monotonic(), 0
    if not (frozen and finished and replicating.follows(folder)):
        lag = replicating.follow(folder, job, progress)
        tables = lag.tables
        if not frozen:
            seconds = round(time.monotonic() - began, 1)
            return DatabaseCopied(moving.name, True, tables, 0, seconds, lag.size, folder.slot)
        replicating.finish(folder, job)
    replicating.take_away(folder, job, {COPIED: digest, COUNT: str(count)})
    return DatabaseCopied(moving.name, True, tables, 0, round(time.monotonic() - began, 1), 0)


def give_up_replication(folder: ExitFolder) -> None:
    """Take away what stands of a replication that exit.yaml no longer says; nothing if none does.

    Raises:
        InputError, RetryError, ProviderError: as the sides; the next run tries again.
    """
    if folder.slot and folder.file.database.method != Method.REPLICATION.value:
        job = _job(folder, _between(folder, Method.REPLICATION))
        replicating.take_away(folder, job, {COPIED: ""})


def preview_database(folder: ExitFolder) -> tuple[DatabasePreview, ...]:
    """What a copy would do; the source is read, and nothing is written or recorded.

    Raises:
        InputError, RetryError, ProviderError: as the sides.
    """
    moving = database_of(folder)
    if moving is None:
        return ()
    digest, count = _digest(folder, moving)
    stands = folder.journal.fact(COPIED) == digest and _finished(folder, moving)
    if moving.method is Method.REPLICATION:
        stands = stands and folder.ended(ExitStep.FREEZE) is not None
    return (DatabasePreview(moving.name, not stands, count),)


def _digest(folder: ExitFolder, moving: MovingDatabase) -> tuple[str, int]:
    """Digest of all that is to stand at the target, and of what is not; how many things it is.

    It is taken before the move: what changes meanwhile differs from it, and is moved again.
    """
    end, left_out = moving.source.end, fates.left_out(ledger_of(folder))
    across = verify.major(end) != verify.major(moving.target.end)
    lines = verify.lines(
        end, moving.source.roles, across_majors=across, jobs=folder.file.rates.workers
    )
    found = {(each.kind, each.name): str(each) for each in lines}
    kept = sorted(found[thing] for thing in found.keys() - left_out)
    out = sorted(found.keys() & left_out)
    told = [*kept, *map(repr, out), repr(sorted(moving.source.roles.items()))]
    return hashlib.sha256("\n".join(told).encode()).hexdigest(), len(kept)


def move_again(folder: ExitFolder) -> None:
    """Have the next copy move the database, whether its source changed or not."""
    folder.journal.record(COPIED, "")


def _finished(folder: ExitFolder, moving: MovingDatabase) -> bool:
    with moving.target.end.connect(autocommit=True) as connection:
        try:
            return marks.finished(connection, folder.file.name)
        except GuardError:
            return False


def queries_of(source: DatabaseSide, target: DatabaseSide) -> str:
    """The SQL by which `psql` gives the target's digests again, and the source's."""
    across = verify.major(source.end) != verify.major(target.end)
    found = verify.evidence(target.end, target.roles, across_majors=across)
    if source.roles == target.roles:
        return found
    names = json.dumps(dict(source.roles), sort_keys=True).replace("'", "''")
    return f"-- At the source, with SET havre.roles = '{names}';\n{found}"


def evidence_of(folder: ExitFolder, name: str) -> tuple[Path, Path, Path]:
    """Where a database's evidence lies: both sides' manifests, and the SQL that gives them."""
    stem = file_name(name)
    source, target = (folder.evidence / f"{stem}.{side}.txt" for side in ("source", "target"))
    return source, target, folder.evidence / f"{stem}.queries.sql"


def sides_of(folder: ExitFolder) -> tuple[DatabaseSides, ...]:
    """What a seal says of the database.

    Raises:
        InputError: it was not verified, or left behind by nobody's decision.
    """
    moving = database_of(folder)
    if moving is None:
        left_behind(folder)
        return ()
    source, target, queries = evidence_of(folder, moving.name)
    count = folder.journal.fact(COUNT)
    if not count or not queries.is_file():
        message = f"the database {moving.name} was not read back"
        raise InputError(message, f"Run `havre exit verify {folder.root}` again.")
    told = queries.read_text("utf-8")
    return (DatabaseSides(moving.name, source, target, int(count), told),)
