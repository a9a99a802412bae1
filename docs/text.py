"""Text from code, made inert for a page: nothing in it is mark-up, and nothing is lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from havre.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SPECIAL = frozenset("&<>`*_{}[]#!|~@\\$^=")
"""Characters that open mark-up somewhere in a line."""
CODE = re.compile(r"`([^`]+)`")
FENCE = re.compile(r"^(`{3,})", re.MULTILINE)


def _entities(text: str) -> str:
    return "".join(f"&#{ord(c)};" if c in SPECIAL else c for c in text)


def inert(text: object) -> str:
    """Text on one line in which only pairs of backticks mean something: code.

    The first character is an entity unless it is a letter, so that no list or heading begins.
    """
    parts = CODE.split(plain(text))
    found = "".join(
        f"<code>{_entities(part)}</code>" if index % 2 else _entities(part)
        for index, part in enumerate(parts)
    )
    opens = found[:1] and not (found[0].isalpha() or found[0] in "&<")
    return f"&#{ord(found[0])};{found[1:]}" if opens else found


def code(text: object) -> str:
    """Text as code within a line; nothing where there is none."""
    shown = _entities(plain(text))
    return f"<code>{shown}</code>" if shown else ""


def codes(texts: Iterable[object]) -> str:
    """Each text as code, after one another."""
    return ", ".join(code(text) for text in texts)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table whose cells are inert already."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def fence(text: str, language: str = "text") -> list[str]:
    """Lines of a block of code, whose fence is longer than any inside."""
    longest = max((len(ticks) for ticks in FENCE.findall(text)), default=2)
    ticks = "`" * max(3, longest + 1)
    return [f"{ticks}{language}", *text.rstrip("\n").splitlines(), ticks, ""]


def anchor(text: str) -> str:
    """The anchor of a heading, from an identifier such as `encryption.at-rest`."""
    return re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")


def heading(level: int, text: str, name: str = "") -> list[str]:
    """A heading whose anchor is told by `name`, or by the text."""
    return [f"{'#' * level} {inert(text)} {{ #{anchor(name or text)} }}", ""]
