"""A seal as it is read: what it claims, and whether that is verified."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.errors import HavreError, InputError
from havre.exit.seal.bag import INFO, TAG_MANIFEST
from havre.exit.seal.contents import Level
from havre.exit.seal.statement import NOT_FROZEN, SANDBOX, STATEMENT, predicate
from havre.exit.seal.verifying import Trust, Verification, verified
from havre.policy import Rehearsal

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST = 1 << 20
"""Bytes of a bag-info.txt or statement that is read."""


@dataclass(frozen=True)
class Seal:
    """What a seal claims, and whether it is proved.

    Attributes:
        folder: where it is.
        warehouse: name of the warehouse that left.
        source: the provider that it left.
        target: the provider that took it over.
        level: whether it was the warehouse itself, or a rehearsal.
        began: when the exit began, by its own word.
        ended: when its last object was read back, by its own word.
        frozen: whether nobody but the exit wrote to the source meanwhile, by its own word.
        sandbox: whether either side was a sandbox, by its own word.
        verification: who signed and when; None: nothing of this is proved.
        why: why it is not proved; empty where it is.
    """

    folder: Path
    warehouse: str
    source: str
    target: str
    level: Level
    began: dt.datetime
    ended: dt.datetime
    frozen: bool
    sandbox: bool
    verification: Verification | None
    why: str

    @property
    def proves_exit(self) -> bool:
        """Whether it proves that the warehouse itself left: no rehearsal ever does."""
        timed = self.verification is not None and self.verification.time is not None
        return timed and self.level is Level.REAL and self.frozen and not self.sandbox


def read_seal(folder: Path, trust: Trust | None) -> Seal:
    """Read a seal, and verify it.

    Args:
        folder: the seal.
        trust: by what it is checked; None: nothing of it is proved.

    Raises:
        InputError: it is no seal, or what it says cannot be read.
        MissingDependencyError: what it takes to verify it is not installed.
    """
    verification, why = _verified(folder, trust)
    told = predicate(labels(folder))
    if verification is not None and (differs := _differs(folder, told)):
        verification, why = None, differs
    try:
        return Seal(
            folder,
            warehouse=told["Exit-Warehouse"],
            source=told["Exit-From"],
            target=told["Exit-To"],
            level=Level(told["Exit-Level"]),
            began=_moment(told["Exit-Began"]),
            ended=_moment(told["Exit-Ended"]),
            frozen=told["Exit-Frozen"] != NOT_FROZEN,
            sandbox=bool(told.get(SANDBOX)),
            verification=verification,
            why=why,
        )
    except (KeyError, ValueError) as error:
        message = f"{folder / INFO}: what it says of the exit is missing or wrong: {error}"
        raise InputError(message, "Name the folder of a seal.") from None


def rehearsal_of(seal: Seal) -> Rehearsal:
    """What a control sees of a seal."""
    proved = seal.verification
    return Rehearsal(
        seal.warehouse,
        seal.source,
        seal.target,
        seal.level.value,
        proved.time.date() if proved is not None and proved.time is not None else None,
        proved.signer if proved is not None else "",
        seal.why,
        seal.sandbox,
        proved.fingerprint if proved is not None else "",
    )


def evidence(
    seal: Path | None, authority: Path | None, clock: Path | None, names: tuple[str, str]
) -> Rehearsal | None:
    """What a control sees of the seal that a front end is told of; None: it is told of none.

    Args:
        seal: its folder.
        authority: PEM file of the CA of whoever may sign it.
        clock: PEM file of the CA of its time-stamp authority.
        names: what the front end calls the first two.

    Raises:
        InputError: it is no seal, it and the CA of its signer are not both named, or a file
            contains no certificate.
        MissingDependencyError: what it takes to verify it is not installed.
    """
    if seal is None and authority is None and clock is None:
        return None
    if seal is None or authority is None:
        message = f"{' and '.join(names)} belong together"
        raise InputError(message, "Name the seal, and the CA of its signer.")
    for file in filter(None, (authority, clock)):
        _refuse_uncertified(file)
    return rehearsal_of(read_seal(seal, Trust(authority, clock)))


def _refuse_uncertified(file: Path) -> None:
    """Refuse the file of a CA that contains no certificate: the seal cannot be checked by it.

    Raises:
        InputError: it contains none, or cannot be read.
    """
    from cryptography.x509 import load_pem_x509_certificates

    try:
        with file.open("rb") as opened:
            load_pem_x509_certificates(opened.read(_LARGEST))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "contains no certificate in PEM"
        message = f"{file} {why}" if isinstance(error, ValueError) else f"{file}: {why}"
        raise InputError(message, "Name the file of a CA that the seal's signer named.") from None


def proofs_of(seal: Path | None, authority: Path | None, clock: Path | None) -> dict[str, Path]:
    """The files of a seal by their roles; its signed list of digests stands for all in it.

    Args:
        seal: its folder.
        authority: PEM file of the CA of whoever may sign it.
        clock: PEM file of the CA of its time-stamp authority.
    """
    named = {
        "seal": seal / TAG_MANIFEST if seal else None,
        "seal signer's CA": authority,
        "seal time-stamp CA": clock,
    }
    return {role: path for role, path in named.items() if path is not None}


def _verified(folder: Path, trust: Trust | None) -> tuple[Verification | None, str]:
    if trust is None:
        return None, "no CA is named by which it could be verified"
    try:
        return verified(folder, trust), ""
    except InputError as error:
        return None, error.message


def labels(folder: Path) -> list[tuple[str, str]]:
    """Labels and values of bag-info.txt."""
    lines = _text(folder / INFO).split("\n")
    return [(label, value) for label, _, value in (line.partition(": ") for line in lines) if label]


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not text"
        message = f"{path}: {reason}"
        raise InputError(message, "Name the folder of a seal.") from None


def _differs(folder: Path, told: dict[str, Any]) -> str:
    """Why the statement for machines says something else than bag-info.txt; empty: it does not.

    `verify.sh` compares its digests; what it says of the exit only this can compare.
    """
    try:
        said = json.loads(_text(folder / STATEMENT))
        same = said["predicate"] == told
    except (HavreError, ValueError, KeyError, TypeError):
        same = False
    return "" if same else f"{STATEMENT} and {INFO} do not say the same"


def _moment(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
