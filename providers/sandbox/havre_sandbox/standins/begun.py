"""Whether stand-ins were begun in a sandbox's data folder: without them, all is recorded only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from havre_sandbox.standins.machine import Machine

PLACE = "stand-ins"
"""Folder of the servers' files in a sandbox's data folder."""
_MARKER = "havre.json"


def standing(root: Path) -> Machine | None:
    """The stand-ins of a data folder; None: none were begun.

    They are begun by `Machine(root, NAME).begin()`.

    Raises:
        StateError: their marker is damaged.
        GuardError: others can have written it.
    """
    try:
        name = json.loads((root / PLACE / _MARKER).read_bytes())["warehouse"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        name = ""
    from havre_sandbox.standins.machine import Machine

    machine = Machine(root, str(name))
    machine.begin()
    return machine
