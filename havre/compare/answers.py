"""The sentences that a reader needs first, computed from the comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.policy.findings import FindingKind
from havre.provider import Support

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.compare.model import CapabilityRow, Comparison, ControlRow, Side
    from havre.provider import Supported

FAILS = frozenset({"fail", "unknown", "warning", "waived"})
MOST = 4
"""Most names that a sentence lists."""


def answers(comparison: Comparison) -> tuple[str, ...]:
    """Where data would be stored, who could be made to disclose it, what is not met, moving."""
    return where(comparison), who(comparison), unmet(comparison), *moving(comparison)


def where(comparison: Comparison) -> str:
    """Where data would be stored on each side."""
    told = "; ".join(f"on {side.name} in {_countries(side)}" for side in comparison.sides)
    allowed = ", ".join(comparison.spec.residency.countries)
    return f"Data would be stored {told} (allowed: {allowed})."


def _countries(side: Side) -> str:
    names = sorted({lies.country or "an unknown country" for lies in side.result.lies})
    unplaced = side.result.unplaced
    some = "1 resource has" if unplaced == 1 else f"{unplaced} resources have"
    more = f" ({some} no known location)" if unplaced else ""
    return f"{', '.join(names) or 'no known place'}{more}"


def who(comparison: Comparison) -> str:
    """Who could be compelled to disclose data, on each side."""
    first, *others = (f"on {side.name} {_operator(side)}" for side in comparison.sides)
    return "; ".join([f"O{first[1:]} could be compelled to disclose it", *others]) + "."


def _operator(side: Side) -> str:
    operator = side.provider.operator
    laws = ", ".join(operator.laws)
    return f"{operator.entity} (law of {laws})" if laws else operator.entity


def unmet(comparison: Comparison) -> str:
    """How many controls are not met on each side, whatever is waived, and how many are waived."""
    told = (
        f"on {side.name} {number} of {total} controls are not met, {waived}"
        for side, number, total, waived in _unmet(comparison)
    )
    first, *others = told
    return "; ".join([f"O{first[1:]}", *others]) + "."


def unmet_of(comparison: Comparison) -> list[str]:
    """For each side, such as `15 of 56, all waived`."""
    return [f"{number} of {total}, {waived}" for _, number, total, waived in _unmet(comparison)]


def _unmet(comparison: Comparison) -> Iterator[tuple[Side, int, int, str]]:
    """Sides with the controls that are not met, those that apply, and how many are waived."""
    for number, side in enumerate(comparison.sides):
        verdicts = {row.control: row.cells[number].verdict for row in comparison.controls}
        applying = [name for name, word in verdicts.items() if word != "not-applicable"]
        missed = [name for name in applying if verdicts[name] in FAILS]
        waived = sum(_waived(side, name) for name in missed)
        yield side, len(missed), len(applying), _so_many(waived, len(missed))


def _waived(side: Side, control: str) -> bool:
    """Whether waivers that have not expired cover all that a control found."""
    found = [each for each in side.result.findings if each.control == control]
    covered = (FindingKind.WAIVED, FindingKind.WARNING)
    return all(each.waiver is not None and each.kind in covered for each in found)


def _so_many(waived: int, missed: int) -> str:
    if not waived:
        return "none waived"
    return "all waived" if waived == missed else f"{waived} of them waived"


def moving(comparison: Comparison) -> tuple[str, ...]:
    """What moving from the first side to each other would lose and gain."""
    return tuple(_moving(comparison, number) for number in range(1, len(comparison.sides)))


def _moving(comparison: Comparison, after: int) -> str:
    """What moving from the first side to another would lose and gain."""
    first, other = comparison.sides[0], comparison.sides[after]
    lost, gained = changed(comparison, 0, after)
    met, missed = turned(comparison, 0, after)
    return (
        f"Moving from {first.name} to {other.name} would lose "
        f"{_listed(lost, 'capability', 'capabilities')} and break "
        f"{_listed(missed, 'control that passes', 'controls that pass')}; it would gain "
        f"{_listed(gained, 'capability', 'capabilities')} and meet "
        f"{_listed(met, 'control that does not pass', 'controls that do not pass')}."
    )


def changed(comparison: Comparison, before: int, after: int) -> tuple[list[str], list[str]]:
    """Capabilities lost and gained by moving from one side to another, by their numbers."""
    rows = comparison.capabilities
    lost = [row.capability for row in rows if _weaker(row, before, after)]
    gained = [row.capability for row in rows if _weaker(row, after, before)]
    return lost, gained


def turned(comparison: Comparison, before: int, after: int) -> tuple[list[str], list[str]]:
    """Controls that would pass after moving and do not before, and the other way round."""
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
    """Whether a control that did not pass before passes after; one that is waived does not."""
    here, there = (row.cells[number].verdict for number in (before, after))
    return here in FAILS and there == "pass"


def _listed(names: list[str], one: str, many: str) -> str:
    """Such as `3 capabilities (a, b, c)`."""
    if not names:
        return f"no {one}"
    some = ", ".join(names[:MOST]) + (f" and {len(names) - MOST} more" if len(names) > MOST else "")
    return f"{len(names)} {one if len(names) == 1 else many} ({some})"
