"""A key of S3 that nobody was given: what a service answers to it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.live import s3
from havre.live.calls import classed

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class InventedKey:
    """Implements `havre.live.entry.accounts.ZoneEntry` by a key that is made up for each call.

    Attributes:
        bucket: address and bucket of a zone, by its name.
    """

    bucket: Callable[[str], tuple[s3.Address, str]]

    def read(self, zone: str) -> None:
        """Ask for one object of a bucket."""
        address, name = self.bucket(zone)
        key = s3.Credentials(secrets.token_hex(10).upper(), secrets.token_hex(20))
        found = s3.Bucket(s3.connect(address, key), name)
        with classed(found, f"zone {zone}, with a key that was invented"):
            found.ask("list_objects_v2", MaxKeys=1)
