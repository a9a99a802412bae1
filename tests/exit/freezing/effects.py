"""Effects that are counted, and a process that is killed between two of them."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from havre.exit.journal import Journal

NEVER = 10**9


class Killed(BaseException):
    """What a killed process would not have gone past."""


@dataclass
class Effects:
    """Counts effects; before or after the one of a number, everything ends.

    Attributes:
        last: twice the number of the effect; an odd one: it still takes place.
    """

    last: int = NEVER
    count: int = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        self.count += 1
        if self.count > self.last // 2 and not self.last % 2:
            raise Killed
        yield
        if self.count > self.last // 2:
            raise Killed

    @contextmanager
    def of(self, journal: Journal) -> Iterator[None]:
        """What is recorded counts too."""
        record = journal.record

        def counted(name: str, value: str) -> None:
            with self.one():
                record(name, value)

        with patch.object(journal, "record", counted):
            yield


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def kinds(found: Any) -> list[str]:
    """Changes, in words."""
    return sorted(map(str, found))
