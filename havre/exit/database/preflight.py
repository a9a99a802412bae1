"""What refuses an exit before it begins: a reader who sees less, a target that cannot hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.errors import GuardError
from havre.exit.database.fates import Method

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
        problems += [*_publisher(source), *_subscriber(target)]
    if problems:
        raise GuardError("; ".join(problem for problem, _ in problems), problems[0][1])


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


def _publisher(side: Inventory) -> Iterator[tuple[str, str]]:
    found, name = side.measured["replication"], f"source database {side.side.end.name}"
    if found["wal_level"] != "logical":
        yield f"{name}: wal_level is {found['wal_level']}", "Set it to `logical` and restart."
    for limit, used in (("max_replication_slots", "slots"), ("max_wal_senders", "senders")):
        if int(found[limit]) - int(found[used]) < SLOTS:
            wanted = int(found[used]) + SLOTS
            yield f"{name}: {limit} is {found[limit]}", f"Set it to {wanted} or more and restart."
    if "replicator" not in found:
        yield f"{name}: the reader has not REPLICATION", "ALTER ROLE ... REPLICATION."
    for table in side.measured["without identity"]:
        yield (
            f"{name}: table {table} has no replica identity: published, its updates would fail",
            f"ALTER TABLE {table} REPLICA IDENTITY FULL, in a window, or move by dump.",
        )


def _subscriber(side: Inventory) -> Iterator[tuple[str, str]]:
    if "subscriber" not in side.measured["replication"]:
        name = f"target database {side.side.end.name}"
        yield f"{name}: subscriptions need a right", "GRANT pg_create_subscription to the role."
