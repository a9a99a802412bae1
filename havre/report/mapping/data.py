"""JSON: the requirements, and of each framework its text and its counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.text import as_json

if TYPE_CHECKING:
    from havre.report.mapping.answers import FrameworkMapping, Mapped


def render(mapped: Mapped) -> str:
    """The mapping as indented JSON; requirements that are only counted are left out."""
    listed = [item for each in mapped.items for item in each.requirements if item.listed]
    return as_json(
        {
            "frameworks": [_framework(each) for each in mapped.items],
            "requirements": [item.as_dict() for item in listed],
        }
    )


def _framework(each: FrameworkMapping) -> dict[str, Any]:
    of, text = each.framework, each.framework.text
    return {
        "framework": of.key,
        "id": of.id,
        "title": of.title,
        "version": of.version,
        "date": of.date,
        "text": text.model_dump(mode="json") if text else None,
        "requirements": of.requirements.count if of.requirements else None,
        "listed": each.listed,
        **each.counts,
        "probed": len(each.seeable),
        **({"seen": each.seen} if each.seen is not None else {}),
    }
