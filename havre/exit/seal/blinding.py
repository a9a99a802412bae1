"""Names of objects may identify a person: a seal can show what stands for them instead."""

from __future__ import annotations

import dataclasses
import hmac
import re
from typing import TYPE_CHECKING

from havre.errors import InputError
from havre.exit.ledger import ALL
from havre.exit.records import decoded
from havre.files.custody import read_secret

if TYPE_CHECKING:
    from pathlib import Path

    from havre.exit.ledger import LedgerEntry

_KEY = re.compile(rb"[0-9a-f]{64}\n?")
_ZONE = "zone "


class Blinding:
    """Names replaced by HMAC-SHA-256 under a key: equality shows, the name does not.

    Who has the key gets the same, by `printf %s NAME | openssl dgst -sha256 -mac HMAC -macopt
    hexkey:KEY`.
    """

    def __init__(self, path: Path) -> None:
        """Read the key.

        Args:
            path: file of 64 hexadecimal digits, as `openssl rand -hex 32` writes them.

        Raises:
            InputError: it is missing, or holds something else.
            GuardError: others can read it.
        """
        remedy = f"Make one: (umask 077; openssl rand -hex 32 >{path})"
        try:
            held = read_secret(path)
        except OSError as error:
            message = f"The key for blinding, {path}: {error.strerror}"
            raise InputError(message, remedy) from None
        if not _KEY.fullmatch(held):
            message = f"{path} is not a key of 32 bytes in hexadecimal"
            raise InputError(message, remedy)
        self._key = bytes.fromhex(held.decode("ascii"))

    def name(self, name: str) -> str:
        """What stands for a name, which is not encoded."""
        return hmac.digest(self._key, name.encode(errors="surrogateescape"), "sha256").hex()

    def line(self, line: str) -> str:
        """A line about an object with its first field replaced."""
        name, _, rest = line.partition("\t")
        return f"{self.name(decoded(name))}\t{rest}"

    def pair(self, line: str) -> str:
        """A line of two names, both replaced."""
        return "\t".join(self.name(decoded(name)) for name in line.split("\t"))

    def entry(self, entry: LedgerEntry) -> LedgerEntry:
        """A line of the ledger; of one object, its name and values are replaced."""
        if entry.item == ALL or not entry.scope.startswith(_ZONE):
            return entry
        item, found, became = map(self.name, (entry.item, entry.found, entry.became))
        return dataclasses.replace(entry, item=item, found=found, became=became)
