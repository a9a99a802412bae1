"""Any store, and what is wrapped around it: another try, a pace, a count."""

from __future__ import annotations

import math
import os
import random
import threading
import time
from dataclasses import dataclass, is_dataclass, replace
from enum import StrEnum
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping

ATTEMPTS = 6
"""How often a call is tried in all."""
FIRST_WAIT = 0.5
LONGEST_WAIT = 20.0
"""Seconds before the second try, and at most between two."""
WINDOW, LEAST = 1.0, 0.05
"""Seconds over which a rate is measured where none is set, and at least."""
STEPS = 100
"""Of a pace, from its least to its cap."""


class Remedy(StrEnum):
    """What the caller of a store can do about an error."""

    NOT_THERE = "not there"
    REFUSED = "refused"
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


@dataclass(frozen=True)
class Retried:
    """A store that is asked again where it says that it may help.

    Attributes:
        store: what is asked.
        attempts: how often a call is tried in all; the last error is raised as it is.
        sleep: waits for a number of seconds; `time.sleep` by default.
    """

    store: StoreClient
    attempts: int
    sleep: Callable[[float], None] | None

    def ask(self, operation: str, **arguments: Any) -> Any:
        """The answer to an operation."""
        for attempt in range(1, self.attempts):
            try:
                return self.store.ask(operation, **arguments)
            except Exception as error:
                found = self.store.failure(error)
                if found is None or found.remedy is not Remedy.RETRY:
                    raise
            (self.sleep or time.sleep)(wait(attempt))
        return self.store.ask(operation, **arguments)

    def failure(self, error: Exception) -> Failure | None:
        """What an error means."""
        return self.store.failure(error)


def retrying(
    store: StoreClient, attempts: int = ATTEMPTS, sleep: Callable[[float], None] | None = None
) -> Retried:
    """A store that is asked again after growing, jittered waits, where it says that it may help.

    Args:
        store: what is asked.
        attempts: how often a call is tried in all; the last error is raised as it is.
        sleep: waits for a number of seconds; `time.sleep` by default.
    """
    return Retried(store, attempts, sleep)


def wait(attempt: int) -> float:
    """Seconds before the next try: doubled each time, a random half to all of it."""
    longest: float = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1))
    return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads load, guards nothing


class Pace:
    """A rate that several may keep to, in threads too; it halves where a store is overloaded.

    It grows again by a hundredth with each call that passes (additive increase, multiplicative
    decrease: RFC 5681, 3.1), and never falls below a hundredth: of the cap, or, where there is
    none, of the rate at which the store was overloaded first. Calls that were under way together
    halve it once.

    Args:
        per_second: units a second at most, such as calls or bytes; None: as many as the store
            takes.
        clock: seconds, growing.
        sleep: waits for a number of seconds; `time.sleep` by default.
    """

    def __init__(
        self,
        per_second: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.cap = self.rate = math.inf if per_second is None else per_second
        self._reach = self.cap
        self._clock, self._sleep = clock, sleep or time.sleep
        self._due, self._lock = 0.0, threading.Lock()
        self._taken = self._since = 0
        self._window = (clock(), 0.0)

    def take(self, units: float = 1) -> int:
        """Wait until so many units may pass; the number of what passes, for `slower`."""
        with self._lock:
            now = self._clock()
            begin = max(now, self._due)
            self._due = begin + units / self.rate
            self._taken += 1
            number = self._taken
            began, passed = self._window
            self._window = (now, units) if now > began + WINDOW else (began, passed + units)
        if begin > now:
            self._sleep(begin - now)
        return number

    def faster(self) -> None:
        """A call has passed."""
        with self._lock:
            if self.rate < self.cap:
                self.rate = min(self.cap, self.rate + self._reach / STEPS)

    def slower(self, number: int | None = None) -> None:
        """The store is overloaded.

        Args:
            number: what `take` gave the call; one that began before the last halving says no more
                than that.
        """
        with self._lock:
            if number is not None and number <= self._since:
                return
            self._since = self._taken
            if math.isinf(self.rate):
                began, passed = self._window
                self._reach = self.rate = max(1.0, passed / max(self._clock() - began, LEAST))
            self.rate = max(self._reach / STEPS, self.rate / 2)


def paced(store: StoreClient, pace: Pace, size: Pace | None = None) -> Wrapped:
    """A store that is asked at most so often, and less often while it is overloaded.

    Args:
        store: what is asked.
        pace: calls a second; it may be shared by several stores.
        size: bytes a second, those that are sent and those that come.
    """

    def ask(operation: str, **arguments: Any) -> Any:
        if size and (sending := sum(map(_size, arguments.values()))):
            size.take(sending)
        number = pace.take()
        try:
            answer = store.ask(operation, **arguments)
        except Exception as error:
            found = store.failure(error)
            if found is not None and found.overloaded:
                pace.slower(number)
            raise
        pace.faster()
        if size and (came := _came(answer)):
            size.take(came)
        return answer

    return Wrapped(ask, store.failure)


def _size(value: object) -> int:
    """Bytes of an argument that is content."""
    if isinstance(value, Content):
        here = value.file.tell()
        end = value.file.seek(0, os.SEEK_END)
        value.file.seek(here)
        return end - value.start
    return len(value) if isinstance(value, bytes) else 0


def _came(answer: object) -> int:
    """Bytes of content in an answer: it is content, has some first, or as its body."""
    if isinstance(answer, dict):
        answer = answer.get("Body")
    elif isinstance(answer, tuple) and answer:
        answer = answer[0]
    return len(answer) if isinstance(answer, bytes) else 0


PacedStore = TypeVar("PacedStore")


def at_rates(store: PacedStore, pace: Pace, size: Pace | None = None) -> PacedStore:
    """The same store, asked at a pace, each try by itself.

    Args:
        store: a dataclass whose `client` is what `retrying` gave.
        pace: calls a second.
        size: bytes a second.

    Raises:
        TypeError: it is of another kind, and no rate would be kept.
    """
    client = getattr(store, "client", None)
    if not (isinstance(client, Retried) and is_dataclass(store)):
        message = f"{type(store).__name__} has no client to which calls could be counted"
        raise TypeError(message)
    slowed = replace(client, store=paced(client.store, pace, size))
    return cast("PacedStore", replace(store, client=slowed))  # type: ignore[type-var]


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
