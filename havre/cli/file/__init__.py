"""`havre init`, `havre validate` and `havre schema`: the warehouse file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.cli.file.starting import init
from havre.cli.file.validating import schema, validate

if TYPE_CHECKING:
    import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this folder."""
    app.command("init")(init)
    app.command("validate")(validate)
    app.command("schema")(schema)
