"""`havre drift`: what somebody changed by hand in a deployed warehouse."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.check import (
    AsOfOption,
    OptionalFile,
    OptionalProvider,
    WaiversOption,
    known_controls,
    parse_day,
    request_of,
    taken_for,
)
from havre.errors import ExitCode, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.assess.assessment import Request
    from havre.engine.looking import Observed
    from havre.plan import Plan


class DriftFormat(StrEnum):
    """Renderings of a drift."""

    TABLE = "table"
    JSON = "json"


class DriftFails(StrEnum):
    """Which changes end with exit code 1."""

    ANY = "any"
    CONTROL = "control"


RefreshedOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="FILE",
        help="What a refresh saw: output of `pulumi stack export` after `pulumi refresh`.",
        show_default=False,
    ),
]
LastOption = Annotated[
    Path | None,
    typer.Option(
        "--last",
        metavar="FILE",
        help="What the last update made: output of `pulumi stack export` before the refresh.",
        show_default=False,
    ),
]
DriftFailsOption = Annotated[
    DriftFails,
    typer.Option(help="Exit with 1 on any change, or on one that makes a control fail or may."),
]


def _on_this_machine(data_dir: Path) -> tuple[Plan, Observed]:
    """The state of a warehouse on this machine, and what its provider finds now.

    Raises:
        HavreError: it is stopped or damaged, or another account could have written its folder.
    """
    from havre.cli.warehouse import engine_of
    from havre.engine import StateStore
    from havre.engine.looking import looked
    from havre.engine.sandbox import is_sandbox, own_passphrase
    from havre.provider import find
    from havre.stack.standing import in_folder

    found = in_folder(data_dir)
    record = found.record()
    if is_sandbox(record):
        last = found.plan(str(record["provider"]))
        store = StateStore(data_dir)
        with own_passphrase(data_dir):
            return last, looked(ctx.sandbox_engine(record, store), last)
    warehouse = ctx.operated(found, "drift")
    ctx.refuse_stopped(warehouse)
    name = str(warehouse.record["provider"])
    last = found.plan(name)
    engine = engine_of(warehouse.store, str(warehouse.record["stack"]), find(name))
    return last, looked(engine, last)


def _seen(request: Request, seen: Observed) -> Request:
    """A request about what its provider finds now."""
    from havre.policy.judge import SANDBOX

    source = SANDBOX if seen.plan.of_sandbox else "state"
    return replace(request, plan=seen.plan, source=source)


def _refuse_unseen(state: Path | None, data_dir: Path | None) -> None:
    """Refuse to go on where nothing shows what is deployed.

    Raises:
        InputError: neither a state nor a data folder is named.
    """
    if state is None and data_dir is None:
        message = "Missing --state FILE or --data-dir DIR: nothing shows what is deployed"
        remedy = (
            "For a warehouse on this machine, name its folder with --data-dir DIR. For another, run"
            " `pulumi refresh`, then: pulumi stack export > FILE"
        )
        raise InputError(message, remedy)


def drift(
    file: OptionalFile = None,
    *,
    provider: OptionalProvider = None,
    state: RefreshedOption = None,
    last: LastOption = None,
    form: Annotated[
        DriftFormat, typer.Option("--format", "-f", help="How to show it.")
    ] = DriftFormat.TABLE,
    details: Annotated[
        bool, typer.Option("--details", help="Name every control, and show whole values.")
    ] = False,
    fail_on: DriftFailsOption = DriftFails.ANY,
    waivers: WaiversOption = None,
    as_of: AsOfOption = None,
    setting: ctx.SettingOption = None,
    stack_config: ctx.StackConfigOption = None,
    data_dir: ctx.DataDirOption = None,
) -> None:
    """Show what somebody changed by hand in a deployed warehouse.

    Names each field, the controls that read it and those that fail by it. Nothing is changed.
    Exit code 1: drift. With --last, what the file asks for and is not deployed yet is told apart.

    Example: havre drift warehouse.yaml --state refreshed.json --last before.json

    Example: havre drift warehouse.yaml --state refreshed.json --stack-config Pulumi.production.yaml

    Example: havre drift warehouse.yaml --data-dir data --format json
    """
    from havre.assess.drift import drift as compared
    from havre.plan.states import from_state
    from havre.report.drift import drift_as_json, drift_as_text

    _refuse_unseen(state, data_dir)
    it = taken_for(file, provider, state, waivers, stack_config, data_dir, "drift")
    known, day = known_controls(None), parse_day(as_of)
    about = (setting, data_dir), waivers, None
    with console.working("Comparing what is deployed with the file"):
        request = request_of(it, (None, state), *about, day=day, known=known)
        before = from_state(last) if last is not None else None
        departed: Mapping[str, tuple[str, ...]] = {}
        if state is None and data_dir is not None:
            before, seen = _on_this_machine(data_dir.expanduser().absolute())
            request, departed = _seen(request, seen), seen.departed
        found = compared(request, before, known, departed)
    where = f"--data-dir {data_dir}" if state is None else f"--state {state}"
    if not request.plan or not request.plan.of_sandbox:
        told = f"`havre doctor {where}` lists what exists and is in no state."
        console.note(told, style="dim")
    typer.echo(
        drift_as_json(found)
        if form is DriftFormat.JSON
        else drift_as_text(found, details=details, width=console.columns())
    )
    failing = [c for c in found.changes if fail_on is DriftFails.ANY or c.fails or not c.known]
    if failing:
        raise typer.Exit(ExitCode.FINDINGS)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("drift")(drift)
