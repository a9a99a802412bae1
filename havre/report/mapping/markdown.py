"""Markdown: a chapter for each framework, with a table of its requirements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from havre.report.findings.answers import cited
from havre.report.findings.words import COVERAGES
from havre.report.mapping.answers import NO_RESULT
from havre.text import clipped
from havre.text import markdown as md

if TYPE_CHECKING:
    from havre.policy.frameworks import Requirement
    from havre.report.mapping.answers import FrameworkMapping, Mapped

HEADS = ("Requirement", "Level", "Coverage", "Controls and commands", "Part")
ADDRESS = re.compile(r"(https://[A-Za-z0-9.-]+(?:/[A-Za-z0-9_./~%-]*)?(?<![.]))(?=[.,;)]?(?:\s|$))")
"""An address with no sign that means something in Markdown."""
LONGEST = 1_000
"""Characters of a text."""


def render(mapped: Mapped) -> str:
    """The mapping as GitHub's and GitLab's Markdown."""
    listed = [_chapter(each) for each in mapped.items if each.listed]
    counted = [
        f"- {md(each.name, LONGEST)}: {md(each.totals)}" for each in mapped.items if not each.listed
    ]
    last = ["## Counted only\n\n" + "\n".join(counted) + "\n"] if counted else []
    return "\n".join([f"# Coverage of frameworks\n\n{NO_RESULT}\n", *listed, *last])


def _chapter(each: FrameworkMapping) -> str:
    texts = "".join(f"- {label}: {_linked(text)}\n" for label, text in each.texts)
    head = f"| {' | '.join(HEADS)} |\n|{' --- |' * len(HEADS)}\n"
    rows = "".join(map(_row, each.requirements))
    return f"## {md(each.name, LONGEST)}\n\n**{md(each.totals)}**\n\n{texts}\n{head}{rows}"


def _linked(text: str) -> str:
    """A text with its addresses as links that can be followed and copied; all else is inert."""
    pieces = ADDRESS.split(clipped(text, LONGEST))
    return "".join(
        f"<{piece}>" if number % 2 else md(piece, LONGEST) for number, piece in enumerate(pieces)
    )


def _row(item: Requirement) -> str:
    by = [*item.controls, *(f"havre {command}" for command in item.commands)]
    cells = (
        f"**{md(cited(item))}** {md(item.title, LONGEST)}",
        md(item.level),
        COVERAGES[item.coverage.value] if item.id else "",
        "<br>".join(map(md, by)),
        md(item.part, LONGEST) if item.shown else "",
    )
    return f"| {' | '.join(cells)} |\n"
