"""Signatures of Blob's REST: by an account's key, and of addresses by a key that was delegated.

Formats: Microsoft Learn, Authorize with Shared Key; Create a user delegation SAS (read 2026-11-30).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HEADERS = (
    *("content-encoding", "content-language", "content-length", "content-md5", "content-type"),
    *("date", "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"),
)
_KEY = ("skoid", "sktid", "skt", "ske", "sks", "skv", "saoid", "suoid", "scid")
_OF_USER = ("skdutid", "sduoid")
_RANGE = ("sip", "spr", "sv", "sr")
_ANSWERED = ("rscc", "rscd", "rsce", "rscl", "rsct")


def hmac_sha256(key: str, text: str) -> str:
    """The signature of a text by a key in Base64, in Base64."""
    made = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256)
    return base64.b64encode(made.digest()).decode()


def same(one: str, other: str) -> bool:
    """Whether two signatures are one, in a time that does not depend on where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def shared_key(account: str, key: str, method: str, target: str, headers: Mapping[str, str]) -> str:
    """The value of `Authorization` for a request.

    Args:
        account: name of the account.
        key: its key, in Base64.
        method: of HTTP.
        target: path and query, encoded.
        headers: names in any case.
    """
    headers = {name.lower(): value for name, value in headers.items()}
    named = [headers.get(name, "") for name in _HEADERS]
    if named[2] == "0":
        named[2] = ""
    own = sorted((name, value) for name, value in headers.items() if name.startswith("x-ms-"))
    lines = [method, *named, *(f"{name}:{value.strip()}" for name, value in own)]
    parts = urlsplit(target)
    lines.append(f"/{account}{parts.path}")
    asked: dict[str, list[str]] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        asked.setdefault(name.lower(), []).append(value)
    lines += [f"{name}:{','.join(sorted(values))}" for name, values in sorted(asked.items())]
    return f"SharedKey {account}:{hmac_sha256(key, chr(10).join(lines))}"


def signed_address(query: Mapping[str, str], resource: str, key: str) -> bool:
    """Whether a delegated key has signed an address.

    Args:
        query: what it asks for, with the signature.
        resource: `/blob/ACCOUNT/CONTAINER`, and the blob's name where it is for one blob.
        key: the delegated key, in Base64.
    """
    return any(
        same(hmac_sha256(key, text), query.get("sig", "")) for text in _texts(query, resource)
    )


def _texts(query: Mapping[str, str], resource: str) -> Iterator[str]:
    """What is signed, by the versions of the service that clients use."""
    moment = {"bs": query.get("snapshot", ""), "bv": query.get("versionid", "")}

    def of(*names: str) -> list[str]:
        return [query.get(name, "") for name in names]

    begin = [*of("sp", "st", "se"), resource, *of(*_KEY)]
    end = [*of(*_RANGE), moment.get(query.get("sr", ""), ""), *of("ses")]
    yield "\n".join([*begin, *of(*_OF_USER), *end, "", "", *of(*_ANSWERED)])
    yield "\n".join([*begin, *of(*_OF_USER), *end, *of(*_ANSWERED)])
    yield "\n".join([*begin, *end, *of(*_ANSWERED)])
