"""Any store, and what is wrapped around it: another try, a pace, a count."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

ATTEMPTS = 6
"""How often a call is tried in all."""
FIRST_WAIT = 0.5
LONGEST_WAIT = 20.0
"""Seconds before the second try, and at most between two."""


class Remedy(StrEnum):
    """What the caller of a store can do about an error."""

    NOT_THERE = "not there"
    RETRY = "retry"
    GIVE_UP = "give up"


@dataclass(frozen=True)
class Failure:
    """An error of a store, classed by the store.

    Attributes:
        remedy: what can be done about it.
        code: the service's own word for it.
    """

    remedy: Remedy
    code: str


class StoreClient(Protocol):
    """Anything that answers named operations and classes its own errors."""

    def ask(self, operation: str, **arguments: Any) -> Any:
        """The answer to an operation; raises whatever the store's client raises."""
        ...

    def failure(self, error: Exception) -> Failure | None:
        """What an error of `ask` means; None where it is none of the store's."""
        ...


@dataclass(frozen=True)
class Retrying:
    """Asks a store again after growing, jittered waits, where the store says that it may help.

    Attributes:
        store: what is asked.
        attempts: how often a call is tried in all; the last error is raised as it is.
        sleep: waits for a number of seconds.
    """

    store: StoreClient
    attempts: int = ATTEMPTS
    sleep: Callable[[float], None] = field(default_factory=lambda: time.sleep)

    def ask(self, operation: str, **arguments: Any) -> Any:
        """The answer to an operation."""
        for attempt in range(1, self.attempts):
            try:
                return self.store.ask(operation, **arguments)
            except Exception as error:
                found = self.store.failure(error)
                if found is None or found.remedy is not Remedy.RETRY:
                    raise
            self.sleep(wait(attempt))
        return self.store.ask(operation, **arguments)

    def failure(self, error: Exception) -> Failure | None:
        """What an error means."""
        return self.store.failure(error)


def wait(attempt: int) -> float:
    """Seconds before the next try: doubled each time, a random half to all of it."""
    longest: float = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1))
    return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads load, guards nothing


@dataclass
class Paced:
    """Asks a store at most so often.

    Attributes:
        store: what is asked.
        per_second: calls a second at most.
        clock: seconds, growing.
        sleep: waits for a number of seconds.
    """

    store: StoreClient
    per_second: float
    clock: Callable[[], float] = field(default_factory=lambda: time.monotonic)
    sleep: Callable[[float], None] = field(default_factory=lambda: time.sleep)
    _due: float = field(default=0.0, init=False)

    def ask(self, operation: str, **arguments: Any) -> Any:
        """The answer to an operation, once it is due."""
        now = self.clock()
        if now < self._due:
            self.sleep(self._due - now)
        self._due = max(now, self._due) + 1 / self.per_second
        return self.store.ask(operation, **arguments)

    def failure(self, error: Exception) -> Failure | None:
        """What an error means."""
        return self.store.failure(error)


@dataclass
class Counting:
    """Counts the calls of a store by operation, those that fail included.

    Attributes:
        store: what is asked.
        calls: how often each operation was asked for.
    """

    store: StoreClient
    calls: Counter[str] = field(default_factory=Counter)

    def ask(self, operation: str, **arguments: Any) -> Any:
        """The answer to an operation."""
        self.calls[operation] += 1
        return self.store.ask(operation, **arguments)

    def failure(self, error: Exception) -> Failure | None:
        """What an error means."""
        return self.store.failure(error)
