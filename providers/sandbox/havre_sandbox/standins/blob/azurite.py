"""Azurite, as the front asks it: with its own account and key, whoever asked the front."""

from __future__ import annotations

import base64
import email.utils
import hashlib
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

from havre.errors import MissingDependencyError
from havre_sandbox.standins.blob.signatures import shared_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre_sandbox.standins.blob.catalogue import Place
    from havre_sandbox.standins.web.exchange import Body, FrontAnswer, Request
    from havre_sandbox.standins.web.upstream import Upstream

VERSION = "3.35.0"
SLOTS = 64
"""Storage accounts that one Azurite serves: each is one of its own accounts."""
API_VERSION = "2025-11-05"
"""The newest that it knows."""
OK, MULTIPLE = 200, 300
_OWN = frozenset(
    {
        *("authorization", "date", "host", "x-ms-date", "x-ms-legal-hold", "content-length"),
        *("x-ms-immutability-policy-until-date", "x-ms-immutability-policy-mode"),
        *("x-ms-encryption-scope", "x-ms-copy-source-authorization"),
    }
)
"""Headers that the front heeds itself."""
SIGNED = frozenset(
    {
        *("sv", "ss", "srt", "sp", "se", "st", "spr", "sig", "sr", "sip", "si", "skoid", "sktid"),
        *("skt", "ske", "sks", "skv", "saoid", "suoid", "scid", "ses", "skdutid", "sduoid"),
        *("sdd", "srh", "srq", "rscc", "rscd", "rsce", "rscl", "rsct"),
    }
)
"""What an address is signed with."""


def slot_name(slot: int) -> str:
    """Azurite's own name of an account."""
    return f"slot{slot:02d}"


def accounts(key: str) -> str:
    """What Azurite is told of its accounts, in the variable AZURITE_ACCOUNTS."""
    return ";".join(f"{slot_name(slot)}:{key}" for slot in range(SLOTS))


def program() -> list[str]:
    """The command that runs Azurite, without its options.

    Raises:
        MissingDependencyError: Azurite or Node is not installed, or of another version.
    """
    package = Path(os.environ.get("HAVRE_AZURITE") or Path(sys.prefix) / "azurite")
    found = package / "node_modules" / "azurite"
    try:
        version = json.loads((found / "package.json").read_text("utf-8"))["version"]
    except (OSError, ValueError, KeyError):
        version = "none"
    beside = Path(sys.executable).parent / "node"
    node = shutil.which("node") or (str(beside) if beside.exists() else None)
    if version != VERSION or node is None:
        lacking = "Node is" if version == VERSION else f"Azurite {VERSION} (found: {version}) is"
        message = f"The sandbox of the Blob service: {lacking} not installed in {package}"
        raise MissingDependencyError(message, "Run `make develop`, or set HAVRE_AZURITE.")
    return [node, str(found / "dist" / "src" / "blob" / "main.js")]


@dataclass(frozen=True)
class Azurite:
    """Azurite on this machine.

    Attributes:
        upstream: where it listens.
        key: of all its accounts, in Base64.
    """

    upstream: Upstream
    key: str

    def passed(
        self,
        request: Request,
        place: Place,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> FrontAnswer:
        """The answer to a client's request, its body passed on as it comes.

        Args:
            request: as it came.
            place: the container.
            query: what to ask for in place of the request's own.
            headers: what to add; an empty value takes a header away.
        """
        added = dict(headers or {})
        kept = {name: value for name, value in request.headers.items() if name not in _OWN}
        kept = {name: value for name, value in (kept | added).items() if value}
        asked = request.query if query is None else query
        path = f"/{slot_name(place.slot)}/{place.upstream}"
        blob = request.path.lstrip("/").split("/", 2)[2:]
        if blob and blob[0]:
            path = f"{path}/{blob[0]}"
        if not request.body.chunked:
            kept["content-length"] = str(request.body.length)
        return self._ask(request.method, path, asked, request.as_came(kept), request.body)

    def own(
        self,
        method: str,
        place: Place,
        blob: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> FrontAnswer:
        """The answer to a request of the front's own; `blob` empty: about the container."""
        path = f"/{slot_name(place.slot)}/{place.upstream}"
        if blob:
            path = f"{path}/{quote(blob)}"
        answer = self._ask(method, path, dict(query or {}), dict(headers or {}), b"")
        answer.whole()
        return answer

    def service(self, slot: int, query: Mapping[str, str]) -> FrontAnswer:
        """The answer about a whole account."""
        return self._ask("GET", f"/{slot_name(slot)}", query, {}, b"")

    def url(self, place: Place, blob: str, snapshot: str = "") -> str:
        """The address of a blob, as Azurite itself knows it; `blob` is encoded."""
        path = f"/{slot_name(place.slot)}/{place.upstream}/{blob}"
        asked = f"?snapshot={quote(snapshot)}" if snapshot else ""
        return f"http://127.0.0.1:{self.upstream.port}{path}{asked}"

    def snapshot(self, place: Place, blob: str) -> str:
        """Take a snapshot of a blob; return its time, or nothing where there is no blob."""
        answer = self.own("PUT", place, blob, {"comp": "snapshot"})
        return answer.header("x-ms-snapshot") if succeeded(answer) else ""

    def remove(self, place: Place, blob: str, snapshot: str = "") -> None:
        """Delete a snapshot, or a blob with all its snapshots; none is fine."""
        if snapshot:
            self.own("DELETE", place, blob, {"snapshot": snapshot})
        else:
            self.own("DELETE", place, blob, headers={"x-ms-delete-snapshots": "include"})

    def empty(self, place: Place, blob: str) -> None:
        """Take the bytes of a blob away whose snapshots stay."""
        self.own("PUT", place, blob, headers={"x-ms-blob-type": "BlockBlob", "content-length": "0"})

    def rows(self, place: Place, prefix: str = "") -> Iterator[ET.Element]:
        """Every blob and snapshot whose name begins so."""
        query = {"restype": "container", "comp": "list", "include": "snapshots", "prefix": prefix}
        marker = ""
        while True:
            answer = self.own("GET", place, "", {**query, **({"marker": marker} if marker else {})})
            if not succeeded(answer):
                return
            tree = ET.fromstring(answer.whole())  # noqa: S314 - our own server's
            yield from tree.iter("Blob")
            marker = tree.findtext("NextMarker") or ""
            if not marker:
                return

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: Body | bytes,
    ) -> FrontAnswer:
        kept = {name: value for name, value in query.items() if name not in SIGNED}
        target = f"{path}?{urlencode(kept, quote_via=quote)}" if kept else path
        given = {"x-ms-version": API_VERSION, **headers}
        given["x-ms-date"] = email.utils.formatdate(usegmt=True)
        account = path.split("/")[1]
        signed = shared_key(account, self.key, method, target, given)
        return self.upstream.ask(method, target, {**given, "authorization": signed}, body)


def succeeded(answer: FrontAnswer) -> bool:
    """Whether a request was granted."""
    return OK <= answer.status < MULTIPLE


def new_key() -> str:
    """A new key of an account, in Base64."""
    return base64.b64encode(hashlib.sha512(os.urandom(64)).digest()).decode()
