"""`havre probe`: whether a deployed warehouse does what its file promises, seen from outside."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.machine.database import KeepOption
from havre.errors import ExitCode, HavreError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.audit.logs import AccessLogs
    from havre.capabilities import Supported
    from havre.database.wanted import WantedDatabase
    from havre.live.warehouse import Live
    from havre.probe.answers import Sighting
    from havre.probe.record import ProbeRecord
    from havre.probe.subjects import Probe, ProbeLimits, ProbeSubject
    from havre.provider.outputs import Outputs
    from havre.spec import Warehouse
    from havre.stack.standing import Standing

WRITTEN = "Each answer is in {file}."
TO_WRITE = "To keep each answer, add --out FILE."

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="List the probes and targets; send nothing.")
]
OnlyProbeOption = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="PROBE", help="Try only this probe; repeatable."),
]
DrillOption = Annotated[
    bool, typer.Option("--drill", help="Also restore the last backup into a scratch database.")
]
RateOption = Annotated[
    float, typer.Option("--rate", metavar="NUMBER", min=0.1, help="Attempts per second at most.")
]
LogSecondsOption = Annotated[
    int,
    typer.Option(
        "--log-seconds", metavar="SECONDS", min=1, help="The logs must show a probe within this."
    ),
]
BackupDaysOption = Annotated[
    int,
    typer.Option("--backup-days", metavar="DAYS", min=1, help="The last backup is at most so old."),
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Write JSON to a new file.", show_default=False),
]
SchemaOption = Annotated[
    bool, typer.Option("--schema", help="Write the JSON Schema of --out, and end.")
]


def probe(
    file: ctx.FileArgument = None,
    data_dir: ctx.DataDirOption = None,
    state: ctx.StateOption = None,
    *,
    dry_run: DryRunOption = False,
    only: OnlyProbeOption = None,
    drill: DrillOption = False,
    keep: KeepOption = None,
    rate: RateOption = 5.0,
    log_seconds: LogSecondsOption = 90,
    backup_days: BackupDaysOption = 2,
    out: OutOption = None,
    schema: SchemaOption = False,
    as_json: ctx.JsonOption = False,
) -> None:
    """Test the promises of a deployed warehouse from outside.

    Probes act as strangers and as each project. Nothing that they do stays. Exit code 1: something
    was seen otherwise. Exit code 3: a promise was not seen or not evaluated.

    Example: havre probe warehouse.yaml --data-dir ./data --dry-run

    Example: havre probe warehouse.yaml --data-dir ./data --drill --out probes.json

    Example: havre probe warehouse.yaml --state state.json --only tls.database

    Example: havre probe --schema
    """
    from havre.probe.record import schema_text
    from havre.probe.running import planned, run
    from havre.probe.subjects import ProbeLimits
    from havre.report.seen import probes as shown

    if schema:
        typer.echo(schema_text(), nl=False)
        return
    if out is not None and (out.exists() or out.is_symlink()):
        message = f"--out: {out} already exists and was not changed"
        raise InputError(message, "Name another file.")
    at = ctx.standing(data_dir, state, "probe")
    limits = ProbeLimits(log_seconds=log_seconds, backup_days=backup_days)
    subject = _subject(file, at, limits, keep or ())
    probes = _chosen(subject.spec, only, drill=drill)
    if dry_run:
        listed = list(planned(probes, subject))
        width = console.columns()
        text = shown.planned_as_json(listed) if as_json else shown.planned_as_text(listed, width)
        typer.echo(text)
        return
    with console.working("Probing"):
        record = _record(subject, at, tuple(run(probes, subject, rate)))
    if out is not None:
        console.write_file(out, shown.record_as_json(record) + "\n", force=False)
    if as_json:
        typer.echo(shown.record_as_json(record))
    else:
        typer.echo(shown.record_as_text(record, console.columns()))
        console.paragraph(WRITTEN.format(file=out) if out else TO_WRITE)
    _end(record)


def _end(record: ProbeRecord) -> None:
    """End by the worst that was seen.

    Raises:
        Exit: it is not that everything was seen.
    """
    from havre.probe.answers import ProbeOutcome
    from havre.probe.running import worst

    found = worst(record.sightings)
    if found is ProbeOutcome.OTHERWISE:
        raise typer.Exit(ExitCode.FINDINGS)
    if found is not ProbeOutcome.SEEN:
        raise typer.Exit(ExitCode.NOT_EVALUATED)


def _chosen(spec: Warehouse, only: list[str] | None, *, drill: bool) -> tuple[Probe, ...]:
    """The probes of controls that the warehouse must pass.

    Raises:
        InputError: an option names a probe that does not exist.
    """
    from havre.policy.judge import profile_of
    from havre.policy.registry import installed_controls
    from havre.probe.running import chosen

    profile = profile_of(spec)
    controls = {each.id for each in installed_controls() if profile.includes(each.profile)}
    return chosen(controls, only or (), drill=drill)


def _subject(
    file: Path | None, at: Standing, limits: ProbeLimits, keep: Sequence[str]
) -> ProbeSubject:
    """What probes are asked of.

    Raises:
        InputError: the file is of another warehouse, or there is no way to the warehouse.
    """
    from havre.cli.machine.reaching import reached
    from havre.cli.taken import FILE
    from havre.probe.subjects import ProbeSubject
    from havre.spec.load import load

    spec = load(file or FILE).warehouse
    outputs, live = reached(at, "probe")
    if outputs.warehouse != spec.name:
        message = f"{file or FILE} is of warehouse `{spec.name}`, not of `{outputs.warehouse}`"
        raise InputError(message, "Name the warehouse file of the deployed warehouse.")
    if lacking := sorted(outputs.zones.keys() - spec.zones.keys()):
        message = f"{file or FILE} has no zone `{lacking[0]}`, which is deployed"
        raise InputError(message, "Name the warehouse file of the deployed warehouse.")
    now = dt.datetime.now(dt.UTC)
    return ProbeSubject(
        *(spec, outputs, live, _wanted(spec, at, (outputs, live), keep)),
        _logs(at, outputs),
        now,
        f"havre-probe-{secrets.token_hex(8)}",
        limits,
        at.data_dir,
        at.of_sandbox(),
    )


def _wanted(
    spec: Warehouse, at: Standing, way: tuple[Outputs, Live], keep: Sequence[str]
) -> WantedDatabase:
    """What the file asks for in the database.

    Without credentials of the database its roles are not evaluated, and everything else is.
    """
    from havre.cli.machine.reaching import wanted_of
    from havre.database.wanted import wanted

    day = dt.datetime.now(dt.UTC).date()
    try:
        return wanted_of(spec, at, way, day, keep)[0]
    except HavreError:
        return wanted(spec, day, kept=keep)


def _logs(at: Standing, outputs: Outputs) -> AccessLogs | Supported:
    """What reads the logs, or why nothing does."""
    from havre.capabilities import Support, Supported
    from havre.cli.seen.audit import access_logs

    try:
        return access_logs(at, outputs, None)
    except HavreError as error:
        return Supported(Support.ABSENT, error.message)


def _record(subject: ProbeSubject, at: Standing, sightings: tuple[Sighting, ...]) -> ProbeRecord:
    """What was seen, with digests of what was probed."""
    from havre import __version__
    from havre.probe.record import ProbeRecord, plan_digest, spec_digest

    digests = {
        "spec": spec_digest(subject.spec),
        "state": hashlib.sha256(at.state_file.read_bytes()).hexdigest(),
        "plan": plan_digest(at.plan()),
    }
    return ProbeRecord(
        *(subject.outputs.warehouse, subject.outputs.provider, at.of_sandbox()),
        subject.now,
        digests,
        asdict(subject.limits),
        sightings,
        f"havre {__version__}",
    )


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("probe")(probe)
