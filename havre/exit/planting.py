"""A target that fails, as `planted` in exit.yaml has it: for rehearsals only, to see it found."""

from __future__ import annotations

import hashlib
import io
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from typing import IO, TYPE_CHECKING, Any, cast

from havre.live.objects import RefusedError, Written

if TYPE_CHECKING:
    from havre.live.objects import LiveStore, Properties

LET = 25
"""So many writes pass before a credential counts as expired."""
_KINDS = 8
_DROPPED, _CHANGED = 0, 1


class PlantedFault(StrEnum):
    """What the target's stores do wrong."""

    LYING_STORE = "lying-store"
    EXPIRED_TOKEN = "expired-token"  # noqa: S105 - the name of a fault


def planted(store: LiveStore, fault: PlantedFault | None) -> LiveStore:
    """A store that fails in a way of its own; the store itself where nothing is planted."""
    if fault is None:
        return store
    made = LyingStore(store) if fault is PlantedFault.LYING_STORE else ExpiringStore(store)
    return cast("LiveStore", made)


@dataclass(frozen=True)
class LyingStore:
    """Acknowledges every object, drops one in eight, and changes another in eight.

    Which ones follows from their keys, so that each run lies alike.

    Attributes:
        store: what keeps the others.
    """

    store: LiveStore

    def __getattr__(self, name: str) -> Any:
        """All else is done by the store."""
        return getattr(self.store, name)

    def write(
        self, key: str, content: IO[bytes], properties: Properties, *, create_only: bool = False
    ) -> Written:
        """Write an object, or something else, or nothing."""
        kind = hashlib.sha256(key.encode()).digest()[0] % _KINDS
        if kind == _DROPPED:
            return Written("", "")
        if kind == _CHANGED:
            content = _flipped(content)
        return self.store.write(key, content, properties, create_only=create_only)


@dataclass(frozen=True)
class ExpiringStore:
    """Refuses every write after the first ones, as a service does once a token has expired.

    Attributes:
        store: what takes the first ones.
    """

    store: LiveStore
    _made: list[str] = field(default_factory=list, init=False, repr=False, compare=False)
    _lock: threading.Lock = field(
        default_factory=threading.Lock, init=False, repr=False, compare=False
    )

    def __getattr__(self, name: str) -> Any:
        """All else is done by the store."""
        return getattr(self.store, name)

    def write(
        self, key: str, content: IO[bytes], properties: Properties, *, create_only: bool = False
    ) -> Written:
        """Write an object, while that is let.

        Raises:
            RefusedError: it is no longer.
        """
        self._refuse(key)
        return self.store.write(key, content, properties, create_only=create_only)

    def begin(self, key: str, properties: Properties) -> Any:
        """Begin an object in parts, while that is let."""
        self._refuse(key)
        return self.store.begin(key, properties)

    def _refuse(self, key: str) -> None:
        with self._lock:
            self._made.append(key)
            if len(self._made) <= LET:
                return
        message = f"{self.store.name}: the credential has expired (planted by the rehearsal)"
        raise RefusedError(message, "Replace the credential, then run the same step again.")


def _flipped(content: IO[bytes]) -> IO[bytes]:
    """The same bytes with the last bit of the last one flipped."""
    held = bytearray(content.read())
    if held:
        held[-1] ^= 1
    return io.BytesIO(bytes(held))
