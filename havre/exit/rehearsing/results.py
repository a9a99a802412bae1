"""What a rehearsal did and found: told to a person, written as JSON, kept in its folder."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from havre.exit.meter import Progress
    from havre.exit.rehearsing.hard.cases import HardCase
    from havre.exit.rehearsing.order import RehearsalOrder
    from havre.exit.rehearsing.writing import WriterTally


class FaultEnd(StrEnum):
    """What became of a fault that was planted."""

    SURVIVED = "survived"
    FOUND = "found"
    MISSED = "missed"
    UNPLANTED = "not planted"


@dataclass(frozen=True)
class FaultMet:
    """A fault, and how the exit met it.

    Attributes:
        end: what became of it.
        step: which step met it.
        said: how, in words.
    """

    end: FaultEnd
    step: str
    said: str


@dataclass(frozen=True)
class StepTaken:
    """A step that was taken: which one, what came of it in words, and the seconds it took."""

    step: str
    said: str
    seconds: float


@dataclass(frozen=True)
class RealPace:
    """What a step of a real exit would take, for a million objects as large as those here.

    Attributes:
        step: `copy` or `verify`.
        rate: versions a second that were measured here; None: too few were moved to tell.
        seconds: at that rate; None: not known.
        declared: seconds at the caps of exit.yaml; None: it has none.
    """

    step: str
    rate: float | None
    seconds: float | None
    declared: float | None


@dataclass(frozen=True)
class RehearsalResult:
    """A rehearsal.

    Attributes:
        order: what was asked.
        steps: in their order, with how long each took.
        cases: the hard cases, planted or not.
        decisions: what a person would have to decide, in words.
        written: what the writer wrote meanwhile, and who refused it.
        lost: rows and objects that were acknowledged and are not at the target.
        seal: folder of the seal; empty where nothing was sealed.
        authority: certificate by which it is checked.
        verified: whether `verify.sh` accepts it.
        recorded: what had no service behind it, by `source` and `target`.
        paces: what a real exit would take.
        gone: first day on which the source could be proved to be gone; empty: not known.
        fault: how the planted fault was met; None: none was planted.
        stopped: what the verification found, so that nothing was sealed; empty: nothing.
    """

    order: RehearsalOrder
    steps: tuple[StepTaken, ...]
    cases: tuple[HardCase, ...]
    decisions: tuple[str, ...]
    written: WriterTally
    lost: int
    seal: str
    authority: str
    verified: bool
    recorded: dict[str, tuple[str, ...]]
    paces: tuple[RealPace, ...]
    gone: str
    fault: FaultMet | None
    stopped: str

    @property
    def proved(self) -> bool:
        """Whether it came to a seal that holds, with nothing lost and no fault overlooked."""
        missed = self.fault is not None and self.fault.end is FaultEnd.MISSED
        return self.verified and not self.lost and not missed


class RehearsalWatch(Protocol):
    """Who is told how far a rehearsal is."""

    @property
    def progress(self) -> Progress:
        """Is told how far a step is."""
        ...

    def begins(self, what: str) -> None:
        """Something begins."""
        ...

    def ends(self, step: StepTaken) -> None:
        """A step has ended."""
        ...
