"""JSON: everything that the comparison holds; its schema is `comparison.schema.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.compare.answers import answers
from havre.text import as_json

if TYPE_CHECKING:
    from havre.compare import Comparison


def render(comparison: Comparison) -> str:
    """The comparison as JSON, with its sentences."""
    return as_json({"answers": list(answers(comparison)), **comparison.as_dict()})
