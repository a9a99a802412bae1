"""Where a finding is fixed: derived from what the finding itself carries, and nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from havre.capabilities import Capability
from havre.facts.values import Reserve
from havre.plan import urns
from havre.plan.parts import WAREHOUSE_TYPE
from havre.policy.model import BROKEN, FixIn

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from havre.policy.findings import Finding
    from havre.policy.model import Control

DECIDED = frozenset({Capability.OPERATOR_LAW, Capability.HDS, Capability.SECNUMCLOUD})
"""Gaps that no technical measure closes: somebody accepts them, or chooses another provider."""
UNUSED = "waiver"
"""Property of a finding about a waiver that matches nothing."""
_SET = re.compile(r"\b(?:set|setting|say)\b(?:[^.;:]|[.;:](?=\S))*", re.IGNORECASE)
"""A clause that says what to set."""
_NAMED = re.compile(r"`(\w+)`", re.ASCII)
_WORD = re.compile(r"[\w.-]+")
_FIELD_SET = re.compile(r"\bset `(\w+)`", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Fix:
    """Where a finding is fixed.

    Attributes:
        where: kind of place.
        name: of the setting, path of the field of the warehouse file, or file and line of a control
            of one's own; empty for other kinds.
    """

    where: FixIn
    name: str = ""

    def as_dict(self) -> dict[str, str]:
        """The place as JSON-ready values."""
        return {"where": self.where.value, "name": self.name}


@dataclass(frozen=True)
class Places:
    """Everything that may be changed to fix a finding of one check.

    Attributes:
        settings: names of the provider's settings that are unset or false in the stack.
        fields: names of fields of the warehouse file, such as `versions`.
        gaps: controls that the provider declares a gap for.
        ours: Havre's own controls: what they find and declare no place for is Havre's to fix.
        given: text values of settings that the stack gives, by name: what a finding shows of one is
            changed where it was given.
        found: where Havre's own findings on resources are fixed, by URN, property and what each
            found.
    """

    settings: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    gaps: frozenset[str] = frozenset()
    ours: frozenset[str] = frozenset()
    given: Mapping[str, str] = field(default_factory=dict)
    found: Mapping[tuple[str, str, str], Fix] = field(default_factory=dict)


def fix_of(finding: Finding, control: Control | None, places: Places) -> Fix:
    """Where a finding is fixed.

    Args:
        finding: the finding; its fix, where it has one, is what its verdict said.
        control: that found it; None where it is not installed.
        places: what may be changed.
    """
    foreign = control is not None and control.id not in places.ours
    if told := _told(finding, foreign=foreign):
        return told
    declared = control.fixed_in if control else None
    settings = places.settings | _shown(finding, places.given)
    if setting := _setting(finding, settings, by_remedy=declared is not FixIn.DECISION):
        return Fix(FixIn.SETTING, setting)
    if field := _field(finding, places.fields):
        return Fix(FixIn.FILE, field)
    if finding.gap:
        decided = finding.gap.capability in DECIDED
        return Fix(FixIn.DECISION if decided else FixIn.PROVIDER)
    return _by_control(finding, declared, places, foreign=foreign)


def _told(finding: Finding, *, foreign: bool) -> Fix | None:
    """Where a finding is fixed that says so by what it is, or whose verdict said so."""
    if (finding.property == UNUSED and finding.waiver) or finding.reserve is Reserve.OUTSIDE:
        return Fix(FixIn.DECISION)
    if finding.property == BROKEN and foreign:
        place = finding.location
        return Fix(FixIn.CONTROL, f"{place.file}:{place.line}" if place else finding.control)
    return None if _written(finding, ()) is FixIn.PROGRAM else finding.fix


def _by_control(finding: Finding, declared: FixIn | None, places: Places, *, foreign: bool) -> Fix:
    """Where a finding is fixed that names nothing itself; a resource's may be part of a gap.

    A control that is not Havre's and declares no place is fixed where one of Havre's is that finds
    the same of the same property and resource: what a setting holds back is not mended in the
    warehouse file. Else it points at the field that it is about: Havre does not know it, and cannot
    meet it for its author.
    """
    where = _written(finding, places.gaps)
    if foreign and declared is None and where is FixIn.HAVRE:
        if like := places.found.get((finding.resource, finding.property, finding.found)):
            return like
        if finding.field:
            return Fix(FixIn.FILE, finding.field)
    if declared is FixIn.FILE and not (finding.resource and where is not FixIn.HAVRE):
        return Fix(FixIn.FILE, finding.field)
    if declared is None or declared is FixIn.FILE or where is FixIn.PROGRAM:
        return Fix(where)
    return Fix(declared)


def _written(finding: Finding, gaps: Collection[str]) -> FixIn:
    """Who writes the resource that a finding is about: a user's program, or Havre."""
    if finding.resource and WAREHOUSE_TYPE not in urns.types(finding.resource):
        return FixIn.PROGRAM
    return FixIn.PROVIDER if finding.reserve or finding.control in gaps else FixIn.HAVRE


def _texts(finding: Finding, *, by_remedy: bool) -> Iterable[str]:
    """Texts that may name what to set."""
    if finding.gap:
        return finding.gap.fallback, finding.gap.reason
    return (finding.remedy,) if by_remedy else ()


def _shown(finding: Finding, given: Mapping[str, str]) -> frozenset[str]:
    """The settings whose value is in what was found; a gap is the provider's, whatever is set."""
    if finding.gap:
        return frozenset()
    words = set(_WORD.findall(finding.found))
    return frozenset(name for name, value in given.items() if value in words)


def _setting(finding: Finding, settings: Collection[str], *, by_remedy: bool) -> str:
    """The first setting of the stack that would fix a finding; empty: none would."""
    found = [] if finding.gap else _NAMED.findall(finding.found)
    for text in _texts(finding, by_remedy=by_remedy):
        found += (name for clause in _SET.findall(text) for name in _NAMED.findall(clause))
    return next((name for name in found if name in settings), "")


def _field(finding: Finding, fields: Collection[str]) -> str:
    """The path of a field of the warehouse file that a finding's texts say to set."""
    for text in _texts(finding, by_remedy=True):
        for name in _FIELD_SET.findall(text):
            above, _, last = finding.field.rpartition(".")
            if name == last:
                return finding.field
            if name in fields and last not in fields:
                return ".".join(filter(None, [above, last, name]))
    return ""
