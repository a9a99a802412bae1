"""What refuses an exit before it begins: a reader who sees less, a target that cannot hold it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg

from havre.errors import GuardError
from havre.exit.database import documented
from havre.exit.database.ends import refused
from havre.exit.database.fates import SCOPE, Method
from havre.exit.database.inventory import measure
from havre.exit.ledger import LedgerEntry, LedgerFate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre.exit.database.inventory import Inventory
    from havre.live.warehouse import LiveDatabase

_SHOWN = 5
_READING = {"SELECT", "USAGE", "CONNECT", "TEMPORARY", "EXECUTE"}
"""Privileges that change nothing, but `USAGE` of a sequence, which takes its next value."""
_ONLY_READS = "Name a role that only reads: BYPASSRLS, pg_read_all_data, and no other permission."


def check(source: Inventory, target: Inventory, method: Method = Method.DUMP) -> None:
    """Refuse readers who would see less than everything: both sides would agree on too little.

    Raises:
        GuardError: a reader is held back by a policy or by a missing right, or a server is not
            set up for replication.
    """
    problems = [
        problem
        for side, word in ((source, "source"), (target, "target"))
        for problem in _blind(side.measured, f"{word} database {side.side.end.name}")
    ]
    if method is Method.REPLICATION:
        servers = _unready(source, target)
        problems += [(f"{where}: {said}", remedy) for where, _, said, remedy in servers]
        problems += _identities(source)
    if problems:
        raise GuardError("; ".join(problem for problem, _ in problems), problems[0][1])


def unready(source: Inventory, target: Inventory) -> list[LedgerEntry]:
    """What keeps both servers from a replication that is not begun, as lines of the ledger."""
    return [
        LedgerEntry(SCOPE, "database", name, said, "", LedgerFate.BLOCKING, remedy)
        for _, name, said, remedy in _unready(source, target)
    ]


def _unready(source: Inventory, target: Inventory) -> Iterator[tuple[str, str, str, str]]:
    """Where, of what, what is wrong, and the remedy."""
    for side, word, found in (
        (source, "source", _publisher(source)),
        (target, "target", _subscriber(target)),
    ):
        for name, said, remedy in found:
            yield f"{word} database {side.side.end.name}", name, said, remedy


def check_reader(end: LiveDatabase, copier: str) -> None:
    """Refuse another credential that could have written what it reads back, or sees too little.

    Args:
        end: the target, by that credential.
        copier: the role by which the copy writes there.

    Raises:
        GuardError: it is the copy's own, may write, or is held back by a policy or a missing right.
        ProviderError: the server refused.
        RetryError: it does not answer.
    """
    name = f"target database {end.name}"
    with end.connect(autocommit=True) as connection:
        try:
            connection.execute(documented.settings({}, across_majors=False).encode())
            role = connection.info.user
            writes = list(_writes(connection))
            blind = list(_blind(measure(connection), name))
        except psycopg.Error as error:
            raise refused(error, "database", end.name) from error
    problems = [f"{name}: the copy writes by the role {role} too"] if role == copier else []
    if writes:
        more = " ..." if len(writes) > _SHOWN else ""
        shown = ", ".join(writes[:_SHOWN]) + more
        problems.append(f"{name}: the reader {role} can write: {shown}")
    problems += [said for said, _ in blind]
    if problems:
        remedy = _ONLY_READS if len(problems) > len(blind) else blind[0][1]
        raise GuardError("; ".join(problems), remedy)


def _writes(connection: psycopg.Connection[Any]) -> Iterator[str]:
    """What the role of a connection may do but read."""
    members, *others = documented.rights_to_write()
    own = {name for name, _ in connection.execute(members.sql.encode())}
    for query in others:
        for name, right in connection.execute(query.sql.encode()):
            yield f"{right} of {name}"
    for kind in ("grant", "default privileges"):
        for name, line in connection.execute(documented.query(kind).sql.encode()):
            grantee, privilege, passes_on = json.loads(line)[:3]
            takes = privilege == "USAGE" and name.startswith("SEQUENCE ")
            if grantee in own and (privilege not in _READING or passes_on or takes):
                yield f"{privilege} of {name}"


def _blind(measured: Mapping[str, Mapping[str, str]], name: str) -> Iterator[tuple[str, str]]:
    """What a reader does not see of a database, each with its remedy."""
    if "sees all rows" not in measured["reader"]:
        yield (
            f"{name}: the reader has not BYPASSRLS, so that a policy may hide rows from it",
            "ALTER ROLE ... BYPASSRLS, or read as a superuser. To own the tables is not enough.",
        )
    hidden = sorted(measured["unreadable"])
    if hidden:
        shown = ", ".join(hidden[:_SHOWN])
        yield (
            f"{name}: the reader has no permission to read {shown}",
            "GRANT pg_read_all_data to the reader.",
        )
    if measured["large objects"] and "reads large objects" not in measured["reader"]:
        yield (
            f"{name}: the reader has no permission to read the pages of large objects",
            "GRANT SELECT ON pg_largeobject to the reader.",
        )


WAL_LEVEL = (
    "Set it to `logical` at the source and restart; a warehouse that `havre up` deployed: run it "
    "once more."
)
SLOTS = 3
"""Slots that replication takes at the source: its own, and one for each table's first copy."""


def _publisher(side: Inventory) -> Iterator[tuple[str, str, str]]:
    found = side.measured["replication"]
    if found["wal_level"] != "logical":
        said = f"wal_level is {found['wal_level']}"
        yield "wal_level", said, WAL_LEVEL
    for limit, used in (("max_replication_slots", "slots"), ("max_wal_senders", "senders")):
        if int(found[limit]) - int(found[used]) < SLOTS:
            remedy = f"Set it to {int(found[used]) + SLOTS} or more at the source and restart."
            yield limit, f"{limit} is {found[limit]}", remedy
    if "replicator" not in found:
        said = "the reader has not REPLICATION"
        yield "replication right", said, "ALTER ROLE ... REPLICATION, at the source."


def _identities(side: Inventory) -> Iterator[tuple[str, str]]:
    name = f"source database {side.side.end.name}"
    for table in side.measured["without identity"]:
        yield (
            f"{name}: table {table} has no replica identity: published, its updates would fail",
            f"ALTER TABLE {table} REPLICA IDENTITY FULL, in a window, or move by dump.",
        )


def _subscriber(side: Inventory) -> Iterator[tuple[str, str, str]]:
    if "subscriber" not in side.measured["replication"]:
        said = "subscriptions need a permission"
        yield "subscription right", said, "GRANT pg_create_subscription to the target's role."
