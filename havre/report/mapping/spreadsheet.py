"""CSV of a mapping, for a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.report.findings.spreadsheet import mapping

if TYPE_CHECKING:
    from havre.report.mapping.answers import Mapped


def render(mapped: Mapped) -> str:
    """The mapping as CSV (RFC 4180): one line for each requirement that is listed."""
    found = [item for each in mapped.items for item in each.requirements]
    return mapping(found, {each.framework.key: each.framework.id for each in mapped.items})
