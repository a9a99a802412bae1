"""`havre exit`: leave one warehouse for another, with a proof."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.errors import ExitCode, InputError

if TYPE_CHECKING:
    from havre.exit.folder import ExitFolder, StepRun
    from havre.exit.ledger import LedgerEntry
    from havre.exit.steps.meter import MeterReading, Progress

Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="Folder of the exit, with its exit.yaml.")
]
AuthorityOption = Annotated[
    Path | None,
    typer.Option("--authority", metavar="FILE", help="CA of who signs.", show_default=False),
]
TsaAuthorityOption = Annotated[
    Path | None,
    typer.Option(
        "--tsa-authority",
        metavar="FILE",
        help="CA of the time-stamp authority.",
        show_default=False,
    ),
]
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
decisions: []
#  - property: modified          # as the ledger names it
#    scope: all                  # or a zone, as the ledger names it
#    who: Data protection officer
#    why: The times of writing stay in the journal of the exit.
#    when: 2026-11-29
"""
SECONDS = 2.0
"""Between two lines of progress."""


def new(folder: Folder) -> None:
    """Begin an exit: a folder with an exit.yaml to fill in.

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
    """Take the inventory of both sides and write the losses ledger. Nothing is changed.

    Example: havre exit plan ./exit
    """
    from havre.exit.folder import opened
    from havre.exit.steps.plan import held_back, plan

    with opened(folder) as found:
        run = plan(found, _progress())
        blocked = held_back(found)
        if as_json:
            console.write_json({**run.result, "blocking": blocked})
        else:
            for zone in run.result["zones"]:
                _line(
                    f"zone {zone['zone']} to {zone['target']}: {zone['versions']:,} versions, "
                    f"{zone['bytes']:,} bytes"
                )
            fates = ", ".join(f"{n:,} {fate}" for fate, n in run.result["fates"].items())
            _line(f"Ledger: {fates}.")
            _line(f"Next: {_next_after_plan(folder, blocked)}")
        _fail_if(bool(blocked))


def _next_after_plan(folder: Path, blocked: str) -> str:
    if blocked:
        return f"{blocked}. See: havre exit ledger {folder}"
    return f"havre exit copy {folder}"


def ledger(
    folder: Folder,
    *,
    every: Annotated[bool, typer.Option("--all", help="Show what is kept and mapped too.")] = False,
    as_json: ctx.JsonOption = False,
) -> None:
    """Show what becomes of every property: kept, mapped, lost by a decision, or blocking.

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
                _line(_sentence(each))
            if not shown:
                _line("Nothing is lost, and nothing blocks.")
        for word in idle(found):
            console.err().print(
                console.inert(f"note: the decision on `{word.property}` speaks of nothing here")
            )
        _fail_if(any(each.fate is LedgerFate.BLOCKING for each in shown))


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


def copy(folder: Folder, *, as_json: ctx.JsonOption = False) -> None:
    """Copy what the target lacks; run again, it copies what changed since.

    Example: havre exit copy ./exit
    """
    from havre.exit.steps.copy import copy

    _run(folder, copy, _copied, as_json=as_json)


def _copied(zone: dict[str, Any]) -> str:
    return (
        f"zone {zone['zone']}: {zone['copied']:,} versions copied, {zone['bytes']:,} bytes "
        f"in {zone['seconds']} s"
    )


def verify(folder: Folder, *, as_json: ctx.JsonOption = False) -> None:
    """Read everything back from the target and compare it with the source, byte by byte.

    Example: havre exit verify ./exit
    """
    from havre.exit.steps.verify import verify

    _run(folder, verify, _verified, as_json=as_json)


def _verified(zone: dict[str, Any]) -> str:
    named = "".join(f"\n  {each}" for each in zone["named"])
    differ = f"{zone['differences']:,} differ" if zone["differences"] else "all the same"
    return (
        f"zone {zone['zone']}: {zone['lines']:,} versions read back, {zone['bytes']:,} bytes, "
        f"{differ}{named}"
    )


def seal(
    folder: Folder,
    *,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="Key of who signs.", show_default=False),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", metavar="FILE", help="Its certificate.", show_default=False),
    ] = None,
    authority: AuthorityOption = None,
    passphrase_env: Annotated[
        str,
        typer.Option("--passphrase-env", metavar="NAME", help="Variable with the passphrase."),
    ] = "",
    tsa: Annotated[
        str, typer.Option("--tsa", metavar="URL", help="Time-stamp authority (RFC 3161).")
    ] = "",
    tsa_authority: TsaAuthorityOption = None,
    blind: Annotated[
        Path | None,
        typer.Option(
            "--blind",
            metavar="FILE",
            help="Key by which the names of objects are replaced.",
            show_default=False,
        ),
    ] = None,
    as_json: ctx.JsonOption = False,
) -> None:
    """Seal what was verified: a folder that anybody checks with sh, coreutils and openssl.

    A rehearsal signs by itself where no key is named; such a seal says so.

    Example: havre exit seal ./exit
    """
    from havre.exit.folder import opened
    from havre.exit.seal.signature import Signer
    from havre.exit.seal.timestamp import HttpAuthority
    from havre.exit.steps.seal import seal

    given = {"--key": key, "--certificate": certificate, "--authority": authority}
    _together(given)
    _together({"--tsa": tsa or None, "--tsa-authority": tsa_authority})
    signer = clock = None
    if key and certificate and authority:
        signer = Signer(key, certificate, authority, passphrase_env)
    if tsa_authority:
        clock = HttpAuthority(tsa, tsa_authority)
    with opened(folder) as found:
        result = seal(found, signer, clock, blind).result
    if as_json:
        console.write_json(result)
        return
    _line(f"Sealed: {result['seal']}\n  Signer: {result['signer']}\n  Time: {result['time']}")
    _line(f"  An auditor's verify.sh has the SHA-256 {result['script']}.")


def _together(given: dict[str, object]) -> None:
    """Refuse some of several options without the others.

    Raises:
        InputError: one is missing.
    """
    missing = [name for name, value in given.items() if value is None]
    if missing and len(missing) < len(given):
        message = f"{', '.join(given)} belong together, and {', '.join(missing)} is missing"
        raise InputError(message, "Name all of them, or none.")


def evidence(
    seal: Annotated[Path, typer.Argument(metavar="SEAL", help="Folder of the seal.")],
    *,
    authority: AuthorityOption = None,
    tsa_authority: TsaAuthorityOption = None,
    script: Annotated[
        Path | None,
        typer.Option(
            "--script",
            metavar="FILE",
            help="Write verify.sh there, for an auditor.",
            show_default=False,
        ),
    ] = None,
    as_json: ctx.JsonOption = False,
) -> None:
    """Check a seal with verify.sh, and show what it proves.

    Example: havre exit evidence ./exit/seal --authority ca.pem
    """
    from havre.exit.seal.reading import read_seal
    from havre.exit.seal.verifying import Trust, hand_out

    if script is not None:
        hand_out(script)
    found = read_seal(seal, authority and Trust(authority, tsa_authority))
    said = found.verification
    time = said and said.time
    told = {
        "warehouse": found.warehouse,
        "from": found.source,
        "to": found.target,
        "level": found.level.value,
        "ended": found.ended.isoformat(),
        "proved": said is not None,
        "signer": said.signer if said else None,
        "time": time.isoformat() if time else None,
        "why": found.why,
    }
    if as_json:
        console.write_json(told)
    else:
        proved = f"Proved: {said.signer}, {time or 'no time'}" if said else "Not proved"
        why = f": {found.why}" if found.why else ""
        _line(
            f"{found.warehouse} from {found.source} to {found.target}, {found.level.value}, "
            f"ended {found.ended:%Y-%m-%d}.\n{proved}{why}."
        )
    _fail_if(said is None)


def status(folder: Folder, *, as_json: ctx.JsonOption = False) -> None:
    """Show which steps have run, what blocks, and what is next.

    Example: havre exit status ./exit
    """
    from havre.exit.folder import ExitStep, opened

    with opened(folder) as found:
        runs = [found.last(step) for step in ExitStep]
        following = next((s for s, r in zip(ExitStep, runs, strict=True) if not _done(r)), None)
        if as_json:
            steps = {run.step.value: _told(run) for run in runs if run is not None}
            console.write_json({"steps": steps, "next": following and following.value})
            return
        for step, run in zip(ExitStep, runs, strict=True):
            _line(f"{step.value:8} {_state(run)}")
        _line(f"Next: havre exit {following.value} {folder}" if following else "Nothing is left.")


def _done(run: StepRun | None) -> bool:
    return run is not None and run.ended is not None and not run.left


def _told(run: StepRun) -> dict[str, Any]:
    return {
        "begun": run.begun.isoformat(),
        "ended": run.ended and run.ended.isoformat(),
        "left": run.left,
        "result": run.result,
    }


def _state(run: StepRun | None) -> str:
    if run is None:
        return "not yet"
    if run.ended is None:
        return f"cut off; it began {run.begun:%Y-%m-%d %H:%M:%S} UTC"
    return f"ended {run.ended:%Y-%m-%d %H:%M:%S} UTC{run.left and f'; {run.left}'}"


def _run(
    folder: Path,
    step: Callable[[ExitFolder, Progress], StepRun],
    sentence: Callable[[dict[str, Any]], str],
    *,
    as_json: bool,
) -> None:
    """Run a step, tell what it did by zone, and fail where it left something to do."""
    from havre.exit.folder import opened

    with opened(folder) as found:
        run = step(found, _progress())
    if as_json:
        console.write_json({**run.result, "left": run.left})
    else:
        for zone in run.result["zones"]:
            _line(sentence(zone))
        if run.left:
            _line(f"Left: {run.left}.")
    _fail_if(bool(run.left))


def _progress() -> Progress:
    """Tells on standard error how far a step is, every few seconds."""
    last = time.monotonic()

    def tell(reading: MeterReading) -> None:
        nonlocal last
        if time.monotonic() - last < SECONDS:
            return
        last = time.monotonic()
        left = reading.remaining
        end = "" if left is None else f", about {left:,.0f} s left"
        console.err().print(
            console.inert(
                f"{reading.what}: {reading.done:,} of {reading.total:,} versions, "
                f"{reading.size / 2**20:,.1f} MiB, {reading.rate:,.0f} a second{end}"
            )
        )

    return tell


def _line(text: str) -> None:
    console.out().print(console.inert(text))


def _fail_if(wrong: bool) -> None:
    if wrong:
        raise typer.Exit(ExitCode.FINDINGS)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    leave = typer.Typer(
        help="Leave one warehouse for another.", no_args_is_help=True, rich_markup_mode=None
    )
    for command in (new, plan, ledger, copy, verify, seal, evidence, status):
        leave.command(command.__name__)(command)
    app.add_typer(leave, name="exit")
