"""For whom the identities in logs act, and which tables are whose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.audit.accesses import Actor
from havre.audit.statements import Tables
from havre.database.wanted import role_name, schema_name

if TYPE_CHECKING:
    from collections.abc import Iterable


def roles(projects: Iterable[str]) -> dict[str, Actor]:
    """The projects of a warehouse by their roles in its database."""
    return {role_name(project): Actor(project) for project in projects}


def tables(zones: Iterable[str]) -> Tables:
    """What finds tables of zones by their schemas."""
    return Tables({schema_name(zone): zone for zone in zones})
