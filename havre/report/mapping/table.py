"""The table of a terminal: each requirement, what contributes to it, and to which part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from havre.report.findings.answers import cited, commands, contributors
from havre.report.findings.table import UNWRAPPED, printed
from havre.report.findings.words import COVERAGES
from havre.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.policy.frameworks import Requirement
    from havre.report.mapping.answers import FrameworkMapping, Mapped


def render(mapped: Mapped, *, width: int | None = None, colour: bool = False) -> str:
    """The mapping as text.

    Args:
        mapped: the frameworks and their requirements.
        width: columns (40 at least); None: each paragraph is one line.
        colour: whether to write colours, for a terminal.
    """
    listed = (each for each in mapped.items if each.listed)
    counted = (each for each in mapped.items if not each.listed)
    lines = [line for each in listed for line in _framework(each)]
    lines += [line for each in counted for line in _counted(each)]
    wide = UNWRAPPED if width is None else width
    return printed((part for line in lines for part in _wrapped(*line, wide)), wide, colour=colour)


def _wrapped(text: Text, indent: int, width: int) -> Iterator[Text]:
    """Lines of a paragraph; words, and so identifiers, are never broken."""
    from rich.console import Console

    for line in text.wrap(Console(width=width), max(width, 40) - indent):
        line.rstrip()
        yield Text(" " * indent).append_text(line)


def _framework(each: FrameworkMapping) -> Iterator[tuple[Text, int]]:
    for item in each.requirements:
        yield from _requirement(item)
    yield Text.assemble((each.framework.key, "bold"), f": {plain(each.totals)}"), 0
    for label, text in each.texts:
        yield Text(plain(f"{label}: {text}"), style="dim"), 2


def _requirement(item: Requirement) -> Iterator[tuple[Text, int]]:
    shown = f"  ({COVERAGES[item.coverage.value]})" if item.id else ""
    yield Text.assemble((plain(cited(item)), "bold"), f" {plain(item.title)}{shown}"), 0
    for text in (contributors(item), commands(item)):
        if text:
            yield Text(plain(text)), 2
    if item.shown and item.part:
        yield Text(plain(item.part), style="dim"), 2


def _counted(each: FrameworkMapping) -> Iterator[tuple[Text, int]]:
    key = each.framework.key
    told = f"{each.totals} (listed with --framework {key})"
    yield Text.assemble((plain(key), "bold"), f": {plain(told)}"), 0
