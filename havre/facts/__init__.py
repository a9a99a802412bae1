"""What a plan means for security, in words that are no provider's."""

from havre.facts.collect import Facts, Removed, collect, facts_of
from havre.facts.index import Index, Naming, Nomenclature
from havre.facts.model import Fact, Known, ResourceFact, Unclassified, Unknown

__all__ = [
    "Fact",
    "Facts",
    "Index",
    "Known",
    "Naming",
    "Nomenclature",
    "Removed",
    "ResourceFact",
    "Unclassified",
    "Unknown",
    "collect",
    "facts_of",
]
