"""HTML: the mapping as one page that needs nothing else, in a browser and on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre import __version__
from havre.report.findings import page, words
from havre.report.findings.answers import cited
from havre.report.mapping.answers import NO_RESULT

if TYPE_CHECKING:
    from havre.report.mapping.answers import Mapped


def render(mapped: Mapped) -> str:
    """The mapping as one HTML page."""
    return page.written(
        "coverage.html",
        listed=[each for each in mapped.items if each.listed],
        counted=[each for each in mapped.items if not each.listed],
        words=words,
        cited=cited,
        no_result=NO_RESULT,
        version=__version__,
    )
