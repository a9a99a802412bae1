"""`seal`: what was proved, as a folder that anybody can check without Havre."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from typing import TYPE_CHECKING, Any

from havre.errors import GuardError, InputError
from havre.exit.folder import SEAL, ExitStep
from havre.exit.ledger import LedgerFate
from havre.exit.objects.running import whole
from havre.exit.objects.verifying import version_map
from havre.exit.records import renamed_lines
from havre.exit.seal.contents import Contents, Leaving, Level, ZoneSides, probed
from havre.exit.seal.rehearsal import rehearsal_authorities
from havre.exit.seal.sealing import seal as sealed
from havre.exit.sides import reach, refuse_sandbox, sandboxes
from havre.exit.steps.beside.backups import backup_sides
from havre.exit.steps.beside.logs import keep_logs
from havre.exit.steps.beside.probes import probes_of
from havre.exit.steps.databases import sides_of
from havre.exit.steps.plan import ledger
from havre.exit.steps.renamings import refuse_changed
from havre.exit.steps.results import SealResult
from havre.exit.steps.verify import manifests
from havre.exit.steps.zones import zones
from havre.provider import find

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from havre.exit.folder import ExitFolder, StepRun
    from havre.exit.seal.signature import Signer
    from havre.exit.seal.timestamp import TimeAuthority

AUTHORITIES = "authorities"
"""Folder of a rehearsal's own CA, signer and clock."""


def seal(
    folder: ExitFolder,
    signer: Signer | None = None,
    clock: TimeAuthority | None = None,
    blind: Path | None = None,
    probes: Path | None = None,
) -> SealResult:
    """Seal what was verified.

    Args:
        folder: of the exit.
        signer: who signs; None, in a rehearsal only: a signer that says it is a rehearsal's.
        clock: who says when; None, in a rehearsal only: a clock of this machine.
        blind: file of the key by which names of objects are replaced; None: they are shown.
        probes: what `havre probe --out` wrote of the target; None: it was not probed.

    Raises:
        GuardError: a step before it has not ended, or a fault is planted.
        InputError: sides differ, something blocks, or nobody is named who signs a real exit.
        HavreError: it cannot be signed, time-stamped or written.
    """
    folder.check(ExitStep.SEAL)
    if folder.file.planted:
        message = f"{folder.file.planted} is planted in this exit: nothing is sealed"
        raise GuardError(message, "Delete `planted` from exit.yaml, then copy and verify again.")
    real = Level(folder.file.level) is Level.REAL
    if real and (signer is None or clock is None):
        message = "A real exit is sealed by a signer and a time-stamp authority of its own"
        raise InputError(message, "Name --key, --certificate, --authority, --tsa, --tsa-authority.")
    if real:
        _refuse_own_credential(folder)
        refuse_sandbox(folder.file, folder.root)
    begun = folder.begin(ExitStep.SEAL)
    if signer is None or clock is None:
        own, here = rehearsal_authorities(folder.root / AUTHORITIES)
        signer, clock = signer or own, clock or here
    made = sealed(free_place(folder.root), contents(folder, probes), signer, clock, blind)
    said = made.verification
    time = said.time.isoformat() if said.time else None
    result = SealResult(str(made.folder), said.signer, said.fingerprint, time, made.script)
    folder.end(begun, result)
    return result


def free_place(root: Path, name: str = SEAL) -> Path:
    """Where the next seal goes: none is written over."""
    numbers = itertools.count(2)
    place = root / name
    while place.exists():
        place = root / f"{name}-{next(numbers)}"
    return place


def contents(folder: ExitFolder, probes: Path | None = None) -> Contents:
    """What is sealed: both sides' manifests, the decided ledger, and what was planned and found.

    Args:
        folder: of the exit.
        probes: what `havre probe --out` wrote of the target; None: it was not probed.

    Raises:
        InputError: a side is not reached, or probes are not of the target as it is.
    """
    file, runs = folder.file, {step: folder.last(step) for step in ExitStep}
    plan, verify = runs[ExitStep.PLAN], runs[ExitStep.VERIFY]
    if plan is None or verify is None or verify.ended is None:  # refused before
        message = f"nothing was verified in {folder.root}"
        raise InputError(message, f"Run `havre exit verify {folder.root}` first.")
    seen = probes_of(folder, verify, probes)
    left = reach(file.source, folder.root)
    source = left.outputs
    target = reach(file.target, folder.root).outputs
    made_up = sandboxes(file, folder.root)
    moving = zones(folder)
    refuse_changed(folder, (zone.name for zone in moving))
    lost = {e.decision for e in ledger(folder) if e.fate is LedgerFate.LOST}
    lost |= {str(each) for each in file.renamings}
    return Contents(
        Leaving(
            warehouse=source.warehouse,
            source=source.provider,
            target=target.provider,
            level=Level(file.level),
            began=plan.begun,
            ended=verify.ended,
            controller=file.controller,
            host=file.host,
            decisions=tuple(sorted(lost)),
            readers=readers(verify),
            next_host="" if "target" in made_up else legal_name(target.provider),
            next_warehouse=target.warehouse,
            sandboxes=made_up,
            probed=probed(seen),
            **_frozen(verify),
        ),
        (*(_zone(folder, zone.name) for zone in moving), *backup_sides(folder)),
        sides_of(folder),
        ledger(folder),
        _json(dict(plan.result)),
        _json(dict(verify.result)),
        logs=tuple(map(str, keep_logs(folder, left.live.trail()))),
        probes=seen,
    )


def legal_name(provider: str) -> str:
    """The legal entity that runs a provider's services; empty for the user's own machine."""
    operator = find(provider).operator
    return operator.entity if operator.country else ""


def _refuse_own_credential(folder: ExitFolder) -> None:
    """Refuse a real exit that was read back by the credential of the copy.

    Raises:
        InputError: it was, such as before exit.yaml called it real.
    """
    verify = folder.last(ExitStep.VERIFY)
    things = [] if verify is None else _read_back(verify)
    lacking = [
        f"{name}: {each['own_credential']}" for name, each in things if each["own_credential"]
    ]
    if lacking:
        message = f"A real exit is read back by another credential than the copy's: {lacking[0]}"
        raise InputError(message, f"Give one that only reads; `havre exit verify {folder.root}`.")


def readers(verify: StepRun) -> tuple[str, ...]:
    """By whose credential each zone and the database were read back."""
    return tuple(
        f"{name}: the copy's own credential"
        if each["own_credential"]
        else f"{name}: another credential"
        + (f", role {each['reader']}" if "reader" in each else "")
        for name, each in _read_back(verify)
    )


def _read_back(verify: StepRun) -> list[tuple[str, Mapping[str, Any]]]:
    """Every zone and the database, with what the verification says of it."""
    return [
        (f"{kind} {each[kind]}", each)
        for kind in ("zone", "database")
        for each in verify.result[f"{kind}s"]
    ]


def _frozen(verify: StepRun) -> dict[str, Any]:
    """What the verification found of the freeze, as a departure says it."""
    told = verify.result.get("frozen")
    if not told:
        return {}
    by_hand, untaken = (
        tuple(f"{name}: {why}" for name, why in sorted(told.get(kind, {}).items()))
        for kind in ("by_hand", "untaken")
    )
    since = dt.datetime.fromisoformat(told["since"])
    return {"frozen": since, "by_hand": by_hand, "untaken": untaken}


def _zone(folder: ExitFolder, name: str) -> ZoneSides:
    seen = whole(folder.journal, name)
    source, target = manifests(folder, name)
    count, renamed = folder.journal.counts(name, seen).kept, folder.file.renamed(name)
    versions = map(str, version_map(folder.journal, name, seen, renamed))
    return ZoneSides(name, source, target, count, versions, renamed_lines(renamed))


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()
