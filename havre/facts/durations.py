"""Durations as providers write them, in days."""

from __future__ import annotations

import re

_DURATION = re.compile(r"P(?=\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T.*)?")
YEAR, MONTH, SHORTEST_MONTH = 365, 30, 28
"""Days that a year and a month count; a promise of a minimum counts the shortest month."""


def days(duration: str, month: int = MONTH) -> int | None:
    """Whole days of an ISO 8601 duration such as `P30D` or `P1Y`; None if it is none.

    Args:
        duration: the text; hours after the days count nothing, hours alone are none.
        month: days that a month counts.
    """
    found = _DURATION.fullmatch(duration)
    if found is None:
        return None
    counts = [int(count or 0) for count in found.groups()]
    return sum(count * length for count, length in zip(counts, (YEAR, month, 7, 1), strict=True))
