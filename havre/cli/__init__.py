"""The command line: one file a noun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre import startup

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `havre` and return its exit code (see `havre.errors.ExitCode`)."""
    if arguments is None:  # the process is ours
        startup.command()
    from havre.cli.app import run

    return run(arguments)
