"""The same warehouse on two or more hosts, side by side."""

from havre.compare.model import Comparison, Side
from havre.compare.rows import compare

__all__ = ["Comparison", "Side", "compare"]
