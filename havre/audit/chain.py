"""Lines of accesses, each bound to the one before by its SHA-256.

A line that was changed, removed, exchanged or put in breaks the chain after it. A chain that was
cut at its end is whole in itself: only its head, kept elsewhere, tells that.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain as chain_of
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from havre.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

START = "0" * 64
"""What the first line is bound to."""
HEAD = re.compile(r"(\d+):([0-9a-f]{64})")


def encoded(content: Mapping[str, Any]) -> bytes:
    """An object as JSON on one line, in ASCII, so that any terminal and any file can hold it."""
    with suppress(ValueError):  # halves of characters
        line = to_json(content)
        if line.isascii():
            return line
    return json.dumps(content, separators=(",", ":")).encode()


class Chain:
    """Binds lines, from the first on."""

    def __init__(self) -> None:
        self.number = 0
        self.digest = START

    @property
    def head(self) -> str:
        """Number and digest of the last line, to be kept in another place."""
        return f"{self.number}:{self.digest}"

    def line(self, content: Mapping[str, Any]) -> bytes:
        """The next line, without its newline."""
        self.number += 1
        line = encoded({"n": self.number, **content, "previous": self.digest})
        self.digest = hashlib.sha256(line).hexdigest()
        return line


@dataclass(frozen=True)
class Checked:
    """What a check of a chain found.

    Attributes:
        lines: that hold, from the first on.
        head: number and digest of the last of them.
        fault: the first line that does not hold, and why; empty where all do.
        foreign: whether there are lines, and none of them is one of an access record.
    """

    lines: int
    head: str
    fault: str = ""
    foreign: bool = False


def check(lines: Iterable[bytes], head: str = "") -> Checked:
    """Check a chain, up to the first line that does not hold.

    Args:
        lines: each with its newline.
        head: what was shown when the lines were written; empty: whether the end is whole is not
            known.

    Raises:
        InputError: the head is none.
    """
    wanted = _head(head) if head else None
    chain = Chain()
    rest = iter(lines)
    for line in rest:
        fault = _fault(line, chain)
        if fault:
            foreign = not chain.number and not any(map(_numbered, chain_of((line,), rest)))
            told = f"line {chain.number + 1}: {fault}"
            return Checked(chain.number, chain.head, told, foreign)
        chain.number += 1
        chain.digest = hashlib.sha256(line.removesuffix(b"\n")).hexdigest()
        if wanted and chain.number == wanted[0] and chain.digest != wanted[1]:
            told = f"line {chain.number}: is not the one whose digest was kept"
            return Checked(chain.number - 1, chain.head, told)
    if wanted and chain.number < wanted[0]:
        told = f"line {chain.number + 1}: is missing, and {wanted[0]} lines were written"
        return Checked(chain.number, chain.head, told)
    return Checked(chain.number, chain.head)


def _head(text: str) -> tuple[int, str]:
    found = HEAD.fullmatch(text)
    if found is None:
        message = f"--head: {text!r:.80} is not a number and a digest, such as 42:0b1c..."
        raise InputError(message, "Give the head that `havre audit who` showed.")
    return int(found[1]), found[2]


def _numbered(line: bytes) -> tuple[Any, Any] | None:
    """Number of a line, and what it is bound to; None where it is no line of a record."""
    try:
        content = json.loads(line)
        return content["n"], content["previous"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _fault(line: bytes, before: Chain) -> str:
    """Why a line does not follow the one before; empty where it does."""
    if not line.endswith(b"\n"):
        return "is cut off"
    found = _numbered(line)
    if found is None:
        return "is not a line of an access record"
    number, previous = found
    if type(number) is not int or number != before.number + 1:
        return f"has the number {number!r:.20}, not {before.number + 1}"
    if previous != before.digest:
        return "is not bound to the line before it: one of the two was changed"
    return ""
