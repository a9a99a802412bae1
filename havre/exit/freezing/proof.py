"""The proof that nothing changed: every version with all its properties, listed twice, compared.

Tags, holds and tiers change no entity and no time, so each version is asked for what it bears,
both times. The lines stay with the exit and are in no seal.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.exit.records import NOTHING, decoded, encoded, told, unpaired
from havre.live.objects import ChangedError, NotThereError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor, Future
    from pathlib import Path

    from havre.live.objects import LiveStore, ObjectVersion

CALLS_AT_ONCE = 8
"""How many versions a worker asks for at once."""
_TOGETHER = 200
_NAMING = {"objects": 2, "database": 2}
"""So many fields name a thing; those after them say what it is like."""
_CONTENT = 5
"""Fields of an object's line before its properties."""


@dataclass(frozen=True)
class FrozenChange:
    """Something that changed although it was frozen.

    Attributes:
        name: key of an object and its version, or kind and name of a thing of a database.
        what: `new`, `gone`, `content` or `properties`.
    """

    name: str
    what: str

    def __str__(self) -> str:
        """It in words."""
        return f"{self.name}: {self.what}"


def frozen_lines(
    opened: Callable[[], LiveStore], executor: Executor, workers: int
) -> Iterator[str]:
    """A line for every version of a store: key, version, bytes, entity, time, properties.

    Args:
        opened: opens the store, in whatever process a worker is; it can be pickled.
        executor: runs the workers.
        workers: how many it runs at once.

    Raises:
        RetryError, ProviderError: as the store.
    """
    versions = opened().versions()
    batches = iter(lambda: list(itertools.islice(versions, _TOGETHER)), [])
    under_way: deque[Future[list[str]]] = deque()
    for batch in batches:
        under_way.append(executor.submit(_lines, opened, batch))
        if len(under_way) == workers * 2:
            yield from under_way.popleft().result()
    for each in under_way:
        yield from each.result()


def _lines(opened: Callable[[], LiveStore], batch: list[ObjectVersion]) -> list[str]:
    store = opened()
    with ThreadPoolExecutor(CALLS_AT_ONCE) as asking:
        return list(asking.map(lambda found: _line(store, found), batch))


def _line(store: LiveStore, found: ObjectVersion) -> str:
    bears: dict[str, str] = {}
    if not (found.marker or found.deleted):
        try:
            bears = told(found.listed or store.properties(found))
        except (ChangedError, NotThereError):
            bears = {"changed": "while it was listed"}
    state = f"{found.marker:d}{found.snapshot:d}{found.deleted:d}"
    digest = hashlib.sha256(json.dumps(bears, sort_keys=True).encode()).hexdigest()
    fields = (encoded(found.key), encoded(found.version) or NOTHING, str(found.size), state)
    entity = f"{encoded(found.entity) or NOTHING}@{found.modified.isoformat()}"
    return "\t".join((*fields, entity, digest))


def changes(kind: str, former: Path, present: Path) -> Iterator[FrozenChange]:
    """Where two recordings differ; both are sorted by their bytes, and read once.

    Args:
        kind: `objects` or `database`.
        former: what was recorded when all was frozen.
        present: what is recorded now.
    """
    naming = _NAMING[kind]
    waiting: dict[tuple[str, ...], tuple[str, list[str]]] = {}
    with former.open() as before, present.open() as after:
        for side, line in unpaired(before, after):
            fields = line.rstrip("\n").split("\t")
            named = tuple(fields[:naming])
            other = waiting.pop(named, None)
            if other is None:
                waiting[named] = (side, fields)
                continue
            same = kind == "objects" and fields[:_CONTENT] == other[1][:_CONTENT]
            yield FrozenChange(_named(kind, named), "properties" if same else "content")
    for named, (side, _) in sorted(waiting.items()):
        yield FrozenChange(_named(kind, named), "gone" if side == "left" else "new")


def _named(kind: str, fields: tuple[str, ...]) -> str:
    first, second = map(decoded, fields)
    if kind == "database":
        return f"{first} {second}"
    return first if second == NOTHING else f"{first}, version {second}"
