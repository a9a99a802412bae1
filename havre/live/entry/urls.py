"""A signed URL: whoever has it reads one object, with the rights of whoever signed it.

It is a credential: no representation and no error shows it.
"""

from __future__ import annotations

import hashlib
import re
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from havre.capabilities import Support, Supported
from havre.errors import ProviderError, RetryError
from havre.live.objects import NotThereError, RefusedError

if TYPE_CHECKING:
    import datetime as dt

    from havre.live.objects import LiveStore, ObjectVersion

SECONDS = 10.0
"""To connect, and to wait for an answer."""
UNDECLARED = "the provider does not declare that its stores sign URLs"
_REFUSED, _ABSENT = (401, 403), (404, 410)
_EMPTY = 416
"""Status for the first byte of an object that has none: it is there."""
_EXPIRED = re.compile(rb"expired", re.IGNORECASE)
_LARGEST = 1 << 16


@dataclass(frozen=True)
class SignedUrl:
    """An URL that reads an object until it expires.

    Attributes:
        url: a secret.
        expires: from when on it is valid no more, UTC.
        authority: certificate, in PEM, by which the server is verified; empty: by the system's.
        direct: whether the environment's proxies are passed by.
    """

    url: str = field(repr=False)
    expires: dt.datetime
    authority: str = field(default="", repr=False)
    direct: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 of the URL, by which evidence names it."""
        return hashlib.sha256(self.url.encode()).hexdigest()

    @property
    def address(self) -> str:
        """Scheme, host and port, which are no secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def open(self) -> None:
        """Read the first byte of the object.

        Raises:
            NotThereError: the service answers that there is no such object or store.
            RefusedError: it refuses the URL.
            RetryError: nothing answers, or the service is overloaded.
            ProviderError: it answers something else, or cannot be verified.
        """
        request = urllib.request.Request(self.url, headers={"Range": "bytes=0-0"})  # noqa: S310
        try:
            with self._opener().open(request, timeout=SECONDS) as response:
                response.read(1)
        except urllib.error.HTTPError as error:
            if error.code == _EMPTY:
                return
            raise self._answered(error.code, error.read(_LARGEST)) from None
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            message = f"{self.address}: {type(reason).__name__}"
            kind = ProviderError if isinstance(reason, ssl.SSLError) else RetryError
            raise kind(message, "See whether the service is reached from here.") from None

    def _answered(self, status: int, body: bytes) -> ProviderError | RetryError:
        """Our error for an answer; one without TLS may come from anybody, and refuses nothing."""
        found = re.search(rb"<Code>([A-Za-z0-9.]{1,100})</Code>", body)
        code = found[1].decode() if found else str(status)
        message = f"{self.address}: the service answers {code} to the signed URL"
        if status in _REFUSED and _EXPIRED.search(body):
            return ProviderError(f"{message}: it has expired", "Sign another while it can be.")
        if self.address.startswith("https:") and status in (*_REFUSED, *_ABSENT):
            kind = RefusedError if status in _REFUSED else NotThereError
            return kind(message, "Look at it with the provider's own tools.")
        passing = status >= 500 or status in (408, 429)  # noqa: PLR2004 - HTTP's own
        return (RetryError if passing else ProviderError)(message, "Try it again later.")

    def _opener(self) -> Any:
        trust = ssl.create_default_context(cadata=self.authority or None)
        handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPSHandler(context=trust)]
        if self.direct:
            handlers.append(urllib.request.ProxyHandler({}))
        return urllib.request.build_opener(_Staying, *handlers)


class _Staying(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: a signed URL is for its own address only."""

    def redirect_request(self, *_: Any) -> None:
        return None


def signed_url(store: LiveStore, found: ObjectVersion) -> SignedUrl | Supported:
    """An URL that reads a version for as long as the store's service allows.

    Where the provider's store does not sign, an answer that says so. A store that does has a member
    `sign(found)`.

    Raises:
        RetryError, ProviderError: as the store.
    """
    sign = getattr(store, "sign", None)
    if sign is None:
        return Supported(Support.ABSENT, UNDECLARED)
    made: SignedUrl | Supported = sign(found)
    return made
