"""Objects that a warehouse encrypts itself: opened, and closed under the target's key, in memory.

What is proved of such an object is its content, which is the same on both sides; the bytes in the
stores are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.live.encrypted.ciphers import HEAD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.exit.ledger import LedgerEntry
    from havre.exit.objects.mapping import Rules
    from havre.live.encrypted.ciphers import ContentCipher
    from havre.live.objects import LiveStore, ObjectVersion

NAME = "encryption of content"
"""Property of the ledger."""


def covered(store: LiveStore, cipher: ContentCipher | None, found: ObjectVersion) -> bool:
    """Whether a cipher encrypted a version: its name may concern the cipher, its bytes decide."""
    if cipher is None or found.marker or not cipher.concerns(found.key):
        return False
    return cipher.covers(b"".join(store.read(found, 0, HEAD)))


def recoding(
    found: ObjectVersion, opens: ContentCipher, closes: ContentCipher | None, rules: Rules
) -> Iterator[LedgerEntry]:
    """What becomes of a version that the source's cipher covers."""
    became = f"encrypted under {closes.key} of the target" if closes else "as the target stores it"
    yield rules.mapped(found, NAME, f"encrypted under {opens.key}", became)
    if found.size > opens.largest:
        remedy = (
            f"Write it again in objects of {opens.largest:,} bytes at most: it is opened whole."
        )
        yield rules.blocking(found, "size", f"{found.size}", remedy)
