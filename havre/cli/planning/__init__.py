"""What would be deployed, what is deployed otherwise, what it costs, what removing it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.cli.planning import cost, drift, plan, removal

if TYPE_CHECKING:
    import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    plan.register(app)
    drift.register(app)
    cost.register(app)
    removal.register(app)
