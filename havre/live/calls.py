"""A store's calls, with its errors classed by what the caller can do, and what all stores check."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from havre.errors import ProviderError, RetryError, StateError
from havre.live.objects import PIECE, NotThereError, RefusedError
from havre.live.wrappers import Remedy
from havre.text import inert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre.live.wrappers import StoreClient

LOG = "See the object store's log."
ERRORS: Mapping[Remedy, type[ProviderError | RetryError]] = {
    Remedy.NOT_THERE: NotThereError,
    Remedy.REFUSED: RefusedError,
    Remedy.RETRY: RetryError,
    Remedy.GIVE_UP: ProviderError,
}
"""Our error for what can be done about one of a store."""


@contextmanager
def classed(
    client: StoreClient, where: str, unmet: type[ProviderError] = ProviderError
) -> Iterator[None]:
    """Raise errors of a store by what the caller can do; others pass as they are.

    Args:
        client: the store, which classes them.
        where: the store or the object in messages.
        unmet: what is raised where a condition of the call does not hold.
    """
    try:
        yield
    except Exception as error:
        found = client.failure(error)
        if found is None:
            raise
        kind = unmet if found.unmet else ERRORS[found.remedy]
        message = f"{where}: the object store answers {found.code}"
        raise kind(message, LOG) from error


def place(store: str, key: str = "") -> str:
    """A store, or an object in it, as messages name it: on one line, whatever is in the key."""
    return f"{store}: {inert(key)}" if key else store


def left(content: IO[bytes]) -> int:
    """Bytes of a file from where it stands to its end."""
    here = content.tell()
    size = content.seek(0, os.SEEK_END) - here
    content.seek(here)
    return size


def ranges(size: int, first: int, length: int | None) -> Iterator[tuple[int, int]]:
    """The pieces of a range within an object: where each begins, and its bytes, at least 1."""
    end = size if length is None else min(size, first + length)
    for begin in range(first, end, PIECE):
        yield begin, min(PIECE, end - begin)


def checked(where: str, data: bytes, wanted: int) -> bytes:
    """The bytes of a piece.

    Raises:
        RetryError: fewer or more came than were asked for.
    """
    if len(data) != wanted:
        message = f"{where}: {len(data)} bytes were received, and {wanted} were requested"
        raise RetryError(message, LOG)
    return data


def contradiction(where: str, what: str) -> StateError:
    """What is raised where a store says what cannot be."""
    return StateError(f"{where}: the object store contradicts itself: {what}", LOG)
