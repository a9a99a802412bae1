"""`havre plan` and `havre drift`: what would be deployed, and what is deployed otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.cli.planning import drift, plan

if TYPE_CHECKING:
    import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    plan.register(app)
    drift.register(app)
