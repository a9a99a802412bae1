"""A limit on the time that a check takes: a plan from elsewhere must not hold a pipeline for hours.

What is not finished in time is not evaluated, and says so: it never passes.
"""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from havre.errors import ExitCode, HavreError, InputError, show_traceback

if TYPE_CHECKING:
    from collections.abc import Iterator

AGAIN = 1.0
"""Seconds after which a check that did not end is stopped again: code that is called while an
object is deleted may swallow what stops it."""


class TimeLimitError(HavreError):
    """Not evaluated: allow more time, or mend what takes so long."""

    exit_code = ExitCode.NOT_EVALUATED


class _Overdue(KeyboardInterrupt):
    """The limit is reached: no `except Exception` of a fact or a control takes it for a fault."""


def _stop(number: int, frame: object) -> NoReturn:
    del number, frame
    raise _Overdue


@contextmanager
def within(seconds: int, what: str) -> Iterator[None]:
    """Stop what runs inside after some time.

    Only the main thread of a process can be stopped so.

    Args:
        seconds: how long it may take.
        what: the files that are checked, for the message.

    Raises:
        TimeLimitError: it took longer.
        InputError: this is not the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        message = f"The time to check {what} cannot be limited in this thread"
        raise InputError(message, "Check in the main thread, or without a limit.")
    began = time.monotonic()
    handler = signal.signal(signal.SIGALRM, _stop)
    delay, interval = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    except _Overdue as error:
        signal.setitimer(signal.ITIMER_REAL, 0)
        show_traceback()
        message = f"Not evaluated: checking {what} takes longer than {seconds} s"
        remedy = (
            "Look for a resource with many rules, policies or names"
            " (HAVRE_DEBUG=1 shows what was being read), or allow more: --time-limit SECONDS."
        )
        raise TimeLimitError(message, remedy) from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if delay:
            left = delay - (time.monotonic() - began)
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001), interval)
