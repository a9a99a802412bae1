"""The command line: one file a noun."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

RARELY = 200_000
"""Objects between two searches for garbage: a command is short, and importing an SDK makes many
that stay; searching them takes a twentieth of a check."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `havre` and return its exit code (see `havre.errors.ExitCode`)."""
    if arguments is None:  # the process is ours
        gc.set_threshold(RARELY)
    from havre.cli.app import run

    return run(arguments)
