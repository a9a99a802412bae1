"""What the steps did: told to a person, written as JSON, and recorded in the journal."""

from __future__ import annotations

from dataclasses import dataclass


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
class PlanResult:
    """What `plan` found; `fates` counts the lines of the ledger by fate."""

    zones: tuple[ZonePlanned, ...]
    fates: dict[str, int]


@dataclass(frozen=True)
class CopyResult:
    """What `copy` did, and what it left to do, in words."""

    zones: tuple[ZoneCopied, ...]
    left: str


@dataclass(frozen=True)
class VerifyResult:
    """What `verify` read back, and what differs, in words."""

    zones: tuple[ZoneVerified, ...]
    left: str


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
