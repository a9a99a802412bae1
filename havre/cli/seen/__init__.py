"""What is seen of a deployed warehouse: the record of its logs, and accesses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.cli.seen import audit, logs

if TYPE_CHECKING:
    import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    logs.register(app)
    audit.register(app)
