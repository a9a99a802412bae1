"""The folder of an exit: its file, its journal, its evidence; and which step comes when."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import shutil
import sqlite3
import tempfile
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from havre.errors import GuardError, InputError, StateError
from havre.exit.journal import Journal
from havre.exit.settings import FILE, ExitFile, read_exit
from havre.files.custody import Custody

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from _typeshed import DataclassInstance

JOURNAL = "journal.sqlite"
LOCK = ".lock"
EVIDENCE = "evidence"
SEAL = "seal"
SLOT = "replication slot"
"""Name of the fact with the slot of a replication; it is recorded before anything is begun."""


class ExitStep(StrEnum):
    """The steps of an exit, in their order."""

    PLAN = "plan"
    COPY = "copy"
    FREEZE = "freeze"
    VERIFY = "verify"
    SEAL = "seal"
    CUT = "cut"
    RETIRE = "retire"


NEEDS: Mapping[ExitStep, tuple[ExitStep, ...]] = {
    ExitStep.PLAN: (),
    ExitStep.COPY: (ExitStep.PLAN,),
    ExitStep.FREEZE: (ExitStep.COPY,),
    ExitStep.VERIFY: (ExitStep.COPY,),
    ExitStep.SEAL: (ExitStep.VERIFY,),
    ExitStep.CUT: (ExitStep.FREEZE, ExitStep.SEAL),
    ExitStep.RETIRE: (ExitStep.CUT,),
}
"""What must have ended, without anything left over, before a step begins."""
FROZEN = (ExitStep.VERIFY, ExitStep.SEAL)
"""What a real exit does in the freeze alone; a rehearsal may do it without."""
OUTRUN: Mapping[ExitStep, tuple[ExitStep, ...]] = {
    **NEEDS,
    ExitStep.COPY: (ExitStep.PLAN, ExitStep.FREEZE),
    ExitStep.FREEZE: (),
    ExitStep.VERIFY: (ExitStep.COPY, ExitStep.FREEZE),
    ExitStep.CUT: (),
    ExitStep.RETIRE: (),
}
"""Steps whose later run makes that of a step worthless: what is frozen is copied once more."""


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
        busy: whether another process works on it, so that it is only looked at.
        scratch: where a step that is only tried writes; None: in the folder itself.
    """

    root: Path
    file: ExitFile
    journal: Journal
    busy: bool = False
    scratch: Path | None = None

    @property
    def evidence(self) -> Path:
        """Where manifests lie until they are sealed."""
        return self.root / EVIDENCE

    @property
    def slot(self) -> str:
        """Name of the replication slot that this exit has at the source; empty where none."""
        return self.journal.fact(SLOT)

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
        if self.last(ExitStep.CUT) is not None and step not in (ExitStep.CUT, ExitStep.RETIRE):
            message = (
                f"`havre exit {step}` is out of order: `cut` was started and cannot be reversed"
            )
            raise GuardError(message, f"Run `havre exit status {self.root}`.")
        for before in self._needs(step):
            self._check(step, before)

    def _needs(self, step: ExitStep) -> tuple[ExitStep, ...]:
        real = self.file.level == "real" and step in FROZEN
        return (*NEEDS[step], ExitStep.FREEZE) if real else NEEDS[step]

    def undo(self, step: ExitStep) -> None:
        """Have a step count as never run."""
        self.journal.record(f"step {step}", "")

    def ended(self, step: ExitStep) -> StepRun | None:
        """The last run of a step, if it ended and left nothing."""
        run = self.last(step)
        return run if run is not None and run.ended is not None and not run.left else None

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
        elif (earlier := self.outrun(run)) and earlier is not step:
            why = f"`{earlier}` has run since `{before}`"
        else:
            return
        message = f"`havre exit {step}` is out of order: {why}"
        raise GuardError(message, f"Run `havre exit {before} {self.root}` first.")

    def following(self) -> ExitStep | None:
        """The first step that has not ended, left something, or was outrun; None after all."""
        wanting = [step for step in ExitStep if self._wanting(step)]
        if wanting[:2] == [ExitStep.COPY, ExitStep.FREEZE] and self.ended(ExitStep.COPY):
            return ExitStep.FREEZE  # it is copied again when all is frozen
        return wanting[0] if wanting else None

    def scheduled(self) -> bool:
        """Whether the source's end is scheduled, and still to be proved."""
        run = self.last(ExitStep.RETIRE)
        if run is None or run.ended is None:
            return False
        return bool(run.result["event"] == ("gone" if run.left else "scheduled"))

    def _wanting(self, step: ExitStep) -> bool:
        run = self.ended(step)
        return run is None or self.outrun(run) is not None

    def outrun(self, run: StepRun) -> ExitStep | None:
        """A step whose later run makes a run worthless; None where there is none."""
        for before in OUTRUN[run.step]:
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
    with _found(root) as (found, taken):
        _refuse_busy(found.root, taken=taken)
        found.evidence.mkdir(mode=0o700, exist_ok=True)
        yield found


@contextlib.contextmanager
def looked_at(root: Path) -> Iterator[ExitFolder]:
    """An exit as it is now, whoever works on it; nothing of it is changed.

    Args:
        root: its folder, with an exit.yaml.

    Raises:
        GuardError: others can write in the folder.
        InputError: there is no such folder, or its exit.yaml is wrong.
        StateError: its journal is damaged.
    """
    with _found(root) as (found, taken):
        yield replace(found, busy=not taken)


@contextlib.contextmanager
def tried(root: Path) -> Iterator[ExitFolder]:
    """An exit whose next step is only tried: what is recorded goes into a copy, and is dropped.

    Args:
        root: its folder, with an exit.yaml; nothing in it is changed.

    Raises:
        GuardError: others can write in the folder, or another process works on this exit.
        InputError: there is no such folder, or its exit.yaml is wrong.
        StateError: its journal is damaged.
    """
    root = root.absolute()
    _refuse_none(root)
    custody = Custody(root)
    custody.check()
    with contextlib.ExitStack() as held:
        if (root / LOCK).exists():
            lock = held.enter_context(custody.lock(root / LOCK, create=False))
            _refuse_busy(root, taken=lock.take())
        scratch = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="havre-exit-")))
        for ending in ("", "-wal"):
            if (file := root / f"{JOURNAL}{ending}").is_file():
                shutil.copyfile(file, scratch / file.name)
        journal = Journal(scratch / JOURNAL)
        held.callback(journal.close)
        yield ExitFolder(root, read_exit(root), journal, scratch=scratch)


def _refuse_busy(root: Path, *, taken: bool) -> None:
    if not taken:
        message = f"another process works on the exit in {root}"
        raise GuardError(message, "Wait until it ends.")


def _refuse_none(root: Path) -> None:
    if not (root / FILE).is_file():
        message = f"{root} is not the folder of an exit: it contains no {FILE}"
        raise InputError(message, f"Begin one: havre exit new {root}")


@contextlib.contextmanager
def _found(root: Path) -> Iterator[tuple[ExitFolder, bool]]:
    """An exit, and whether no other process works on it."""
    root = root.absolute()
    _refuse_none(root)
    custody = Custody(root)
    custody.check()
    with custody.lock(root / LOCK) as lock:
        taken = lock.take()
        file, journal = read_exit(root), Journal(root / JOURNAL)
        try:
            yield ExitFolder(root, file, journal), taken
        except sqlite3.OperationalError as error:
            message = f"{journal.path} cannot be read or written: {error}"
            remedy = "Make room on its disk, then run the same step again."
            raise StateError(message, remedy) from error
        finally:
            journal.close()


def _moment(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)
