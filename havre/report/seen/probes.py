"""Probes for people and machines: what would be tried, and what was seen."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from havre.probe.answers import ProbeOutcome
from havre.text import as_json, counted, inert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.probe.record import ProbeRecord
    from havre.probe.subjects import Probe

SANDBOX = "This is a sandbox on one machine. It is not evidence of a deployment on {provider}."


def planned_as_text(planned: Sequence[tuple[Probe, str]]) -> str:
    """Each probe with its targets, and why it does no harm."""
    lines: list[str] = []
    for number, (probe, target) in enumerate(planned):
        if number == 0 or planned[number - 1][0].id != probe.id:
            lines += [f"{probe.id} ({probe.control})", f"  {probe.what}"]
            lines += [f"  Harmless: {probe.harmless}"]
        lines.append(f"    {inert(target)}")
    lines.append(f"{counted(len(planned), 'attempt', 'attempts')} planned. Nothing was sent.")
    return "\n".join(lines)


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


def record_as_text(record: ProbeRecord) -> str:
    """What was seen: first what is otherwise, last what was promised and seen."""
    lines: list[str] = []
    for outcome in ProbeOutcome:
        found = [each for each in record.sightings if each.outcome is outcome]
        for each in found:
            lines.append(f"[{outcome.value}] {each.probe}, {inert(each.target)}: {each.told}.")
            if outcome is ProbeOutcome.OTHERWISE:
                lines.append(f"    Control: {each.control}")
                lines += [f"    Answer: {line}" for line in each.raw]
    counts = Counter(each.outcome for each in record.sightings)
    told = ", ".join(f"{counts[each]} {each.value}" for each in ProbeOutcome if counts[each])
    lines.append(f"{inert(record.warehouse)} on {record.provider}: {told or 'nothing was tried'}.")
    if record.sandbox:
        lines.append(SANDBOX.format(provider=record.provider))
    return "\n".join(lines)
