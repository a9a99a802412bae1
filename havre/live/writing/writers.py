"""The contract of taking writing away from everybody but the exit.

A store or a database declares whether its writers can be taken, with Support and a reason, as a
store declares its abilities. What must be given back is remembered before anything is changed, and
every act can be done again: a run that was killed between any two of them is finished by the next.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from havre.capabilities import Support, Supported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.live.warehouse import Live

Memory = dict[str, Any]
"""What is to be given back, as JSON; no secret is in it, and empty stands for nothing known."""


@dataclass(frozen=True)
class TokenLife:
    """How long what was issued before may still write after writing was taken.

    Attributes:
        longest: zero where each call is judged by the rights of that moment.
        reason: how that is known.
    """

    longest: dt.timedelta
    reason: str


@dataclass(frozen=True)
class WritersFound:
    """Who may write now.

    Attributes:
        taken: names of those who lost writing.
        untaken: why, by name of those from whom nobody outside the service takes it: they are
            named in the evidence.
        still: why, by name of those who should not write and may: writing is not taken.
    """

    taken: tuple[str, ...] = ()
    untaken: Mapping[str, str] = field(default_factory=dict)
    still: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class WritersForeseen:
    """Who would lose writing, or get it back.

    Attributes:
        moving: how, by name of those who would.
        untaken: why, by name of those from whom nobody outside the service takes it.
        still: why, by name of those who should lose it and would not.
    """

    moving: Mapping[str, str] = field(default_factory=dict)
    untaken: Mapping[str, str] = field(default_factory=dict)
    still: Mapping[str, str] = field(default_factory=dict)


class WriterControl(Protocol):
    """Takes writing to one store or database from everybody but the exit's own user.

    Every act raises:
        RetryError: the service does not answer.
        ProviderError: it refused.
    """

    @property
    def name(self) -> str:
        """What messages call the store or the database."""
        ...

    @property
    def supported(self) -> Supported:
        """Whether its writers can be taken from here; absent: by hand only."""
        ...

    @property
    def tokens(self) -> TokenLife:
        """How long what was issued before may still write."""
        ...

    def remember(self, known: Memory) -> Memory:
        """What is to be given back, with what is already known of it. Changes nothing."""
        ...

    def take(self, known: Memory) -> None:
        """Take writing away from those who are remembered; again is fine."""
        ...

    def find(self, known: Memory) -> WritersFound:
        """Who may write now. Changes nothing."""
        ...

    def would_take(self, known: Memory) -> WritersForeseen:
        """From whom `take` would take writing now, and how. Changes nothing."""
        ...

    def would_give_back(self, known: Memory) -> WritersForeseen:
        """Whom `give_back` would let write again, and how. Changes nothing."""
        ...

    def give_back(self, known: Memory) -> None:
        """Give back exactly what is remembered; again is fine."""
        ...


@dataclass(frozen=True)
class WritersByHand:
    """Implements `WriterControl` where writers can only be taken by hand: it does nothing.

    Attributes:
        name: of the store or the database.
        reason: why nothing can be done from here.
        tokens: how long what was issued before may still write.
    """

    name: str
    reason: str
    tokens: TokenLife

    @property
    def supported(self) -> Supported:
        """Absent, with the reason."""
        return Supported(Support.ABSENT, self.reason)

    def remember(self, known: Memory) -> Memory:
        """Nothing more than was known."""
        return known

    def take(self, known: Memory) -> None:
        """Nothing."""

    def find(self, known: Memory) -> WritersFound:  # noqa: ARG002 - of the contract
        """Nothing is known of who may write."""
        return WritersFound()

    def would_take(self, known: Memory) -> WritersForeseen:  # noqa: ARG002 - of the contract
        """From nobody: a person takes it."""
        return WritersForeseen()

    def would_give_back(self, known: Memory) -> WritersForeseen:  # noqa: ARG002 - of the contract
        """Nobody: a person gives it back."""
        return WritersForeseen()

    def give_back(self, known: Memory) -> None:
        """Nothing."""


UNDECLARED = "the provider does not declare how writing to its stores is taken away"
UNDECLARED_TOKENS = TokenLife(
    dt.timedelta(days=7),
    "the provider does not declare how long its tokens live; a signed URL lives 7 days at most "
    "(AWS CLI reference, s3 presign; read on 2026-11-30)",
)


def zone_writers(live: Live, zone: str) -> WriterControl:
    """Who may write to a zone; a provider that does not declare it leaves it to be done by hand."""
    offered = getattr(live, "zone_writers", None)
    if offered is None:
        return WritersByHand(f"zone {zone}", UNDECLARED, UNDECLARED_TOKENS)
    control: WriterControl = offered(zone)
    return control
