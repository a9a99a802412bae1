"""`havre exit new`, `plan`, `ledger`, `copy`, `verify` and `status`."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.leaving.pressing import (
    CopyEngine,
    DryRun,
    EngineOption,
    MaxBytes,
    MaxRequests,
    SchedulerOption,
    at,
    tell_expected,
    would,
)
from havre.cli.leaving.telling import Folder, fail_if, following, line, progress, tell_calendar
from havre.errors import InputError
from havre.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from havre.exit.folder import ExitStep, StepRun
    from havre.exit.ledger import LedgerEntry
    from havre.exit.steps.results import (
        BackupsVerified,
        CopyResult,
        DatabaseCopied,
        DatabaseVerified,
        VerifyResult,
        ZoneVerified,
    )

EXAMPLE = """\
# One exit: which warehouse is left for which, and who decided what may be lost.
name: {name}
level: rehearsal     # or real
source:
  data_dir: ../source  # folder of `havre up`; or state: a file of `pulumi stack export`
target:
  data_dir: ../target
controller: Example hospital      # who answers for the data
host: Example host SAS            # legal entity that hosts the source
# zones: {{curated: gold}}      # where names differ
# tiers: {{Cool: STANDARD_IA}}  # the target's word for a tier
# rates: {{workers: 2}}
# database: {{method: dump, roles: {{vendor_admin: keeper}}}}  # or replication; none: a decision
# contract: {{notice: 2026-10-01}}  # for the calendar
decisions: []
#  - property: modified          # as the ledger names it
#    scope: all                  # or a zone, as the ledger names it
#    who: Director of research    # the controller, or whom it names; a DPO only advises
#    why: The times of writing stand in the seal.
#    when: 2026-11-29
"""


ADVICE = "A data protection officer only advises: name the controller, or a person whom it names."
ADVISER = re.compile(
    r"\bDPO\b|data protection officer|délégué.{0,3} à la protection", re.IGNORECASE
)
"""Words for one who must not decide on losses (GDPR, articles 38(6) and 39)."""
LOADED = ("copy", "verify")
"""Steps before which it is told what they have to do."""


def new(folder: Folder) -> None:
    """Create the folder of an exit, with an exit.yaml to fill in.

    Example: havre exit new ./exit
    """
    from havre.exit.settings import FILE
    from havre.files import write_report
    from havre.files.custody import make_closed

    path = folder.absolute() / FILE
    if path.exists():
        message = f"{path} is there already"
        raise InputError(message, "Name another folder, or go on with that exit.")
    make_closed(folder.absolute(), 0o700)
    write_report(path, EXAMPLE.format(name=_name(folder)))
    console.out().print(
        f"Written: {path}\n  Fill it in, then: havre exit plan {console.inert(folder)}"
    )


def _name(folder: Path) -> str:
    """A name for an exit, after its folder."""
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in folder.absolute().name)
    return kept.lower().strip("-") or "exit"


def plan(folder: Folder, *, as_json: ctx.JsonOption = False) -> None:
    """Inventory both sides and write the losses ledger.

    Nothing is changed.

    Example: havre exit plan ./exit
    """
    from havre.exit.folder import opened
    from havre.exit.steps.ending.dates import calendar_now
    from havre.exit.steps.expected import expected
    from havre.exit.steps.plan import held_back, plan

    today = dt.datetime.now(dt.UTC).date()
    with opened(folder) as found:
        with console.working(f"Planning the exit in {folder}") as doing:
            result = plan(found, progress(doing))
            blocked, left = held_back(found), expected(found)
        if as_json:
            days = calendar_now(found, today).told()
            told = {**asdict(result), "blocking": blocked, "expected": asdict(left)}
            console.write_json({**told, "calendar": days})
        else:
            for zone in result.zones:
                line(
                    f"zone {zone.zone} to {zone.target}: {zone.versions:,} versions, "
                    f"{zone.bytes:,} bytes"
                )
            for each in result.databases:
                tables = counted(each.tables, "table", "tables")
                how = ", by replication" if each.method == "replication" else ""
                line(f"database {each.database} to {each.target}: {tables}{how}")
            tell_expected(left)
            fates = ", ".join(f"{n:,} {fate}" for fate, n in result.fates.items())
            line(f"Ledger: {fates}.")
            if result.renamings:
                line(f"Proposed names for keys: {folder / result.renamings}")
            for why in result.needed:
                line(f"Before `verify`, give a credential that only reads. {why}")
            tell_calendar(calendar_now(found, today), today)
            if blocked:
                line(f"{blocked}. {found.file.controller} decides on losses, in exit.yaml.")
            following(f"havre exit {'ledger' if blocked else 'copy'} {folder}")
        fail_if(bool(blocked))


def ledger(
    folder: Folder,
    *,
    every: Annotated[bool, typer.Option("--all", help="Show what is kept and mapped too.")] = False,
    as_json: ctx.JsonOption = False,
) -> None:
    """Show for each property whether it is kept, mapped or lost.

    A property that is lost needs a decision, or blocks the exit.

    Example: havre exit ledger ./exit
    """
    from havre.exit.folder import opened
    from havre.exit.ledger import LedgerFate
    from havre.exit.steps.plan import idle
    from havre.exit.steps.plan import ledger as entries

    with opened(folder) as found:
        told = (LedgerFate.BLOCKING, LedgerFate.LOST)
        shown = [each for each in entries(found) if every or each.fate in told]
        if as_json:
            console.write_json([_entry(each) for each in shown])
        else:
            for each in shown:
                line(_sentence(each))
            if any(each.decidable for each in shown):
                line(f"{found.file.controller} decides on losses, in exit.yaml. {ADVICE}")
            if not shown:
                line("Nothing is lost, and nothing blocks.")
        for word in idle(found):
            console.note(f"note: the decision on `{word.property}` speaks of nothing here")
        for word in found.file.decisions:
            if ADVISER.search(word.who):
                console.note(
                    f"note: the decision on `{word.property}` names `{word.who}`. {ADVICE}"
                )
        fail_if(any(each.fate is LedgerFate.BLOCKING for each in shown))


def _entry(each: LedgerEntry) -> dict[str, Any]:
    return {
        "scope": each.scope,
        "item": each.item,
        "property": each.property,
        "found": each.found,
        "became": each.became,
        "fate": each.fate.value,
        "remedy": each.remedy,
        "decidable": each.decidable,
        "decision": each.decision,
    }


def _sentence(each: LedgerEntry) -> str:
    item = "" if each.item == "all" else f" of {each.item}"
    why = each.remedy or each.decision or each.became
    return f"{each.fate.value}: {each.scope}: {each.property}{item} ({each.found}). {why}"


def copy(
    folder: Folder,
    *,
    max_requests: MaxRequests = None,
    max_bytes: MaxBytes = None,
    engine: EngineOption = CopyEngine.PROCESSES,
    scheduler: SchedulerOption = "",
    dry_run: DryRun = False,
    as_json: ctx.JsonOption = False,
) -> None:
    """Copy objects and the database to the target.

    The next run resumes an interrupted one, and copies what has changed since.

    Example: havre exit copy ./exit --max-requests 200

    Example: havre exit copy ./exit --dry-run

    Example: havre exit copy ./exit --engine dask --scheduler tcp://10.0.0.5:8786
    """
    from havre.exit.folder import opened
    from havre.exit.steps.copy import copy

    with opened(folder) as found:
        given = at(found, max_requests, max_bytes, engine, scheduler)
        if dry_run:
            would(given, as_json=as_json)
            return
        with console.working(f"Copying the exit in {folder}") as doing:
            result = copy(given, progress(doing))
    told = [
        f"zone {zone.zone}: {zone.copied:,} versions copied, {zone.bytes:,} bytes "
        f"in {zone.seconds} s"
        for zone in result.zones
    ]
    told += [f"database {each.database}: {_moved(each)}" for each in result.databases]
    told += [
        f"backups: {counted(each.backups, 'backup', 'backups')} taken over, {each.bytes:,} bytes "
        f"in {each.seconds} s"
        for each in result.backups
    ]
    _tell(result, told, as_json=as_json)


def verify(
    folder: Folder,
    *,
    max_requests: MaxRequests = None,
    max_bytes: MaxBytes = None,
    engine: EngineOption = CopyEngine.PROCESSES,
    scheduler: SchedulerOption = "",
    as_json: ctx.JsonOption = False,
) -> None:
    """Read the target back and compare it with the source.

    Every byte is compared.

    Example: havre exit verify ./exit

    Example: havre exit verify ./exit --max-requests 200

    Example: havre exit verify ./exit --json
    """
    from havre.exit.folder import opened
    from havre.exit.steps.verify import verify

    with opened(folder) as found:
        given = at(found, max_requests, max_bytes, engine, scheduler)
        with console.working(f"Verifying the exit in {folder}") as doing:
            result = verify(given, progress(doing))
    told = [
        f"zone {zone.zone}: {zone.lines:,} versions read back, {zone.bytes:,} bytes, "
        f"{_differ(zone)}"
        for zone in result.zones
    ]
    told += [
        f"database {each.database}: {counted(each.rows, 'row', 'rows')} and "
        f"{counted(each.things, 'thing', 'things')} read back, {_differ(each)}"
        for each in result.databases
    ]
    told += [
        f"backups: {counted(each.backups, 'backup', 'backups')} read back, {_differ(each)}"
        for each in result.backups
    ]
    wrong = result.frozen.wrong if result.frozen else ()
    read: list[ZoneVerified | DatabaseVerified] = [*result.zones, *result.databases]
    changed = (f"changed in the freeze: {each}" for each in wrong)
    for why in sorted({each.own_credential for each in read} - {""}):
        console.note(f"note: read back by the copy's own credential, not by another: {why}")
    _tell(result, (*told, *changed), as_json=as_json)


def _moved(each: DatabaseCopied) -> str:
    if not each.moved:
        return "not changed since it was moved"
    tables = counted(each.tables, "table", "tables")
    if each.slot:
        return f"{tables} copied, {each.lag or 0:,} bytes behind. {_kept(each.slot)}"
    if each.lag is not None:
        return f"caught up in {each.seconds} s, and the replication is ended"
    return f"{tables} moved, {each.bytes:,} bytes in {each.seconds} s"


def _kept(slot: str) -> str:
    return (
        f"Replication slot {slot} makes the source keep its log: "
        "end it with `freeze` and `copy`, or drop it with `method: dump` in exit.yaml and `copy`"
    )


def _differ(read: ZoneVerified | DatabaseVerified | BackupsVerified) -> str:
    named = "".join(f"\n  {each}" for each in read.named)
    return f"{read.differences:,} differ{named}" if read.differences else "all the same"


def status(folder: Folder, *, as_json: ctx.JsonOption = False) -> None:
    """Show which steps have run, what blocks, and what is next.

    Example: havre exit status ./exit
    """
    from havre.exit.folder import ExitStep, looked_at
    from havre.exit.steps.ending.dates import calendar_now
    from havre.exit.steps.expected import expected

    today = dt.datetime.now(dt.UTC).date()
    with looked_at(folder) as found:
        days = calendar_now(found, today)
        step = found.following()
        runs = [run for run in map(found.last, ExitStep) if run is not None]
        left = expected(found) if step in LOADED else None
        if as_json:
            steps = {run.step.value: _told(run, found.outrun(run)) for run in runs}
            after = {
                "next": step and step.value,
                "expected": left and asdict(left),
                "busy": found.busy,
            }
            kept = {"slot": found.slot or None}
            console.write_json({"steps": steps, **after, **kept, "calendar": days.told()})
            return
        told = {run.step: _state(run, found.outrun(run), busy=found.busy) for run in runs}
        for each in ExitStep:
            line(f"{each.value:8} {told.get(each, 'not yet')}")
        if left:
            tell_expected(left)
        if found.slot:
            line(f"{_kept(found.slot)}.")
        tell_calendar(days, today)
        if found.scheduled():
            console.note("When the source's days have passed, prove that it is gone.")
            following(f"havre exit retire {folder} --gone")
        elif step:
            following(f"havre exit {step.value} {folder}")
        else:
            line("Nothing is left.")


def _told(run: StepRun, since: ExitStep | None) -> dict[str, Any]:
    return {
        "begun": run.begun.isoformat(),
        "ended": run.ended and run.ended.isoformat(),
        "left": run.left,
        "since": since and since.value,
        "result": run.result,
    }


def _state(run: StepRun, since: ExitStep | None, *, busy: bool) -> str:
    if run.ended is None:
        what = "at work" if busy else "cut off"
        return f"{what}; it began {run.begun:%Y-%m-%d %H:%M:%S} UTC"
    left = f"; {run.left}" if run.left else ""
    later = f"; {since.value} has run since" if since else ""
    return f"ended {run.ended:%Y-%m-%d %H:%M:%S} UTC{left}{later}"


def _tell(result: CopyResult | VerifyResult, told: Iterable[str], *, as_json: bool) -> None:
    """Tell what a step did, and fail where it left something to do."""
    if as_json:
        console.write_json(asdict(result))
    else:
        for each in told:
            line(each)
        if result.left:
            line(f"Left: {result.left}.")
    fail_if(bool(result.left))
