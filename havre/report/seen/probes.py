"""Probes for people and machines: what would be tried, and what was seen."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from havre.probe.answers import ProbeOutcome
from havre.text import as_json, counted, inert, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from havre.probe.answers import Sighting
    from havre.probe.record import ProbeRecord
    from havre.probe.subjects import Probe

SANDBOX = "This is a sandbox on one machine. It is not evidence of a deployment on {provider}."
MARGIN = "    "


def planned_as_text(planned: Sequence[tuple[Probe, str]], width: int | None = None) -> str:
    """Each probe with its targets, and why it does no harm; wrapped where there is a width."""
    lines: list[str] = []
    for probe, group in groupby(planned, lambda each: each[0]):
        targets = [inert(target) for _, target in group]
        lines.append(f"{probe.id} ({probe.control})")
        for text in (probe.what, f"Harmless: {probe.harmless}", f"On: {', '.join(targets)}"):
            lines += _folded(text, width, "  ", MARGIN)
    lines.append(f"{counted(len(planned), 'attempt', 'attempts')} planned. Nothing was sent.")
    return "\n".join(lines)


def _folded(text: str, width: int | None, first: str = "", later: str = MARGIN) -> list[str]:
    return [f"{first}{text}"] if width is None else wrapped(text, width, first, later)


def planned_as_json(planned: Sequence[tuple[Probe, str]]) -> str:
    """The same as indented JSON."""
    rows = [
        {
            "probe": probe.id,
            "control": probe.control,
            "target": target,
            "what": probe.what,
            "harmless": probe.harmless,
        }
        for probe, target in planned
    ]
    return as_json({"planned": rows})


def record_as_json(record: ProbeRecord) -> str:
    """What was seen as indented JSON; its schema is that of `havre probe --schema`."""
    return as_json(record.as_dict())


def record_as_text(record: ProbeRecord, width: int | None = None) -> str:
    """What was seen: first what is otherwise, last what was promised and seen, probe by probe.

    Args:
        record: what was seen.
        width: columns; None: lines are whole.
    """
    lines: list[str] = []
    for outcome in ProbeOutcome:
        for told, first in _told(record, outcome):
            lines += _folded(f"[{outcome.value}] {told}", width)
            if outcome is ProbeOutcome.OTHERWISE:
                lines.append(f"{MARGIN}Control: {first.control}")
                for line in first.raw:
                    lines += _folded(f"Answer: {line}", width, MARGIN, MARGIN * 2)
    counts = Counter(each.outcome for each in record.sightings)
    told = "; ".join(f"{counts[each]} {each.value}" for each in ProbeOutcome if counts[each])
    about = f"{inert(record.warehouse)} on {record.provider}: {told or 'nothing was tried'}."
    lines += _folded(about, width)
    if record.sandbox:
        lines += _folded(SANDBOX.format(provider=record.provider), width, later="")
    return "\n".join(lines)


def _told(record: ProbeRecord, outcome: ProbeOutcome) -> Iterator[tuple[str, Sighting]]:
    """Sightings of one outcome in a line each; what several targets have in common once."""
    of_probe = Counter(each.probe for each in record.sightings)
    groups: dict[tuple[str, str, str], list[Sighting]] = {}
    for each in (each for each in record.sightings if each.outcome is outcome):
        common = "" if outcome is ProbeOutcome.SEEN else each.told
        alone = each.target if outcome is ProbeOutcome.OTHERWISE else ""
        groups.setdefault((each.probe, common, alone), []).append(each)
    for found in groups.values():
        first, count = found[0], len(found)
        if count == 1:
            yield f"{first.probe}, {inert(first.target)}: {first.told}.", first
        elif outcome is ProbeOutcome.SEEN:
            yield f"{first.probe}: {count} of {of_probe[first.probe]} targets.", first
        else:
            yield f"{first.probe}, {count} targets: {first.told}.", first
