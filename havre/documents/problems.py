"""What is wrong in a `warehouse.yaml`, said to the person who wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.errors import InputError
from havre.text import inert

if TYPE_CHECKING:
    from collections.abc import Iterable

Location = tuple[str | int, ...]
"""Keys and indexes from the root of a warehouse to a value."""
SHOWN = 60
"""Most characters of a file that a message repeats."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend.

    Attributes:
        file: the file, as the user named it.
        line: line, from 1.
        column: column, from 1.
        path: where in the warehouse, such as `zones.curated.expire_days`; empty: the file.
        found: what stands there.
        wanted: what would do.
        hint: what was probably meant, or how to write it; may be empty.
    """

    file: str
    line: int
    column: int
    path: str
    found: str
    wanted: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{inert(self.file)}:{self.line}:{self.column}: "
        subject = f"{self.path}: " if self.path else ""
        hint = f"; {inert(self.hint)}" if self.hint else ""
        return f"{where}{subject}found {self.found}; wanted {self.wanted}{hint}"


class SpecError(InputError):
    """A `warehouse.yaml` is not valid; `problems` names all that is wrong, in reading order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def shorten(text: str) -> str:
    """`text` made inert, and at most `SHOWN` characters long."""
    shown = inert(text[:SHOWN])
    return f"{shown[: SHOWN - 1]}…" if len(shown) > SHOWN or len(text) > SHOWN else shown


def dotted(path: Location) -> str:
    """A path as a user would write it: `network.egress[0].host`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + shorten(part)
    return text


def show(value: Any) -> str:
    """A value of the file, shortened and inert."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a section" if value else "an empty section"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return f"'{shorten(value)}'" if isinstance(value, str) else shorten(str(value))


def lookup(data: Any, path: Location) -> Any:
    """The value at `path`; None where there is none."""
    for key in path:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data
