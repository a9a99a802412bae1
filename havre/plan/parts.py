"""To which part of a warehouse a resource belongs, by the components above it."""

from __future__ import annotations

from havre.plan.urns import types

PARTS = (
    "network",
    "keys",
    "audit",
    "zones",
    "database",
    "registry",
    "cluster",
    "access",
    "backup",
    "other",
)
"""Parts of a warehouse, in the order in which they are built."""


def part_of(urn: str) -> str:
    """Part of the warehouse to which a resource belongs, by the components above it."""
    kinds = types(urn)
    owners = [kind.rsplit(":", 1)[-1].lower() for kind in kinds[:-1] if kind.startswith("havre:")]
    return next((owner for owner in reversed(owners) if owner in PARTS), "other")
