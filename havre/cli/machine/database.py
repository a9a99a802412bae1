"""`havre database`: roles in the PostgreSQL of a deployed warehouse, planned, applied, verified."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.check import AsOfOption, parse_day
from havre.cli.machine.admitting import admit
from havre.cli.warehouse import YesOption, confirmed
from havre.errors import ExitCode, HavreError, InputError

if TYPE_CHECKING:
    from havre.database.steps import RoleStep
    from havre.database.verifying import Attempt
    from havre.database.wanted import WantedDatabase, WantedRole
    from havre.live.warehouse import Live, LiveDatabase

KeepOption = Annotated[
    list[str] | None,
    typer.Option(
        "--keep",
        metavar="ROLE",
        help="Leave this role and its rights alone; repeatable.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class RoleRequest:
    """The database of a warehouse, and what it must be.

    Attributes:
        database: reached as its administrator.
        live: the warehouse.
        wanted: what the warehouse file asks for.
        notes: what must be told with every result.
    """

    database: LiveDatabase
    live: Live
    wanted: WantedDatabase
    notes: tuple[str, ...]


def _request(
    file: Path | None,
    data_dir: Path | None,
    state: Path | None,
    as_of: str | None,
    keep: list[str] | None,
) -> RoleRequest:
    """What a command is about.

    Raises:
        InputError: the file is of another warehouse.
    """
    from havre.cli.machine.reaching import reached, wanted_of
    from havre.cli.taken import FILE
    from havre.spec.load import load

    spec = load(file or FILE).warehouse
    at = ctx.standing(data_dir, state, "database")
    outputs, live = reached(at, "database")
    if outputs.warehouse != spec.name:
        message = f"{file or FILE} is of warehouse `{spec.name}`, not of `{outputs.warehouse}`"
        raise InputError(message, "Name the warehouse file of the deployed warehouse.")
    asked, notes = wanted_of(spec, at, (outputs, live), parse_day(as_of), keep or ())
    return RoleRequest(live.database(), live, asked, notes)


def plan(
    file: ctx.FileArgument = None,
    data_dir: ctx.DataDirOption = None,
    state: ctx.StateOption = None,
    keep: KeepOption = None,
    as_of: AsOfOption = None,
    *,
    as_json: ctx.JsonOption = False,
) -> None:
    """Show the SQL between a database and the warehouse file.

    What the file does not ask for comes first, and of that the grants. Nothing is changed. Exit
    code 1: the database differs.

    Example: havre database plan warehouse.yaml --data-dir ./data

    Example: havre database plan warehouse.yaml --state state.json --keep loader

    Example: havre database plan warehouse.yaml --data-dir ./data --json
    """
    from havre.database.applying import plan as planned
    from havre.report.database import plan_as_json, plan_as_text

    it = _request(file, data_dir, state, as_of, keep)
    with console.working("Reading the catalogue"):
        steps = planned(it.database, it.wanted)
    show = plan_as_json if as_json else plan_as_text
    typer.echo(show(it.database.name, steps, it.notes))
    if steps:
        raise typer.Exit(ExitCode.FINDINGS)


def apply(
    file: ctx.FileArgument = None,
    data_dir: ctx.DataDirOption = None,
    state: ctx.StateOption = None,
    keep: KeepOption = None,
    as_of: AsOfOption = None,
    *,
    yes: YesOption = False,
    as_json: ctx.JsonOption = False,
) -> None:
    """Make the roles of a database as the warehouse file requires.

    All changes are one transaction. A role that owns data is never dropped. Passwords are not
    touched. Exit code 1: something remains that an administrator does by hand.

    Example: havre database apply warehouse.yaml --data-dir ./data

    Example: havre database apply warehouse.yaml --state state.json --yes

    Example: havre database apply warehouse.yaml --data-dir ./data --keep loader
    """
    from havre.database.applying import apply as done
    from havre.database.applying import plan as planned
    from havre.report.database import applied_as_json, applied_as_text, plan_as_text

    it = _request(file, data_dir, state, as_of, keep)
    steps = planned(it.database, it.wanted)
    if any(step.statements for step in steps) and not yes:
        console.err().print(console.inert(plan_as_text(it.database.name, steps, ())))
        _agree(steps)
    with console.working("Applying"):
        found = done(it.database, it.wanted)
    show = applied_as_json if as_json else applied_as_text
    typer.echo(show(it.database.name, found, it.notes))
    if found.remaining:
        raise typer.Exit(ExitCode.FINDINGS)


def _agree(steps: tuple[RoleStep, ...]) -> None:
    """Ask.

    Raises:
        InputError: nobody can be asked.
        Abort: the answer is no.
    """
    count = sum(len(step.statements) for step in steps)
    if not confirmed(f"Run these {count} statements?"):
        raise typer.Abort


def verify(
    file: ctx.FileArgument = None,
    data_dir: ctx.DataDirOption = None,
    state: ctx.StateOption = None,
    keep: KeepOption = None,
    as_of: AsOfOption = None,
    *,
    as_json: ctx.JsonOption = False,
) -> None:
    """Try, as each role, what it may do and what it must not.

    Roles of projects and members are taken on with SET ROLE. Where this machine has a project's
    password, its login is tried too. Everything is rolled back. Exit code 1: an attempt ended
    otherwise than required. Exit code 3: an attempt could not be evaluated.

    Example: havre database verify warehouse.yaml --data-dir ./data

    Example: havre database verify warehouse.yaml --state state.json

    Example: havre database verify warehouse.yaml --data-dir ./data --json
    """
    from havre.database.verifying import TrialOutcome
    from havre.database.verifying import verify as tried
    from havre.report.database import verified_as_json, verified_as_text

    it = _request(file, data_dir, state, as_of, keep)
    with console.working("Trying"):
        found = tried(it.database, it.wanted)
        logins = tuple(_login(it.live, role) for role in it.wanted.roles.values())
    found = replace(found, attempts=(*found.attempts, *filter(None, logins)))
    show = verified_as_json if as_json else verified_as_text
    typer.echo(show(it.database.name, found, it.notes))
    if any(each.surprising for each in found.attempts):
        raise typer.Exit(ExitCode.FINDINGS)
    if any(each.outcome is TrialOutcome.UNCLEAR for each in found.attempts):
        raise typer.Exit(ExitCode.NOT_EVALUATED)


def _login(live: Live, role: WantedRole) -> Attempt | None:
    """Try a project's login; None where this machine does not have its password."""
    from havre.capabilities import Supported
    from havre.database.verifying import LOGIN, Attempt, TrialOutcome
    from havre.live.entry.accounts import project_entry
    from havre.live.objects import NotThereError, RefusedError

    entry = project_entry(live, role.project)
    if isinstance(entry, Supported):
        return None
    due = TrialOutcome.REFUSED if role.ended else TrialOutcome.ALLOWED
    outcome, said = TrialOutcome.ALLOWED, ""
    try:
        entry.log_in()
    except (RefusedError, NotThereError):
        outcome = TrialOutcome.REFUSED
    except HavreError as error:
        outcome, said = TrialOutcome.UNCLEAR, error.message
    return Attempt(role.name, "log in", due, outcome, LOGIN, said)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    database = typer.Typer(
        help="Plan, apply and verify the roles of a deployed database.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    database.command("plan")(plan)
    database.command("apply")(apply)
    database.command("verify")(verify)
    database.command("admit")(admit)
    app.add_typer(database, name="database")
