"""What probes saw of each control, beside what is promised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.probe.answers import ProbeOutcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.probe.answers import Sighting

NOT_PROMISED = {
    ProbeOutcome.SEEN: "not promised, seen",
    ProbeOutcome.UNSEEN: "not promised, not seen",
}
"""How an outcome is called where the control does not pass: nothing is promised."""
WORDS = (
    ProbeOutcome.OTHERWISE.value,
    ProbeOutcome.UNEVALUATED.value,
    ProbeOutcome.UNSEEN.value,
    NOT_PROMISED[ProbeOutcome.UNSEEN],
    NOT_PROMISED[ProbeOutcome.SEEN],
    ProbeOutcome.SEEN.value,
)
"""Every word for promised and seen, the worst first."""


@dataclass(frozen=True)
class SeenControl:
    """What probes saw of a control: the worst of its targets.

    Attributes:
        control: identifier of the control.
        promised: whether it passes the check; a control with a gap or a waiver does not.
        outcome: the worst that was seen.
        seen: targets of which the promise was seen.
        tried: targets in all.
    """

    control: str
    promised: bool
    outcome: ProbeOutcome
    seen: int
    tried: int

    @property
    def word(self) -> str:
        """Promised and seen, in a few words."""
        told = None if self.promised else NOT_PROMISED.get(self.outcome)
        return told or self.outcome.value

    def as_dict(self) -> dict[str, Any]:
        """What was seen as JSON-ready values."""
        return {
            "control": self.control,
            "promised": self.promised,
            "outcome": self.word,
            "seen": self.seen,
            "tried": self.tried,
        }


def seen_of(control: str, sightings: Sequence[Sighting], *, promised: bool) -> SeenControl | None:
    """What was seen of a control; None where nothing was tried.

    Args:
        control: identifier of the control.
        sightings: those of the control.
        promised: whether it passes the check.
    """
    if not sightings:
        return None
    found = [each.outcome for each in sightings]
    worst = next(each for each in ProbeOutcome if each in found)
    return SeenControl(control, promised, worst, found.count(ProbeOutcome.SEEN), len(found))
