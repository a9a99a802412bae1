"""What the model makes of a file's data: as a whole, or of those parts that are valid."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from havre.documents.problems import lookup
from havre.spec.model import OLDER_NAMES, Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic_core import ErrorDetails

    from havre.documents.problems import Location

_STAND_IN: Mapping[str, Any] = {
    "name": "stand-in",
    "environment": "development",
    "organisation": {"name": "-", "country": "FR", "contact": "a@b.example"},
    "classification": "internal",
    "residency": {"countries": ["FR"]},
    "sites": {"primary": "fr-paris"},
    "zones": {"stand-in": {"purpose": "landing", "recoverable_days": 0}},
}
"""Valid values of what is required, in the place of what is not valid, for the rules to run."""
_OPTIONAL: Mapping[str, Any] = {
    "projects": {
        "stand-in": {
            "title": "-",
            "zones": ["stand-in"],
            "members": ["-"],
            "authorisation": "-",
            "expires": "2000-01-01",
        }
    },
    "exit": {"provider": "stand-in"},
}
"""The same for what is required within a section that may be left out."""
_NAMED = ("zones", "projects")
"""Sections whose keys are names."""


def structure(data: Any) -> tuple[Warehouse | None, list[ErrorDetails]]:
    """What pydantic makes of `data`, in its strict mode for JSON, or its errors."""
    try:
        return Warehouse.model_validate_json(json.dumps(data)), []
    except ValidationError as error:
        return None, error.errors(include_url=False, include_context=False, include_input=False)


def mended(data: Mapping[str, Any], wrong: Iterable[Location]) -> tuple[Warehouse, list[Location]]:
    """A warehouse of `data` with stand-ins where something is wrong, and where they are.

    Args:
        data: the file's, a section.
        wrong: what is wrong although the model accepts it.
    """
    kept = copy.deepcopy(dict(data))
    replaced = [_replace(kept, path) for path in wrong]
    while True:
        warehouse, errors = structure(kept)
        if warehouse:
            return warehouse, replaced
        for each in errors:
            path = each["loc"]
            while path in replaced:  # a stand-in was not enough: what it is part of is wrong
                path = path[:-1]
            replaced.append(_replace(kept, path))


def _replace(kept: dict[str, Any], path: Location) -> Location:
    """Put a stand-in at a path, or nothing where none is required; the path that was changed."""
    if path[-1:] == ("[key]",):
        kept[str(path[0])].pop(path[1], None)
        return (path[0], "")
    if not path:
        kept.clear()
        kept.update(copy.deepcopy(dict(_STAND_IN)))
        return path
    section, depth = kept, 0
    while depth < len(path) - 1 and isinstance(section.get(str(path[depth])), dict):
        section, depth = section[str(path[depth])], depth + 1
    name = OLDER_NAMES.get(str(path[depth]), str(path[depth]))
    for key in (name, *(older for older, newer in OLDER_NAMES.items() if newer == name)):
        section.pop(key, None)
    found = (*path[:depth], name)
    if (value := _stand_in(found)) is not None:
        section[name] = copy.deepcopy(value)
    return found


def _stand_in(path: Location) -> Any:
    """What is valid at a path where something is required; None elsewhere."""
    top, *rest = path
    if rest and top in _NAMED:
        rest[0] = "stand-in"
    required = lookup(_STAND_IN, (top, *rest))
    return lookup(_OPTIONAL, (top, *rest)) if rest and required is None else required
