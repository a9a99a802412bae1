"""Waiting in tests: for an event, with a limit that only a broken machine reaches."""

import time
from collections.abc import Callable

PATIENCE = 900.0
"""Seconds; a machine under load takes long, and that is no failure."""


def until(condition: Callable[[], bool], *, why: str = "it never came true") -> None:
    """Wait for `condition`; that it comes true is the test, not when."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, why
        time.sleep(0.02)
