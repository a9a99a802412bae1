"""The command line: one file a noun."""

from __future__ import annotations

import gc
import os
import sys
from importlib.machinery import PathFinder
from importlib.util import LazyLoader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

RARELY = 200_000
"""Objects between two searches for garbage: a command is short, and importing an SDK makes many
that stay; searching them takes a twentieth of a check."""
SELDOM_USED = frozenset({"pulumi.automation"})
"""Modules that `import pulumi` brings, and that run once something of theirs is used."""


class _WhenUsed:
    """Finds modules that are seldom used, and has them run at their first use."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's place, if it is one of them."""
        if name not in SELDOM_USED:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


def _be_quick() -> None:
    """Spare what a short command of its own process never needs."""
    gc.set_threshold(RARELY)
    sys.meta_path.insert(0, _WhenUsed)
    # Looking for plugins of pydantic's reads every distribution's metadata.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `havre` and return its exit code (see `havre.errors.ExitCode`)."""
    if arguments is None:  # the process is ours
        _be_quick()
    from havre.cli.app import run

    return run(arguments)
