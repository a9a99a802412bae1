"""The command line: one file a noun."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `havre` and return its exit code (see `havre.errors.ExitCode`)."""
    from havre.cli.app import run

    return run(arguments)
