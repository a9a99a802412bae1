"""Azure's diagnostic logs as accesses: Blob Storage and PostgreSQL, one JSON object per line.

An archive has them as blobs `PT1H.json` in containers such as `insights-logs-storageread`.
Source: Azure documentation, Azure Blob Storage monitoring data reference (resource logs), and
Azure Database for PostgreSQL, resource logs and audit logging; read on 2026-12-01.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from pydantic_core import from_json

from havre.audit.accesses import Access, AccessOutcome, Act, Actor, unreadable
from havre.audit.actors import Actors, roles, tables
from havre.audit.logs import AccessLogs
from havre.audit.sessions import Message, Sessions
from havre.capabilities import Support, Supported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from havre.plan import Plan
    from havre.provider.outputs import Outputs

BLOBS, DATABASE = "blob-storage", "postgresql"
CATEGORIES = ("StorageRead", "StorageWrite", "StorageDelete")
DATABASE_CATEGORY = "PostgreSQLLogs"
IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"
DOWNLOADED = Supported(
    Support.ABSENT, "logs are in the archive, which is reached from inside the network only"
)
BLIND = (
    "Requests with an account key or an unsigned request name no identity.",
    "Without pgaudit in force, PostgreSQL logs sessions, and no statements.",
)
READS = frozenset({"GetBlob", "GetBlobProperties", "GetBlobMetadata", "QueryBlobContents"})
LISTS = frozenset({"ListBlobs", "ListContainers", "FindBlobsByTags", "GetContainerProperties"})
WRITES = frozenset(
    {
        *("PutBlob", "PutBlock", "PutBlockList", "AppendBlock", "PutPage", "CopyBlob"),
        *("PutBlobFromURL", "PutBlockFromURL", "AppendFile", "CreatePathFile", "FlushFile"),
    }
)
_DENIED = (401, 403)
_PREFIX = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? UTC-(?P<session>[0-9a-f]+\.[0-9a-f]+)-"
    r"(?:(?P<severity>[A-Z]+\d?):\s+)?(?P<text>.*)",
    re.DOTALL,
)
"""`log_line_prefix` of the service, `%t-%c-`, which a customer cannot change."""
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)")


def access_logs(outputs: Outputs, plan: Plan) -> AccessLogs:
    """The diagnostic logs of a warehouse, as they are downloaded.

    Args:
        outputs: of the warehouse.
        plan: its state, which has what its identities are called in logs.
    """
    zones = {
        (str(address.account), address.bucket): zone for zone, address in outputs.zones.items()
    }
    actors = Actors({**roles(outputs.projects), **_identities(outputs, plan)})

    def reader() -> DiagnosticReader:
        return DiagnosticReader(zones, Sessions(DATABASE, tables(outputs.zones)))

    return AccessLogs(actors, reader, DOWNLOADED, BLIND)


def _identities(outputs: Outputs, plan: Plan) -> dict[str, Actor]:
    """Projects by the object and the client that their identities are in Entra."""
    projects = {each.identity.lower(): name for name, each in outputs.projects.items()}
    found: dict[str, Actor] = {}
    for resource in plan.resources:
        project = projects.get(resource.id.lower())
        if project is None or resource.type != IDENTITY:
            continue
        for name in ("principalId", "clientId"):
            identifier = resource.outputs.get(name)
            if isinstance(identifier, str):
                found[identifier] = Actor(project)
    return found


@dataclass
class DiagnosticReader:
    """Implements `havre.audit.logs.LineReader`.

    Attributes:
        zones: by account and container.
        sessions: of PostgreSQL.
    """

    zones: Mapping[tuple[str, str], str]
    sessions: Sessions

    def read(self, line: bytes, place: str) -> Sequence[Access]:
        """The accesses that are known with a line."""
        if not line.strip():
            return ()
        digest = hashlib.sha256(line).hexdigest()
        content = _decoded(line)
        if content is None:
            told = "is not a JSON object on one line"
            return (unreadable(told, "diagnostics", place, digest),)
        category = content.get("category", content.get("Category"))
        if category in CATEGORIES:
            return (self._blob(content, place, digest),)
        if category == DATABASE_CATEGORY:
            return self._message(content, place, digest)
        return ()

    def _blob(self, content: Mapping[str, Any], place: str, digest: str) -> Access:
        moment, operation = _moment(content.get("time")), content.get("operationName")
        status, uri = content.get("statusCode"), content.get("uri")
        if not moment or not isinstance(operation, str) or not isinstance(uri, str):
            told = "lacks its time, operation or address"
            return unreadable(told, BLOBS, place, digest, moment)
        account, container, name = _address(uri)
        zone = self.zones.get((account, container), "")
        named = name if zone else "/".join(filter(None, (account, container, name)))
        return Access(
            moment,
            _requester(content),
            _act(operation).value,
            operation,
            _outcome(status).value,
            BLOBS,
            place,
            digest,
            zone=zone,
            on=(named,) if named else (),
            origin=str(content.get("callerIpAddress") or ""),
        )

    def _message(self, content: Mapping[str, Any], place: str, digest: str) -> Sequence[Access]:
        properties = content.get("properties")
        told = properties if isinstance(properties, dict) else {}
        moment = _moment(content.get("time"))
        found = _PREFIX.fullmatch(str(told.get("message", "")))
        if not moment or found is None:
            reason = "is not a message with the service's prefix"
            return (unreadable(reason, DATABASE, place, digest, moment),)
        severity = found["severity"] or str(told.get("errorLevel", ""))
        text = found["text"].replace("\n\t", "\n")
        pid = str(told.get("processId", ""))
        message = Message(moment, pid, found["session"], severity, text, place, digest)
        return self.sessions.take(message)

    def end(self) -> Sequence[Access]:
        """Those that waited for a further line."""
        return tuple(self.sessions.end())

    def unrecorded(self) -> Mapping[str, int]:
        """Nothing: the service does not say what it leaves out."""
        return {}


def _decoded(line: bytes) -> dict[str, Any] | None:
    for read in (from_json, json.loads):  # the first refuses halves of characters
        with suppress(ValueError, RecursionError):
            content = read(line)
            return content if isinstance(content, dict) else None
    return None


def _moment(text: object) -> str:
    """A time as accesses have it; empty where it is none."""
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    return f"{found[1]}T{found[2]}.{(found[3] or '')[:3]:0<3}Z" if found else ""


def _requester(content: Mapping[str, Any]) -> str:
    """The object in Entra whose token was accepted; a person's name is never taken along."""
    identity = content.get("identity")
    inner = identity.get("requester") if isinstance(identity, dict) else None
    requester = inner or content.get("requester")
    if not isinstance(requester, dict):
        return ""
    named = (requester.get(key) for key in ("objectId", "appId", "appID"))
    return next((each for each in named if isinstance(each, str) and each), "")


def _address(uri: str) -> tuple[str, str, str]:
    """Account, container and name of a blob."""
    try:
        parts = urlsplit(uri)
        account = (parts.hostname or "").partition(".")[0]
    except ValueError:
        return "", "", uri
    container, _, name = parts.path.lstrip("/").partition("/")
    return account, unquote(container), unquote(name)


@lru_cache(maxsize=256)
def _act(operation: str) -> Act:
    if operation in READS:
        return Act.READ
    if operation in LISTS:
        return Act.LIST
    if operation in WRITES:
        return Act.WRITE
    if operation.startswith(("Delete", "Undelete")):
        return Act.DELETE
    return Act.CHANGE if operation.startswith(("Set", "Create", "Put", "Change")) else Act.OTHER


def _outcome(status: object) -> AccessOutcome:
    """How a request ended, by its HTTP status, a number or its digits."""
    text = str(status)
    if not text.isdecimal():
        return AccessOutcome.UNKNOWN
    if int(text) in range(200, 400):
        return AccessOutcome.ALLOWED
    return AccessOutcome.REFUSED if int(text) in _DENIED else AccessOutcome.FAILED
