"""What every form says of a mapping: frameworks, their texts, their requirements counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.policy.frameworks import Coverage
from havre.report.findings.words import COVERAGES, many

if TYPE_CHECKING:
    import datetime as dt

    from havre.policy.frameworks import Framework, Requirement

NO_RESULT = (
    "Controls contribute to requirements. No deployment meets one by itself, and no framework has"
    " a result."
)
"""What goes with every mapping."""


@dataclass(frozen=True)
class FrameworkMapping:
    """A framework and what there is for each of its requirements."""

    framework: Framework
    requirements: tuple[Requirement, ...]

    @property
    def listed(self) -> bool:
        """Whether its requirements are listed; else they are only counted."""
        return any(each.listed for each in self.requirements)

    @property
    def name(self) -> str:
        """Its title, with its own name of the version and the date, as far as known."""
        about = ", ".join(filter(None, (self.framework.version, self.framework.date)))
        return f"{self.framework.title}{f' ({about})' if about else ''}"

    @property
    def counts(self) -> dict[str, int]:
        """How many requirements have evidence, partial evidence and none, and are not cited."""
        cited = [each for each in self.requirements if each.id]
        found = Counter(each.coverage for each in cited)
        evidence, partial = found[Coverage.EVIDENCED], found[Coverage.PARTLY]
        return {
            "evidence": evidence,
            "partial": partial,
            "none": len(cited) - evidence - partial,
            "not_cited": self.of - len(cited),
        }

    @property
    def of(self) -> int:
        """How many requirements it has in all; those that are cited where that was not read."""
        counted = self.framework.requirements
        return counted.count if counted else sum(bool(each.id) for each in self.requirements)

    @property
    def totals(self) -> str:
        """Its requirements, counted by coverage."""
        counts = self.counts
        shown = counts["evidence"] + counts["partial"]
        cited = "" if self.framework.requirements else " cited here"
        parts = {
            f"{COVERAGES['evidenced']} for {counts['evidence']}": counts["evidence"],
            f"{COVERAGES['partly']} for {counts['partial']}": counts["partial"],
            f"{counts['none']} {COVERAGES['organisational']}": counts["none"],
            f"{counts['not_cited']} not cited here": counts["not_cited"],
        }
        of = f"{shown} of {many(self.of, 'requirement')}{cited}"
        return f"{of}: {', '.join(told for told, count in parts.items() if count)}"

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Which text was read, where, when and under which licence, each with its label."""
        found, text = [("applies to", self.framework.binds)], self.framework.text
        if text:
            found += [
                ("text", f"{text.source}, read on {text.read_on}"),
                ("licence", text.licence),
                *([("attribution", text.attribution)] if text.attribution else []),
            ]
        elif counted := self.framework.requirements:
            found.append(("counted in", f"{counted.source}, read on {counted.read_on}"))
        return found


@dataclass(frozen=True)
class Mapped:
    """Frameworks with what controls and commands give evidence for.

    Attributes:
        items: in the order of the frameworks.
        day: on which it is written, for documents that must have a date.
    """

    items: tuple[FrameworkMapping, ...]
    day: dt.date


def mapped(
    frameworks: tuple[Framework, ...], requirements: list[Requirement], day: dt.date
) -> Mapped:
    """The mapping of those frameworks that have requirements among these."""
    items = []
    for each in frameworks:
        own = tuple(item for item in requirements if item.framework == each.key)
        if own:
            items.append(FrameworkMapping(each, own))
    return Mapped(tuple(items), day)
