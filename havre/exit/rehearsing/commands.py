"""Havre's own commands, run as a user runs them: what deploys and stops both warehouses."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.errors import ExitCode, ProviderError, RetryError
from havre.provider import find
from havre.provider.machine import folder_setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from havre.exit.rehearsing.order import RehearsalFolder, RehearsalOrder

_ENDS = 60.0
"""Seconds in which a command that is stopped ends."""


def argv(words: Sequence[str]) -> tuple[str, ...]:
    """The program that runs a command of Havre's, with this very installation."""
    return (sys.executable, "-P", "-m", "havre", *words)


@dataclass
class HavreCommand:
    """A command of Havre's in a process of its own.

    Attributes:
        words: of the command, without `havre`.
        log: folder and name of the files with what it writes, without their endings.
        process: that runs it.
    """

    words: Sequence[str]
    log: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def begun(cls, words: Sequence[str], log: Path, *, alone: bool = False) -> HavreCommand:
        """Begin it.

        Args:
            words: of the command.
            log: see the class.
            alone: whether an interrupt from the terminal is not meant for it.
        """
        environment = {n: v for n, v in os.environ.items() if n != "HAVRE_DATA_DIR"}
        with log.with_suffix(".out").open("wb") as out, log.with_suffix(".err").open("wb") as err:
            process = subprocess.Popen(  # noqa: S603
                argv(words),
                stdout=out,
                stderr=err,
                stdin=subprocess.DEVNULL,
                env=environment,
                start_new_session=alone,
            )
        return cls(words, log, process)

    @property
    def out(self) -> str:
        """What it wrote to standard output."""
        return self.log.with_suffix(".out").read_text("utf-8", "replace")

    @property
    def said(self) -> str:
        """The first line of its error; empty where there is none."""
        text = self.log.with_suffix(".err").read_text("utf-8", "replace")
        lines = (line for line in text.splitlines() if line.startswith("error:"))
        return next(lines, "").removeprefix("error:").strip()

    def ended(self) -> int:
        """Wait for its end; its exit code."""
        return self.process.wait()

    def refuse_failure(self) -> None:
        """Wait for its end.

        Raises:
            ProviderError: it failed.
        """
        code = self.ended()
        if code != ExitCode.OK:
            said = self.said or f"it ended with {code}"
            message = f"havre {' '.join(self.words[:2])}: {said}"
            raise ProviderError(message, f"See {self.log.with_suffix('.err')}.")

    def stop(self) -> None:
        """End it, if it still runs."""
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_ENDS)
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def deployed(place: RehearsalFolder, order: RehearsalOrder) -> Iterator[dict[str, Any]]:
    """Both warehouses, deployed side by side; their servers are stopped after the context.

    Yields:
        What `havre up` says of each, by `source` and `target`.

    Raises:
        ProviderError: one cannot be deployed.
    """
    sides = {"source": order.source, "target": order.target}
    begun: dict[str, HavreCommand] = {}
    try:
        for side, provider in sides.items():
            words = up_words(place, side, provider)
            begun[side] = HavreCommand.begun(words, place.root / f"up-{side}")
        for each in begun.values():
            each.refuse_failure()
        yield {side: json.loads(each.out) for side, each in begun.items()}
    finally:
        for each in begun.values():
            each.stop()
        stop_both(place)


def up_words(place: RehearsalFolder, side: str, provider: str) -> tuple[str, ...]:
    """The words that deploy a side: in a sandbox, unless its provider is this machine."""
    here = bool(folder_setting(find(provider).settings))
    where = ("--data-dir", str(place.root / side), "--yes", "--json")
    sandbox = () if here else ("--sandbox",)
    return ("up", str(place.spec), "--provider", provider, *sandbox, *where)


def stop_both(place: RehearsalFolder) -> None:
    """Stop the servers of both sides; what they keep stays.

    Raises:
        RetryError: a server did not end.
    """
    standing = [side for side in ("source", "target") if (place.root / side / "state").is_dir()]
    begun = [stopping(place, side) for side in standing]
    left = [each.words[-1] for each in begun if each.ended() not in (ExitCode.OK, ExitCode.INPUT)]
    if left:
        message = f"the servers in {', '.join(left)} were not all stopped"
        raise RetryError(message, f"Run `havre down --data-dir {left[0]}`.")


def stopping(place: RehearsalFolder, side: str) -> HavreCommand:
    """The command that stops a side, begun; an interrupt does not end it."""
    words = ("down", "--data-dir", str(place.root / side))
    return HavreCommand.begun(words, place.root / f"down-{side}", alone=True)


def restarted(place: RehearsalFolder, side: str, provider: str) -> float:
    """Stop a side's servers and start them again.

    Returns:
        Seconds in which they were gone.

    Raises:
        ProviderError: they cannot be stopped or started.
    """
    began = time.monotonic()
    stopping(place, side).refuse_failure()
    HavreCommand.begun(up_words(place, side, provider), place.root / f"up-{side}").refuse_failure()
    return time.monotonic() - began


def recorded_only(told: Mapping[str, Any]) -> tuple[str, ...]:
    """What has no service behind it, as `havre up` says of a side."""
    found = told.get("recorded_only", ())
    return tuple(map(str, found))
