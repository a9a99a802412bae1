"""What the commands of an exit share: which folder, and how they tell what they found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from havre.cli import console
from havre.errors import ExitCode

Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="Folder of the exit, with its exit.yaml.")
]


def line(text: str) -> None:
    """A line of text on standard output."""
    console.out().print(console.inert(text))


def fail_if(wrong: bool) -> None:
    """End with the exit code of findings, if something is wrong."""
    if wrong:
        raise typer.Exit(ExitCode.FINDINGS)
