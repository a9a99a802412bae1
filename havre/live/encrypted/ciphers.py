"""What encrypts objects before a store gets them: the bytes that the store has are no content."""

from __future__ import annotations

from typing import Protocol


class ContentCipher(Protocol):
    """Encrypts objects of one zone under a key of its warehouse, each bound to its own name.

    Such an object opens nowhere else, so that it is opened and closed anew when it moves.
    """

    @property
    def key(self) -> str:
        """Reference to the key, such as its name; never the key itself."""
        ...

    @property
    def largest(self) -> int:
        """Bytes of the largest stored object that can be opened: it is held in memory."""
        ...

    def concerns(self, name: str) -> bool:
        """Whether an object of that key may be encrypted by it; asked before any byte is read."""
        ...

    def covers(self, head: bytes) -> bool:
        """Whether a stored object is encrypted by it.

        Args:
            head: its first bytes, at least `HEAD` of them where it has so many.
        """
        ...

    def opened(self, name: str, stored: bytes) -> bytes:
        """The content of a stored object, the same for the same content whoever closed it.

        Args:
            name: key of the object.
            stored: all its bytes in the store.

        Raises:
            StateError: it is damaged.
            GuardError: it was encrypted under another key or for another name.
        """
        ...

    def closed(self, name: str, content: bytes) -> bytes:
        """Content that `opened` gave, here or elsewhere, as it is to be stored.

        Raises:
            InputError: it is not of a kind that this cipher encrypts.
        """
        ...


HEAD = 16
"""Bytes by which a cipher knows an object."""
