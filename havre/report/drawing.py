"""Scalable pictures inside a page: elements, texts that fit, and what screen readers are told.

A picture has no style of its own: its classes are those of the page, so that it follows the
page's colours in the light, in the dark and on paper.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from havre.report.text import clipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH = 400
"""Units across: as many pixels where a side has a phone's width."""
EM = 0.56
"""Width of a common letter, in sizes of the font; system fonts differ, so this is generous."""
SMALL, TEXT, TITLE = 10.5, 11.5, 13.5
"""Sizes of the fonts, in units."""
LEADING = 15.5
"""From one line to the next, in units."""
TOLD = 600
"""Characters of a description."""


@dataclass(frozen=True)
class Box:
    """A rectangle, in units."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """The height of its middle."""
        return self.y + self.height / 2


def element(name: str, *children: Markup, **attributes: object) -> Markup:
    """An element; `klass` stands for `class`, and `_` in a name for `-`."""
    told = "".join(
        f' {"class" if key == "klass" else key.replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if not children:
        return Markup(f"<{name}{told}/>")  # noqa: S704 - every value is escaped
    return Markup(f"<{name}{told}>{''.join(children)}</{name}>")  # noqa: S704 - and every child


def _value(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(escape(value))


def group(children: Iterable[Markup], *, title: str = "", klass: str | None = None) -> Markup:
    """Elements that belong together, with what a pointer that rests on them is told."""
    told = [element("title", escape(clipped(title, TOLD)))] if title else []
    return element("g", *told, *children, klass=klass)


def rectangle(box: Box, klass: str, radius: float = 4) -> Markup:
    """A rectangle with rounded corners."""
    return element(
        "rect",
        x=float(box.x),
        y=float(box.y),
        width=float(box.width),
        height=float(box.height),
        rx=float(radius),
        klass=klass,
    )


def path(shape: str, klass: str) -> Markup:
    """A line or an outline."""
    return element("path", d=shape, klass=klass)


def text(
    x: float, y: float, words: object, room: float, *, klass: str = "t", size: float = TEXT
) -> Markup:
    """Words on one line, cut where they would leave their room."""
    return element("text", escape(fitted(words, room, size)), x=float(x), y=float(y), klass=klass)


def cells(words: str) -> int:
    """Columns that words take: a wide letter takes two, a mark over another none."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in words)
    return len(words) + wide - sum(unicodedata.combining(letter) > 0 for letter in words)


def fitted(words: object, room: float, size: float) -> str:
    """Words, cut to `room` units."""
    most = max(int(room / (size * EM)), 1)
    whole = clipped(words, most)
    while cells(whole) > most:
        whole = f"{whole[:-2]}…"
    return whole


def wrapped(words: str, room: float, size: float, most: int) -> list[str]:
    """Words on at most so many lines; the last is cut."""
    lines = [""]
    across = room / (size * EM)
    for word in clipped(words, TOLD).split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and cells(longer) > across and len(lines) < most:
            lines.append(word)
        else:
            lines[-1] = longer
    return [fitted(line, room, size) for line in lines]


def picture(
    identifier: str, title: str, told: Sequence[str], body: Iterable[Markup], height: float
) -> Markup:
    """A picture that a screen reader reads as one image, with a title and a description.

    Args:
        identifier: unique on the page.
        title: what it shows.
        told: what is to be seen, in sentences.
        body: its elements.
        height: units.
    """
    name, about = f"{identifier}-title", f"{identifier}-desc"
    return element(
        "svg",
        element("title", escape(clipped(title, TOLD)), id=name),
        element("desc", escape(clipped(" ".join(told), 4 * TOLD)), id=about),
        *body,
        viewBox=f"0 0 {WIDTH} {height:g}",
        role="img",
        aria_labelledby=name,
        aria_describedby=about,
        klass="picture",
    )


def sample(body: Markup, width: float, height: float) -> Markup:
    """A small picture of one sign, beside words that tell what it means."""
    box = f"0 0 {width:g} {height:g}"
    return element("svg", body, viewBox=box, aria_hidden="true", klass="picture")
