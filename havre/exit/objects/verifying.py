"""Reading a zone back: what stands at the target, byte by byte, and how both sides differ.

It shares nothing with the copy but the shape of a line. The target's manifest comes from the
target alone; the source's is what passed during the copy, by the journal.
"""

from __future__ import annotations

import hashlib
import itertools
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.exit.records import LOCK, ObjectLine, VersionLine, decoded, digest_of, told, unpaired
from havre.live.objects import PIECE, LockMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Executor, Future
    from pathlib import Path

    from havre.exit.journal import Journal, JournalRow
    from havre.live.encrypted.ciphers import ContentCipher
    from havre.live.objects import LiveStore, ObjectVersion, Properties

READS_AT_ONCE = 8
"""How many versions a worker reads at once."""
_TOGETHER = 200
UNCHANGED: Mapping[str, str] = MappingProxyType({})
"""Every object keeps its name."""


@dataclass(frozen=True)
class VersionReading:
    """A version as it was read back.

    Attributes:
        line: of the manifest.
        lock: when its lock ends, as evidence shows it; empty where it has none.
    """

    line: ObjectLine
    lock: str


def no_cipher() -> None:
    """A zone of which nothing is encrypted before it is stored."""


def read_back(
    opened: Callable[[], LiveStore],
    executor: Executor,
    workers: int,
    cipher: Callable[[], ContentCipher | None] = no_cipher,
) -> Iterator[VersionReading]:
    """Every version of a store, read to its last byte, in no order.

    Args:
        opened: opens the store, in whatever process a worker is; it can be pickled.
        executor: runs the workers.
        workers: how many it runs at once.
        cipher: what encrypts objects before they are stored, opened in the same way.

    Raises:
        RetryError, ProviderError: as the store.
        GuardError, StateError: what is encrypted does not open.
    """
    versions = _numbered(opened().versions())
    batches = iter(lambda: list(itertools.islice(versions, _TOGETHER)), [])
    under_way: set[Future[list[VersionReading]]] = set()
    while True:
        while len(under_way) < workers * 2 and (batch := next(batches, None)):
            under_way.add(executor.submit(_read, opened, cipher, batch))
        if not under_way:
            return
        done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
        for each in done:
            yield from each.result()


def _numbered(versions: Iterable[ObjectVersion]) -> Iterator[tuple[int, ObjectVersion]]:
    for _, group in itertools.groupby(versions, key=lambda found: found.key):
        yield from enumerate((found for found in group if not found.deleted), 1)


def _read(
    opened: Callable[[], LiveStore],
    cipher: Callable[[], ContentCipher | None],
    batch: list[tuple[int, ObjectVersion]],
) -> list[VersionReading]:
    store, opens = opened(), cipher()
    with ThreadPoolExecutor(READS_AT_ONCE) as reading:
        return list(reading.map(lambda each: _reading(store, opens, *each), batch))


def _reading(
    store: LiveStore, cipher: ContentCipher | None, number: int, found: ObjectVersion
) -> VersionReading:
    if found.marker:
        return VersionReading(ObjectLine(found.key, number, None, None, digest_of({})), "")
    pieces, borne = _stored(store, found)
    digest, size = hashlib.sha256(), 0
    for piece in _content(pieces, cipher, found):
        digest.update(piece)
        size += len(piece)
    bears = told(borne or store.properties(found))
    line = ObjectLine(found.key, number, size, digest.hexdigest(), digest_of(bears))
    return VersionReading(line, bears.get(LOCK, ""))


def _stored(store: LiveStore, found: ObjectVersion) -> tuple[Iterator[bytes], Properties | None]:
    """The bytes of a version as they are stored; what it bears, where that comes with them."""
    if found.size > PIECE:
        return store.read(found), None
    content, borne = store.fetch(found)
    return iter((content,)), borne


def _content(
    pieces: Iterator[bytes], cipher: ContentCipher | None, found: ObjectVersion
) -> Iterator[bytes]:
    """The bytes of a version as they are stored, or the content where a cipher encrypted them."""
    if cipher is None or not cipher.concerns(found.key):
        yield from pieces
        return
    head = next(pieces, b"")
    if cipher.covers(head):
        yield cipher.opened(found.key, b"".join((head, *pieces)))
        return
    yield head
    yield from pieces


def recorded(
    journal: Journal, zone: str, seen: int, renamed: Mapping[str, str] = UNCHANGED
) -> Iterator[VersionReading]:
    """Every version as it passed during the copy, under the name that it is to have.

    Versions that the target cannot keep are left out, and the others are numbered without them.

    Args:
        journal: of the exit.
        zone: name of the zone.
        seen: number of the last whole listing.
        renamed: the target's key by the source's, where they differ.
    """
    for number, row in _standing(journal, zone, seen):
        found, bears = row.listed, row.bearing or {}
        content = row.content.hex() if row.content else None
        size = found.size if row.passed is None else row.passed
        name = renamed.get(found.key, found.key)
        line = ObjectLine(name, number, size, content, digest_of(bears))
        yield VersionReading(line, bears.get(LOCK, ""))


def version_map(
    journal: Journal, zone: str, seen: int, renamed: Mapping[str, str] = UNCHANGED
) -> Iterator[VersionLine]:
    """Where every version went, and when the source says that it was written; as `recorded`."""
    for number, row in _standing(journal, zone, seen):
        found = row.listed
        name = renamed.get(found.key, found.key)
        yield VersionLine(name, number, found.version, row.target or "", found.modified)


def _standing(journal: Journal, zone: str, seen: int) -> Iterator[tuple[int, JournalRow]]:
    """Versions that stand at the target, each with its number among those of its key."""
    rows = (row for row in journal.rows(zone, seen) if not (row.gone or row.out))
    for _, group in itertools.groupby(rows, key=lambda row: row.listed.key):
        yield from enumerate(group, 1)


@dataclass(frozen=True)
class ObjectDifference:
    """Where the target departs from the source.

    Attributes:
        key: name of the object.
        number: of the version.
        what: `missing`, `extra`, `content`, `properties` or `lock`.
    """

    key: str
    number: int
    what: str


def differences(source: Path, target: Path) -> Iterator[ObjectDifference]:
    """Where two manifests differ; both are sorted by their bytes, and read once.

    What only one of them has comes out of the merge; lines that name the same version are paired.
    """
    waiting: dict[tuple[str, int], tuple[str, list[str]]] = {}
    with source.open() as ours, target.open() as theirs:
        for side, line in unpaired(ours, theirs):
            fields = line.rstrip("\n").split("\t")
            named = (decoded(fields[0]), int(fields[1]))
            other = waiting.pop(named, None)
            if other is None:
                waiting[named] = (side, fields)
                continue
            what = "properties" if fields[2:4] == other[1][2:4] else "content"
            yield ObjectDifference(*named, what)
    for named, (side, _) in sorted(waiting.items()):
        yield ObjectDifference(*named, "missing" if side == "left" else "extra")


class LockComparison:
    """Locks of the target beside those of the source, which pass once.

    Only the target's are held in memory.

    Attributes:
        shorter: versions whose lock at the target ends earlier, or is weaker, than it was to.
    """

    def __init__(self) -> None:
        """Nothing has passed yet."""
        self.shorter: list[ObjectDifference] = []
        self._met: dict[tuple[str, int], str] = {}

    def met(self, target: Iterable[VersionReading]) -> Iterator[ObjectLine]:
        """Lines of the target while they pass; it passes first."""
        for each in target:
            if each.lock:
                self._met[each.line.key, each.line.number] = each.lock
            yield each.line

    def wanted(self, source: Iterable[VersionReading]) -> Iterator[ObjectLine]:
        """Lines of the source while they pass."""
        for each in source:
            named = (each.line.key, each.line.number)
            if each.lock and not _holds(each.lock, self._met.get(named, "")):
                self.shorter.append(ObjectDifference(*named, "lock"))
            yield each.line


def _holds(wanted: str, found: str) -> bool:
    """Whether a lock ends no earlier than wanted, and can be shortened by no more people."""
    if not found:
        return False
    (until, mode), (ends, found_mode) = wanted.split(), found.split()
    return ends >= until and found_mode in {mode, LockMode.COMPLIANCE.value}
