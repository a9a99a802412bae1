"""`havre exit rehearse`: a whole exit on this machine, with made-up data."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.leaving.pressing import MaxBytes, MaxRequests
from havre.cli.leaving.telling import line, progress
from havre.errors import ExitCode, InputError
from havre.exit.rehearsing.order import (
    SCRIPT,
    RehearsalFault,
    RehearsalFolder,
    RehearsalOrder,
    RehearsalSize,
)

if TYPE_CHECKING:
    from havre.exit.meter import Progress
    from havre.exit.rehearsing.results import RealPace, RehearsalResult, StepTaken
    from havre.spec import Warehouse


class RehearsedMethod(StrEnum):
    """How the database goes."""

    DUMP = "dump"
    REPLICATION = "replication"


FromOption = Annotated[
    str, typer.Option("--from", metavar="PROVIDER", help="Provider that is left.")
]
ToOption = Annotated[
    str,
    typer.Option("--to", metavar="PROVIDER", help="Provider to migrate to; by default the file's."),
]
PlaceOption = Annotated[
    Path,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help="New folder for both warehouses and the exit.",
        callback=ctx.folder_at("--data-dir"),
    ),
]
SizeOption = Annotated[RehearsalSize, typer.Option("--size", help="Small, medium or large data.")]
MethodOption = Annotated[
    RehearsedMethod, typer.Option("--method", help="How the database is moved.")
]
FaultOption = Annotated[
    RehearsalFault | None,
    typer.Option("--fault", metavar="NAME", help="Plant a fault in the exit.", show_default=False),
]


@dataclass
class ShownRehearsal:
    """Shows how far a rehearsal is: each step that has ended on a line of standard error.

    Attributes:
        doing: what is shown meanwhile at a terminal.
        quiet: whether no line is written.
    """

    doing: console.Working
    quiet: bool
    began: float = field(default_factory=time.monotonic)

    @property
    def progress(self) -> Progress:
        """Is told how far a step is."""
        return progress(self.doing)

    def begins(self, what: str) -> None:
        """Show what begins."""
        self.doing.say(f"Rehearsing: {what}")

    def ends(self, step: StepTaken) -> None:
        """Show what has ended."""
        if not self.quiet:
            told = console.inert(f"{step.step:<8} {step.said}")
            self.doing.console.print(f"  {told} [dim]{step.seconds:.1f} s[/]")


def rehearse(
    file: ctx.FileArgument = None,
    *,
    source: FromOption,
    data_dir: PlaceOption,
    target: ToOption = "",
    size: SizeOption = RehearsalSize.SMALL,
    method: MethodOption = RehearsedMethod.DUMP,
    fault: FaultOption = None,
    max_requests: MaxRequests = None,
    max_bytes: MaxBytes = None,
    as_json: ctx.JsonOption = False,
) -> None:
    """Rehearse a whole exit on this machine, and seal it.

    It deploys both warehouses in sandboxes, fills the source with synthetic patients and difficult
    cases, keeps writing to it, and takes every step of an exit. No account is needed.

    Run again with the same folder, it resumes. All services are stopped at the end.

    Faults: lying-store, killed-worker, cheating-writer, full-disk, expired-token, server-restart.

    Exit code 0: sealed, and every planted fault was survived. 1: something was found, and nothing
    was sealed. 3: the fault could not be planted. 4: a fault was not found, or a step failed.

    Example: havre exit rehearse warehouse.yaml --from local --to local --data-dir ./rehearsal

    Example: havre exit rehearse --from local --data-dir ./rehearsal --fault killed-worker

    Example: havre exit rehearse --from local --to local --data-dir ./rehearsal --size m --json
    """
    from havre.exit.rehearsing.concluding import conclude
    from havre.exit.rehearsing.running import RehearsalRun
    from havre.exit.rehearsing.running import rehearse as act
    from havre.exit.settings import Rates
    from havre.spec.load import load

    named = file or Path(ctx.WAREHOUSE_FILE)
    spec = load(named).warehouse
    to = target or _counterpart(spec)
    _refuse_unserved(source, to)
    order = RehearsalOrder(
        *(spec.name, source, to, size, method.value, fault),
    )
    place = RehearsalFolder(data_dir.absolute())
    place.begin(order, named.read_bytes())
    rates = Rates.model_validate({"requests": max_requests, "bytes": max_bytes})
    with console.working(f"Rehearsing the exit of {spec.name}") as doing:
        shown = ShownRehearsal(doing, quiet=as_json)
        result: RehearsalResult = act(RehearsalRun(place, order, spec, shown), rates, conclude)
    if as_json:
        console.write_json({**asdict(result), "exit_code": _code(result).value})
    else:
        tell_rehearsal(result, place.root, time.monotonic() - shown.began)
    raise typer.Exit(_code(result))


def _counterpart(spec: Warehouse) -> str:
    """The provider that the warehouse file names to migrate to.

    Raises:
        InputError: it names none.
    """
    if spec.exit is None or not spec.exit.provider:
        message = "the warehouse file names no provider to migrate to"
        raise InputError(message, "Name one with --to PROVIDER.")
    return spec.exit.provider


def _refuse_unserved(*names: str) -> None:
    """Refuse providers that are neither this machine nor have a sandbox.

    Raises:
        InputError: one is not.
    """
    from havre.engine.sandbox import refuse_without
    from havre.provider import find
    from havre.provider.machine import folder_setting

    for name in names:
        provider = find(name)
        if not folder_setting(provider.settings):
            refuse_without(provider)


def _code(result: RehearsalResult) -> ExitCode:
    from havre.exit.rehearsing.results import FaultEnd

    end = result.fault.end if result.fault else None
    if end is FaultEnd.MISSED or result.lost:
        return ExitCode.ENGINE
    if not result.proved:
        return ExitCode.FINDINGS
    return ExitCode.NOT_EVALUATED if end is FaultEnd.UNPLANTED else ExitCode.OK


def tell_rehearsal(result: RehearsalResult, root: Path, seconds: float) -> None:
    """Show what a rehearsal proved, what it did not, and what a real exit would take."""
    _tell_proved(result)
    if result.fault is not None:
        step = f" by {result.fault.step}" if result.fault.step else ""
        line(f"Fault {result.order.fault}: {result.fault.end}{step}. {result.fault.said}.")
    _tell_unproved(result)
    for pace in result.paces:
        line(f"A real {pace.step} of a million such objects: {_took(pace)}.")
    if result.decisions:
        line(f"A real exit needs the controller's decisions on: {', '.join(result.decisions)}.")
    if result.gone:
        line(f"A real source could be proved to be gone from {result.gone} on.")
    if result.seal:
        line(f"Evidence: {result.seal}")
        told = f"{root / SCRIPT} {result.seal} {result.authority} {result.authority}"
        console.command("  Check it without Havre:", f"sh {told}")
    line(f"Took {seconds:.0f} s. All services are stopped; {root} contains both warehouses.")


def _tell_proved(result: RehearsalResult) -> None:
    order, written = result.order, result.written
    planted = sum(bool(each.planted) for each in result.cases)
    line(f"Rehearsed: {order.warehouse} from {order.source} to {order.target}, size {order.size}.")
    if result.stopped:
        line(f"Found: {result.stopped}. Nothing was sealed.")
        return
    wrote = f"{written.rows:,} rows and {written.objects:,} objects"
    line("Proved:")
    line(f"  {planted} of {len(result.cases)} difficult cases arrived, or have a named decision")
    line(f"  {wrote} written meanwhile: {result.lost or 'none'} lost")
    line("  every version and row was read back from the target by another credential")
    if result.verified:
        line("  verify.sh accepts the seal")


def _tell_unproved(result: RehearsalResult) -> None:
    line("Not proved:")
    line("  rates, quotas, networks and durations of the real services")
    for case in result.cases:
        if not case.planted:
            line(f"  case {case.number}, {case.title}: {case.reason}")
    for side, names in sorted(result.recorded.items()):
        if names:
            line(f"  recorded only at the {side}: {', '.join(names)}")
    line("  that the source is gone: nothing of it is destroyed")


def _took(pace: RealPace) -> str:
    told: list[str] = []
    if pace.seconds is not None and pace.rate is not None:
        told.append(f"{_hours(pace.seconds)} at the {pace.rate:,.0f} per second measured here")
    if pace.declared is not None:
        told.append(f"{_hours(pace.declared)} at the declared rates")
    return "; ".join(told) or "not known, too few were moved; --max-requests declares a rate"


def _hours(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min"
