"""The copy of one key: its versions, oldest first, each with all that it bears in the same call.

Whoever copies may be killed at any instant, and the next one knows only what the journal tells.
So a target that stands there unrecorded is compared with the source, byte for byte, and taken as
done where it is the same; anything else at the target was written by somebody else, and is left
alone and told.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import itertools
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from havre.capabilities import Support
from havre.errors import GuardError, RetryError
from havre.exit.journal import Copied
from havre.exit.objects.claims import DigestClaims
from havre.exit.objects.deletions import fitting, left_out
from havre.exit.objects.mapping import mapping
from havre.exit.objects.recoding import covered, recoding
from havre.exit.records import digest_of, told
from havre.live.limits import part_size
from havre.live.objects import (
    PIECE,
    Ability,
    ChangedError,
    ExistsError,
    NotThereError,
    ObjectVersion,
)
from havre.live.wrappers import Hashed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from havre.exit.journal import JournalRow, ListedVersion
    from havre.exit.ledger import LedgerEntry
    from havre.exit.objects.mapping import Rules
    from havre.live.encrypted.ciphers import ContentCipher
    from havre.live.objects import LiveStore, Properties, UploadedPart, Written

ONE_CALL = PIECE
"""Bytes of the largest object that is written in one call, and held in memory."""
PARTS_AT_ONCE = 3
"""How many parts of an object are on their way, each held in memory."""


@dataclass(frozen=True)
class Sides:
    """The stores of a zone, and what decides how one is mapped on the other.

    Attributes:
        source: the store that is left.
        target: the store that takes over.
        rules: what decides.
        opens: what encrypted objects of the source before they were stored; None: nothing did.
        closes: what encrypts them so at the target; None: nothing does.
    """

    source: LiveStore
    target: LiveStore
    rules: Rules
    opens: ContentCipher | None = None
    closes: ContentCipher | None = None


@dataclass(frozen=True)
class KeyOutcome:
    """What became of a key.

    Attributes:
        done: versions that stand at the target now.
        gone: versions, by key and identifier, that neither side has any longer.
        out: versions, by key and identifier, that the target cannot hold beside later ones.
        skipped: marks of folders, by key and identifier, that do not stand at the target.
        entries: lines of the ledger.
        later: why the rest is left to the next run; empty where nothing is.
        size: bytes that passed.
    """

    done: tuple[Copied, ...] = ()
    gone: tuple[tuple[str, str], ...] = ()
    out: tuple[tuple[str, str], ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    entries: tuple[LedgerEntry, ...] = ()
    later: str = ""
    size: int = 0


def source_version(listed: ListedVersion) -> ObjectVersion:
    """A version as its store lists it, from the journal."""
    modified = dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=listed.modified)
    marker = listed.size is None
    return ObjectVersion(
        listed.key,
        listed.version,
        listed.size or 0,
        listed.entity,
        modified,
        marker=marker,
        snapshot=listed.snapshot,
    )


class KeyCopy:
    """The copy of one key from where the journal left it."""

    def __init__(self, rows: Sequence[JournalRow], sides: Sides) -> None:
        """Begin with all rows of the key, the oldest version first."""
        self._sides = sides
        self._rows = rows
        self._name = sides.rules.named(rows[0].listed.key)
        self._listed = [row for row in rows if not row.gone and not row.mark]
        self._present = fitting(self._listed, sides.target.abilities)
        self._back = _taken_back(sides.target)
        self._done: list[Copied] = []
        self._entries: list[LedgerEntry] = []
        self._size = 0

    def run(self) -> KeyOutcome:
        """Copy what is not copied, and take away what the source has no longer.

        Raises:
            GuardError: somebody else wrote the key at the target.
            RetryError, ProviderError: as the stores.
        """
        later = ""
        try:
            self._copy()
        except (ChangedError, NotThereError):
            later = "it changed while it was read"
        away = [row for row in self._rows if not row.gone and row not in self._present]
        out = [row for row in away if not row.mark]
        skipped = _names([row for row in away if row.mark and not later])
        gone = [row for row in self._rows if row.gone and not later]
        entries = (*self._entries, *map(self._left_out, out))
        done = tuple(self._done)
        return KeyOutcome(done, _names(gone), _names(out), skipped, entries, later, self._size)

    def _left_out(self, row: JournalRow) -> LedgerEntry:
        found = source_version(row.listed)
        return left_out(found, row, self._listed, self._sides.rules)

    def _copy(self) -> None:
        if len(self._rows) == 1 and self._is_new(self._rows[0]):
            # By a run that nobody recorded, or others. A service that has it may break off the
            # write, and the answer is lost: what stands there is looked at either way.
            with contextlib.suppress(ExistsError, RetryError):
                self._write(self._rows[0], create_only=True)
                return
        standing, held = self._match()
        for row in self._present[standing:]:
            self._write(row, create_only=not held and not standing)
            held = True

    def _is_new(self, row: JournalRow) -> bool:
        return not row.gone and row.target is None and row.listed.size is not None

    def _match(self) -> tuple[int, bool]:
        """How many versions stand at the target in order, and whether it holds the key at all.

        Own copies of what the source has no longer, or of what has changed since, are deleted.
        """
        own = {row.target: row for row in self._rows if row.target is not None}
        standing, held, last = 0, False, None
        for found in self._at_target():
            row = own.get(found.version)
            following = self._present[standing] if standing < len(self._present) else None
            if following is not None and self._stands(found, row, following):
                standing, held, last = standing + 1, True, found
            elif following is not None and not row and (done := self._same(found, following)):
                self._done.append(done)
                standing, held, last = standing + 1, True, found
            elif found.marker and not self._back:
                held = True  # it goes with what is written next
            elif row is not None and (found.version or following is None):
                self._sides.target.delete(found)
            elif row is not None:
                held = True  # the store keeps no versions: it is written over
            else:
                raise self._foreign(found)
        return self._current(standing, last), held

    def _stands(self, found: ObjectVersion, row: JournalRow | None, following: JournalRow) -> bool:
        """Whether what stands at the target is our copy of the version that is due."""
        if row is not following:
            return False
        if not _finished(row):
            done = self._amended(found, row)
            self._done += [done] if done else []
            return done is not None
        return True

    def _current(self, standing: int, last: ObjectVersion | None) -> int:
        """How many versions stand, where the target brings none back by a deletion.

        Args:
            standing: how many there are in order.
            last: the last of them; what stood after it was deleted.
        """
        if self._back or last is None or last.marker or last.latest:
            return standing
        if following := self._present[standing:]:
            if following[0].listed.size is None:  # it is deleted by now
                listed = following[0].listed
                self._done.append(Copied(listed.key, listed.version, b"", "", {}))
            return standing + (following[0].listed.size is None)
        self._sides.target.delete(last)
        self._done = [each for each in self._done if each.target != last.version]
        return standing - 1

    def _at_target(self) -> list[ObjectVersion]:
        listed = self._sides.target.versions(self._name)
        return [found for found in listed if found.key == self._name and not found.deleted]

    def _same(self, found: ObjectVersion, row: JournalRow) -> Copied | None:
        """What stands at the target unrecorded, where it is the version that is due."""
        listed = row.listed
        if found.marker or listed.size is None:
            due = found.marker and listed.size is None
            return Copied(listed.key, listed.version, b"", found.version, {}) if due else None
        bears, borne = self._bears(row), self._sides.target.properties(found)
        if digest_of(told(bears)) != digest_of(told(borne)) or not _locked_as(bears, borne):
            return None
        return self._alike(found, row, bears)

    def _amended(self, found: ObjectVersion, row: JournalRow) -> Copied | None:
        """A copy of our own that lacks later tags, a hold or a longer lock, and now bears them.

        None where something else differs, which is written anew.
        """
        if found.marker or row.listed.size is None:
            return None
        target, bears = self._sides.target, self._bears(row)
        borne = target.properties(found)
        if told(_unalterable(bears)) != told(_unalterable(borne)):
            return None
        done = self._alike(found, row, bears)
        if done is None:
            return None
        if bears.tags != borne.tags:
            target.tag(found, bears.tags)
        if bears.lock and not _locked_as(bears, borne):
            target.lock(found, bears.lock)
        if bears.held != borne.held:
            target.hold(found, on=bears.held)
        return done

    def _alike(self, found: ObjectVersion, row: JournalRow, bears: Properties) -> Copied | None:
        """What stands at the target, if its content is that of the version that is due."""
        listed = row.listed
        wanted = source_version(listed)
        encrypted = covered(self._sides.source, self._sides.opens, wanted)
        if found.size != listed.size and not encrypted:
            return None
        content, size = _digest(self._content(wanted, encrypted=encrypted))
        if content != _digest(self._standing(found, encrypted=encrypted))[0]:
            return None
        passed = size if encrypted else None
        return Copied(listed.key, listed.version, content, found.version, told(bears), passed)

    def _content(self, found: ObjectVersion, *, encrypted: bool) -> Iterator[bytes]:
        """What is proved of a version of the source: its bytes, opened where they are encrypted."""
        pieces = self._sides.source.read(found)
        return _opened(pieces, found, self._sides.opens if encrypted else None)

    def _standing(self, found: ObjectVersion, *, encrypted: bool) -> Iterator[bytes]:
        """The same of what stands at the target."""
        pieces = self._sides.target.read(found)
        return _opened(pieces, found, self._sides.closes if encrypted else None)

    def _write(self, row: JournalRow, *, create_only: bool) -> None:
        listed = row.listed
        if listed.size is None:
            written = self._sides.target.mark(self._name)
            self._done.append(Copied(listed.key, listed.version, b"", written.version, {}))
            return
        found = source_version(listed)
        pieces, borne = self._read(found)
        bears = self._mapped(found, borne)
        self._size += listed.size
        opens, claims = self._sides.opens, DigestClaims(bears.traits.digests)
        head = next(pieces, b"")
        pieces = claims.passing(itertools.chain((head,), pieces))
        if opens and opens.concerns(found.key) and opens.covers(head):
            self._entries += recoding(found, opens, self._sides.closes, self._sides.rules)
            content = b"".join(_opened(pieces, found, opens))
            done = self._anew(found, content, bears, create_only=create_only)
        else:
            digest, written = self._sent(found, pieces, bears, create_only=create_only)
            done = Copied(found.key, found.version, digest, written.version, told(bears))
        self._entries += [
            self._sides.rules.mapped(
                found, f"stored {name}", claim, f"wrong: the bytes have {made}"
            )
            for name, claim, made in claims.wrong()
        ]
        self._done.append(done)

    def _read(self, found: ObjectVersion) -> tuple[Iterator[bytes], Properties]:
        """The bytes of a version of the source, and all that it bears there."""
        source = self._sides.source
        if found.size > ONE_CALL:
            return source.read(found), source.properties(found)
        content, borne = source.fetch(found)
        return iter((content,)), borne

    def _anew(
        self, found: ObjectVersion, content: bytes, bears: Properties, *, create_only: bool
    ) -> Copied:
        """Content of a version that was opened, closed under the target's key."""
        closes = self._sides.closes
        stored = closes.closed(self._name, content) if closes else content
        due = replace(found, size=len(stored))
        _, written = self._sent(due, iter((stored,)), bears, create_only=create_only)
        digest = hashlib.sha256(content).digest()
        return Copied(found.key, found.version, digest, written.version, told(bears), len(content))

    def _sent(
        self,
        found: ObjectVersion,
        pieces: Iterator[bytes],
        bears: Properties,
        *,
        create_only: bool,
    ) -> tuple[bytes, Written]:
        """Bytes written at the target, and their SHA-256."""
        if found.size <= ONE_CALL:
            content = b"".join(pieces)
            hashed = Hashed(content, hashlib.sha256(content).digest())
            written = self._sides.target.write(self._name, hashed, bears, create_only=create_only)
            return hashed.digest, written
        return self._in_parts(found, pieces, bears, create_only=create_only)

    def _bears(self, row: JournalRow) -> Properties:
        """What the target is to bear for a version."""
        found = source_version(row.listed)
        return self._mapped(found, self._sides.source.properties(found))

    def _mapped(self, found: ObjectVersion, borne: Properties) -> Properties:
        """What the target is to bear for a version that bears this at the source."""
        bears, entries = mapping(found, borne, self._sides.rules)
        self._entries += entries
        return bears

    def _in_parts(
        self,
        found: ObjectVersion,
        pieces: Iterator[bytes],
        bears: Properties,
        *,
        create_only: bool,
    ) -> tuple[bytes, Written]:
        target, size = self._sides.target, part_size(found.size, self._sides.target.limits)
        digest = hashlib.sha256()
        upload = target.begin(self._name, bears)
        try:
            with ThreadPoolExecutor(PARTS_AT_ONCE) as sending:
                under_way: deque[Future[UploadedPart]] = deque()
                parts: list[UploadedPart] = []
                for number, part in enumerate(_regrouped(pieces, size), 1):
                    digest.update(part)
                    under_way.append(sending.submit(target.part, upload, number, part))
                    if len(under_way) == PARTS_AT_ONCE:
                        parts.append(under_way.popleft().result())
                parts += [each.result() for each in under_way]
            return digest.digest(), target.complete(upload, parts, create_only=create_only)
        except BaseException:
            target.abort(upload)
            raise

    def _foreign(self, found: ObjectVersion) -> GuardError:
        message = (
            f"{self._sides.target.name}: `{found.key}` exists there already, version "
            f"{found.version or 'without a name'} of {found.size:,} bytes, and this exit did not "
            "write it"
        )
        return GuardError(message, "Move it away, or name a zone of the target that is empty.")


def _unalterable(bears: Properties) -> Properties:
    """What cannot be altered on a version that stands."""
    return replace(bears, tags={}, lock=None, held=False)


def _locked_as(wanted: Properties, borne: Properties) -> bool:
    """Whether a lock ends no earlier than wanted."""
    if wanted.lock is None:
        return True
    return borne.lock is not None and borne.lock.until >= wanted.lock.until


def _names(rows: Sequence[JournalRow]) -> tuple[tuple[str, str], ...]:
    return tuple((row.listed.key, row.listed.version) for row in rows)


def _finished(row: JournalRow) -> bool:
    return row.content is not None or row.listed.size is None


def _taken_back(store: LiveStore) -> bool:
    """Whether a store takes a deletion back, so that the version before it is current again."""
    return store.abilities[Ability.MARKERS].support is Support.NATIVE


def _opened(
    pieces: Iterator[bytes], found: ObjectVersion, cipher: ContentCipher | None
) -> Iterator[bytes]:
    """Bytes as they are stored, or what they are where a cipher encrypted them."""
    return iter((cipher.opened(found.key, b"".join(pieces)),)) if cipher else pieces


def _digest(pieces: Iterator[bytes]) -> tuple[bytes, int]:
    """SHA-256 of bytes, and how many there are."""
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
    return digest.digest(), size


def _regrouped(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in parts of `size`, the last one smaller."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= size:
            yield bytes(waiting[:size])
            del waiting[:size]
    if waiting:
        yield bytes(waiting)
