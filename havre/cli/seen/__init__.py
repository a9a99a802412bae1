"""What is seen of a deployed warehouse: the record of its logs, accesses, probes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.cli.seen import audit, logs, probe

if TYPE_CHECKING:
    import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    logs.register(app)
    audit.register(app)
    probe.register(app)
