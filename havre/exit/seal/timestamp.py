"""When a seal was signed: a token (RFC 3161) of an authority that saw the signature."""

from __future__ import annotations

import subprocess
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from havre.errors import InputError, MissingDependencyError, ProviderError, RetryError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SECONDS = 30.0
"""To connect to an authority, and to wait for its answer."""
_LARGEST = 1 << 20
"""Bytes of an answer; one has some 6,000."""
_QUERY = "application/timestamp-query"
_REPLY = "application/timestamp-reply"


class TimeAuthority(Protocol):
    """Who says when something was there."""

    @property
    def authority(self) -> Path:
        """PEM file of the CA by which an auditor checks its tokens."""
        ...

    def answer(self, query: bytes) -> bytes:
        """The answer (TimeStampResp) to a query (TimeStampReq), both in DER.

        Raises:
            HavreError: there is none.
        """
        ...


@dataclass(frozen=True)
class HttpAuthority:
    """An authority that is asked over HTTP (RFC 3161, 3.4), by the environment's proxies.

    Attributes:
        url: its address; tokens are signed, so that `http` is as good as `https`.
        authority: PEM file of the CA by which an auditor checks its tokens.
    """

    url: str
    authority: Path

    def answer(self, query: bytes) -> bytes:
        """The authority's answer.

        Raises:
            InputError: the address is none of HTTP.
            RetryError: it cannot be reached.
            ProviderError: it refused, or answered with something else.
        """
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.password:
            message = "The time-stamp authority has no address of the form https://HOST/PATH"
            raise InputError(message, "Name one with --tsa; it takes no password.")
        where = f"The time-stamp authority at {parts.hostname}"
        request = urllib.request.Request(self.url, query, {"Content-Type": _QUERY})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as response:  # noqa: S310
                kind, held = response.headers.get_content_type(), response.read(_LARGEST + 1)
        except urllib.error.HTTPError as error:
            message = f"{where} answered {error.code}"
            raise ProviderError(message, "Ask its operator, or name another.") from None
        except (OSError, HTTPException, ValueError) as error:
            message = f"{where} cannot be reached: {getattr(error, 'reason', error)}"
            raise RetryError(message, "Seal again when it can.") from None
        if kind != _REPLY or len(held) > _LARGEST:
            message = f"{where} answered with {kind}, not with a token"
            raise ProviderError(message, "Name the address that answers time-stamp queries.")
        return bytes(held)


def token_over(signature: Path, authority: TimeAuthority) -> bytes:
    """An authority's answer for a file; whether it is any good, `verify.sh` says.

    Args:
        signature: the file.
        authority: who is asked.

    Raises:
        HavreError: there is no answer.
    """
    with tempfile.TemporaryDirectory(prefix="havre-tsa-") as folder:
        query = Path(folder) / "query"
        openssl("ts", "-query", "-data", signature, "-sha256", "-cert", "-out", query)
        return authority.answer(query.read_bytes())


def openssl(*words: str | Path, folder: Path | None = None) -> str:
    """Run openssl and return what it prints.

    Args:
        words: its arguments, no secret among them.
        folder: where it runs.

    Raises:
        MissingDependencyError: it is not installed.
        ProviderError: it failed.
    """
    command: Sequence[str] = ["openssl", *map(str, words)]
    try:
        done = subprocess.run(command, capture_output=True, check=False, cwd=folder)  # noqa: S603
    except FileNotFoundError:
        message = "openssl is not installed"
        raise MissingDependencyError(message, "Install OpenSSL 3.0 or later.") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        message = f"openssl {words[0]} {words[1]} failed: {said}"
        raise ProviderError(message, "Install OpenSSL 3.0 or later, or fix what it names.")
    return done.stdout.decode(errors="replace")
