"""Marks of folders: empty objects that say that a folder is there, where names are plain keys.

Two kinds are skipped. A folder's mark with keys beneath it carries nothing, and where keys are
paths it would be a file in the folder's place. A mark `a/` beside an object `a` cannot stand where
keys are paths. Any other mark is copied as the object that it is. What is skipped is named in the
ledger; a mark that bears something of its own waits for a decision.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from havre.exit.objects.copying import source_version
from havre.exit.objects.running import KEYS_AT_ONCE
from havre.live.objects import FOLDER_MARK, ChangedError, NotThereError, ObjectKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.exit.journal import Journal, JournalRow
    from havre.exit.ledger import LedgerEntry
    from havre.exit.objects.mapping import Rules
    from havre.exit.objects.running import MovingZone
    from havre.live.objects import LiveStore, Properties

NAME = "directory mark"
"""Property of the ledger."""


def settle_marks(journal: Journal, zone: MovingZone, seen: int) -> list[str]:
    """Have marks that say nothing at the target count as done, and name them in the ledger.

    Args:
        journal: of the exit.
        zone: which one.
        seen: number of the last whole listing, to which this belongs.

    Returns:
        Keys that are skipped.

    Raises:
        RetryError, ProviderError: as the source.
    """
    sides = zone.opened()
    candidates = [
        _present(journal, zone, key, seen)
        for key in journal.empty_keys(zone.name, seen)
        if journal.has_beneath(zone.name, key.removesuffix("/"), seen)
    ]
    with ThreadPoolExecutor(KEYS_AT_ONCE) as asking:
        borne = list(asking.map(lambda rows: _borne(sides.source, rows), candidates))
    looked = {
        rows[0].listed.key: (rows, bears) for rows, bears in zip(candidates, borne, strict=True)
    }
    marks = {key: found for key, found in looked.items() if _is_folder(key, found[1])}
    if sides.rules.limits.paths:
        for key, found in looked.items():
            plain = key.removesuffix("/")
            if plain != key and plain not in marks and _present(journal, zone, plain, seen):
                marks[key] = found
    with journal.together():
        journal.skip(zone.name, marks)
        for key, (rows, bears) in marks.items():
            journal.lose(zone.scope, [key], [_entry(rows[-1], bears, sides.rules)])
    return sorted(marks)


def _present(journal: Journal, zone: MovingZone, key: str, seen: int) -> list[JournalRow]:
    return [row for row in journal.of_key(zone.name, key, seen) if not row.gone]


def _borne(source: LiveStore, rows: list[JournalRow]) -> list[Properties]:
    """What the versions of a key bear; nothing where one changed since it was listed."""
    try:
        found = [source_version(row.listed) for row in rows]
        return [source.properties(each) for each in found if not each.marker]
    except (ChangedError, NotThereError):
        return []


def _is_folder(key: str, bears: list[Properties]) -> bool:
    """Whether every version of a key marks a folder by what it bears, not by its name."""
    kinds = {each.traits.kind for each in bears}
    return not key.endswith("/") and kinds == {ObjectKind.FOLDER}


def _entry(row: JournalRow, bears: list[Properties], rules: Rules) -> LedgerEntry:
    found, own = source_version(row.listed), sorted({name for each in bears for name in _own(each)})
    if own:
        why = "a mark that the keys beneath it, or an object of its name, stand for is skipped"
        return rules.undecided(found, NAME, f"bears {', '.join(own)}", why)
    return rules.mapped(found, NAME, "an empty object", "skipped: the keys beneath it are there")


def _own(bears: Properties) -> Iterator[str]:
    """What a mark bears beside that it is one, and beside its type."""
    yield from (f"header {name}" for name in bears.headers if name != "content-type")
    yield from (f"metadata.{name}" for name in bears.metadata if name.lower() != FOLDER_MARK)
    yield from (f"tag.{name}" for name in bears.tags)
    if bears.lock:
        yield "lock"
    if bears.held:
        yield "hold"
