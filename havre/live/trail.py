"""The audit logs of a warehouse: who did what, to be kept after the warehouse is gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Sequence


@dataclass(frozen=True)
class TrailFile:
    """A file of audit logs.

    Attributes:
        name: of it, unique in its trail; a file name.
        keep_until: the last day on which it must be kept, UTC.
        read: gives its bytes from the first to the last.
    """

    name: str
    keep_until: dt.date
    read: Callable[[], Iterator[bytes]]


class AuditTrail(Protocol):
    """All audit logs of a warehouse that are kept."""

    def files(self) -> Iterator[TrailFile]:
        """Every file, the oldest first.

        Raises:
            GuardError: somebody else can have written one.
        """
        ...

    def faults(self) -> Sequence[str]:
        """What shows that the logs were changed or cut off; empty where nothing does."""
        ...
