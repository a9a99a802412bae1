"""Renderings of a comparison, for people and for other tools."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.report.rendering import Rendering

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.compare import Comparison


class ComparisonFormat(StrEnum):
    """What a comparison can be written as."""

    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"
    HTML = "html"


RENDERINGS: Mapping[ComparisonFormat, Rendering] = MappingProxyType(
    {
        ComparisonFormat.TABLE: Rendering(
            f"{__name__}.table", frozenset({"width", "colour", "details"})
        ),
        ComparisonFormat.MARKDOWN: Rendering(f"{__name__}.markdown"),
        ComparisonFormat.JSON: Rendering(f"{__name__}.data"),
        ComparisonFormat.HTML: Rendering(f"{__name__}.page"),
    }
)
"""Every form with the module that writes it."""


def render(
    comparison: Comparison,
    form: str,
    *,
    width: int = 100,
    colour: bool = False,
    details: bool = True,
) -> str:
    """The comparison in one form, ending with a newline.

    Args:
        comparison: what is compared.
        form: one of `ComparisonFormat`.
        width: columns of the table.
        colour: whether the table may have colour.
        details: whether the table has every reason, setting, gap and obstacle.

    Raises:
        ValueError: there is no such form.
    """
    return RENDERINGS[ComparisonFormat(form)].write(
        comparison, width=width, colour=colour, details=details
    )
