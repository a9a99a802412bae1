"""Settings of a whole process: its memory, the collector of garbage, modules seldom used.

The front ends call them: the command line, the policy pack's server and the stack's program. They
hold from the call to the end of the process, and importing this module sets nothing.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
from contextlib import contextmanager
from importlib.machinery import PathFinder
from importlib.util import LazyLoader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import TextIO

    from typing_extensions import Buffer

RARELY = 200_000
"""Objects between two collections: a command is short, and importing an SDK makes many objects that
stay; searching them takes a twentieth of a check."""
_PR_SET_DUMPABLE = 4  # linux/prctl.h
SELDOM_USED = frozenset({"pulumi.automation"})
"""Modules that `import pulumi` brings, and that run once something of theirs is used."""


class _WhenUsed:
    """Finds modules that are seldom used, and has them run at their first use."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's place, if it is one of them."""
        if name not in SELDOM_USED:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


class _Outliving(io.FileIO):
    """A file of a process whose reader may leave, as `head` does: what it will not read is lost."""

    def write(self, data: Buffer, /) -> int:
        """As a file's; once nobody reads, it goes nowhere."""
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return memoryview(data).nbytes


def _outliving(stream: TextIO) -> TextIO:
    """The same stream, with which a command ends as it would have, exit code and all."""
    try:
        raw = _Outliving(stream.fileno(), "w", closefd=False)
    except (AttributeError, OSError, ValueError):  # closed, or no file
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=bool(os.environ.get("PYTHONUNBUFFERED"))
        or stream.isatty()
        or stream is sys.stderr,
    )


def command() -> None:
    """Prepare a process of our own: a command, or the server of the policy pack."""
    gc.set_threshold(RARELY)
    sys.meta_path.insert(0, _WhenUsed)
    sys.stdout, sys.stderr = _outliving(sys.stdout), _outliving(sys.stderr)
    _prepare()


def program() -> None:
    """Prepare the process that the Pulumi CLI starts for a program: nothing is collected in it.

    Outputs are cycles that live until the last resource is registered; looking through them again
    and again takes half of the time of a large program.
    """
    gc.disable()
    _prepare()


def _prepare() -> None:
    guard_memory()
    # Looking for plugins of pydantic's reads every distribution's metadata.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    # A process gives everything back at its end: collecting it first takes a fifth of a plan.
    atexit.register(gc.freeze)


def guard_memory() -> bool:
    """Keep what this process has decrypted in its memory: none of it is written or read elsewhere.

    A crash leaves no core dump, of a child neither; and no process of the same account reads the
    memory or the environment, attaches to it, or takes its open files. It holds until the process
    becomes another program; root reads everything. Source: prctl(2), proc(5), core(5).

    Returns:
        Whether other processes are kept out: Linux alone can, elsewhere only core dumps are.
    """
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return False
    import ctypes

    return bool(ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)


@contextmanager
def collecting_later() -> Iterator[None]:
    """Suspend the collector while a program runs, or an SDK loads, in a process of any kind.

    Freezing and unfreezing counts what there is then as old, so that the next small collection
    need not look through all of it.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.freeze()
            gc.unfreeze()
            gc.enable()
