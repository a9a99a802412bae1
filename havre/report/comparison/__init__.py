"""Renderings of a comparison, for people and for other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from havre.compare import Comparison


def render(comparison: Comparison, form: str, *, width: int = 100, colour: bool = False) -> str:
    """The comparison in one form, ending with a newline.

    Args:
        comparison: what is compared.
        form: `table`, `markdown`, `json` or `html`.
        width: columns of the table.
        colour: whether the table may have colour.
    """
    if form == "json":
        from havre.compare.answers import answers
        from havre.text import as_json

        return as_json({"answers": list(answers(comparison)), **comparison.as_dict()})
    if form == "markdown":
        from havre.report.comparison import markdown as comparison_markdown

        return comparison_markdown.render(comparison)
    if form == "html":
        from havre.report.comparison import page as comparison_page

        return comparison_page.render(comparison)
    from havre.report.comparison import table as comparison_table

    return comparison_table.render(comparison, width=width, colour=colour)
