"""Any store, and what is wrapped around it: another try, a pace, a count."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping

ATTEMPTS = 6
"""How often a call is tried in all."""
FIRST_WAIT = 0.5
LONGEST_WAIT = 20.0
"""Seconds before the second try, and at most between two."""
STEPS = 100
"""Of a pace, from its least to its cap."""


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
        unmet: whether it refuses because of a condition that the call itself named.
        overloaded: whether the store asks for fewer calls.
    """

    remedy: Remedy
    code: str
    unmet: bool = False
    overloaded: bool = False


@dataclass(frozen=True)
class Content:
    """What a call sends: a file from where it stood, however often the call is made.

    Attributes:
        file: it can be read again.
        start: where it stood.
    """

    file: IO[bytes]
    start: int

    def again(self) -> IO[bytes]:
        """The file, at its start."""
        self.file.seek(self.start)
        return self.file


class Hashed(BytesIO):
    """Content in memory whose SHA-256 is known: whoever sends it need not compute it again.

    Args:
        content: the bytes.
        digest: their SHA-256.
    """

    def __init__(self, content: bytes, digest: bytes) -> None:
        super().__init__(content)
        self.digest = digest


class StoreClient(Protocol):
    """Anything that answers named operations and classes its own errors."""

    def ask(self, operation: str, **arguments: Any) -> Any:
        """The answer to an operation; raises whatever the store's client raises.

        An argument that is `Content` is sent from its start.
        """
        ...

    def failure(self, error: Exception) -> Failure | None:
        """What an error of `ask` means; None where it is none of the store's."""
        ...


def sent(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of a call, as they are given to a client: content is a file at its start."""
    return {
        name: value.again() if isinstance(value, Content) else value
        for name, value in arguments.items()
    }


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


class Pace:
    """A rate that several may keep to, in threads too; it halves where a store is overloaded.

    It grows again by a hundredth of the cap with each call that passes (additive increase,
    multiplicative decrease: RFC 5681, 3.1), and never falls below a hundredth of it.

    Args:
        per_second: units a second at most, such as calls or bytes.
        clock: seconds, growing.
        sleep: waits for a number of seconds; `time.sleep` by default.
    """

    def __init__(
        self,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.cap = self.rate = per_second
        self._clock, self._sleep = clock, sleep or time.sleep
        self._due, self._lock = 0.0, threading.Lock()

    def take(self, units: float = 1) -> None:
        """Wait until so many units may pass."""
        with self._lock:
            now = self._clock()
            begin = max(now, self._due)
            self._due = begin + units / self.rate
        if begin > now:
            self._sleep(begin - now)

    def faster(self) -> None:
        """A call has passed."""
        with self._lock:
            self.rate = min(self.cap, self.rate + self.cap / STEPS)

    def slower(self) -> None:
        """The store is overloaded."""
        with self._lock:
            self.rate = max(self.cap / STEPS, self.rate / 2)


def paced(store: StoreClient, pace: Pace) -> Wrapped:
    """A store that is asked at most so often, and less often while it is overloaded.

    Args:
        store: what is asked.
        pace: calls a second; it may be shared by several stores.
    """

    def ask(operation: str, **arguments: Any) -> Any:
        pace.take()
        try:
            answer = store.ask(operation, **arguments)
        except Exception as error:
            found = store.failure(error)
            if found is not None and found.overloaded:
                pace.slower()
            raise
        pace.faster()
        return answer

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
