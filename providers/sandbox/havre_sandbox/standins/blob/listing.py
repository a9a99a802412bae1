"""Lists of containers and blobs: Azurite's rows, with what the front knows of each."""

from __future__ import annotations

import email.utils
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from havre_sandbox.standins.blob.azurite import succeeded
from havre_sandbox.standins.blob.catalogue import VersionState
from havre_sandbox.standins.blob.protection import now

if TYPE_CHECKING:
    from havre_sandbox.standins.blob.azurite import Azurite
    from havre_sandbox.standins.blob.catalogue import Catalogue, Place, Version
    from havre_sandbox.standins.web.exchange import FrontAnswer, Request

_KNOWN = frozenset({"metadata", "tags", "snapshots", "uncommittedblobs", "copy"})
"""What Azurite can include."""
_KEPT = frozenset({"versions", "snapshots", "deleted", "deletedwithversions"})
"""What needs Azurite's snapshots."""
_DAY = 86_400


def included(request: Request) -> frozenset[str]:
    """What a list is to include."""
    return frozenset(filter(None, request.query.get("include", "").lower().split(",")))


def blobs(catalogue: Catalogue, azurite: Azurite, request: Request, place: Place) -> FrontAnswer:
    """The list of a container's blobs, a page of Azurite's at a time."""
    wanted = included(request)
    theirs = wanted & _KNOWN | ({"snapshots"} if wanted & _KEPT else set())
    query = {name: value for name, value in request.query.items() if name != "include"}
    if theirs:
        query["include"] = ",".join(sorted(theirs))
    answer = azurite.passed(request, place, query=query)
    if not succeeded(answer):
        return answer
    tree = ET.fromstring(answer.whole())  # noqa: S314 - our own server's answer
    tree.set("ContainerName", place.name)
    tree.set("ServiceEndpoint", f"https://{request.header('host')}/{place.account}/")
    rows = tree.find("Blobs")
    for row in list(rows) if rows is not None else []:
        if row.tag == "Blob" and not _shown(catalogue, place, row, wanted):
            rows.remove(row)  # type: ignore[union-attr]
    return _written(answer, tree)


def _shown(catalogue: Catalogue, place: Place, row: ET.Element, wanted: frozenset[str]) -> bool:
    """Whether a row belongs into the list; if so, it has all that is known of it."""
    snapshot = row.findtext("Snapshot") or ""
    version = catalogue.at(place, row.findtext("Name") or "", snapshot)
    if version is None:
        return not snapshot or "snapshots" in wanted
    if version.state is VersionState.GONE:
        return False
    if version.state is VersionState.DELETED and not wanted & {"deleted", "deletedwithversions"}:
        return False
    versions = place.of_account.versions
    if version.state is VersionState.PREVIOUS and not (
        "versions" in wanted if versions else "snapshots" in wanted
    ):
        return False
    _tell(row, place, version, wanted)
    return True


def _tell(row: ET.Element, place: Place, version: Version, wanted: frozenset[str]) -> None:
    if place.of_account.versions:
        for found in row.findall("Snapshot"):
            row.remove(found)
        if wanted & _KEPT - {"snapshots"}:
            _put(row, "VersionId", version.identifier, 1)
            if version.state is VersionState.CURRENT:
                _put(row, "IsCurrentVersion", "true", 2)
    properties = row.find("Properties")
    if properties is None:
        properties = ET.SubElement(row, "Properties")
    _tell_protection(properties, version, wanted)
    if version.state is VersionState.DELETED:
        _put(row, "Deleted", "true", 1)
        left = place.of_account.deleted_days - int(now().timestamp() - version.deleted) // _DAY
        _put(properties, "DeletedTime", email.utils.formatdate(version.deleted, usegmt=True))
        _put(properties, "RemainingRetentionDays", str(max(0, left)))


def _tell_protection(properties: ET.Element, version: Version, wanted: frozenset[str]) -> None:
    if version.until is not None and "immutabilitypolicy" in wanted:
        until = email.utils.format_datetime(version.until, usegmt=True)
        _put(properties, "ImmutabilityPolicyUntilDate", until)
        _put(properties, "ImmutabilityPolicyMode", "locked" if version.locked else "unlocked")
    if version.held and "legalhold" in wanted:
        _put(properties, "LegalHold", "true")
    if version.scope:
        _put(properties, "EncryptionScope", version.scope)


def _put(row: ET.Element, name: str, text: str, place: int | None = None) -> None:
    made = ET.Element(name)
    made.text = text
    if place is None:
        row.append(made)
    else:
        row.insert(place, made)


def containers(catalogue: Catalogue, azurite: Azurite, request: Request, slot: int) -> FrontAnswer:
    """The list of an account's containers, which is one page."""
    account = request.segments[0]
    prefix = request.query.get("prefix", "")
    names = [name for name in catalogue.containers(account) if name.startswith(prefix)]
    theirs = {place.upstream: name for name in names if (place := catalogue.place(account, name))}
    kept = {name: value for name, value in request.query.items() if name in ("comp", "include")}
    answer = azurite.service(slot, {**kept, "maxresults": "5000"})
    if not succeeded(answer):
        return answer
    tree = ET.fromstring(answer.whole())  # noqa: S314 - our own server's answer
    tree.set("ServiceEndpoint", f"https://{request.header('host')}/{account}/")
    rows = tree.find("Containers")
    for row in list(rows) if rows is not None else []:
        known, name = theirs.get(row.findtext("Name") or ""), row.find("Name")
        if known is None or name is None:
            rows.remove(row)  # type: ignore[union-attr]
        else:
            name.text = known
    return _written(answer, tree)


def _written(answer: FrontAnswer, tree: ET.Element) -> FrontAnswer:
    body = ET.tostring(tree, encoding="utf-8", xml_declaration=True)
    answer.body, answer.length = body, len(body)
    return answer
