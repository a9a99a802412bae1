"""What refuses an exit before it begins: a reader who sees less, a target that cannot hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.errors import GuardError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.exit.database.inventory import Inventory

_SHOWN = 5


def check(source: Inventory, target: Inventory) -> None:
    """Refuse readers who would see less than everything: both sides would agree on too little.

    Raises:
        GuardError: a reader is held back by a policy or by a missing right.
    """
    problems = [*_blind(source, "source"), *_blind(target, "target")]
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
