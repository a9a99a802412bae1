"""What a plan means for security, in words that are no provider's."""

from havre.facts.collect import Facts, Removed, Unread, collect, facts_of, revealed
from havre.facts.index import Index, Naming, Nomenclature
from havre.facts.model import ResourceFact, Unclassified
from havre.facts.outside import Estate, outside_of
from havre.facts.values import (
    DOES_NOT_APPLY,
    DoesNotApply,
    Fact,
    Known,
    Outside,
    Reserve,
    Reserved,
    Unknown,
)

__all__ = [
    "DOES_NOT_APPLY",
    "DoesNotApply",
    "Estate",
    "Fact",
    "Facts",
    "Index",
    "Known",
    "Naming",
    "Nomenclature",
    "Outside",
    "Removed",
    "Reserve",
    "Reserved",
    "ResourceFact",
    "Unclassified",
    "Unknown",
    "Unread",
    "collect",
    "facts_of",
    "outside_of",
    "revealed",
]
