"""What a provider can do and cannot: the words, and the data files that say it."""

from havre.capabilities.model import (
    LIMITED,
    Capability,
    Evidence,
    Gap,
    Limit,
    Support,
    Supported,
)

__all__ = ["LIMITED", "Capability", "Evidence", "Gap", "Limit", "Support", "Supported"]
