"""`havre waiver`: accepted risks are listed, drafted and validated."""

from __future__ import annotations

import typer

from havre.cli.waiver.drafting import draft
from havre.cli.waiver.reading import list_waivers, schema, validate


def register(app: typer.Typer) -> None:
    """Add the commands of this folder."""
    waiver = typer.Typer(
        help="List, draft and validate waivers.", no_args_is_help=True, rich_markup_mode=None
    )
    waiver.command("list")(list_waivers)
    waiver.command("draft")(draft)
    waiver.command("validate")(validate)
    waiver.command("schema")(schema)
    app.add_typer(waiver, name="waiver")
