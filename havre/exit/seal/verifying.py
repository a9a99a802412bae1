"""A seal is checked by `verify.sh`, the very script that an auditor runs."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from havre.errors import InputError, MissingDependencyError
from havre.exit.seal.texts import VERIFIED, VERIFIED_WITH_LOSSES
from havre.files import write_once

SCRIPT = Path(__file__).with_name("verify.sh")
"""Needs sh, coreutils and openssl only."""
_UNTIMED = "none"


@dataclass(frozen=True)
class Trust:
    """By what a seal is checked.

    Attributes:
        authority: PEM file of the CA of whoever may sign.
        clock: PEM file of the CA of the time-stamp authority; None: a seal without a token.
        signer: the line about the signer that `verify.sh` must print; empty: any signer of the CA.
    """

    authority: Path
    clock: Path | None
    signer: str = ""


@dataclass(frozen=True)
class Verification:
    """What `verify.sh` says of a seal.

    Attributes:
        signer: subject of the certificate that signed.
        fingerprint: SHA-256 of that certificate.
        time: when an authority saw the signature; None: nobody did.
    """

    signer: str
    fingerprint: str
    time: dt.datetime | None


@cache
def script() -> bytes:
    """`verify.sh`, read once: an upgrade while a seal is made changes none of what it says."""
    return SCRIPT.read_bytes()


def script_digest() -> str:
    """SHA-256 of `verify.sh`, in hexadecimal."""
    return hashlib.sha256(script()).hexdigest()


def hand_out(path: Path) -> None:
    """Write `verify.sh` to a file for an auditor; what is there is left alone."""
    write_once(path, script(), 0o644)


def verified(folder: Path, trust: Trust) -> Verification:
    """Check a seal.

    Raises:
        InputError: `verify.sh` refuses it; the message says why.
        MissingDependencyError: there is no shell.
    """
    clock = _UNTIMED if trust.clock is None else str(trust.clock)
    pinned = [trust.signer] if trust.signer else []
    run = ["sh", "-c", script().decode(), SCRIPT.name]
    command = [*run, str(folder), str(trust.authority), clock, *pinned]
    environment = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, check=False, env=environment, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        message = "sh is not installed"
        raise MissingDependencyError(message, "Install a POSIX shell.") from None
    said = done.stdout.decode(errors="replace").splitlines()
    if done.returncode or not said or said[-1] not in {VERIFIED, VERIFIED_WITH_LOSSES}:
        why = done.stderr.decode(errors="replace").strip() or "verify.sh ended early"
        message = f"The seal {folder} is refused: {why.removeprefix('REFUSED: ')}"
        raise InputError(message, "Do not rely on it. Check that both CAs are the expected ones.")
    subject, fingerprint, time = (line.partition("=")[2] for line in said[-4:-1])
    return Verification(subject, fingerprint, None if time == _UNTIMED else _parsed(time))


def _parsed(time: str) -> dt.datetime:
    return dt.datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
