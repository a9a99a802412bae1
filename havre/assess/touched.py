"""Which controls a change by hand touches, and which it makes fail.

Nothing keeps a list of what a control reads. It is asked: the plan is judged with the change, with
the change undone, and with the field unknown. A control that says something else reads that field.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from havre.plan.drift import Deviance, replaced
from havre.policy.findings import FindingKind
from havre.policy.judge import judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from havre.plan import Plan
    from havre.plan.drift import Drift
    from havre.policy import Control
    from havre.policy.findings import Finding, Result
    from havre.policy.judge import Question

BAD = frozenset({FindingKind.FAIL, FindingKind.UNKNOWN, FindingKind.WAIVED})
"""Findings by which a control does not hold."""


@dataclass(frozen=True)
class Touched:
    """One change, and the controls that read it.

    Attributes:
        drift: the change.
        fails: ids of controls that do not hold by it, and would without it.
        reads: ids of the others that read what was changed.
    """

    drift: Drift
    fails: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether the controls that it touches are known: its provider names the field."""
        return self.drift.deviance is not Deviance.DEPARTED


def touched(
    question: Question,
    controls: Sequence[Control],
    drifts: Sequence[Drift],
) -> Iterator[Touched]:
    """What each change touches.

    Args:
        question: of the plan as a refresh saw it.
        controls: those that are installed.
        drifts: the changes.

    Raises:
        InputError: a waiver names a control that does not exist.
    """
    base = judge(question, controls)
    single = list(_each(question, controls, drifts, base))
    yield from _together(question, controls, single, base)


def _together(
    question: Question, controls: Sequence[Control], single: Sequence[Touched], base: Result
) -> Iterator[Touched]:
    """The same, with what several changes broke of which each would have been enough.

    To undo one of them mends nothing. What each breaks shows where all others are undone.
    """
    if len(single) < 2:  # noqa: PLR2004 - one change breaks nothing together with another
        yield from single
        return
    drifts = [each.drift for each in single]
    restored = _judged(question, controls, _undone(question.plan, drifts))
    broken = {c.id: _bad(base, c.id) - _bad(restored, c.id) for c in base.controls}
    told = {control for each in single for control in each.fails}
    untold = {control for control, found in broken.items() if found and control not in told}
    for each in single:
        if not untold or not each.known:
            yield each
            continue
        others = [drift for drift in drifts if drift is not each.drift]
        alone = _judged(question, controls, _undone(question.plan, others))
        more = {c for c in untold if (_bad(alone, c) - _bad(restored, c)) & broken[c]}
        yield replace(
            each,
            fails=tuple(sorted({*each.fails, *more})),
            reads=tuple(c for c in each.reads if c not in more),
        )


def _undone(plan: Plan, drifts: Iterable[Drift]) -> Plan:
    for drift in drifts:
        plan = replaced(plan, drift)
    return plan


def _each(
    question: Question, controls: Sequence[Control], drifts: Sequence[Drift], base: Result
) -> Iterator[Touched]:
    """What each change touches, with all others as they are."""
    for drift in drifts:
        if drift.deviance is Deviance.DEPARTED:
            yield Touched(drift)  # nothing says what to undo
            continue
        field = drift.difference is not None
        undone = _judged(question, controls, replaced(question.plan, drift))
        others = [undone]
        if field:
            hidden = replaced(question.plan, drift, unknown=True)
            others.append(_judged(question, controls, hidden))
        now = _said(base, counted=field)
        told = [_said(each, counted=field) for each in others]
        reads = {control for said in told for control in now if now[control] != said.get(control)}
        fails = {c for c in reads if _bad(base, c) - _bad(undone, c)}
        yield Touched(drift, tuple(sorted(fails)), tuple(sorted(reads - fails)))


def _judged(question: Question, controls: Sequence[Control], plan: Plan) -> Result:
    return judge(replace(question, plan=plan), controls)


def _said(result: Result, *, counted: bool) -> dict[str, tuple[object, ...]]:
    """What each control says, without what only depends on the provider.

    Args:
        result: of a judgement.
        counted: whether the number of resources that hold counts, too. It does not where a whole
            resource comes or goes, which changes the numbers of controls that say nothing of it.
    """
    found: dict[str, list[tuple[str, ...]]] = {each.id: [] for each in result.controls}
    for finding in result.findings:
        if finding.gap is None and finding.control in found:
            found[finding.control].append(_told(finding))
    return {
        control: (tuple(sorted(told)), tuple(sorted(result.outcomes[control].items())) * counted)
        for control, told in found.items()
    }


def _told(finding: Finding) -> tuple[str, ...]:
    return (finding.kind.value, finding.resource, finding.property, finding.found)


def _bad(result: Result, control: str) -> set[tuple[str, ...]]:
    """What a control holds against the plan."""
    return {
        _told(finding)
        for finding in result.findings
        if finding.control == control and finding.gap is None and finding.kind in BAD
    }
