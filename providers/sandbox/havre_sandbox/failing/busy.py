"""What takes one change at a time, such as a network: a second one meanwhile is refused."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass
class Busy:
    """What is being changed now.

    Attributes:
        seconds: how long a change takes at least.
    """

    seconds: float = 0.0
    _changing: set[str] = field(default_factory=set, init=False)
    _guard: Lock = field(default_factory=Lock, init=False)

    @contextmanager
    def changing(self, things: Iterable[str]) -> Iterator[frozenset[str]]:
        """Change some things for as long as the block runs; gives those that are being changed.

        Args:
            things: identifiers, compared without case. Where one of them is being changed
                already, none is taken.
        """
        asked = {each.casefold() for each in things}
        with self._guard:
            met = frozenset(asked & self._changing)
            taken = set() if met else asked
            self._changing |= taken
        try:
            yield met
            if taken:
                time.sleep(self.seconds)
        finally:
            with self._guard:
                self._changing -= taken
