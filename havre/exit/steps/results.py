"""What the steps did: told to a person, written as JSON, and recorded in the journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self


@dataclass(frozen=True)
class ZonePlanned:
    """A zone that is to go: its counterpart at the target, its versions and their bytes."""

    zone: str
    target: str
    versions: int
    bytes: int


@dataclass(frozen=True)
class ZoneCopied:
    """What a run copied of a zone.

    Attributes:
        zone: its name.
        copied: versions that were copied.
        changed: versions that bore other properties since they were copied first.
        bytes: of what was copied.
        seconds: it took.
        later: objects that changed while they were read: another run copies them.
    """

    zone: str
    copied: int
    changed: int
    bytes: int
    seconds: float
    later: int


@dataclass(frozen=True)
class ZoneVerified:
    """What was read back of a zone: versions, bytes, how many differ, and the first of these.

    `own_credential` says why it was read by the copy's own credential; empty: by another.
    """

    zone: str
    lines: int
    bytes: int
    differences: int
    named: tuple[str, ...]
    own_credential: str


@dataclass(frozen=True)
class WritingTaken:
    """Who may write to a zone or a database in the freeze.

    Attributes:
        thing: such as `zone curated`.
        by: `hand`, or `havre`.
        taken: names of those who lost writing.
        untaken: why, by name of those from whom it cannot be taken.
        still: why, by name of those who may write and should not.
        tokens_end: until when what was issued before may write, ISO 8601.
        why: how that is known, or who took writing by hand and why.
    """

    thing: str
    by: str
    taken: tuple[str, ...]
    untaken: dict[str, str]
    still: dict[str, str]
    tokens_end: str
    why: str


@dataclass(frozen=True)
class FreezeResult:
    """What `freeze` did.

    Attributes:
        things: who may write, and where.
        changed: what changed since the last freeze, the first of it.
        recorded: lines that show what everything is like, by zone and for the database.
        left: what keeps everything from being frozen, in words.
    """

    things: tuple[WritingTaken, ...]
    changed: tuple[str, ...]
    recorded: dict[str, int]
    left: str


@dataclass(frozen=True)
class FreezeFound:
    """What a step that needs the freeze finds of it.

    Attributes:
        since: when the last of all was frozen, ISO 8601.
        by_hand: who took writing by hand, and why, by name of the thing.
        count: how much changed, or may be written again.
        wrong: the first of it, in words.
        untaken: why, by those from whom nobody took writing, such as a store's administrator; each
            begins with the name of the thing.
    """

    since: str
    by_hand: dict[str, str]
    count: int
    wrong: tuple[str, ...]
    untaken: dict[str, str]

    @property
    def left(self) -> str:
        """What it leaves to do, in words; empty where all is as it was frozen."""
        return f"{self.count:,} things changed in the freeze" if self.count else ""


@dataclass(frozen=True)
class CutResult:
    """A cut: the seal that holds, since when the source is frozen, roles that log in again."""

    seal: str
    since: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class DatabasePlanned:
    """A database that is to go: its counterpart at the target, how it goes, and its tables."""

    database: str
    target: str
    method: str
    tables: int


@dataclass(frozen=True)
class DatabasePreview:
    """Whether a copy would move a database, and of how many things it is."""

    database: str
    moves: bool
    things: int


@dataclass(frozen=True)
class DatabaseCopied:
    """What a run moved of a database.

    Attributes:
        database: its name.
        moved: whether it went; a source that is as it was moved last does not go again.
        tables: that went, partitions each.
        bytes: of their rows, as COPY writes them; 0 by replication, which does not count them.
        seconds: it took.
        lag: bytes of the source's log that are to come, by replication; None by dump.
        slot: replication slot that stands at the source; empty where the replication is ended.
    """

    database: str
    moved: bool
    tables: int
    bytes: int
    seconds: float
    lag: int | None = None
    slot: str = ""


@dataclass(frozen=True)
class DatabaseVerified:
    """What both sides say of a database: things, rows of tables, and what differs.

    Attributes:
        database: its name.
        things: tables, grants, settings and all else that the target has.
        rows: of its tables.
        differences: how many things differ.
        named: the first of these.
        own_credential: why the target was read by the copy's own credential; empty: by another.
        reader: role that read the target.
    """

    database: str
    things: int
    rows: int
    differences: int
    named: tuple[str, ...]
    own_credential: str
    reader: str


@dataclass(frozen=True)
class BackupsCopied:
    """Backups that a run took over: how many, their bytes without encryption, and the seconds."""

    backups: int
    bytes: int
    seconds: float


@dataclass(frozen=True)
class BackupsVerified:
    """Backups that were read back from the target.

    Attributes:
        backups: how many.
        parts: of them.
        differences: how many parts differ, are missing or too much, or were not copied.
        named: the first of these.
    """

    backups: int
    parts: int
    differences: int
    named: tuple[str, ...]


@dataclass(frozen=True)
class ThingRetired:
    """A thing of the source, and when it may go.

    Attributes:
        thing: such as `zone curated`.
        schedule: first day on which its destruction can be asked for.
        gone: first day on which it is gone for good; None: not known.
        reasons: why.
        blocked: what must be done before; empty where nothing.
        found: what a try found of it, in words; empty where it was not tried.
    """

    thing: str
    schedule: str
    gone: str | None
    reasons: tuple[str, ...]
    blocked: str
    found: str = ""


@dataclass(frozen=True)
class TryMade:
    """A try of what leads to the source.

    Attributes:
        thing: such as `zone curated`.
        way: by what: `administrator`, `signed URL`, `project` or `file`.
        by: name of the project, or SHA-256 of the URL.
        outcome: `refused`, `gone`, `no answer`, `not tried` or `answers`.
        said: what was found, in words.
        before: the outcome when the end was scheduled; None: the try was not made then.
    """

    thing: str
    way: str
    by: str
    outcome: str
    said: str
    before: str | None


@dataclass(frozen=True)
class RetireResult:
    """What `retire` did.

    Attributes:
        event: `scheduled` or `gone`.
        things: what becomes of each.
        commands: what destroys the source, to be run by a person.
        seal: folder of the second seal; empty where none was made.
        left: what is left to do, in words.
        tries: what became of every try of what leads to the source.
        missing: what is not proved to be gone, one by one; `left` has all of it.
        by_hand: things that a person's word would prove.
    """

    event: str
    things: tuple[ThingRetired, ...]
    commands: tuple[str, ...]
    seal: str
    left: str
    tries: tuple[TryMade, ...] = ()
    missing: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """It, as the journal has it."""
        things = (ThingRetired(**{**e, "reasons": tuple(e["reasons"])}) for e in told["things"])
        tries = (TryMade(**each) for each in told["tries"])
        parts: dict[str, Any] = {"things": tuple(things), "tries": tuple(tries)}
        parts |= {name: tuple(told.get(name, ())) for name in ("missing", "by_hand")}
        return cls(**{**told, **parts, "commands": tuple(told["commands"])})


@dataclass(frozen=True)
class PlanResult:
    """What `plan` found.

    Attributes:
        zones: that are to go.
        databases: that are to go.
        fates: how many lines of the ledger have each fate.
        renamings: file with keys that the target could hold; empty where it can hold all.
        needed: what a real exit cannot read back yet by another credential, and why.
    """

    zones: tuple[ZonePlanned, ...]
    databases: tuple[DatabasePlanned, ...]
    fates: dict[str, int]
    renamings: str
    needed: tuple[str, ...] = ()


@dataclass(frozen=True)
class CopyResult:
    """What `copy` did, and what it left to do, in words."""

    zones: tuple[ZoneCopied, ...]
    databases: tuple[DatabaseCopied, ...]
    left: str
    backups: tuple[BackupsCopied, ...] = ()


@dataclass(frozen=True)
class VerifyResult:
    """What `verify` read back, what differs, in words, and the freeze; None: nothing is frozen."""

    zones: tuple[ZoneVerified, ...]
    databases: tuple[DatabaseVerified, ...]
    left: str
    frozen: FreezeFound | None
    backups: tuple[BackupsVerified, ...] = ()


@dataclass(frozen=True)
class SealResult:
    """A seal that was made.

    Attributes:
        seal: its folder.
        signer: subject of who signed.
        fingerprint: SHA-256 of the signer's certificate.
        time: when, as the time-stamp authority says; None without one.
        script: SHA-256 of the `verify.sh` that an auditor takes.
    """

    seal: str
    signer: str
    fingerprint: str
    time: str | None
    script: str
