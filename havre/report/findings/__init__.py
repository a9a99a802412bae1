"""Renderings of a check's result, for people and for other tools.

Each is a function of the result alone: the same result gives the same bytes. A rendering is
loaded only when it is asked for.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def render(
    result: Result,
    form: Format,
    *,
    requirements: Sequence[Requirement] | None = None,
    width: int = 100,
    colour: bool = False,
) -> str:
    """The result in one form, ending with a newline.

    Args:
        result: what the check told.
        form: which form.
        requirements: what the controls say of frameworks, for those forms that show it (table,
            json, markdown and html); None leaves it out.
        width: columns of the table.
        colour: whether the table may have colour.
    """
    if form is Format.TABLE:
        from havre.report.findings import table

        return table.render(result, requirements=requirements, width=width, colour=colour)
    if form in {Format.JSON, Format.MARKDOWN, Format.HTML}:
        return _with_requirements(result, form, requirements)
    return _for_tools(result, form)


def _with_requirements(
    result: Result, form: Format, requirements: Sequence[Requirement] | None
) -> str:
    if form is Format.JSON:
        from havre.report.findings import data

        return data.render(result, requirements=requirements)
    if form is Format.MARKDOWN:
        from havre.report.findings import markdown

        return markdown.render(result, requirements=requirements)
    from havre.report.findings import page

    return page.render(result, requirements=requirements)


def _for_tools(result: Result, form: Format) -> str:
    if form is Format.SARIF:
        from havre.report.findings import sarif

        return sarif.render(result)
    if form is Format.JUNIT:
        from havre.report.findings import junit

        return junit.render(result)
    if form is Format.GITLAB:
        from havre.report.findings import gitlab

        return gitlab.render(result)
    from havre.report.findings import oscal

    return oscal.render(result)
