"""How many controls of each family hold on one side, as bars."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from havre.report.drawing import SMALL, TITLE, Box, group, picture, rectangle, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from markupsafe import Markup

    from havre.compare import Comparison

BEST = ("pass", "waived", "warning", "unknown", "fail", "not-applicable")
"""Verdicts in the order of a bar."""
SIGNS = {
    "pass": "\u2713",
    "waived": "~",
    "warning": "!",
    "unknown": "?",
    "fail": "\u2715",
    "not-applicable": "\u2013",
}
"""What stands for a verdict where there is no room for a word."""
LEFT, RIGHT = 98, 396
ROW, BAR = 30, 20
"""Height of a family and of its bar."""
ROOM = 19
"""Least width of a bar that holds its sign and count."""


def families(comparison: Comparison) -> list[str]:
    """Families of controls, in the order of the controls."""
    return list(dict.fromkeys(row.family for row in comparison.controls))


def counted(comparison: Comparison, number: int) -> dict[str, Counter[str]]:
    """Verdicts of one side by family."""
    found: dict[str, Counter[str]] = {name: Counter() for name in families(comparison)}
    for row in comparison.controls:
        found[row.family][row.cells[number].verdict] += 1
    return found


def drawn(comparison: Comparison, number: int, identifier: str) -> Markup:
    """The bars of one side; one control is as wide in every bar."""
    counts = counted(comparison, number)
    most = max((count.total() for count in counts.values()), default=1)
    body = [
        group(_bar(family, count, 6 + row * ROW, (RIGHT - LEFT) / most))
        for row, (family, count) in enumerate(counts.items())
    ]
    told = [f"{family}: {described(count)}." for family, count in counts.items()]
    title = f"Controls by family on {comparison.names[number]}"
    return picture(identifier, title, told, body, 6 + max(len(counts), 1) * ROW)


def described(counts: Mapping[str, int]) -> str:
    """Verdicts with their counts, in words."""
    return ", ".join(f"{counts[word]} {word}" for word in BEST if counts[word])


def _bar(family: str, counts: Mapping[str, int], y: float, unit: float) -> Iterator[Markup]:
    yield text(2, y + 14.5, family, LEFT - 6, klass="t strong", size=TITLE - 1)
    x = float(LEFT)
    for word in BEST:
        wide = counts[word] * unit
        if not wide:
            continue
        box = Box(x, y, wide - 1.5, BAR)
        children = [rectangle(box, f"bar b-{word}", 2)]
        if box.width >= ROOM:
            said = f"{SIGNS[word]}\u2009{counts[word]}"
            middle = box.x + box.width / 2
            children.append(
                text(middle, y + 14.5, said, 60, klass=f"t s strong middle n-{word}", size=SMALL)
            )
        yield group(children, title=f"{family}: {counts[word]} {word}")
        x += wide
