"""What a provider can do and cannot: the words, and the data files that say it."""

from havre.capabilities.due import NATIVE_WHEN
from havre.capabilities.model import (
    Capability,
    Evidence,
    Gap,
    Limit,
    Measure,
    Support,
    Supported,
    Unit,
)

__all__ = [
    "NATIVE_WHEN",
    "Capability",
    "Evidence",
    "Gap",
    "Limit",
    "Measure",
    "Support",
    "Supported",
    "Unit",
]
