"""The parts of a warehouse: the one list of them, and the components that stand for them.

A part's component has a type made of the provider's name and the part's (`component_type`), so
that a plan or a state says by itself to which part, and on which provider, a resource belongs.
"""

from __future__ import annotations

from enum import StrEnum

from havre.plan.urns import types


class PartName(StrEnum):
    """Parts of a warehouse, in the order in which they are built."""

    NETWORK = "network"
    KEYS = "keys"
    AUDIT = "audit"
    ZONES = "zones"
    DATABASE = "database"
    REGISTRY = "registry"
    CLUSTER = "cluster"
    ACCESS = "access"
    BACKUP = "backup"


WAREHOUSE_TYPE = "havre:index:ResearchWarehouse"
"""Type token of the component that is a whole warehouse."""
OTHER = "other"
"""What belongs to no part."""
PARTS = (*(name.value for name in PartName), OTHER)
"""Every answer of `part_of`, in order."""
_PREFIX = "havre"
_BY_WORD = {name.value.capitalize(): name for name in PartName}


def component_type(provider: str, part: PartName) -> str:
    """Type token of a part's component.

    >>> component_type("paper", PartName.ZONES)
    'havre:paper:Zones'
    """
    return f"{_PREFIX}:{provider}:{part.value.capitalize()}"


def component_of(kind: str) -> tuple[str, PartName] | None:
    """The provider and the part that a type token stands for; None for any other token."""
    prefix, _, rest = kind.partition(":")
    provider, _, word = rest.partition(":")
    if prefix != _PREFIX or word not in _BY_WORD:
        return None
    return provider, _BY_WORD[word]


def part_of(urn: str) -> str:
    """Part of the warehouse to which a resource belongs, by the components above it."""
    found = [owner for kind in types(urn)[:-1] if (owner := component_of(kind))]
    return found[-1][1].value if found else OTHER
