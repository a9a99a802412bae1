"""Divergences that are planted: on fakes, on servers, in a database, and at a provider."""

from __future__ import annotations

import datetime as dt
import ssl
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.live.objects import Lock, LockMode
from tests.probe.servers import Authority, ServerSetup
from tests.probe.warehouses import (
    DAY,
    MARK,
    NOW,
    SPEC,
    FakeBackups,
    FakeEntry,
    FakeStore,
    kept_promises,
    logs,
    subject,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from havre.probe.subjects import ProbeSubject

PROJECT = next(iter(SPEC.projects))
FOREIGN = next(zone for zone in SPEC.zones if zone not in SPEC.projects[PROJECT].zones)
ROLE = "project_cohort_diabetes"


def other(entry: FakeEntry) -> Any:
    live = kept_promises()
    live.entries[PROJECT] = entry
    return live


OWN = frozenset(SPEC.projects[PROJECT].zones)
ENDED = SPEC.model_copy(update={"projects": {}})
OF_FAKES: dict[str, tuple[str, Callable[[], ProbeSubject]]] = {
    "an invented key is accepted": (
        "stranger.invented-key",
        lambda: subject(kept_promises(strangers=FakeEntry(frozenset(SPEC.zones)))),
    ),
    "a project reads another zone": (
        "project.reads",
        lambda: subject(other(FakeEntry(OWN | {FOREIGN}))),
    ),
    "a project no longer reads its own": (
        "project.reads",
        lambda: subject(other(FakeEntry(frozenset()))),
    ),
    "a project writes to a zone that it reads": (
        "project.writes",
        lambda: subject(other(FakeEntry(OWN, writes=OWN))),
    ),
    "a project that was removed still reads": (
        "project.reads",
        lambda: subject(spec=ENDED),
    ),
    "a project that was removed logs in": ("project.ended", lambda: subject(spec=ENDED)),
    "a project whose authorisation ended still reads": (
        "project.reads",
        lambda: subject(now=dt.datetime(2040, 1, 1, tzinfo=dt.UTC)),
    ),
    "a version has no lock": (
        "lock.read",
        lambda: subject(kept_promises(zone=FakeStore([Lock(NOW + 400 * DAY), None]))),
    ),
    "a lock is too short": (
        "lock.read",
        lambda: subject(kept_promises(zone=FakeStore([Lock(NOW + 3 * DAY)]))),
    ),
    "a lock can be shortened": (
        "lock.read",
        lambda: subject(
            kept_promises(zone=FakeStore([Lock(NOW + 400 * DAY, LockMode.GOVERNANCE)]))
        ),
    ),
    "the lock of a zone was taken away": (
        "lock.read",
        lambda: subject(kept_promises(zone=FakeStore(can_lock=False))),
    ),
    "the last backup is old": (
        "backup.age",
        lambda: subject(kept_promises(kept=FakeBackups([5 * DAY]))),
    ),
    "the last backup is of tomorrow": (
        "backup.age",
        lambda: subject(kept_promises(kept=FakeBackups([-1 * DAY]))),
    ),
    "there is no backup": ("backup.age", lambda: subject(kept_promises(kept=FakeBackups([])))),
    "a backup was changed": (
        "backup.readable",
        lambda: subject(kept_promises(kept=FakeBackups(broken=True))),
    ),
    "a backup cannot be restored": (
        "backup.restorable",
        lambda: subject(kept_promises(kept=FakeBackups(broken=True))),
    ),
    "a backup is restored with other rows": (
        "backup.restorable",
        lambda: subject(kept_promises(kept=FakeBackups(lost_rows=True))),
    ),
    "a key was not rotated": (
        "key.rotation",
        lambda: subject(kept_promises(ages=[10 * DAY, 400 * DAY])),
    ),
    "a key is of tomorrow": (
        "key.rotation",
        lambda: subject(kept_promises(ages=[10 * DAY, -1 * DAY])),
    ),
    "a log stopped": (
        "log.shows-probe",
        lambda: subject(logged=logs(*(f"{zone} {MARK}" for zone in SPEC.zones if zone != FOREIGN))),
    ),
}


@dataclass(frozen=True)
class Made:
    """Two authorities, the first of which is the warehouse's."""

    own: Authority
    stranger: Authority


AUTHENTICATE = b"R" + struct.pack("!ii", 8, 5)


def pg_error(code: str, message: str, routine: str = "") -> bytes:
    """An error as PostgreSQL sends it (Frontend/Backend Protocol, ErrorResponse)."""
    fields = {"S": "FATAL", "C": code, "M": message, **({"R": routine} if routine else {})}
    body = b"".join(f"{name}{told}".encode() + b"\0" for name, told in fields.items()) + b"\0"
    return b"E" + struct.pack("!i", 4 + len(body)) + body


PLAIN_REFUSED = pg_error("28000", "no pg_hba.conf entry for host, no encryption")
HTTP_OK = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
HTTP_REFUSED = b"HTTP/1.0 400 Bad Request\r\n\r\n"
GOOD: dict[str, dict[str, Any]] = {"store": {"plain": HTTP_REFUSED}, "database": {}}
OF_SERVERS: dict[str, tuple[str, Callable[[Made], ServerSetup]]] = {
    "TLS 1.0 is accepted by the store": (
        "tls.object-store",
        lambda m: ServerSetup(m.own.certificate(), least=ssl.TLSVersion.TLSv1),
    ),
    "TLS 1.1 is accepted by the store": (
        "tls.object-store",
        lambda m: ServerSetup(m.own.certificate(), least=ssl.TLSVersion.TLSv1_1),
    ),
    "TLS 1.0 is accepted by the database": (
        "tls.database",
        lambda m: ServerSetup(m.own.certificate(), least=ssl.TLSVersion.TLSv1, database=True),
    ),
    "the certificate is of another authority": (
        "certificate.object-store",
        lambda m: ServerSetup(m.stranger.certificate()),
    ),
    "the certificate has another name": (
        "certificate.object-store",
        lambda m: ServerSetup(m.own.certificate("elsewhere.example")),
    ),
    "the certificate has expired": (
        "certificate.database",
        lambda m: ServerSetup(m.own.certificate(days=-1), database=True),
    ),
    "the certificate is about to end": (
        "certificate.object-store",
        lambda m: ServerSetup(m.own.certificate(days=2)),
    ),
    "plain HTTP is answered": (
        "plain-text.object-store",
        lambda m: ServerSetup(m.own.certificate(), plain=HTTP_OK),
    ),
    "PostgreSQL takes a session without TLS": (
        "plain-text.database",
        lambda m: ServerSetup(m.own.certificate(), database=True, plain=AUTHENTICATE),
    ),
    "PostgreSQL trusts a session without TLS and misses its role": (
        "plain-text.database",
        lambda m: ServerSetup(
            m.own.certificate(),
            database=True,
            plain=pg_error("28000", 'role "havre_probe" does not exist', "InitializeSessionUserId"),
        ),
    ),
    "PostgreSQL trusts a session without TLS and misses its database": (
        "plain-text.database",
        lambda m: ServerSetup(
            m.own.certificate(),
            database=True,
            plain=pg_error("3D000", 'database "emc2" does not exist', "InitPostgres"),
        ),
    ),
    "a policy lets anyone list": (
        "stranger.anonymous",
        lambda m: ServerSetup(m.own.certificate(), anonymous=(200, b"<ListBucketResult/>")),
    ),
    "a policy lets anyone read": (
        "stranger.anonymous",
        lambda m: ServerSetup(
            m.own.certificate(), anonymous=(404, b"<Error><Code>NoSuchKey</Code></Error>")
        ),
    ),
}


IN_DATABASE = {
    "a role added by hand": ("verify", "CREATE ROLE planted LOGIN"),
    "a grant widened by hand": ("verify", f"GRANT DELETE ON curated.probed TO {ROLE}"),
    "a project that makes tables": ("verify", f"GRANT CREATE ON SCHEMA curated TO {ROLE}"),
    "a project that reads everything": ("verify", f"GRANT pg_read_all_data TO {ROLE}"),
    "a project that makes roles": ("verify", f"ALTER ROLE {ROLE} CREATEROLE"),
    "a project that makes databases": ("verify", f"ALTER ROLE {ROLE} CREATEDB"),
    "temporary tables for every role": ("verify", "GRANT TEMPORARY ON DATABASE {} TO PUBLIC"),
    "an authorisation without end": ("plan", f"ALTER ROLE {ROLE} VALID UNTIL 'infinity'"),
    "connections without limit": ("plan", f"ALTER ROLE {ROLE} CONNECTION LIMIT -1"),
    "statements without limit": ("plan", f"ALTER ROLE {ROLE} RESET statement_timeout"),
}
"""By what is changed by hand: the command about the database that finds it, and the statement."""
STORE, DATABASE = "storage:StorageAccount", "dbforpostgresql:Server"
BY_HAND: dict[str, tuple[str, str, Any, str]] = {
    "an account that speaks TLS 1.0": (
        *(STORE, "minimumTlsVersion", "TLS1_0"),
        "encryption.in-transit",
    ),
    "an account that answers plain HTTP": (
        *(STORE, "enableHttpsTrafficOnly", False),
        "encryption.in-transit",
    ),
    "an account whose containers may be public": (
        *(STORE, "allowBlobPublicAccess", True),
        "exposure.public-storage",
    ),
    "an account that answers on the internet": (
        *(STORE, "publicNetworkAccess", "Enabled"),
        "exposure.private-endpoints",
    ),
    "an account with shared keys": (*(STORE, "allowSharedKeyAccess", True), "exposure.shared-keys"),
    "an account that keeps no versions": (
        *("storage:BlobServiceProperties", "isVersioningEnabled", False),
        "continuity.versioning",
    ),
    "a vault whose keys can be purged": (
        *("keyvault:Vault", "enablePurgeProtection", False),
        "encryption.key-deletion",
    ),
    "a database with passwords": (
        *(DATABASE, "passwordAuth", "Enabled"),
        "access.no-static-credentials",
    ),
    "a database without TLS": (
        *("dbforpostgresql:Configuration", "value", "off"),
        "encryption.database-tls",
    ),
    "logs that are switched off": (
        *("monitor:DiagnosticSetting", "enabled", False),
        "audit.storage-access",
    ),
}
