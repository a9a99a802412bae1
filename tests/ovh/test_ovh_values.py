"""Every value of a closed list that is sent to OVHcloud is one of that list, in its own spelling.

The plugin passes most values on unread. The lists are data (`values.toml`), each with the words of
the SDK's docstring or with another source.
"""

import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pulumi_ovh
import pytest

from havre.plan import PlannedResource
from havre.plan.values import UNKNOWN, Secret
from havre_ovh.capabilities import DATA
from tests.arguments import inner, members, named, said
from tests.ovh.stack import emc2, example, planned

ROWS: dict[str, dict[str, dict[str, Any]]] = tomllib.loads((DATA / "values.toml").read_text())
SOURCES: dict[str, Any] = ROWS.pop("sources")
EACH = [(kind, path) for kind, paths in ROWS.items() for path in paths]
LISTS = re.compile(
    r"(?i:one of|possible values|accepted values|values can be|choose between|only `)"
    r"|`\w+`,? or `\w+`|\((`\w+`,? ?){2,}|(\"\w+\", ){1,}\"\w+\""
)
"""How a docstring of the SDK lists the values that an argument takes."""


def arguments(token: str) -> type:
    """The class of a resource's arguments, by its type token."""
    module = token.split(":")[1].partition("/")[0].lower()
    name = token.rpartition(":")[2]
    home = pulumi_ovh if module == "index" else importlib.import_module(f"pulumi_ovh.{module}")
    found: type = getattr(sys.modules[getattr(home, name).__module__], f"{name}Args")
    return found


def given(section: type, inputs: dict[str, Any], path: str = "") -> Iterator[tuple[str, str, Any]]:
    """Path, docstring and value of every text or number among inputs."""
    for name, value in inputs.items():
        argument = named(section)[name]
        where, sections = f"{path}.{name}".lstrip("."), inner(argument, section)
        for member in members(argument, value):
            if isinstance(member, dict) and sections:
                yield from given(sections[0], member, where)
            elif not (member is UNKNOWN or isinstance(member, bool | dict | Secret | None)):
                yield where, said(argument), member


def plans() -> Iterator[PlannedResource]:
    """What is planned of both examples."""
    for plan in (emc2(), planned(example("hospital"))):
        yield from (r for r in plan.resources if r.type.startswith("ovh:"))


def strangers(resources: Iterator[PlannedResource]) -> Iterator[str]:
    """Values that are none of their lists."""
    for resource in resources:
        rows = ROWS.get(resource.type, {})
        for path, _, value in given(arguments(resource.type), dict(resource.inputs)):
            if path in rows and value not in rows[path]["values"]:
                yield f"{resource.name}: {path} is {value!r}"


def test_every_value_is_one_that_ovhcloud_takes() -> None:
    assert [*strangers(plans())] == []


@pytest.mark.parametrize(("kind", "path"), EACH)
def test_another_value_is_named(kind: str, path: str) -> None:
    """A misspelt one, or one in other letters."""
    first = next(r for r in plans() if r.type == kind and path in dict(_paths(r)))
    wrong = _with(dict(first.inputs), path.split("."))
    assert [*strangers(iter([replace(first, inputs=wrong)]))] == [f"{first.name}: {path} is 'No'"]


def _paths(resource: PlannedResource) -> Iterator[tuple[str, Any]]:
    for path, _, value in given(arguments(resource.type), dict(resource.inputs)):
        yield path, value


def _with(inputs: Any, steps: list[str]) -> Any:
    """Inputs with another value at a path; of a list, in its first item."""
    if isinstance(inputs, list):
        return [_with(inputs[0], steps), *inputs[1:]] if steps else ["No", *inputs[1:]]
    if not steps:
        return "No"
    return {**inputs, steps[0]: _with(inputs[steps[0]], steps[1:])}


@pytest.mark.parametrize(("kind", "path"), EACH)
def test_a_list_has_a_source(kind: str, path: str) -> None:
    row = ROWS[kind][path]
    assert set(row) - {"values"} in ({"says"}, {"source"})
    if "source" in row:
        assert re.search(r"\b20\d\d-\d\d-\d\d\b", SOURCES[row["source"]])
        return
    words = {where: text for r in plans() if r.type == kind for where, text, _ in _said(r)}
    assert row["says"] in words[path]
    assert all(re.search(rf"\b{re.escape(str(v))}\b", row["says"]) for v in row["values"])


def _said(resource: PlannedResource) -> Iterator[tuple[str, str, Any]]:
    return given(arguments(resource.type), dict(resource.inputs))


def test_no_list_of_the_sdk_is_left_out() -> None:
    """An argument whose docstring lists its values, and that is given, has a row."""
    listed = {(r.type, where) for r in plans() for where, text, _ in _said(r) if LISTS.search(text)}
    assert sorted(listed - {*EACH}) == []
