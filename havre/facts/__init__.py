"""What a plan means for security, in words that are no provider's."""

from havre.facts.collect import Facts, collect
from havre.facts.model import Fact, Known, ResourceFact, Unclassified, Unknown

__all__ = ["Fact", "Facts", "Known", "ResourceFact", "Unclassified", "Unknown", "collect"]
