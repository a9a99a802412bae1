"""What a provider's SDK says of the arguments of its own types: names, sections, docstrings."""

import inspect
import re
import sys
from enum import Enum
from typing import Any

from pulumi import _types as types

REFERENCE = re.compile(r"'(\w+)'")


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


def said(argument: property) -> str:
    """The docstring of an argument, on one line."""
    return " ".join((inspect.getdoc(argument.fget) or "").split())


def members(argument: property, value: Any) -> list[Any]:
    """The values of a list, or of a table by keys of the user's own; else the value alone."""
    assert argument.fget is not None
    if isinstance(value, dict) and "Mapping[str" in str(argument.fget.__annotations__["return"]):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else [value]
