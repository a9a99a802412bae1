"""What the SDK of Azure says of its own arguments: names, values and docstrings."""

import importlib
import sys
from collections.abc import Iterator
from enum import Enum
from typing import Any

from havre.plan.values import UNKNOWN, Secret
from tests.arguments import inner, members, named, said


def arguments(kind: str) -> type:
    """The class of a resource's arguments, by a type such as `storage:StorageAccount`."""
    module, name = kind.split(":")
    resource = getattr(importlib.import_module(f"pulumi_azure_native.{module}"), name)
    home = sys.modules[resource.__module__]
    found: type = getattr(home, f"{name}InitArgs", None) or getattr(home, f"{name}Args")
    return found


def sayings(kind: str, path: str) -> list[str]:
    """The docstrings of every argument on a path, outermost first."""
    section, found = arguments(kind), []
    for step in (step for step in path.split(".") if not step.isdigit()):
        argument = named(section)[step]
        found.append(said(argument))
        section = next(iter(inner(argument, section)), section)
    return found


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
