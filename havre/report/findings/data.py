"""JSON: everything that the result holds; its schema is `findings.schema.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.text import as_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.policy.findings import Result
    from havre.policy.frameworks import Requirement


def render(result: Result, *, requirements: Sequence[Requirement] | None = None) -> str:
    """The result as JSON; requirements of frameworks are a third member, where they are given."""
    document = result.as_dict()
    if requirements is not None:
        document["requirements"] = [item.as_dict() for item in requirements]
    return as_json(document)
