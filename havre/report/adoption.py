"""What a warehouse would take over, for people (text) and machines (JSON)."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from havre.plan.replacing import Bears
from havre.report.changes import consequences_as_text
from havre.text import counted, inert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.assess.adoption import Adoption, Unclear


def adoption_as_dict(found: Adoption) -> dict[str, Any]:
    """An adoption as JSON-ready values; no value of a property is shown."""
    return {
        "grave": found.grave,
        "matches": [
            {
                "name": each.planned.name,
                "type": each.planned.type,
                "id": each.existing.id,
                "was": each.existing.urn,
                "how": each.how.value,
            }
            for each in found.matches
        ],
        "ambiguous": [
            {
                "name": each.planned.name,
                "type": each.planned.type,
                "bears": each.bears.value,
                "candidates": [candidate.id for candidate in each.candidates],
            }
            for each in found.unclear
        ],
        "without_identifier": list(found.unimportable),
        "not_used": [{"type": each.type, "id": each.id} for each in found.others],
        "settings": {name: dict(values) for name, values in found.settings.items()},
        "changes": [each.as_dict() for each in found.changes],
    }


def adoption_as_json(found: Adoption) -> str:
    """An adoption as indented JSON."""
    return json.dumps(adoption_as_dict(found), indent=2, ensure_ascii=False)


def adoption_as_text(found: Adoption, *, details: bool = False, width: int | None = 80) -> str:
    """An adoption in lines: what `up` would lose first.

    Args:
        found: what was found.
        details: whether every resource is named.
        width: columns of the text; None: they are not limited.
    """
    changes = consequences_as_text(found.changes, details=details, width=width)
    lines = [changes, "", *_matches(found, details=details), *_unclear(found.unclear)]
    lines += [
        f"NOT IMPORTED: {inert(name)} is recognised, but the state lacks a part of its identifier."
        for name in found.unimportable
    ]
    others = counted(len(found.others), "other resource", "other resources")
    if found.others:
        lines.append(f"{others} in the state are not part of this warehouse and are not changed.")
    return "\n".join(lines)


def _matches(found: Adoption, *, details: bool) -> Iterator[str]:
    """What is recognised."""
    count = counted(len(found.matches), "existing resource", "existing resources")
    yield f"{count} can be taken over:"
    shown = found.matches if details else [m for m in found.matches if m.planned.protect]
    for each in shown:
        kind = each.planned.type.rpartition(":")[2]
        yield f"  {inert(each.planned.name)} ({kind}) <- {inert(each.existing.id)} ({each.how})"
    if rest := len(found.matches) - len(shown):
        yield f"  {counted(rest, 'other resource', 'other resources')} (--details)"


def _unclear(found: tuple[Unclear, ...]) -> Iterator[str]:
    """What is not taken over, because it may be one of several; by type and candidates."""
    groups: dict[tuple[str, tuple[str, ...]], list[Unclear]] = defaultdict(list)
    for each in found:
        groups[each.planned.type, tuple(c.id for c in each.candidates)].append(each)
    for (kind, candidates), group in groups.items():
        data = " (DATA)" if group[0].bears is Bears.DATA else ""
        names = ", ".join(inert(each.planned.name) for each in group)
        yield f"AMBIGUOUS{data}: {kind.rpartition(':')[2]} {names} may be one of:"
        yield from (f"  {inert(candidate)}" for candidate in candidates)
    if found:
        yield "  Fix: name each with `names` in the settings, then run the command again."
