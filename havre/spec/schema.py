"""The JSON Schema of `warehouse.yaml`, for editors and other programs."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from havre.spec.model import Section, Warehouse
from havre.spec.schemes import scheme_names

if TYPE_CHECKING:
    from collections.abc import Mapping

DIALECT = "https://json-schema.org/draft/2020-12/schema"
IDENTIFIER = "urn:havre:warehouse:1"


class Untitled(GenerateJsonSchema):
    """pydantic's generator without a title for each field: the key says as much."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's hook
        """No field's title."""
        return False


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a warehouse.

    It holds what can be said field by field; the rules between fields are `validate`'s alone.
    """
    found: dict[str, Any] = json.loads(_compact(scheme_names()))
    return found


@cache
def _compact(_schemes: tuple[str, ...]) -> str:
    """The schema's text with these schemes installed: it takes long to make."""
    body = Warehouse.model_json_schema(schema_generator=Untitled)
    for node in body["properties"].values():
        _close(node)
    return json.dumps({"$schema": DIALECT, "$id": IDENTIFIER, **body})


@cache
def field_names() -> frozenset[str]:
    """Names of the fields of every section, such as `versions`, without their paths."""
    own = [each for each in Section.__subclasses__() if each.__module__ == Section.__module__]
    return frozenset(name for section in own for name in section.model_fields)


def schema_text() -> str:
    """The JSON Schema of a warehouse as the text of its file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _close(node: dict[str, Any]) -> None:
    """Refuse names that do not match: pydantic's `patternProperties` let them hold anything."""
    for pattern, entry in node.pop("patternProperties", {}).items():
        node["propertyNames"]["pattern"] = pattern
        node["additionalProperties"] = entry


def fields(root: Mapping[str, Any], path: tuple[str | int, ...]) -> dict[str, Any] | None:
    """The part of schema `root` that describes `path`; None where there is no such field."""
    node: dict[str, Any] | None = resolve(root, dict(root))
    for key in path:
        if node is None:
            return None
        node = _child(root, node, key)
    return node


def required(node: Mapping[str, Any]) -> list[str]:
    """Keys that an object must have, those with an older name by their own."""
    choice: Mapping[str, Any] = next(iter(node.get("oneOf", ())), {})
    return [*node.get("required", ()), *choice.get("required", ())]


def _child(root: Mapping[str, Any], node: dict[str, Any], key: str | int) -> dict[str, Any] | None:
    if isinstance(key, int):
        child = node.get("items")
    else:
        child = node.get("properties", {}).get(key) or node.get("additionalProperties")
    return resolve(root, child) if isinstance(child, dict) else None


def resolve(root: Mapping[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """`node` with its reference followed and, where it may be null, what it is otherwise."""
    for choice in node.get("anyOf", ()):
        if choice.get("type") != "null":
            return resolve(root, choice)
    if "$ref" not in node:
        return node
    definition: dict[str, Any] = root["$defs"][node["$ref"].removeprefix("#/$defs/")]
    return definition
