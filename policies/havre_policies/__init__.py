"""Havre's own controls: one pure function each over facts, one file a family."""

from __future__ import annotations

from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from havre.policy import Control

FAMILIES = (
    "encryption",
    "residency",
    "jurisdiction",
    "exposure",
    "access",
    "audit",
    "continuity",
    "inventory",
    "exit",
)
"""Families, in the order in which reports list them; each is a module of this package."""


def controls() -> tuple[Control, ...]:
    """Every control, by family, in the order of its file.

    Raises:
        InputError: a file of certification schemes is not valid.
    """
    return tuple(control for family in FAMILIES for control in _family(family))


def _family(name: str) -> tuple[Control, ...]:
    """The controls of a module: those that it defines, or what its function `family` returns."""
    from havre.policy import Control

    module = import_module(f"havre_policies.{name}")
    if hasattr(module, "family"):
        found: tuple[Control, ...] = module.family()
        return found
    values = vars(module).values()
    return tuple(each for each in values if isinstance(each, Control) and each.family == name)


def data(name: str) -> Path:
    """Path of a data file of this package, such as `frameworks.yaml` or `schemes.yaml`."""
    return Path(str(files("havre_policies") / name))
