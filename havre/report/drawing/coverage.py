"""How many controls of each family bear each verdict on one side, as bars."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.report.findings.words import status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre.compare import Comparison

BEST = ("pass", "waived", "warning", "unknown", "fail", "not-applicable")
"""Verdicts in the order of a bar."""


@dataclass(frozen=True)
class Segment:
    """The controls of one verdict in a bar.

    Attributes:
        verdict: one word.
        start: how many controls stand before them in the bar.
        count: how many there are.
    """

    verdict: str
    start: int
    count: int


@dataclass(frozen=True)
class Bar:
    """A family of controls on one side.

    Attributes:
        family: its name.
        longest: controls of the largest family, so that one control is as wide in every bar.
        segments: its verdicts, in the order of `BEST`.
    """

    family: str
    longest: int
    segments: tuple[Segment, ...]


def families(comparison: Comparison) -> list[str]:
    """Families of controls, in the order of the controls."""
    return list(dict.fromkeys(row.family for row in comparison.controls))


def counted(comparison: Comparison, number: int) -> dict[str, Counter[str]]:
    """Verdicts of one side by family."""
    found: dict[str, Counter[str]] = {name: Counter() for name in families(comparison)}
    for row in comparison.controls:
        found[row.family][row.cells[number].verdict] += 1
    return found


def bars(comparison: Comparison, number: int) -> list[Bar]:
    """The bars of one side, one for each family."""
    counts = counted(comparison, number)
    longest = max((count.total() for count in counts.values()), default=1)
    return [Bar(family, longest, tuple(_segments(count))) for family, count in counts.items()]


def described(counts: Mapping[str, int]) -> str:
    """Verdicts with their counts, in words."""
    return ", ".join(f"{counts[word]} {status(word)}" for word in BEST if counts[word])


def _segments(counts: Mapping[str, int]) -> Iterator[Segment]:
    start = 0
    for word in BEST:
        if counts[word]:
            yield Segment(word, start, counts[word])
            start += counts[word]
