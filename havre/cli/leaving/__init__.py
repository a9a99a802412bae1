"""`havre exit`: leave one warehouse for another, with a proof."""

from __future__ import annotations

import typer

from havre.cli.leaving.ending import cut, freeze, retire, thaw
from havre.cli.leaving.rehearsing import rehearse
from havre.cli.leaving.sealing import evidence, seal
from havre.cli.leaving.steps import copy, ledger, new, plan, status, verify


def register(app: typer.Typer) -> None:
    """Add the commands of this folder."""
    leave = typer.Typer(
        help="Leave one warehouse for another.", no_args_is_help=True, rich_markup_mode=None
    )
    for command in (
        rehearse,
        new,
        plan,
        ledger,
        copy,
        freeze,
        thaw,
        verify,
        seal,
        cut,
        retire,
        evidence,
        status,
    ):
        leave.command(command.__name__)(command)
    app.add_typer(leave, name="exit")
