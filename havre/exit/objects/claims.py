"""Digests that a store keeps of an object as its uploader claimed them: checked, never believed."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CHECKED = ("md5", "sha1", "sha256")
"""Digests that are made again; others, such as a CRC, are not."""


class DigestClaims:
    """The claims about one object, and what its bytes are."""

    def __init__(self, claims: Mapping[str, str]) -> None:
        """Begin before the first byte.

        Args:
            claims: digests of the whole content in base64, by algorithm; one of an object in parts
                (`…-3`) is of something else, and is left out.
        """
        self._claims = {name: claims[name] for name in CHECKED if _whole(claims.get(name, ""))}
        self._made = {name: hashlib.new(name, usedforsecurity=False) for name in self._claims}

    def passing(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The same bytes, digested while they pass."""
        for piece in pieces:
            for digest in self._made.values():
                digest.update(piece)
            yield piece

    def wrong(self) -> Iterator[tuple[str, str, str]]:
        """Algorithm, claim and truth of each that is wrong; asked after the last byte."""
        for name, claim in self._claims.items():
            made = base64.b64encode(self._made[name].digest()).decode()
            if made != claim:
                yield name, claim, made


def _whole(claim: str) -> bool:
    return bool(claim) and "-" not in claim
