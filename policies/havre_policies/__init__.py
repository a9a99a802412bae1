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
    """Every control, by family, in the order of its file."""
    from havre.policy import Control

    return tuple(
        value
        for family in FAMILIES
        for value in vars(import_module(f"havre_policies.{family}")).values()
        if isinstance(value, Control) and value.family == family
    )


def data(name: str) -> Path:
    """Path of one of this package's data files: `frameworks.yaml`, `qualifications.yaml`."""
    return Path(str(files("havre_policies") / name))
