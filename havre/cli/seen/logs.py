"""`havre logs`: the record of what every service has logged."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.errors import ExitCode


def verify(
    data_dir: ctx.DataDirOption = None,
    head: Annotated[
        str,
        typer.Option(
            "--head",
            metavar="NUMBER:DIGEST",
            help="What an earlier check showed as the head.",
            show_default=False,
        ),
    ] = "",
    state: ctx.NoStateOption = None,
    *,
    as_json: ctx.JsonOption = False,
) -> None:
    """Check that no line of the log record was changed or deleted.

    Keep the head that it shows in another place: with it, a later check finds a record that was
    written again.

    Example: havre logs verify --data-dir ./data
    """
    found = ctx.operated(ctx.standing(data_dir, state, "logs verify"), "logs verify")
    with console.working("Checking the record"):
        summary = found.operations.verify_record(head)
    if as_json:
        console.write_json(asdict(summary))
    elif summary.faults:
        lines = [f"The record was changed or cut off: {len(summary.faults)} faults."]
        console.out().print(console.inert("\n  ".join([*lines, *summary.faults])))
    else:
        text = f"The record is whole: lines {summary.first} to {summary.last}."
        console.out().print(f"{text}\n  Head: {summary.head}")
    if summary.faults:
        raise typer.Exit(ExitCode.FINDINGS)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    logs = typer.Typer(
        help="Verify the record of all logs.", no_args_is_help=True, rich_markup_mode=None
    )
    logs.command("verify")(verify)
    app.add_typer(logs, name="logs")
