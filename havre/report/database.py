"""Roles of a database for people and machines: what departs from the file, and what was tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.database.verifying import SET_ROLE, TrialOutcome
from havre.text import as_json, counted, inert

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from havre.database.applying import Applied
    from havre.database.steps import RoleStep
    from havre.database.verifying import Attempt, Verified

NO_CHANGES = "No changes. The roles of {database} are as the warehouse file requires."


def steps_as_dicts(steps: Sequence[RoleStep]) -> list[dict[str, Any]]:
    """Steps as data, in their order."""
    return [
        {
            "direction": step.direction.value,
            "kind": step.kind.value,
            "what": step.what,
            "sql": list(step.lines()),
            "by_hand": step.by_hand,
            "guarded": step.guarded,
        }
        for step in steps
    ]


def plan_as_json(database: str, steps: Sequence[RoleStep], notes: Sequence[str]) -> str:
    """The steps as indented JSON."""
    return as_json({"database": database, "steps": steps_as_dicts(steps), "notes": list(notes)})


def plan_as_text(database: str, steps: Sequence[RoleStep], notes: Sequence[str]) -> str:
    """The steps as a script for psql: words are comments, what is by hand too."""
    lines = [line for step in steps for line in _as_script(step)]
    if steps:
        by_hand = sum(not step.statements for step in steps)
        told = counted(len(steps), "difference", "differences")
        lines.append(f"-- {told} between {inert(database)} and the warehouse file.")
        lines += [f"-- By hand: {by_hand}."] if by_hand else []
    else:
        lines.append(f"-- {NO_CHANGES.format(database=inert(database))}")
    return "\n".join([*lines, *(f"-- {inert(note)}" for note in notes)])


def _as_script(step: RoleStep) -> Iterator[str]:
    yield f"-- {step.direction.value} {step.kind.value}: {inert(step.what)}"
    yield from map(inert, step.lines())
    if step.by_hand:
        yield f"-- By hand: {inert(step.by_hand)}"


def applied_as_json(database: str, applied: Applied, notes: Sequence[str]) -> str:
    """What was done and what remains, as indented JSON."""
    done, remaining = map(steps_as_dicts, (applied.done, applied.remaining))
    told = {"database": database, "done": done, "remaining": remaining, "notes": list(notes)}
    return as_json(told)


def applied_as_text(database: str, applied: Applied, notes: Sequence[str]) -> str:
    """What was done, in a sentence, and what remains for somebody else."""
    if not (applied.done or applied.remaining):
        lines = [NO_CHANGES.format(database=inert(database))]
    else:
        done = counted(len(applied.done), "change", "changes")
        lines = [f"Applied {done} to {inert(database)} in one transaction."]
    for step in applied.remaining:
        lines += [f"By hand: {inert(step.what)}.", f"  {inert(step.by_hand)}"]
    return "\n".join([*lines, *map(inert, notes)])


def verified_as_json(database: str, found: Verified, notes: Sequence[str]) -> str:
    """Every attempt as indented JSON."""
    attempts = [
        {
            "role": each.role,
            "what": each.what,
            "due": each.due.value,
            "outcome": each.outcome.value,
            "surprising": each.surprising,
            "way": each.way,
            "said": each.said,
        }
        for each in found.attempts
    ]
    told = {"database": database, "attempts": attempts, "untried_tables": found.untried}
    return as_json(told | {"notes": list(notes)})


def verified_as_text(database: str, found: Verified, notes: Sequence[str]) -> str:
    """Every attempt on a line, by role; then how many were as they had to be."""
    lines, role = [], ""
    for each in found.attempts:
        if each.role != role:
            role = each.role
            lines.append(f"{inert(role)}:")
        lines.append(f"  {_as_line(each)}")
    surprising = sum(each.surprising for each in found.attempts)
    unclear = sum(each.outcome is TrialOutcome.UNCLEAR for each in found.attempts)
    passed = len(found.attempts) - surprising - unclear
    lines.append(
        f"{inert(database)}: {counted(len(found.attempts), 'attempt', 'attempts')}, {passed} as "
        f"required, {surprising} not as required, {unclear} not evaluated."
    )
    if found.untried:
        lines.append(f"Not tried: {counted(found.untried, 'table', 'tables')}.")
    return "\n".join([*lines, *map(inert, notes)])


def _as_line(each: Attempt) -> str:
    word = "FAIL" if each.surprising else "not evaluated" if each.said else "pass"
    how = "" if each.way == SET_ROLE else f" (by {each.way})"
    said = f": {inert(each.said)}" if each.said else ""
    due = f", must be {each.due.value}" if each.surprising else ""
    return f"{word:<5} {inert(each.what)}: {each.outcome.value}{due}{how}{said}"
