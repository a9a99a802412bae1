"""What the SDK of Azure says of its own arguments: names, values and docstrings."""

import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from enum import Enum
from typing import Any

from pulumi import _types as types

from havre.plan.values import UNKNOWN, Secret

REFERENCE = re.compile(r"'(\w+)'")


def arguments(kind: str) -> type:
    """The class of a resource's arguments, by a type such as `storage:StorageAccount`."""
    module, name = kind.split(":")
    resource = getattr(importlib.import_module(f"pulumi_azure_native.{module}"), name)
    home = sys.modules[resource.__module__]
    found: type = getattr(home, f"{name}InitArgs", None) or getattr(home, f"{name}Args")
    return found


def named(section: type) -> dict[str, property]:
    """The arguments of a section, by their names in a plan."""
    names: dict[str, str] = types.input_type_py_to_pulumi_names(section)
    return {theirs: getattr(section, ours) for ours, theirs in names.items()}


def inner(argument: property, section: type) -> list[type]:
    """The sections and enumerations that an argument may be of."""
    assert argument.fget is not None
    hint = str(argument.fget.__annotations__["return"])
    known = sys.modules[section.__module__]
    found = [getattr(known, name, None) for name in REFERENCE.findall(hint)]
    return [
        each
        for each in found
        if isinstance(each, type) and (types.is_input_type(each) or issubclass(each, Enum))
    ]


def sayings(kind: str, path: str) -> list[str]:
    """The docstrings of every argument on a path, outermost first."""
    section, found = arguments(kind), []
    for step in (step for step in path.split(".") if not step.isdigit()):
        argument = named(section)[step]
        found.append(" ".join((inspect.getdoc(argument.fget) or "").split()))
        section = next(iter(inner(argument, section)), section)
    return found


def members(argument: property, value: Any) -> list[Any]:
    """The values of a list, or of a table by keys of the user's own; else the value alone."""
    assert argument.fget is not None
    if isinstance(value, dict) and "Mapping[str" in str(argument.fget.__annotations__["return"]):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else [value]


def strangers(section: type, inputs: dict[str, Any], path: str = "") -> Iterator[str]:
    """What the SDK does not know in the inputs of a section: arguments and values."""
    known = named(section)
    for name, value in inputs.items():
        where = f"{path}.{name}" if path else name
        if name not in known:
            yield f"{where} is no argument"
            continue
        choices = inner(known[name], section)
        for member in members(known[name], value) if choices else []:
            yield from _stranger(choices, member, where)


def _stranger(choices: list[type], value: Any, where: str) -> Iterator[str]:
    if value is UNKNOWN or value is None or isinstance(value, Secret):
        return
    if not isinstance(value, dict):
        values = {each.value for kind in choices if issubclass(kind, Enum) for each in kind}
        if values and value not in values:
            yield f"{where}: {value!r} is none of {sorted(map(str, values))}"
        return
    sections = [kind for kind in choices if not issubclass(kind, Enum)]
    found = [list(strangers(section, value, where)) for section in sections]
    if found and all(found):
        yield from min(found, key=len)
