"""What a hard case is, and what became of planting it."""

from __future__ import annotations

from dataclasses import dataclass


class UnplantedError(Exception):
    """A case that cannot be planted here.

    Args:
        where: the store or database.
        why: in words.
    """

    def __init__(self, where: str, why: str) -> None:
        self.reason = f"{where}: {why}"
        super().__init__(self.reason)


@dataclass(frozen=True)
class HardCase:
    """A case as it was met.

    Attributes:
        number: in the list of `docs/platform/rehearse.md`.
        title: in a few words.
        planted: what was made of it; empty where nothing was.
        reason: why nothing was; empty where something was.
    """

    number: int
    title: str
    planted: str = ""
    reason: str = ""


TITLES = {
    1: "tags that change after the copy",
    2: "content that is stored encoded",
    3: "a stored digest that is missing or wrong",
    4: "an object that changes while it is read",
    5: "page and append blobs",
    6: "uploads that are not finished",
    7: "versions and delete markers",
    8: "a legal hold and a lock",
    9: "keys of one's own that are disabled",
    10: "directories with owners and permissions",
    11: "the mark of a folder, and a key beside its own folder",
    12: "odd keys: Unicode twins, case twins, dots, slashes, tabs",
    13: "a key that is longer in bytes than in characters",
    14: "an object that is too large for the target",
    15: "objects of no bytes, and of whole parts",
    16: "metadata that is large, not ASCII, or differs in case",
    17: "times of writing",
    18: "row security that holds its owner too",
    19: "a table without an identity, and one that publishes all tables",
    20: "collations of columns",
    21: "roles, memberships, settings and default privileges",
    22: "sequences that count down, cycle or were never used",
    23: "large objects",
    24: "values that print otherwise under other settings",
    25: "partitions, generated columns and constraints that were not validated",
}
"""Every case by its number."""
ELSEWHERE = {
    3: "the client sends none that is wrong",
    5: "only one service has them, and the exit's own client writes none",
    9: "no key is disabled: nothing could be copied",
    10: "no stand-in has them",
    14: "it would take terabytes",
}
"""Why a case is never planted."""
