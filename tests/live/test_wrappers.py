"""What is wrapped around a store asks again, paces and counts; the store only classes errors."""

from __future__ import annotations

import math
import threading
from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pytest

from havre.live.wrappers import (
    Content,
    Failure,
    Pace,
    Remedy,
    StoreClient,
    Wrapped,
    at_rates,
    counting,
    paced,
    retrying,
)


class OverloadError(Exception):
    """May pass."""


class AbsentError(Exception):
    """Nothing is there."""


class RefusedError(Exception):
    """Never passes."""


REMEDIES = {
    OverloadError: Remedy.RETRY,
    AbsentError: Remedy.NOT_THERE,
    RefusedError: Remedy.GIVE_UP,
}


@dataclass
class Memory:
    """A store that answers with what it is asked, after the errors that it is given."""

    errors: list[Exception] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def ask(self, operation: str, **arguments: Any) -> Any:
        self.asked.append((operation, arguments))
        if self.errors:
            raise self.errors.pop(0)
        return arguments

    def failure(self, error: Exception) -> Failure | None:
        found = REMEDIES.get(type(error))
        overloaded = isinstance(error, OverloadError)
        return Failure(found, type(error).__name__, overloaded=overloaded) if found else None


def patient(store: StoreClient, waits: list[float], attempts: int = 4) -> Wrapped:
    return retrying(store, attempts, waits.append)


def test_what_may_pass_is_asked_again_after_a_wait_and_answered() -> None:
    store, waits = Memory([OverloadError(), OverloadError()]), list[float]()
    assert patient(store, waits).ask("get", key="a") == {"key": "a"}
    assert store.asked == [("get", {"key": "a"})] * 3
    assert len(waits) == 2
    assert all(waited > 0 for waited in waits)


def test_the_last_error_is_raised_as_it_is_once_the_attempts_are_used_up() -> None:
    errors = [OverloadError(str(number)) for number in range(9)]
    store, waits = Memory(list(errors)), list[float]()
    with pytest.raises(OverloadError) as raised:
        patient(store, waits).ask("get")
    assert raised.value is errors[3]
    assert (len(store.asked), len(waits)) == (4, 3)


@pytest.mark.parametrize("error", [AbsentError(), RefusedError(), KeyError("a bug")])
def test_what_does_not_pass_is_not_asked_again(error: Exception) -> None:
    store, waits = Memory([error]), list[float]()
    with pytest.raises(type(error)):
        patient(store, waits).ask("get")
    assert (len(store.asked), waits) == (1, [])


def test_calls_are_paced() -> None:
    now, waits = [0.0], list[float]()

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    slow = paced(Memory(), Pace(4, lambda: now[0], sleep))
    for _ in range(3):
        slow.ask("get")
    assert waits == [0.25, 0.25]
    now[0] += 10
    slow.ask("get")
    assert len(waits) == 2


def test_a_pace_gives_way_to_an_overloaded_store_and_comes_back() -> None:
    now, waits = [0.0], list[float]()
    pace = Pace(100, lambda: now[0], waits.append)
    store = Memory([OverloadError()] * 3)
    asked = paced(store, pace)
    for rate in (50, 25, 12.5):
        with pytest.raises(OverloadError):
            asked.ask("get")
        assert pace.rate == rate
    asked.ask("get")
    assert pace.rate == 13.5
    store.errors = [RefusedError()]
    with pytest.raises(RefusedError):
        asked.ask("get")
    assert pace.rate == 13.5
    store.errors = [OverloadError()] * 9
    for _ in store.errors[:]:
        with pytest.raises(OverloadError):
            asked.ask("get")
    assert pace.rate == 1
    for _ in range(200):
        asked.ask("get")
    assert pace.rate == 100


def test_threads_share_a_pace() -> None:
    waits = list[float]()
    pace = Pace(10, lambda: 0.0, waits.append)
    threads = [threading.Thread(target=pace.take, args=(2,)) for _ in range(5)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(waits) == pytest.approx([0.2, 0.4, 0.6, 0.8])


def test_every_call_is_counted_the_failed_ones_too() -> None:
    store = Memory([OverloadError()])
    calls = Counter[str]()
    counted = counting(store, calls)
    patient(counted, []).ask("get")
    counted.ask("put")
    assert calls == {"get": 2, "put": 1}


def test_wrappers_stand_in_any_order_and_class_errors_as_the_store_does() -> None:
    store = Memory([OverloadError()])
    calls = Counter[str]()
    quick = retrying(paced(store, Pace(1e9)), attempts=2, sleep=lambda _: None)
    whole = counting(quick, calls)
    assert whole.ask("get", key="b") == {"key": "b"}
    assert calls == {"get": 1}
    assert whole.failure(AbsentError()) == Failure(Remedy.NOT_THERE, "AbsentError")
    assert whole.failure(KeyError()) is None


def test_a_pace_without_a_cap_finds_what_the_store_takes() -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    pace = Pace(None, lambda: now[0], sleep)
    for _ in range(50):
        pace.take()
        now[0] += 0.01
    assert math.isinf(pace.rate)
    pace.slower(pace.take())
    assert 50 / 2 <= pace.rate <= 110 / 2
    before = now[0]
    pace.take()
    pace.take()
    assert now[0] > before
    slow = pace.rate
    pace.faster()
    assert pace.rate > slow


def test_calls_that_were_under_way_together_halve_a_pace_once() -> None:
    pace = Pace(100, lambda: 0.0, lambda _: None)
    together = [pace.take() for _ in range(8)]
    for number in together:
        pace.slower(number)
    assert pace.rate == 50
    pace.slower(pace.take())
    assert pace.rate == 25


@pytest.mark.parametrize(
    ("given", "answer", "size"),
    [
        ({"Body": b"x" * 30}, {}, 30),
        ({"Body": Content(BytesIO(b"before" + b"x" * 30), 6)}, {"ETag": "y"}, 30),
        ({"Key": "a", "Range": "bytes=0-9"}, {"Body": b"x" * 10}, 10),
        ({"blob": "a"}, b"x" * 10, 10),
        ({"blob": "a"}, (b"x" * 10, object()), 10),
        ({"data": b"x" * 20}, b"x" * 10, 30),
        ({"Key": "a"}, {"Body": object()}, 0),
        ({"Key": "a"}, ([], None), 0),
    ],
)
def test_bytes_are_paced_whichever_way_they_go(
    given: dict[str, Any], answer: object, size: int
) -> None:
    taken: list[float] = []
    sizes = Pace(1000)
    sizes.take = lambda units=1: taken.append(units) or 0  # type: ignore[method-assign,func-returns-value]
    store = Wrapped(lambda _, **__: answer, lambda _: None)
    assert paced(store, Pace(None), sizes).ask("any", **given) is answer
    assert sum(taken) == size
    for value in given.values():
        assert not isinstance(value, Content) or value.file.tell() == 0


@dataclass(frozen=True)
class Holder:
    """A store as those of providers are: what it asks is its client."""

    client: StoreClient


def test_each_try_of_a_store_keeps_the_pace() -> None:
    waits = list[float]()
    now, pace = [0.0], Pace(10, lambda: 0.0, waits.append)
    memory = Memory([OverloadError()] * 3)
    store = at_rates(Holder(retrying(memory, sleep=now.append)), pace)
    assert store.client.ask("get", key="a") == {"key": "a"}
    assert len(memory.asked) == 4
    assert len(waits) == 3
    assert pace.rate < 10


@pytest.mark.parametrize("store", [object(), Holder(Memory())])
def test_a_store_that_no_rate_would_hold_is_refused(store: object) -> None:
    with pytest.raises(TypeError, match="no client"):
        at_rates(store, Pace(10))
