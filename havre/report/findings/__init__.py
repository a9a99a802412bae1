"""Renderings of a check's result, for people and for other tools.

Each is a function of the result alone: the same result gives the same bytes. A rendering is
loaded only when it is asked for.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.report.rendering import Rendering

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from havre.policy.findings import Result
    from havre.policy.frameworks import Requirement


class Format(StrEnum):
    """What a result can be written as."""

    TABLE = "table"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    MARKDOWN = "markdown"
    GITLAB = "gitlab"
    HTML = "html"
    OSCAL = "oscal"


COVERED = frozenset({"requirements"})
"""Options of a form that shows what the controls contribute to frameworks."""

SHORT = frozenset({"summary"})
"""Options of a form that can be the headline alone."""

SPOKEN = frozenset({Format.TABLE, Format.HTML})
"""Forms whose summary can be in another language."""

RENDERINGS: Mapping[Format, Rendering] = MappingProxyType(
    {
        Format.TABLE: Rendering(
            f"{__name__}.table", COVERED | SHORT | {"width", "colour", "above"}
        ),
        Format.JSON: Rendering(f"{__name__}.data", COVERED | SHORT),
        Format.SARIF: Rendering(f"{__name__}.sarif"),
        Format.JUNIT: Rendering(f"{__name__}.junit"),
        Format.MARKDOWN: Rendering(f"{__name__}.markdown", COVERED | SHORT),
        Format.GITLAB: Rendering(f"{__name__}.gitlab"),
        Format.HTML: Rendering(f"{__name__}.page", COVERED | SHORT),
        Format.OSCAL: Rendering(f"{__name__}.oscal"),
    }
)
"""Every form with the module that writes it."""


def render(  # noqa: PLR0913 - as the options of a check
    result: Result,
    form: Format,
    *,
    requirements: Sequence[Requirement] | None = None,
    width: int | None = 100,
    colour: bool = False,
    summary: bool = False,
    above: int = 0,
) -> str:
    """The result in one form, ending with a newline.

    Args:
        result: what the check found.
        form: which form.
        requirements: what the controls say of frameworks, for those forms that show it (table,
            json, markdown and html); None leaves it out.
        width: columns of the table; None: each finding is one line.
        colour: whether the table may have colour.
        summary: whether to write the headline alone, in those forms that can (table, json and
            markdown), or the two pages of a summary (html); `havre.report.language.speaking`
            says in which language table and page are.
        above: lines of the screen that a table's summary leaves free, for what stands above it.
    """
    given = {"requirements": requirements, "width": width, "colour": colour, "summary": summary}
    return RENDERINGS[form].write(result, above=above, **given)
