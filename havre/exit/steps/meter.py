"""How far a step is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class MeterReading:
    """How far a step is with one zone or database.

    Attributes:
        what: such as `zone curated`.
        done: versions, of `total`.
        total: versions in all.
        size: bytes of those that are done.
        seconds: since the step began with it.
    """

    what: str
    done: int
    total: int
    size: int
    seconds: float

    @property
    def rate(self) -> float:
        """Versions a second."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def remaining(self) -> float | None:
        """Seconds until the end, at this rate; None where nothing is measured yet."""
        return (self.total - self.done) / self.rate if self.rate else None


Progress = Callable[[MeterReading], None]


@dataclass
class Meter:
    """Counts what is done, and tells it."""

    what: str
    total: int
    tell: Progress
    done: int = 0
    size: int = 0
    began: float = field(default_factory=time.monotonic)

    def add(self, count: int, size: int = 0) -> None:
        """So many more versions, and bytes, are done."""
        self.done += count
        self.size += size
        self.tell(self.reading)

    @property
    def reading(self) -> MeterReading:
        """How far it is now."""
        seconds = time.monotonic() - self.began
        return MeterReading(self.what, self.done, self.total, self.size, seconds)
