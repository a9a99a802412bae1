"""The folder of an exit: its file, its journal, its evidence; and which step comes when."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from dataclasses import asdict, dataclass, field, is_dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from havre.errors import GuardError, InputError
from havre.exit.journal import Journal
from havre.exit.settings import FILE, ExitFile, read_exit
from havre.files.custody import Custody

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from _typeshed import DataclassInstance

JOURNAL = "journal.sqlite"
EVIDENCE = "evidence"
SEAL = "seal"


class ExitStep(StrEnum):
    """The steps of an exit, in their order."""

    PLAN = "plan"
    COPY = "copy"
    VERIFY = "verify"
    SEAL = "seal"


NEEDS: Mapping[ExitStep, tuple[ExitStep, ...]] = {
    ExitStep.PLAN: (),
    ExitStep.COPY: (ExitStep.PLAN,),
    ExitStep.VERIFY: (ExitStep.COPY,),
    ExitStep.SEAL: (ExitStep.VERIFY,),
}
"""What must have ended, without anything left over, before a step begins."""


@dataclass(frozen=True)
class StepRun:
    """The last run of a step.

    Attributes:
        step: which one.
        turn: number of the run among all of this exit; what ran later has a higher one.
        begun: UTC.
        ended: UTC; None where it was cut off.
        left: what it left to do, in words; empty where nothing is.
        result: what it found, as JSON.
    """

    step: ExitStep
    turn: int
    begun: dt.datetime
    ended: dt.datetime | None = None
    left: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ExitFolder:
    """One exit, opened by one process.

    Attributes:
        root: the folder, absolute.
        file: what its exit.yaml says.
        journal: the only truth about what is done.
    """

    root: Path
    file: ExitFile
    journal: Journal

    @property
    def evidence(self) -> Path:
        """Where manifests lie until they are sealed."""
        return self.root / EVIDENCE

    def last(self, step: ExitStep) -> StepRun | None:
        """The last run of a step; None where it never ran."""
        told = self.journal.fact(f"step {step}")
        if not told:
            return None
        found = json.loads(told)
        times = {name: _moment(found[name]) for name in ("begun", "ended")}
        return StepRun(**{**found, **times, "step": step})

    def check(self, step: ExitStep) -> None:
        """Refuse a step that is out of order.

        Raises:
            GuardError: a step that must come before it has not ended, or left something to do.
        """
        for before in NEEDS[step]:
            self._check(step, before)

    def begin(self, step: ExitStep) -> StepRun:
        """Begin a step; until it ends, it counts as cut off.

        Raises:
            GuardError: a step that must come before it has not ended, or left something to do.
        """
        self.check(step)
        turn = int(self.journal.fact("turn") or 0) + 1
        begun = StepRun(step, turn, dt.datetime.now(dt.UTC))
        with self.journal.together():
            self.journal.record("turn", str(turn))
            self._record(begun)
        return begun

    def end(
        self, begun: StepRun, result: Mapping[str, Any] | DataclassInstance, left: str = ""
    ) -> StepRun:
        """End a step."""
        told = asdict(result) if is_dataclass(result) else result
        ended = StepRun(begun.step, begun.turn, begun.begun, dt.datetime.now(dt.UTC), left, told)
        self._record(ended)
        return ended

    def _record(self, run: StepRun) -> None:
        told = {
            "turn": run.turn,
            "begun": run.begun.isoformat(),
            "ended": run.ended and run.ended.isoformat(),
            "left": run.left,
            "result": dict(run.result),
        }
        self.journal.record(f"step {run.step}", json.dumps(told, sort_keys=True))

    def _check(self, step: ExitStep, before: ExitStep) -> None:
        run = self.last(before)
        if run is None:
            why = f"`{before}` has not run"
        elif run.ended is None:
            why = f"`{before}` was cut off"
        elif run.left:
            why = f"`{before}` left something to do: {run.left}"
        elif earlier := self.outrun(run):
            why = f"`{earlier}` has run since `{before}`"
        else:
            return
        message = f"`havre exit {step}` is out of order: {why}"
        raise GuardError(message, f"Run `havre exit {before} {self.root}` first.")

    def following(self) -> ExitStep | None:
        """The first step that has not ended, left something, or was outrun; None after all."""
        for step in ExitStep:
            run = self.last(step)
            if run is None or run.ended is None or run.left or self.outrun(run):
                return step
        return None

    def outrun(self, run: StepRun) -> ExitStep | None:
        """A step whose later run makes a run worthless; None where there is none."""
        for before in NEEDS[run.step]:
            other = self.last(before)
            if other is not None and other.turn > run.turn:
                return before
        return None


@contextlib.contextmanager
def opened(root: Path) -> Iterator[ExitFolder]:
    """An exit, for one process at a time.

    Args:
        root: its folder, with an exit.yaml.

    Raises:
        GuardError: others can write in the folder, or another process works on this exit.
        InputError: there is no such folder, or its exit.yaml is wrong.
        StateError: its journal is damaged.
    """
    root = root.absolute()
    if not (root / FILE).is_file():
        message = f"{root} is no folder of an exit: it has no {FILE}"
        raise InputError(message, f"Begin one: havre exit new {root}")
    custody = Custody(root)
    custody.check()
    with custody.lock(root / ".lock") as lock:
        if not lock.take():
            message = f"another process works on the exit in {root}"
            raise GuardError(message, "Wait until it ends.")
        file = read_exit(root)
        (root / EVIDENCE).mkdir(mode=0o700, exist_ok=True)
        journal = Journal(root / JOURNAL)
        try:
            yield ExitFolder(root, file, journal)
        finally:
            journal.close()


def _moment(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)
