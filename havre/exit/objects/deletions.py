"""Versions and deletions that a target cannot hold: of a key, what is copied and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.capabilities import Support
from havre.exit.ledger import undecided
from havre.live.objects import Ability

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from havre.capabilities import Supported
    from havre.exit.journal import JournalRow
    from havre.exit.ledger import LedgerEntry
    from havre.exit.objects.mapping import Rules
    from havre.live.objects import ObjectVersion

DELETION = "deletion"
"""Property of the ledger."""


def fitting(rows: Sequence[JournalRow], abilities: Mapping[Ability, Supported]) -> list[JournalRow]:
    """Versions of a key that a target can hold, in their order.

    Args:
        rows: what the source has of the key, the oldest version first.
        abilities: of the target.
    """
    if abilities[Ability.VERSIONS].support is Support.ABSENT:
        return [row for row in rows[-1:] if not _deletes(row)]
    if (marks := abilities[Ability.MARKERS].support) is Support.NATIVE:
        return [*rows]
    found = [row for row in rows if not _deletes(row)]
    # A deletion is then told by the lack of a current version: only the last one can be.
    ends = found and _deletes(rows[-1]) and marks is not Support.ABSENT
    return [*found, rows[-1]] if ends else found


def left_out(
    found: ObjectVersion, row: JournalRow, rows: Sequence[JournalRow], rules: Rules
) -> LedgerEntry:
    """The line of the ledger for a version that does not go.

    Args:
        found: the version, as its store lists it.
        row: it in the journal.
        rows: what the source has of the key, the oldest version first.
        rules: of the zone.
    """
    value = f"{row.listed.number}: {row.listed.version}"
    if rules.lacks(Ability.VERSIONS):
        return rules.undecided(found, "version", value, "it keeps no versions")
    if all(map(_deletes, rows)):
        return rules.mapped(found, DELETION, value, "none: there is no version to delete")
    if row is not rows[-1]:
        return rules.undecided(found, DELETION, value, "it keeps no deletion between versions")
    remedy = (
        f"The deleted object would exist again at the target: {rules.lacks(Ability.MARKERS)}. "
        "Delete its versions at the source, or decide it in exit.yaml."
    )
    return undecided(rules.scope, found.key, DELETION, value, remedy=remedy)


def _deletes(row: JournalRow) -> bool:
    return row.listed.size is None
