"""Faults that a person plants in a sandbox, one line each in the file `faults` of its folder.

A line has the fault and the logical name of a resource. It is taken out once it was met, by the
next creation, change or deletion of a resource of that name.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from havre.errors import InputError

if TYPE_CHECKING:
    from havre_sandbox.world import WorldFolder

FILE = "faults"


class PlantedAnswer(StrEnum):
    """What the plugin is told in place of the answer."""

    LOST = "lost-answer"
    """The service does what it was asked for; the plugin gets an error."""
    ERROR = "error"
    """The service does nothing; the plugin gets an error."""


def taken(folder: WorldFolder, name: str) -> PlantedAnswer | None:
    """The fault that is planted for a resource, taken out of the file; within `changing`.

    Args:
        folder: of the world.
        name: logical name of the resource.

    Raises:
        InputError: a line of the file is none.
    """
    lines = folder.lines(FILE)
    planted = [_read(folder, number, line) for number, line in enumerate(lines, 1)]
    place = next((at for at, (_, named) in enumerate(planted) if named == name), None)
    if place is None:
        return None
    folder.write_lines(FILE, [*lines[:place], *lines[place + 1 :]])
    return planted[place][0]


def _read(folder: WorldFolder, number: int, line: str) -> tuple[PlantedAnswer, str]:
    fault, _, name = line.strip().partition(" ")
    if name.strip() and fault in {each.value for each in PlantedAnswer}:
        return PlantedAnswer(fault), name.strip()
    message = f"{folder.path / FILE}, line {number}: `{line.strip()}` is not a fault"
    known = " or ".join(f"`{each.value} RESOURCE`" for each in PlantedAnswer)
    raise InputError(message, f"Write {known}, one in a line.")
