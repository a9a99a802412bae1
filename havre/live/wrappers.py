"""Any store, and what is wrapped around it: another try, a pace, a count."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections import Counter
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
class Wrapped:
    """A store with something wrapped around its calls; it classes errors as the store does.

    Attributes:
        ask: the answer to an operation.
        failure: what an error of `ask` means.
    """

    ask: Callable[..., Any]
    failure: Callable[[Exception], Failure | None]


def retrying(
    store: StoreClient, attempts: int = ATTEMPTS, sleep: Callable[[float], None] | None = None
) -> Wrapped:
    """A store that is asked again after growing, jittered waits, where it says that it may help.

    Args:
        store: what is asked.
        attempts: how often a call is tried in all; the last error is raised as it is.
        sleep: waits for a number of seconds; `time.sleep` by default.
    """

    def ask(operation: str, **arguments: Any) -> Any:
        for attempt in range(1, attempts):
            try:
                return store.ask(operation, **arguments)
            except Exception as error:
                found = store.failure(error)
                if found is None or found.remedy is not Remedy.RETRY:
                    raise
            (sleep or time.sleep)(wait(attempt))
        return store.ask(operation, **arguments)

    return Wrapped(ask, store.failure)


def wait(attempt: int) -> float:
    """Seconds before the next try: doubled each time, a random half to all of it."""
    longest: float = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1))
    return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads load, guards nothing


def paced(
    store: StoreClient,
    per_second: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] | None = None,
) -> Wrapped:
    """A store that is asked at most so often.

    Args:
        store: what is asked.
        per_second: calls a second at most.
        clock: seconds, growing.
        sleep: waits for a number of seconds; `time.sleep` by default.
    """
    due = 0.0

    def ask(operation: str, **arguments: Any) -> Any:
        nonlocal due
        now = clock()
        if now < due:
            (sleep or time.sleep)(due - now)
        due = max(now, due) + 1 / per_second
        return store.ask(operation, **arguments)

    return Wrapped(ask, store.failure)


def counting(store: StoreClient, calls: Counter[str]) -> Wrapped:
    """A store whose calls are counted by operation, those that fail included.

    Args:
        store: what is asked.
        calls: how often each operation was asked for; it is added to.
    """

    def ask(operation: str, **arguments: Any) -> Any:
        calls[operation] += 1
        return store.ask(operation, **arguments)

    return Wrapped(ask, store.failure)
