"""What a plan would do to a deployed warehouse, for people (table) and machines (JSON)."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from havre.plan.consequences import Doing
from havre.plan.replacing import Bears
from havre.text import counted, inert, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from havre.plan.consequences import Consequence

Paragraph = tuple[str, str]
"""What a paragraph is indented by, and its text."""
PROPERTIES = 6
"""Properties of a resource that are named at most without details."""


def consequences_as_json(found: Sequence[Consequence]) -> str:
    """The consequences as indented JSON; values of properties are never shown."""
    lost = sum(each.grave for each in found)
    document = {"grave": lost, "changes": [each.as_dict() for each in found]}
    return json.dumps(document, indent=2, ensure_ascii=False)


def consequences_as_text(
    found: Sequence[Consequence], *, details: bool = False, width: int | None = 80
) -> str:
    """The consequences in lines: what is lost or refused first, each with its reason.

    Args:
        found: what would be done.
        details: whether every resource and every property is named.
        width: columns of the text; None: they are not limited.
    """
    if not found:
        return "No changes."
    grave = [each for each in found if each.grave]
    told = [*_grave(grave), *_summary(found), *_kept(found)]
    if details:
        told += [("", ""), *(("", _line(each)) for each in found if not each.grave)]
    if width is None:
        return "\n".join(f"{indent}{text}" for indent, text in told)
    lines = (wrapped(text, width, indent, f"{indent}  ") for indent, text in told)
    return "\n".join(line for each in lines for line in each)


def _grave(found: Sequence[Consequence]) -> Iterator[Paragraph]:
    """What is lost or refused, resource by resource."""
    if not found:
        return
    yield "", f"{counted(len(found), 'resource', 'resources')} would be lost, replaced or refused:"
    ways = set()
    for each in found:
        yield "  ", f"{_word(each)}: {_line(each)}"
        if each.way and each.way not in ways:
            ways.add(each.way)
            yield "    ", f"Instead: {inert(each.way)}"
    yield "", ""


def _word(each: Consequence) -> str:
    """The kind of loss, in capitals: it must not be overlooked."""
    lost = "" if each.bears is Bears.NOTHING else f" ({each.bears.value.upper()})"
    return f"{each.doing.value.upper()}{lost}"


def _line(each: Consequence) -> str:
    """One resource, with the properties that differ."""
    doing = "" if each.grave else f"{each.doing.value}: "
    said = _said(each)
    told = f": {said}" if said else ""
    return inert(f"{doing}{each.name} ({each.type.rpartition(':')[2]}){told}")


def _said(each: Consequence) -> str:
    """What differs, and why that is not done; empty for what is made or removed whole."""
    named = each.because or each.properties or each.kept
    shown = ", ".join(named[:PROPERTIES]) + (", ..." if len(named) > PROPERTIES else "")
    if each.doing is Doing.REFUSE:
        done = f"a change of {shown} would replace it" if shown else "it would be removed"
        return f"{done}, but {each.refused}"
    return f"{shown}: {each.refused}" if each.refused else shown


def _kept(found: Sequence[Consequence]) -> Iterator[Paragraph]:
    """Which inputs stay as they were made, although the file or the version has others now."""
    kinds = Counter((each.type.rpartition(":")[2], path) for each in found for path in each.kept)
    if not kinds:
        return
    yield "", ""
    yield "", "These keep the value they were made with. It cannot be changed in place:"
    for (kind, path), count in sorted(kinds.items()):
        yield "  ", f"{inert(path)} of {count} {inert(kind)}"
    for way in dict.fromkeys(each.way for each in found if each.kept and each.way):
        yield "    ", f"Instead: {inert(way)}"


def _summary(found: Sequence[Consequence]) -> Iterator[Paragraph]:
    """How many resources of which types, by what is done."""
    for doing in Doing:
        kinds = Counter(each.type.rpartition(":")[2] for each in found if each.doing is doing)
        if kinds:
            listed = ", ".join(f"{n} {inert(kind)}" for kind, n in sorted(kinds.items()))
            yield "", f"{doing.value}: {listed}"
