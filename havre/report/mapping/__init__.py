"""Renderings of what controls and commands give evidence for, without a check.

Nothing here is a result, and none is given to a framework: only to which requirements something
contributes, and to which part.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.report.rendering import Rendering

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.report.mapping.answers import Mapped


class MappingFormat(StrEnum):
    """What a mapping can be written as."""

    TABLE = "table"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"
    CSV = "csv"
    OSCAL = "oscal"


RENDERINGS: Mapping[MappingFormat, Rendering] = MappingProxyType(
    {
        MappingFormat.TABLE: Rendering(f"{__name__}.table", frozenset({"width", "colour"})),
        MappingFormat.MARKDOWN: Rendering(f"{__name__}.markdown"),
        MappingFormat.HTML: Rendering(f"{__name__}.page"),
        MappingFormat.JSON: Rendering(f"{__name__}.data"),
        MappingFormat.CSV: Rendering(f"{__name__}.spreadsheet"),
        MappingFormat.OSCAL: Rendering(f"{__name__}.oscal"),
    }
)
"""Every form with the module that writes it."""


def render(
    mapped: Mapped, form: MappingFormat, *, width: int | None = None, colour: bool = False
) -> str:
    """The mapping in one form, ending with a newline.

    Args:
        mapped: the frameworks and their requirements.
        form: which form.
        width: columns of the table; None: each paragraph is one line.
        colour: whether the table may have colour.
    """
    return RENDERINGS[form].write(mapped, width=width, colour=colour)
