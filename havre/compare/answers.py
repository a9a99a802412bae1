"""The three sentences that a reader needs first, computed from the comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.provider import Support

if TYPE_CHECKING:
    from havre.compare.model import CapabilityRow, Comparison, ControlRow, Side
    from havre.provider import Supported

FAILS = frozenset({"fail", "unknown", "warning", "waived"})
MOST = 4
"""Most names that a sentence lists."""


def answers(comparison: Comparison) -> tuple[str, str, str]:
    """Where the data would lie, who could be compelled to hand them over, what moving changes."""
    return (where(comparison), who(comparison), moving(comparison))


def where(comparison: Comparison) -> str:
    """Where the data would lie on each side."""
    told = "; ".join(f"on {side.name} in {_countries(side)}" for side in comparison.sides)
    allowed = ", ".join(comparison.spec.residency.countries)
    return f"The data would lie {told} (allowed: {allowed})."


def _countries(side: Side) -> str:
    names = sorted({lies.country or "a country not known" for lies in side.result.lies})
    unplaced = side.result.unplaced
    some = "1 resource does" if unplaced == 1 else f"{unplaced} resources do"
    more = f" ({some} not tell where)" if unplaced else ""
    return f"{', '.join(names) or 'no place that is told'}{more}"


def who(comparison: Comparison) -> str:
    """Who could be compelled to hand the data over, on each side."""
    first, *others = (f"on {side.name} {_operator(side)}" for side in comparison.sides)
    return "; ".join([f"O{first[1:]} could be compelled to hand them over", *others]) + "."


def _operator(side: Side) -> str:
    operator = side.provider.operator
    laws = ", ".join(operator.laws)
    return f"{operator.entity} (law of {laws})" if laws else operator.entity


def moving(comparison: Comparison) -> str:
    """What moving from the first side to the second would lose and gain."""
    first, second = comparison.sides[:2]
    lost, gained = changed(comparison, 0, 1)
    met, missed = turned(comparison, 0, 1)
    return (
        f"Moving from {first.name} to {second.name} would lose "
        f"{_listed(lost, 'capability', 'capabilities')} and break "
        f"{_listed(missed, 'control that holds', 'controls that hold')}; it would gain "
        f"{_listed(gained, 'capability', 'capabilities')} and mend "
        f"{_listed(met, 'control that does not hold', 'controls that do not hold')}."
    )


def changed(comparison: Comparison, before: int, after: int) -> tuple[list[str], list[str]]:
    """Capabilities lost and gained by moving from one side to another, by their numbers."""
    rows = comparison.capabilities
    lost = [row.capability for row in rows if _weaker(row, before, after)]
    gained = [row.capability for row in rows if _weaker(row, after, before)]
    return lost, gained


def turned(comparison: Comparison, before: int, after: int) -> tuple[list[str], list[str]]:
    """Controls that would hold after moving and do not before, and the other way round."""
    rows = comparison.controls
    met = [row.control for row in rows if _better(row, before, after)]
    missed = [row.control for row in rows if _better(row, after, before)]
    return met, missed


def _weaker(row: CapabilityRow, before: int, after: int) -> bool:
    """Whether something is there before and not after."""
    here, there = (row.answers[number] for number in (before, after))
    return _has(here) and not _has(there)


def _has(answer: Supported | None) -> bool:
    return answer is not None and answer.support not in {Support.ABSENT, Support.UNKNOWN}


def _better(row: ControlRow, before: int, after: int) -> bool:
    """Whether a control that did not hold before holds after; one that is waived does not hold."""
    here, there = (row.cells[number].verdict for number in (before, after))
    return here in FAILS and there == "pass"


def _listed(names: list[str], one: str, many: str) -> str:
    """Such as `3 capabilities (a, b, c)`."""
    if not names:
        return f"no {one}"
    some = ", ".join(names[:MOST]) + (f" and {len(names) - MOST} more" if len(names) > MOST else "")
    return f"{len(names)} {one if len(names) == 1 else many} ({some})"
