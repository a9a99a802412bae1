"""How far a step is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock


@dataclass(frozen=True)
class MeterReading:
    """How far a step is with one zone or database.

    Attributes:
        what: such as `zone curated`.
        done: versions or tables, of `total`.
        total: of them in all.
        size: bytes of those that are done.
        seconds: since the step began with it.
        unit: what is counted.
    """

    what: str
    done: int
    total: int
    size: int
    seconds: float
    unit: str = "versions"

    @property
    def rate(self) -> float:
        """Versions or tables a second."""
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
    unit: str = "versions"
    done: int = 0
    size: int = 0
    began: float = field(default_factory=time.monotonic)
    lock: Lock = field(default_factory=Lock)

    def add(self, count: int, size: int = 0) -> None:
        """So many more versions or tables, and bytes, are done; threads may say so."""
        with self.lock:
            self.done += count
            self.size += size
            self.tell(self.reading)

    @property
    def reading(self) -> MeterReading:
        """How far it is now."""
        seconds = time.monotonic() - self.began
        return MeterReading(self.what, self.done, self.total, self.size, seconds, self.unit)
