"""Writes a state of many resources: the recorded one, repeated under other names."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).resolve().parent.parent / "tests" / "facts" / "recorded"
NAME = "emc2"
"""What every name and identifier of the recorded warehouse holds."""


def renamed(value: Any, number: int) -> Any:
    """A value in which names, identifiers and URNs are another warehouse's."""
    if isinstance(value, str):
        return value.replace(NAME, f"{NAME}x{number}")
    if isinstance(value, dict):
        return {key: renamed(inner, number) for key, inner in value.items()}
    return [renamed(inner, number) for inner in value] if isinstance(value, list) else value


def again(resource: dict[str, Any], number: int) -> dict[str, Any]:
    """A resource under another name, with the labels of the first: they are the file's."""
    found: dict[str, Any] = renamed(resource, number)
    tags = resource.get("inputs", {}).get("tags")
    if tags is not None:
        found["inputs"]["tags"] = tags
    return found


def many(resources: list[dict[str, Any]], count: int) -> Iterator[dict[str, Any]]:
    """The stack's own resources once, and the others until `count` are a provider's."""
    made = [each for each in resources if each.get("custom")]
    yield from resources
    for number in range(1, -(-count // len(made))):
        yield from (again(each, number) for each in made if NAME in each["urn"])


def main() -> None:
    """Write to `FILE` the state of `COUNT` resources on a provider."""
    file, count, name = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    document = json.loads((RECORDED / f"{name}-state.json").read_text())
    deployment = document["deployment"]
    deployment["resources"] = list(many(deployment["resources"], count))
    file.write_text(json.dumps(document))
    print(json.dumps({"resources": sum(r["custom"] for r in deployment["resources"])}))


if __name__ == "__main__":
    main()
