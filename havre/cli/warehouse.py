"""`havre up`, `status`, `down`: a warehouse stands, is looked at, is stopped."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.machine.sandbox import (
    WITHOUT,
    RecordedOnlyOption,
    Rehearsed,
    of_record,
    rehearsed,
    service_values,
    show_services,
    stopped,
)
from havre.errors import ExitCode, GuardError, InputError, MissingDependencyError
from havre.stack.standing import in_folder, record_path, state_path, write_record
from havre.text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pydantic import BaseModel
    from rich.text import Text

    from havre.assess.unapplied import UnappliedField
    from havre.engine import Change, Engine, StateStore
    from havre.provider import Examination, Kept, Provider, ServiceStatus
    from havre.stack.standing import Standing

SIGNS = {"create": "[green]+[/]", "update": "[yellow]~[/]", "replace": "[red]±[/]"}
SIGN_OF_DELETE = "[red]-[/]"

LEAST_FREE_SHARE = 0.05
"""A disk with a smaller share free is nearly full."""
LEAST_FREE_BYTES = 2**30
"""And so is one with less free than this, in bytes."""

PULUMI = (
    "Install it (https://www.pulumi.com/docs/install/), then run `pulumi up` in stacks/warehouse "
    "with a stack of that provider. `havre plan` and `havre check` need neither."
)
"""What to do where this command cannot deploy."""
REHEARSE = "To rehearse it on this machine without an account, add --sandbox."
"""What else can be done where the provider has a sandbox."""

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
SandboxOption = Annotated[
    bool, typer.Option("--sandbox", help="Rehearse on this machine, not at the provider.")
]


@dataclass
class Reporter:
    """Shows each step when it is done, on standard error.

    Attributes:
        total: how many steps there are.
        doing: what is shown meanwhile at a terminal.
    """

    total: int
    doing: console.Working
    done: int = 0
    began: float = field(default_factory=time.monotonic)

    def __call__(self, change: Change, finished: bool) -> None:
        """Take a step's beginning or end."""
        if not finished:
            self.began = time.monotonic()
            self.doing.say(f"{change.operation.value} {change.name}")
            return
        self.done += 1
        seconds = time.monotonic() - self.began
        self.doing.console.print(
            f"  {_sign(change)} {console.inert(change.name)} "
            f"[dim]{self.done}/{max(self.total, self.done)}, {seconds:.1f} s[/]"
        )


def _sign(change: Change) -> str:
    return SIGNS.get(change.operation.value, SIGN_OF_DELETE)


def show_changes(changes: Sequence[Change]) -> None:
    """List what would be done, to people."""
    out = console.out()
    for change in changes:
        told = console.inert(f"{change.name}{_why(change)}")
        out.print(f"  {_sign(change)} {told}{_held(change)}")


def _why(change: Change) -> str:
    """What differs of a resource; an update of none is of what runs, not of what is asked."""
    if change.properties:
        return f" ({', '.join(change.properties)})"
    if change.operation.value != "update":
        return ""
    starts = "; ".join(each.what for each in change.departures if each.started)
    puts_back = "; ".join(each.what for each in change.departures if not each.started)
    told = {"starts": starts, "puts back": puts_back}
    named = "; ".join(f"{what}: {these}" for what, these in told.items() if these)
    return f" (same settings; {named or 'put back as recorded'})"


def _held(change: Change) -> str:
    """Why a step is not allowed, or is decided only when its turn comes."""
    if change.refused:
        return f" [bold red]refused: {console.inert(change.refused)}[/]"
    if change.undecided:
        return f" [yellow]only if it contains no data: {console.inert(change.undecided)}[/]"
    return ""


def summary(changes: Sequence[Change], name: str, left: Sequence[UnappliedField] = ()) -> str:
    """`3 changes: 2 to create, 1 to delete`, or that a warehouse is up to date.

    It is not where something that the file requires anew is `left` out.
    """
    if not changes and any(each.gap for each in left):
        return f"No changes to deploy. {name} does not meet all that its file now requires."
    if not changes:
        return f"No changes. {name} is up to date."
    counts: dict[str, int] = {}
    for change in changes:
        counts[change.operation.value] = counts.get(change.operation.value, 0) + 1
    plural = "change" if len(changes) == 1 else "changes"
    parts = ", ".join(f"{count} to {operation}" for operation, count in counts.items())
    return f"{len(changes)} {plural}: {parts}"


def _refuse(changes: Sequence[Change]) -> None:
    """Stop where a step would lose data.

    Raises:
        GuardError: naming each such resource.
    """
    from havre.engine.engine import REFUSAL

    refused = [change for change in changes if change.refused]
    if refused:
        verbs = {"delete": "deleted", "replace": "replaced"}
        reasons = "; ".join(
            f"{c.name} would be {verbs[c.operation.value]}, and {c.refused}" for c in refused
        )
        raise GuardError(reasons, REFUSAL)


def _agreed(changes: Sequence[Change], *, yes: bool) -> bool:
    return yes or not changes or confirmed("Apply these changes?")


def confirmed(question: str) -> bool:
    """Whether a person at the terminal agrees.

    Raises:
        InputError: there is none.
    """
    if not sys.stdin.isatty():
        message = "Cannot ask for confirmation: not a terminal"
        raise InputError(message, "Read the changes above, then run again with --yes.")
    return typer.confirm(question)


def engine_of(
    store: StateStore, stack: str, provider: Provider, rehearsed: BaseModel | None = None
) -> Engine:
    """The engine of a warehouse in a folder of this machine.

    Args:
        store: its state.
        stack: name of the stack.
        provider: its provider.
        rehearsed: the settings of a sandbox; None: it is none.
    """
    from havre.engine import Engine
    from havre.engine.sandbox import servicers_in
    from havre.provider import servicers
    from havre.provider.machine import folder_setting
    from havre.stack.program import PROJECT

    if rehearsed is not None:
        served = servicers_in(provider, store.data_dir, rehearsed)
        return Engine(store, PROJECT, stack, served, aliases=False, refreshes=True)
    name = folder_setting(provider.settings)
    place = {name: str(store.data_dir)} if name else {}
    return Engine(store, PROJECT, stack, servicers(provider), place=place)


def _check_owner(store: StateStore, target: ctx.Target, *, sandbox: bool) -> None:
    """A data folder belongs to one warehouse, and to a sandbox or to none.

    Raises:
        GuardError: it belongs to another one.
    """
    from havre.engine.sandbox import refuse_other

    if not record_path(store.data_dir).exists():
        return
    recorded = in_folder(store.data_dir).record()
    refuse_other(recorded, store.data_dir, sandbox=sandbox)
    for key, given in (("warehouse", target.spec.name), ("stack", target.stack)):
        if recorded.get(key) != given:
            message = f"{store.data_dir} contains the {key} `{recorded.get(key)}`, not `{given}`"
            raise GuardError(message, "Choose another folder with --data-dir.")


def _tell_gaps(target: ctx.Target) -> None:
    """Say how many requirements the provider cannot meet, before anything is created."""
    gaps = len(target.provider.gaps(target.spec, target.settings))
    if gaps:
        count = counted(gaps, "gap", "gaps")
        console.note(f"{count} on {target.provider.name}: read them with `havre plan`.")


def _apply(
    target: ctx.Target, store: StateStore, *, yes: bool, as_json: bool, how: Rehearsed | None
) -> tuple[list[Change], tuple[UnappliedField, ...]]:
    """What was done, and what the file requires anew and the provider does not apply."""
    from havre.plan.model import SANDBOX_MARK
    from havre.stack.program import program, record

    settings = how.settings if how else None
    engine = engine_of(store, target.stack, target.provider, settings)
    body = program(target.spec, target.provider, target.settings)
    with console.working(f"Planning {target.spec.name} on {target.provider.name}"):
        changes = engine.preview(body)
        left = _unapplied(engine, target, changes)
    if not as_json:
        show_changes(changes)
        console.out().print(console.inert(summary(changes, target.spec.name, left)))
        _show_unapplied(left, target.provider.name)
        if any(change.operation.value == "create" for change in changes):
            _tell_gaps(target)
    _refuse(changes)
    if not _agreed(changes, yes=yes):
        raise typer.Abort
    recorded = record(target.spec, target.provider.name, target.settings, target.stack)
    if how:
        with console.working("Starting the services of the sandbox"):
            how.begin()
        engine = engine_of(store, target.stack, target.provider, settings)
    write_record(store.data_dir, {**recorded, **({SANDBOX_MARK: True} if how else {})})
    with console.working(f"Deploying {target.spec.name}") as doing:
        if not as_json:
            engine.progress = Reporter(len(changes), doing)
        return engine.up(body, changes), left


def _unapplied(
    engine: Engine, target: ctx.Target, changes: Sequence[Change]
) -> tuple[UnappliedField, ...]:
    """Fields that changed since the last update and have no effect on what is deployed."""
    from havre.assess.unapplied import recorded_spec, unapplied

    former = recorded_spec((each.type, each.inputs) for each in engine.load().resources)
    gaps = target.provider.gaps(target.spec, target.settings)
    return unapplied(former, target.spec, gaps, changes=bool(changes))


def _show_unapplied(fields: Sequence[UnappliedField], provider: str) -> None:
    """Say which changes of the file are not applied, and why."""
    for each in fields:
        told = f"Not applied: {each.field}, {each.now} instead of {each.was}."
        why = (
            f"{each.gap.reason} This is a gap of {provider}: {each.gap.control}."
            f" Compensating measure: {each.gap.fallback}"
            if each.gap
            else "Nothing that is deployed depends on it. `havre check` evaluates it."
        )
        console.paragraph(f"{told} {why}")


def up(
    file: ctx.FileArgument = None,
    provider: ctx.ProviderOption = None,
    data_dir: ctx.DataDirOption = None,
    *,
    yes: YesOption = False,
    setting: ctx.SettingOption = None,
    stack: ctx.StackOption = "",
    sandbox: SandboxOption = False,
    recorded_only: RecordedOnlyOption = False,
    as_json: ctx.JsonOption = False,
) -> None:
    """Deploy or update the warehouse.

    `up` shows the changes, asks for confirmation and applies them.

    Without --provider, the only stack file in the folder or the warehouse that is deployed in the
    data folder names it. Otherwise nothing is deployed. Settings of the last `up` are kept, unless
    a stack file lists them; `--set NAME=` drops one.

    With --sandbox, the provider's resources are recorded on this machine: no account is needed, and
    examples replace missing settings. Services on this machine run behind object stores, database
    and keys, unless --recorded-only is given.

    Example: havre up warehouse.yaml --provider local --data-dir ./data

    Example: havre up --yes --json

    Example: havre up warehouse.yaml --provider local --set country=FR
    """
    from havre.cli.taken import one_provider, take, tell
    from havre.engine import StateStore
    from havre.engine.sandbox import own_passphrase

    named = one_provider(provider, "up", file)
    it = take(file, named, "up", data_dir=data_dir)
    tell(it.notes)
    _refuse_unserved(it.provider, sandbox=sandbox)
    target = ctx.target(
        *(it.file, it.provider, setting, data_dir, stack),
        stack_config=it.stack_config,
        deploys=True,
        rehearses=sandbox,
    )
    _refuse_recorded(sandbox=sandbox, recorded_only=recorded_only)
    store = StateStore(target.data_dir)
    store.create()
    with store.lock(), own_passphrase(store.data_dir) if sandbox else nullcontext():
        _check_owner(store, target, sandbox=sandbox)
        how = _how(store, target, recorded_only=recorded_only) if sandbox else None
        ran = _running(how)
        changes, left = _apply(target, store, yes=yes, as_json=as_json, how=how)
    if as_json:
        _write_changes(changes, left, how)
    elif changes:
        _tell_deployed(target, how)
    elif how and not ran:
        console.out().print("Its services were started.")
        show_services(how)


def _write_changes(
    changes: Sequence[Change], left: Sequence[UnappliedField], how: Rehearsed | None
) -> None:
    """Write what was changed and what was not applied, for machines."""
    from havre.plan.model import SANDBOX_MARK

    marked = {SANDBOX_MARK: True, **how.told()} if how else {}
    done = [change.as_dict() for change in changes]
    console.write_json(
        {**marked, "changes": done, "not_applied": [each.as_dict() for each in left]}
    )


def _refuse_recorded(*, sandbox: bool, recorded_only: bool) -> None:
    """Refuse an option of sandboxes without one.

    Raises:
        InputError: it is given.
    """
    if recorded_only and not sandbox:
        message = "--recorded-only is about sandboxes"
        raise InputError(message, "Add --sandbox, or leave it out.")


def _how(store: StateStore, target: ctx.Target, *, recorded_only: bool) -> Rehearsed:
    deployed = record_path(store.data_dir).exists()
    return rehearsed(
        *(target.provider, store.data_dir, target.settings, target.spec.name),
        deployed=deployed,
        recorded_only=recorded_only,
    )


def _running(how: Rehearsed | None) -> bool:
    """Whether all services of a sandbox run, if it has any."""
    if how is None or how.services is None or not how.services.begun:
        return True
    return not stopped(how.services.status())


def _tell_deployed(target: ctx.Target, how: Rehearsed | None) -> None:
    """Say where the warehouse is, and what to do with it next."""
    where = f" --data-dir {target.data_dir}"
    out, name = console.out(), console.inert(target.spec.name)
    if how:
        state = state_path(target.data_dir)
        out.print(f"[bold]{name}[/] is in a sandbox, {target.data_dir}: nothing is deployed on a")
        out.print(f"cloud, and nothing in it is evidence of {target.provider.name}.")
        show_services(how)
        out.print(f"  check it:    havre check --state {state}")
        if how.services:
            out.print(f"  look at it:  havre status{where}")
            out.print(f"  stop it:     havre down{where}")
        out.print(f"  delete it:   havre down --destroy-data {name}{where}")
        return
    out.print(f"[bold]{name}[/] is deployed in {target.data_dir}")
    out.print(f"  look at it:  havre status{where}")
    out.print(f"  stop it:     havre down{where}")


def _refuse_unserved(name: str, *, sandbox: bool) -> None:
    """Refuse a provider that only the Pulumi CLI deploys on, before its settings are asked for.

    Raises:
        MissingDependencyError: it is one.
        InputError: it has no sandbox, and one is asked for.
    """
    from havre.engine.sandbox import refuse_without
    from havre.provider import PACKAGES, SANDBOX, find, provides, servicers

    provider = find(name)
    if sandbox:
        refuse_without(provider)
        return
    served = servicers(provider).keys()
    if not served or provides(provider, PACKAGES).or_else(frozenset()) - served:
        message = f"`havre up` cannot deploy on {name}: that needs the Pulumi CLI"
        offered = provides(provider, SANDBOX).given is not None
        raise MissingDependencyError(message, f"{PULUMI} {REHEARSE}" if offered else PULUMI)


def status(
    data_dir: ctx.DataDirOption = None,
    state: ctx.NoStateOption = None,
    *,
    as_json: ctx.JsonOption = False,
) -> None:
    """Probe every service of a warehouse now.

    Exit code 4: a service does not answer.

    A disk that is nearly full is a warning.

    Example: havre status --data-dir ./data --json
    """
    from havre.provider import ServiceState

    record, folder, services = _probed(ctx.standing(data_dir, state, "status"))
    warnings = _disk_warnings(folder)
    healthy = all(service.state is ServiceState.RUNNING for service in services)
    if as_json:
        console.write_json(
            {
                "warehouse": record.get("warehouse"),
                "data_dir": str(folder),
                "healthy": healthy,
                "services": [service_values(service) for service in services],
                "warnings": warnings,
            }
        )
    else:
        show_status(str(record.get("warehouse")), folder, services)
        for warning in warnings:
            console.warn(warning)
    if not healthy:
        raise typer.Exit(ExitCode.ENGINE)


def _probed(
    asked: Standing,
) -> tuple[Mapping[str, Any], Path, Sequence[ServiceStatus]]:
    """The record of a warehouse, its folder, and every service, probed now.

    Raises:
        InputError: it is not operated from here, or no service runs behind it.
    """
    if asked.data_dir is not None:
        record = asked.record()
        services = of_record(record, asked.data_dir)
        if services is not None:
            return record, asked.data_dir, services.status()
    found = ctx.operated(asked, "status")
    return found.record, found.store.data_dir, found.operations.status()


def _disk_warnings(data_dir: Path) -> list[str]:
    """What to say of the disk that holds the data: nothing while there is room."""
    usage = shutil.disk_usage(data_dir)
    share = usage.free / usage.total
    if share >= LEAST_FREE_SHARE and usage.free >= LEAST_FREE_BYTES:
        return []
    free = f"{usage.free / 2**30:.1f} GiB ({share:.0%})"
    return [f"the disk of {data_dir} is nearly full: {free} free. Make room, or move the data."]


def show_status(name: str, data_dir: Path, services: Sequence[ServiceStatus]) -> None:
    """Show the services of a warehouse, a line each.

    Args:
        name: of the warehouse.
        data_dir: its folder.
        services: as probed.
    """
    from rich.text import Text

    out = console.out()
    out.print(f"[bold]{console.inert(name)}[/] in {console.inert(data_dir)}")
    rows = [
        (each.name, each.state.value, each.endpoint, console.plain(each.detail))
        for each in services
    ]
    heads = ("service", "state", "endpoint", "detail")
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        line = Text()
        for cell, head, width in zip(row, heads, widths, strict=True):
            colour = "green" if cell == "running" else "red"
            style = "bold" if row is heads else colour if head == "state" else ""
            line.append(cell.ljust(width + 1), style)
        line.rstrip()
        for piece in _hanging(line, sum(widths[:3]) + 3, console.columns()):
            out.print(piece)


def _hanging(line: Text, column: int, width: int | None) -> list[Text]:
    """A row whose last cell, from a column on, goes on below itself where it is too long."""
    from rich.text import Text

    if width is None or len(line) <= width:
        return [line]
    column = column if width - column >= console.NARROWEST // 2 else 2
    last = len(line) - len(line.plain[column:])
    first = Text("").join([line[:last]])
    pieces = line[last:].wrap(console.out(), width - column)
    later = [Text(" " * column).append_text(piece) for piece in pieces[1:]]
    told = [first.append_text(pieces[0]), *later]
    for each in told:
        each.rstrip()
    return told


def down(
    data_dir: ctx.DataDirOption = None,
    state: ctx.NoStateOption = None,
    *,
    destroy_data: Annotated[
        str | None,
        typer.Option(
            "--destroy-data",
            metavar="NAME",
            help="Delete all data of the warehouse of this name that no lock protects.",
        ),
    ] = None,
    as_json: ctx.JsonOption = False,
) -> None:
    """Stop the services of a warehouse and keep its data.

    Only --destroy-data deletes data, never locked objects.

    Example: havre down --data-dir ./data

    Example: havre down --data-dir ./data --destroy-data emc2
    """
    from havre.engine.sandbox import is_sandbox
    from havre.provider import find

    asked = ctx.standing(data_dir, state, "down")
    if asked.data_dir is not None and is_sandbox(asked.record()):
        _down_sandbox(asked.data_dir, destroy_data, as_json=as_json)
        return
    found = ctx.operated(asked, "down")
    record, operations, store = found.record, found.operations, found.store
    if destroy_data is not None:
        _refuse_another_name(record, destroy_data, store.data_dir)
    with store.lock():
        if destroy_data is None:
            with console.working("Stopping the services"):
                operations.stop()
            _tell(
                {"stopped": True},
                f"Stopped. Data kept in {console.inert(store.data_dir)}.",
                as_json=as_json,
            )
            return
        provider = find(str(record.get("provider")))
        engine = engine_of(store, str(record.get("stack")), provider)
        engine.refuse_state()
        with console.working(f"Deleting {destroy_data}"):
            kept = operations.destroy()
            deleted, left = engine.destroy()
            if left:
                operations.stop()
            else:
                store.remove()
    _tell_destroyed(deleted, left, kept, as_json=as_json)


def _down_sandbox(data_dir: Path, named: str | None, *, as_json: bool) -> None:
    """Stop the services behind a sandbox, or delete what it lets go.

    Raises:
        GuardError: something in it is protected, or another warehouse is named.
        ProviderError: its services refuse a deletion.
    """
    from havre.engine import StateStore
    from havre.engine.sandbox import own_passphrase

    store, record = StateStore(data_dir), in_folder(data_dir).record()
    services = of_record(record, data_dir)
    if named is None:
        with store.lock(), console.working("Stopping the services"):
            if services is not None:
                services.stop()
        text = f"Stopped. Data kept in {console.inert(data_dir)}." if services else WITHOUT
        _tell({"stopped": True}, text, as_json=as_json)
        return
    _refuse_another_name(record, named, data_dir)
    with store.lock(), own_passphrase(data_dir):
        engine = ctx.sandbox_engine(record, store)
        where = shlex.quote(str(data_dir))
        provider = record.get("provider")
        engine.refuse_protected(f"havre up FILE -p {provider} --sandbox --data-dir {where}")
        with console.working(f"Deleting {named}"):
            deleted, left = engine.destroy()
            if services is not None:
                services.stop()
        if not left:
            store.remove()
    _tell_destroyed(deleted, left, (), as_json=as_json)
    names = sorted(each.name for each in data_dir.iterdir()) if data_dir.is_dir() else []
    if names and not as_json:
        console.lines(f"Left in {data_dir}: {', '.join(names)}. Delete the folder to end it.")


def _refuse_another_name(record: Mapping[str, Any], named: str, data_dir: Path) -> None:
    """Refuse the deletion of a warehouse that is not the one named.

    Raises:
        GuardError: it is not.
    """
    if named != record.get("warehouse"):
        message = f"{data_dir} contains `{record.get('warehouse')}`, not `{named}`"
        raise GuardError(
            message, "Nothing was deleted. Name the warehouse that the folder contains."
        )


def _tell(values: dict[str, Any], text: str, *, as_json: bool) -> None:
    if as_json:
        console.write_json(values)
    else:
        console.out().print(text)


def _tell_destroyed(
    deleted: Sequence[Change], left: Sequence[str], kept: Sequence[Kept], *, as_json: bool
) -> None:
    """Say what is gone and what a lock kept, zone by zone and without object names."""
    zones: dict[str, list[Kept]] = {}
    for locked in kept:
        zones.setdefault(locked.zone, []).append(locked)
    values = {
        "deleted": [change.name for change in deleted],
        "kept": list(left),
        "locked": {
            zone: {
                "versions": len(found),
                "until": max((k.until.isoformat() for k in found if k.until), default=None),
            }
            for zone, found in zones.items()
        },
    }
    lines = [f"{len(deleted)} resources deleted"]
    lines += [
        f"kept: zone {zone} contains {counted(len(found), 'locked version', 'locked versions')}, "
        "the last until "
        f"{max((f'{k.until:%Y-%m-%d}' for k in found if k.until), default='further notice')}"
        for zone, found in zones.items()
    ]
    _tell(values, "\n".join(lines), as_json=as_json)


AllowOption = Annotated[
    bool, typer.Option("--allow-unknown", help="Do not fail on what cannot be listed.")
]


def doctor(
    *,
    data_dir: ctx.DataDirOption = None,
    state: ctx.StateOption = None,
    allow_unknown: AllowOption = False,
    as_json: ctx.JsonOption = False,
) -> None:
    """List resources of the warehouse that its state lacks.

    Also lists what the state has and the provider has no more. Nothing is changed. Exit code
    1: something was found. 3: nothing was found, and not everything could be listed.

    Example: havre doctor --data-dir data

    Example: havre doctor --state state.json --json
    """
    from havre.assess.subject import provider_of
    from havre.provider import EXAMINE, Examination, find, provides

    found = ctx.standing(data_dir, state, "doctor")
    if found.of_sandbox():
        message = "`havre doctor` asks the provider, where nothing of a sandbox is"
        raise InputError(message, "`havre drift` compares a sandbox with its warehouse file.")
    name = str(found.record()["provider"]) if found.data_dir else ""
    plan = found.plan(name)
    offer = provides(find(name or provider_of(plan)), EXAMINE)
    with console.working("Listing what is deployed"):
        lacking = Examination({}, (), (offer.answer.reason,))
        examined = offer.given(plan) if offer.given else lacking
    _tell_examination(examined, as_json=as_json)
    if examined.departed:
        raise typer.Exit(ExitCode.FINDINGS)
    if examined.unlisted and not allow_unknown:
        raise typer.Exit(ExitCode.NOT_EVALUATED)


def _tell_examination(examined: Examination, *, as_json: bool) -> None:
    if as_json:
        console.write_json(
            {
                "listed": dict(examined.listed),
                "departed": [asdict(each) for each in examined.departed],
                "unlisted": list(examined.unlisted),
            }
        )
        return
    for each in examined.departed:
        console.tell(f"{each.how.upper()}: {console.inert(each.kind)} {console.inert(each.name)}")
        for what in each.differences:
            console.tell(console.plain(what), 2)
        console.tell(f"Fix: {console.inert(each.remedy)}", 2)
    for reason in examined.unlisted:
        console.tell(f"NOT LISTED: {console.inert(reason)}")
    listed = ", ".join(f"{kind}: {n}" for kind, n in examined.listed.items()) or "nothing"
    found = counted(len(examined.departed), "resource differs", "resources differ")
    console.tell(console.inert(f"Listed {listed}. {found} from the state."))


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("up")(up)
    app.command("status")(status)
    app.command("doctor")(doctor)
    app.command("down")(down)
