"""The negative proof: what led to the source is tried, and must be refused.

Nothing answers a computer without a network either: so the same is tried at the target, which must
answer.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from havre.errors import GuardError, HavreError, InputError, ProviderError, RetryError, StateError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SECONDS = 10.0


class TryOutcome(StrEnum):
    """What a try showed."""

    REFUSED = "refused"
    ANSWERS = "answers"
    UNTRIED = "not tried"


@dataclass(frozen=True)
class Tried:
    """What became of a try.

    Attributes:
        name: the thing, such as `zone curated`.
        outcome: whether it answered.
        said: what was found, in words.
    """

    name: str
    outcome: TryOutcome
    said: str


def tried(name: str, act: Callable[[], object], address: str = "") -> Tried:
    """Try to reach something with the credentials that led to it.

    Args:
        name: the thing.
        act: reaches it; any of its errors is classed.
        address: `host:port`, or an URL; tried where there are no credentials any more.
    """
    try:
        act()
    except ProviderError as error:
        return Tried(name, TryOutcome.REFUSED, f"refused: {error.message}")
    except RetryError as error:
        return Tried(name, TryOutcome.REFUSED, f"no answer: {error.message}")
    except (InputError, GuardError, StateError) as error:
        return _without_credentials(name, error, address)
    return Tried(name, TryOutcome.ANSWERS, "it still answers")


def _without_credentials(name: str, error: HavreError, address: str) -> Tried:
    if not address or _connects(address):
        why = f"{address or 'it'} answers" if address else "no address is known"
        return Tried(name, TryOutcome.UNTRIED, f"not tried, {error.message}; {why}")
    return Tried(name, TryOutcome.REFUSED, f"no answer at {address}")


def _connects(address: str) -> bool:
    parts = urlsplit(address if "//" in address else f"//{address}")
    port = parts.port or (80 if parts.scheme == "http" else 443)
    try:
        with socket.create_connection((str(parts.hostname), port), timeout=_SECONDS):
            return True
    except OSError:
        return False


def key_file(name: str, folder: Path | None, reference: str) -> Tried:
    """Try a key: on this machine it is a file of the warehouse's folder; elsewhere a person looks.

    Args:
        name: the key.
        folder: of the warehouse; None where it is on no machine of one's own.
        reference: path of the key, from the folder on.
    """
    if folder is None:
        return Tried(
            name, TryOutcome.UNTRIED, "not tried: only the provider's control plane shows keys"
        )
    if (folder / reference).exists():
        return Tried(name, TryOutcome.ANSWERS, f"{folder / reference} is still there")
    return Tried(name, TryOutcome.REFUSED, "the file of the key is gone")
