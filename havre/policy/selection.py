"""Which controls of a profile a user has evaluated, and which are left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from havre.policy.model import Severity


@dataclass(frozen=True)
class Selection:
    """The controls that a check evaluates, of those that it should.

    A check that leaves some out is partial: it never counts as one that passed.

    Attributes:
        only: identifiers; empty: all.
        skip: identifiers that are left out.
        severity: the least severity; None: any.
    """

    only: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    severity: Severity | None = None

    def takes(self, control: str, severity: Severity) -> bool:
        """Whether a control of that severity is evaluated."""
        if control in self.skip or (self.only and control not in self.only):
            return False
        return self.severity is None or severity.rank <= self.severity.rank


EVERYTHING = Selection()
"""All controls."""
