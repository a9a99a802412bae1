"""What every form says of a mapping: frameworks, their texts, their requirements counted."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.policy.frameworks import Coverage
from havre.probe.answers import ProbeOutcome
from havre.report.findings.words import COVERAGES, dated, many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.policy.frameworks import Framework, Requirement
    from havre.probe.record import ProbeRecord

NO_RESULT = (
    "Controls contribute to requirements. No deployment meets one by itself, and no framework has"
    " a result."
)
"""What goes with every mapping."""


@dataclass(frozen=True)
class FrameworkMapping:
    """A framework and what there is for each of its requirements.

    Attributes:
        framework: the framework.
        requirements: each of its requirements.
        probed: identifiers of controls that have a probe.
        probes: what probes saw of a warehouse; None: they were not given.
        day: of the mapping.
    """

    framework: Framework
    requirements: tuple[Requirement, ...]
    probed: frozenset[str] = frozenset()
    probes: ProbeRecord | None = None
    day: dt.date = dt.date.max

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
    def seeable(self) -> list[Requirement]:
        """Requirements with evidence, to which a control contributes that has a probe."""
        return [each for each in self._cited if self.probed.intersection(each.controls)]

    @property
    def seen(self) -> dict[str, int] | None:
        """Of how many requirements a probed control was seen, or otherwise; None: not probed.

        A requirement of which anything was seen otherwise counts as that alone.
        """
        if self.probes is None:
            return None
        outcomes: dict[str, set[ProbeOutcome]] = {}
        for each in self.probes.sightings:
            outcomes.setdefault(each.control, set()).add(each.outcome)
        counts = Counter[str]()
        for item in self.seeable:
            found = [outcomes[control] for control in item.controls if control in outcomes]
            if any(ProbeOutcome.OTHERWISE in each for each in found):
                counts["otherwise"] += 1
            elif any(each == {ProbeOutcome.SEEN} for each in found):
                counts["seen"] += 1
        return {"seen": counts["seen"], "otherwise": counts["otherwise"]}

    @property
    def _cited(self) -> list[Requirement]:
        return [each for each in self.requirements if each.id and each.shown]

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
        return [*found, *self._probes()]

    def _probes(self) -> Iterator[tuple[str, str]]:
        """What probes of a deployed warehouse add to what a plan shows."""
        if not self.probed or not self._cited:
            return
        count, of = len(self.seeable), len(self._cited)
        yield "probes", f"havre probe tries a control of {count} of these {of} requirements"
        if self.probes is not None and self.seen is not None:
            name, provider = self.probes.warehouse, self.probes.provider
            where = f"{name} on {provider}{', a sandbox' if self.probes.sandbox else ''}"
            told = f"a control of {self.seen['seen']} of these {of} was seen to do as the file asks"
            if wrong := self.seen["otherwise"]:
                told += f"; of {wrong}, one was seen otherwise"
            yield "seen", f"{where}, {dated(self.probes.at.date(), self.day)}: {told}"


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
    frameworks: tuple[Framework, ...],
    requirements: list[Requirement],
    day: dt.date,
    probed: frozenset[str] = frozenset(),
    probes: ProbeRecord | None = None,
) -> Mapped:
    """The mapping of those frameworks that have requirements among these.

    Args:
        frameworks: all of them.
        requirements: what the controls show of each.
        day: on which it is written.
        probed: identifiers of controls that have a probe.
        probes: what probes saw of a warehouse; None: they were not given.
    """
    items = []
    for each in frameworks:
        own = tuple(item for item in requirements if item.framework == each.key)
        if own:
            items.append(FrameworkMapping(each, own, probed, probes, day))
    return Mapped(tuple(items), day)
