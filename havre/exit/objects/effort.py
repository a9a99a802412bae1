"""What a copy and its proof take: calls, bytes, time and what the source's provider asks for bytes.

Calls, time and price follow from what a zone holds and from rates that were measured or declared;
the journal keeps what a zone holds beside its rows, which take long to count. A call more or less
an object is possible: tags, locks and tables that a warehouse encrypts are asked for apart.
"""

from __future__ import annotations

import json
import math
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from havre.live.objects import PIECE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from havre.exit.journal import Journal

WHOLE, LEFT = "whole", "left"
LISTED = 1_000
"""Versions on a page of a list."""


@dataclass(frozen=True)
class Load:
    """What is to go, or to be read.

    Attributes:
        versions: how many.
        markers: delete markers among them.
        large: those that go in parts.
        pieces: calls that read all bytes of those.
        size: bytes of all.
    """

    versions: int = 0
    markers: int = 0
    large: int = 0
    pieces: int = 0
    size: int = 0

    def __add__(self, other: Load) -> Load:
        """Both."""
        return Load(
            self.versions + other.versions,
            self.markers + other.markers,
            self.large + other.large,
            self.pieces + other.pieces,
            self.size + other.size,
        )

    @property
    def small(self) -> int:
        """Versions that go in one call."""
        return self.versions - self.markers - self.large

    @property
    def copy_calls(self) -> int:
        """A list; each small one read and written; parts read, sent, begun and completed."""
        return self._pages + self.markers + 2 * self.small + 3 * self.large + 2 * self.pieces

    @property
    def verify_calls(self) -> int:
        """A list; each small one read; pieces and properties of each large one."""
        return self._pages + self.small + self.large + self.pieces

    @property
    def _pages(self) -> int:
        return math.ceil(self.versions / LISTED)


def load_of(size: int | None) -> Load:
    """What one version takes; `size` is None for a delete marker."""
    if size is None:
        return Load(1, markers=1)
    return Load(1, 0, 1, -(-size // PIECE), size) if size > PIECE else Load(1, size=size)


def weigh(journal: Journal, zone: str, seen: int) -> None:
    """Record what a zone holds and what of it is to be copied, so that it is told at once."""
    for name, left in ((WHOLE, False), (LEFT, True)):
        _keep(journal, f"{name} {zone}", Load(*journal.sizes(zone, seen, PIECE, left=left)))


def lighten(journal: Journal, zone: str, done: Load) -> None:
    """Record that so much of a zone is no longer to be copied."""
    left = weighed(journal, zone, LEFT)
    rest = (max(0, was - now) for was, now in zip(astuple(left), astuple(done), strict=True))
    _keep(journal, f"{LEFT} {zone}", Load(*rest))


def weighed(journal: Journal, zone: str, name: str) -> Load:
    """What was recorded of a zone as `WHOLE` or `LEFT`; nothing where it was not weighed."""
    told = journal.fact(f"{name} {zone}")
    return Load(*json.loads(told)) if told else Load()


def _keep(journal: Journal, name: str, load: Load) -> None:
    journal.record(name, json.dumps(astuple(load)))


@dataclass(frozen=True)
class MeasuredRate:
    """What a run did.

    Attributes:
        versions: that it copied or read.
        size: their bytes.
        seconds: that it took.
    """

    versions: int
    size: int
    seconds: float


def seconds(load: Load, calls: int, measured: MeasuredRate | None, caps: Caps) -> float | None:
    """How long it takes: the longest that a measured rate or a cap makes it.

    Args:
        load: what is to go.
        calls: how many it takes.
        measured: what a run before did; None: nothing was measured.
        caps: what may be asked of a side.

    Returns:
        Seconds; None: neither is there, and nothing is known.
    """
    if not load.versions:
        return 0.0
    slowest = [calls / caps.requests] if caps.requests else []
    slowest += [load.size / caps.size] if caps.size else []
    if measured and measured.versions and measured.seconds > 0:
        slowest.append(load.versions * measured.seconds / measured.versions)
        if measured.size:
            slowest.append(load.size * measured.seconds / measured.size)
    return max(slowest, default=None)


@dataclass(frozen=True)
class Caps:
    """Calls and bytes a second that may be asked of a side; None: not limited."""

    requests: float | None = None
    size: float | None = None


GIB = 2**30


def egress(size: int, price: float | None) -> float | None:
    """What the provider that is left asks for bytes that leave; None: its price is not known.

    Args:
        size: bytes that are copied; the proof reads at the target, which asks nothing for it.
        price: of a GiB, in a currency.
    """
    return None if price is None else size / GIB * price


def together(loads: Iterable[Load]) -> Load:
    """All of them."""
    return sum(loads, Load())
