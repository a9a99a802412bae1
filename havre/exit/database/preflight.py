"""What refuses an exit before it begins: a reader who sees less, a target that cannot hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.errors import GuardError
from havre.exit.database.fates import SCOPE, Method
from havre.exit.ledger import LedgerEntry, LedgerFate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.exit.database.inventory import Inventory

_SHOWN = 5


def check(source: Inventory, target: Inventory, method: Method = Method.DUMP) -> None:
    """Refuse readers who would see less than everything: both sides would agree on too little.

    Raises:
        GuardError: a reader is held back by a policy or by a missing right, or a server is not
            set up for replication.
    """
    problems = [*_blind(source, "source"), *_blind(target, "target")]
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


def _blind(side: Inventory, word: str) -> Iterator[tuple[str, str]]:
    name = f"{word} database {side.side.end.name}"
    if not side.can("sees all rows"):
        yield (
            f"{name}: the reader has not BYPASSRLS, so that a policy may hide rows from it",
            "ALTER ROLE ... BYPASSRLS, or read as a superuser. To own the tables is not enough.",
        )
    hidden = sorted(side.measured["unreadable"])
    if hidden:
        shown = ", ".join(hidden[:_SHOWN])
        yield f"{name}: the reader may not read {shown}", "GRANT pg_read_all_data to the reader."
    if side.measured["large objects"] and not side.can("reads large objects"):
        yield (
            f"{name}: the reader may not read the pages of large objects",
            "GRANT SELECT ON pg_largeobject to the reader.",
        )


SLOTS = 3
"""Slots that replication takes at the source: its own, and one for each table's first copy."""


def _publisher(side: Inventory) -> Iterator[tuple[str, str, str]]:
    found = side.measured["replication"]
    if found["wal_level"] != "logical":
        said = f"wal_level is {found['wal_level']}"
        yield "wal_level", said, "Set it to `logical` at the source and restart."
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
        said = "subscriptions need a right"
        yield "subscription right", said, "GRANT pg_create_subscription to the target's role."
