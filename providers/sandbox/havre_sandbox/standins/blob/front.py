"""What answers for the Blob service: it knows who asks, and what Azurite does not.

It runs Azurite, which ends with it, and answers with TLS on 127.0.0.1.
"""

from __future__ import annotations

import argparse
import base64
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.etree import ElementTree as ET

from havre_sandbox.standins.blob import callers, listing, refusals
from havre_sandbox.standins.blob.azurite import Azurite, accounts, program, succeeded
from havre_sandbox.standins.blob.callers import Gatekeeper
from havre_sandbox.standins.blob.catalogue import (
    Action,
    Catalogue,
    ContainerSettings,
    VersionState,
)
from havre_sandbox.standins.blob.keeping import Keeper
from havre_sandbox.standins.blob.protection import Deed, now
from havre_sandbox.standins.web.children import die_with_parent, free_port
from havre_sandbox.standins.web.exchange import FrontAnswer, Request
from havre_sandbox.standins.web.server import serve
from havre_sandbox.standins.web.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre_sandbox.standins.blob.callers import Caller
    from havre_sandbox.standins.blob.catalogue import Place

NAME = "blob service"
CATALOGUE = "catalogue.sqlite"
KEY_VARIABLE = "HAVRE_SANDBOX_BLOB_KEY"
_MOST_XML = 1 << 16
_DELEGATION_DAYS = 7
_SWEEP_SECONDS = 60.0
_START_SECONDS = 60.0
_HEAP_MIB = 192
_DURABLE = Path(__file__).with_name("durable.js")
"""What keeps what Azurite has answered, whenever it is killed."""
_CREATED = 201
_DAY = 86_400.0
_DEEDS: Mapping[str, Deed] = {
    "": Deed.REPLACE,
    "blocklist": Deed.REPLACE,
    "metadata": Deed.CHANGE,
    "properties": Deed.GROW,
    "appendblock": Deed.GROW,
    "page": Deed.GROW,
    "seal": Deed.GROW,
}
"""What a PUT does, by its `comp`; all others change nothing that is protected."""


@dataclass(frozen=True)
class BlobFront:
    """Answers requests of Blob's REST."""

    catalogue: Catalogue
    azurite: Azurite
    gate: Gatekeeper
    keeper: Keeper

    def answer(self, request: Request) -> FrontAnswer:
        """The answer to a request."""
        try:
            return self._answer(request)
        except refusals.RefusedRequest as refusal:
            return refusal.answer(request)

    def _answer(self, request: Request) -> FrontAnswer:
        account, container, blob = (*request.segments, "", "")[:3]
        known = self.catalogue.account(account)
        if known is None:
            raise refusals.no_account(account)
        slot, settings = known
        caller = self.gate.caller(request, settings)
        if not self.catalogue.usable(settings.key):
            raise refusals.key_unusable()
        if not container:
            return self._of_account(request, caller, slot)
        if not blob:
            return self._of_container(request, caller, account, container)
        place = self.catalogue.place(account, container)
        caller.need(*callers.needed(request))
        if place is None:
            raise refusals.no_container()
        return self._of_blob(request, caller, place, blob)

    def _of_account(self, request: Request, caller: Caller, slot: int) -> FrontAnswer:
        part = request.query.get("comp", "")
        if request.method == "POST" and part == "userdelegationkey":
            caller.need(Action.DELEGATE)
            return self._delegated(request, caller)
        if request.method not in ("GET", "HEAD"):
            raise refusals.account_unchanged()
        caller.need(Action.READ_CONTAINERS)
        if part == "list":
            return listing.containers(self.catalogue, self.azurite, request, slot)
        return self.azurite.service(slot, request.query)

    def _delegated(self, request: Request, caller: Caller) -> FrontAnswer:
        """A key with which an identity signs addresses in its own name."""
        try:
            told = ET.fromstring(request.body.read(_MOST_XML))  # noqa: S314 - expat bounds entities
            start, expiry = (told.findtext(name) or "" for name in ("Start", "Expiry"))
            ends = callers.time_of(expiry)
            start = start or f"{now():%Y-%m-%dT%H:%M:%SZ}"
        except (ET.ParseError, ValueError):
            raise refusals.bad_delegation() from None
        if not 0 < (ends - now()).total_seconds() <= _DELEGATION_DAYS * _DAY:
            raise refusals.bad_delegation()
        secret = base64.b64encode(secrets.token_bytes(32)).decode()
        value = self.catalogue.delegation(caller.principal, start, expiry, secret)
        key = ET.Element("UserDelegationKey")
        for name, text in (
            *(("SignedOid", caller.principal), ("SignedTid", "sandbox"), ("SignedStart", start)),
            *(("SignedExpiry", expiry), ("SignedService", "b")),
            *(("SignedVersion", request.header("x-ms-version")), ("Value", value)),
        ):
            ET.SubElement(key, name).text = text
        body = ET.tostring(key, encoding="utf-8", xml_declaration=True)
        return FrontAnswer(200, [("Content-Type", "application/xml")], body)

    def _of_container(
        self, request: Request, caller: Caller, account: str, name: str
    ) -> FrontAnswer:
        part, method = request.query.get("comp", ""), request.method
        if part == "list":
            return self._listed(request, caller, account, name)
        if method in ("GET", "HEAD"):
            caller.need(Action.READ_CONTAINERS)
            return self._container_told(request, account, name)
        if method == "PUT" and not part:
            caller.need(Action.WRITE_CONTAINERS)
            return self._made(request, account, name)
        if method == "PUT" and part == "undelete":
            caller.need(Action.WRITE_CONTAINERS)
            former = request.header("x-ms-deleted-container-name") or name
            if not self.catalogue.restore_container(account, former):
                raise refusals.no_container()
            return FrontAnswer(_CREATED)
        place = self._place(account, name)
        if method == "DELETE":
            caller.need(Action.DELETE_CONTAINERS)
            return self.delete_container(request, place)
        caller.need(Action.WRITE_CONTAINERS)
        return self.azurite.passed(request, place)

    def _listed(self, request: Request, caller: Caller, account: str, name: str) -> FrontAnswer:
        caller.need_list()
        if "tags" in listing.included(request):
            caller.need(Action.READ_TAGS)
        return listing.blobs(self.catalogue, self.azurite, request, self._place(account, name))

    def _place(self, account: str, name: str) -> Place:
        place = self.catalogue.place(account, name)
        if place is None:
            raise refusals.no_container()
        return place

    def _container_told(self, request: Request, account: str, name: str) -> FrontAnswer:
        place = self._place(account, name)
        answer = self.azurite.passed(request, place)
        policy = str(place.settings.policy is not None).lower()
        answer.put("x-ms-has-immutability-policy", policy)
        answer.put("x-ms-has-legal-hold", str(bool(place.settings.holds)).lower())
        versioned = str(place.version_level).lower()
        answer.put("x-ms-immutable-storage-with-versioning-enabled", versioned)
        return answer

    def _made(self, request: Request, account: str, name: str) -> FrontAnswer:
        known = self.catalogue.place(account, name)
        if known is None:
            self.catalogue.put_container(account, name, ContainerSettings())
        place = self._place(account, name)
        answer = self.azurite.passed(request, place)
        if known is None and not succeeded(answer):
            self.catalogue.run(
                "DELETE FROM containers WHERE account=? AND upstream=?", account, place.upstream
            )
        return answer

    def delete_container(self, request: Request, place: Place) -> FrontAnswer:
        """Delete a container, unless a policy or a hold protects what is in it.

        Raises:
            RefusedRequest: one does.
        """
        if place.settings.holds:
            raise refusals.container_held()
        protected = place.version_level or place.settings.policy is not None
        kept = self.catalogue.versions(place)
        if protected and any(True for _ in self.azurite.rows(place)) and kept:
            raise refusals.container_locked()
        if any(version.held for version in kept.values()):
            raise refusals.container_held()
        if place.of_account.container_days:
            self.catalogue.delete_container(place, now().timestamp())
            return FrontAnswer(202)
        answer = self.azurite.passed(request, place)
        if succeeded(answer):
            self.forget(place)
        return answer

    def forget(self, place: Place) -> None:
        """Forget a container that is gone."""
        where = (place.account, place.upstream)
        with self.catalogue.writing():
            for table in ("containers", "versions"):
                sql = f"DELETE FROM {table} WHERE account=? AND upstream=?"  # noqa: S608 - ours
                self.catalogue.run(sql, *where)

    def _of_blob(self, request: Request, caller: Caller, place: Place, name: str) -> FrontAnswer:
        part, method = request.query.get("comp", ""), request.method
        if method in ("GET", "HEAD"):
            if part == "blocklist":  # of what was sent for a name, there or not
                return self.azurite.passed(request, place)
            return self._read(request, caller, place, name)
        if part == "immutabilityPolicies":
            return self.keeper.set_policy(request, place, name)
        if method == "DELETE":
            return self.keeper.delete(request, place, name)
        return self._written(self._copying(request, caller, place), place, name)

    def _read(self, request: Request, caller: Caller, place: Place, name: str) -> FrontAnswer:
        version = self.keeper.found(request, place, name)
        old = version is None or version.state is not VersionState.CURRENT
        if old and request.query.keys() & {"versionid", "snapshot"}:
            caller.need(Action.READ_VERSIONS)
        return self.keeper.asked(request, place, version)

    def _written(self, request: Request, place: Place, name: str) -> FrontAnswer:
        part = request.query.get("comp", "")
        if part == "legalhold":
            return self.keeper.set_hold(request, place, name)
        if part == "undelete":
            return self.keeper.restore(place, name)
        if part == "block":
            return self.azurite.passed(request, place)
        return self._changed(request, place, name)

    def _changed(self, request: Request, place: Place, name: str) -> FrontAnswer:
        deed = _DEEDS.get(request.query.get("comp", ""))
        if request.method != "PUT" or deed is None:
            return self.keeper.asked(request, place, self.keeper.found(request, place, name))
        if deed is Deed.GROW:
            return self.keeper.grow(request, place, name, deed)
        return self.keeper.replace(request, place, name, deed)

    def _copying(self, request: Request, caller: Caller, place: Place) -> Request:
        """The request, its source named as Azurite knows it; only within one account."""
        source = request.header("x-ms-copy-source")
        if not source:
            return request
        parts = urlsplit(source)
        account, container, blob = (*map(unquote, parts.path.lstrip("/").split("/", 2)), "", "")[:3]
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        from_there = self.catalogue.place(account, container)
        if from_there is None or account != place.account:
            raise refusals.copy_from_elsewhere()
        allowed = self.catalogue.allowed(caller.principal, account, container)
        if caller.principal and Action.READ not in allowed:
            raise refusals.not_granted(Action.READ)
        named = Request("GET", f"{parts.path}?{parts.query}", {}, request.body)
        version = self.keeper.found(named, from_there, blob)
        snapshot = version.snapshot if version is not None else asked.get("snapshot", "")
        url = self.azurite.url(from_there, quote(blob), snapshot)
        headers = {**request.headers, "x-ms-copy-source": url}
        return Request(request.method, request.target, headers, request.body, request.names)

    def sweep(self) -> None:
        """Take away for good what was deleted and has been kept long enough."""
        for (account,) in self.catalogue.run("SELECT name FROM accounts"):
            for name in self.catalogue.containers(account):
                place = self.catalogue.place(account, name)
                if place is not None:
                    self.keeper.sweep(place)


def _swept(front: BlobFront) -> None:
    while True:
        time.sleep(_SWEEP_SECONDS)
        try:
            front.sweep()
        except OSError as error:
            sys.stderr.write(f"{NAME}: nothing was swept: {type(error).__name__}\n")


def _start(place: Path, key: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start Azurite on a free port; it is answered for once it answers."""
    port = free_port()
    node, *script = program()
    options = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(place)]
    quiet = ["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--disableProductStyleUrl"]
    given = [*options, *quiet]
    environment = {"PATH": "/usr/bin:/bin", "AZURITE_ACCOUNTS": accounts(key), "HOME": str(place)}
    child = subprocess.Popen(  # noqa: S603 - a program found by `program`, without a shell
        [node, f"--max-old-space-size={_HEAP_MIB}", "--require", str(_DURABLE), *script, *given],
        env=environment,
        cwd=place,
        stdin=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - no thread runs yet
    )
    ends = time.monotonic() + _START_SECONDS
    while child.poll() is None and time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return child, port
        time.sleep(0.02)
    message = f"{NAME}: Azurite did not start"
    raise SystemExit(message)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--certificate", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    key = os.environ.pop(KEY_VARIABLE)
    child, port = _start(arguments.folder / "azurite", key)
    catalogue = Catalogue(arguments.folder / CATALOGUE)
    azurite = Azurite(Upstream(port), key)
    front = BlobFront(catalogue, azurite, Gatekeeper(catalogue, key), Keeper(catalogue, azurite))

    def ended() -> None:
        child.wait()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=ended, daemon=True).start()
    threading.Thread(target=_swept, args=(front,), daemon=True).start()
    serve(arguments.port, arguments.certificate, front.answer, NAME)
    child.terminate()
    child.wait()


if __name__ == "__main__":
    _main()
