"""JSON: everything that the result holds; its schema is `findings.schema.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.report.findings import answers
from havre.report.findings.headline import headline
from havre.report.findings.words import EVALUATED
from havre.text import as_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.policy.findings import Result
    from havre.policy.frameworks import Requirement


def render(
    result: Result,
    *,
    requirements: Sequence[Requirement] | None = None,
    summary: bool = False,
) -> str:
    """The result as JSON, with requirements of frameworks where they are given.

    Args:
        result: what the check found.
        requirements: what the controls show of frameworks.
        summary: whether to leave the findings and requirements out.
    """
    first = {"headline": headline(result).as_dict()}
    if summary:
        return as_json({**first, "summary": result.summary()})
    document = {**first, **result.as_dict()}
    if requirements is not None:
        document["frameworks"] = _frameworks(requirements)
        document["requirements"] = [item.as_dict() for item in requirements if item.listed]
    return as_json(document)


def _frameworks(requirements: Sequence[Requirement]) -> list[dict[str, Any]]:
    """Of each framework how many requirements were evaluated; it has no result itself."""
    found = []
    for each in answers.frameworks(requirements):
        headings = [item for item in each.requirements if item.id]
        found.append(
            {
                "framework": each.name,
                "evaluated": sum(item.verdict in EVALUATED for item in headings),
                "cited": len(headings),
                "requirements": next((item.of for item in each.requirements if item.of), None),
            }
        )
    return found
