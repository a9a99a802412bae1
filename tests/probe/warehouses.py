"""A warehouse of fakes over the interfaces of `havre.live`, one promise of which can be broken."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from havre.audit.accesses import Access
from havre.audit.logs import AccessLogs, LogFile
from havre.capabilities import Support, Supported
from havre.database.wanted import wanted
from havre.errors import StateError
from havre.live.encrypted.backups import BackupSet
from havre.live.encrypted.drills import Drilled, KeyAge
from havre.live.objects import (
    Ability,
    Lock,
    NotThereError,
    ObjectVersion,
    Properties,
    RefusedError,
)
from havre.probe.subjects import ProbeLimits, ProbeSubject
from havre.provider.outputs import Outputs
from havre.spec.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from havre.live.warehouse import Live
    from havre.spec import Warehouse

NOW = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)
SPEC = load(Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml").warehouse
MARK = "havre-probe-0123456789abcdef"
DAY = dt.timedelta(days=1)
LOGIN = "login"


def refusal(what: str) -> RefusedError:
    return RefusedError(f"{what}: the object store answers AccessDenied", "")


@dataclass
class FakeEntry:
    """A project's credentials; what they may do is what is listed."""

    reads: frozenset[str]
    writes: frozenset[str] = frozenset()
    logs_in: bool = True

    def read(self, zone: str) -> None:
        if zone not in self.reads:
            raise refusal(zone)

    def write(self, zone: str) -> None:
        if zone in self.writes:
            message = f"{zone}: the object store answers NoSuchUpload"
            raise NotThereError(message, "")
        raise refusal(zone)

    def log_in(self) -> None:
        if not self.logs_in:
            raise refusal(LOGIN)


@dataclass
class FakeStore:
    """A zone with versions, each with its lock."""

    locks: Sequence[Lock | None] = (Lock(NOW + 400 * DAY),)
    written: dt.datetime = NOW
    can_lock: bool = True

    @property
    def abilities(self) -> Mapping[Ability, Supported]:
        absent = Supported(Support.ABSENT, "the zone has no lock")
        return {Ability.LOCK: Supported(Support.NATIVE) if self.can_lock else absent}

    def versions(self, _prefix: str = "") -> Iterator[ObjectVersion]:
        for number, _ in enumerate(self.locks):
            yield ObjectVersion(f"patients/{number}", "1", 1, "e", self.written)

    def properties(self, found: ObjectVersion) -> Properties:
        return Properties(lock=self.locks[int(found.key.rpartition("/")[2])])


@dataclass
class FakeBackups:
    """Backups, which open unless they are broken."""

    ages: Sequence[dt.timedelta] = (30 * DAY, DAY / 2)
    broken: bool = False
    lost_rows: bool = False

    def sets(self) -> list[BackupSet]:
        return [BackupSet(f"b{n}", NOW - age, "k/v1", {}) for n, age in enumerate(self.ages)]

    def opened(self, name: str) -> Iterator[tuple[str, Iterator[bytes]]]:
        yield "contents", iter([b"1"])
        if self.broken:
            message = f"{name} was changed or cut off"
            raise StateError(message, "")

    def drill(self, name: str) -> Drilled:
        if self.broken:
            message = f"{name} was changed or cut off"
            raise StateError(message, "")
        return Drilled({"curated.a": 3}, "0" * 64, not self.lost_rows)


@dataclass
class FakeLive:
    """Implements what probes ask of `havre.live.warehouse.Live`."""

    entries: dict[str, FakeEntry]
    strangers: FakeEntry = field(default_factory=lambda: FakeEntry(frozenset()))
    zone: FakeStore = field(default_factory=FakeStore)
    kept: FakeBackups | Supported = field(default_factory=FakeBackups)
    ages: Sequence[dt.timedelta] = (10 * DAY, 100 * DAY)

    def project(self, name: str) -> FakeEntry:
        return self.entries[name]

    def stranger(self) -> FakeEntry:
        return self.strangers

    def store(self, _zone: str) -> FakeStore:
        return self.zone

    def backups(self) -> FakeBackups | Supported:
        return self.kept

    def key_versions(self) -> list[KeyAge]:
        return [KeyAge(f"k{n}/v1", NOW - age) for n, age in enumerate(self.ages)]


@dataclass
class FakeReader:
    """Each line of a log is a zone and an object."""

    def read(self, line: bytes, place: str) -> Sequence[Access]:
        zone, _, key = line.decode().partition(" ")
        return [Access("", "", "read", "Get", "refused", "s", place, "", zone=zone, on=(key,))]

    def end(self) -> Sequence[Access]:
        return ()

    def unrecorded(self) -> Mapping[str, int]:
        return {}


def logs(*lines: str) -> AccessLogs:
    file = LogFile("log", lambda: [f"{line}\n".encode() for line in lines])
    return AccessLogs({}, FakeReader, lambda: [file])


def addresses(authority: Path | None, store: int, database: int) -> Outputs:
    """Outputs of the example warehouse on this machine."""
    source = {"kind": "file", "location": str(authority)} if authority else {"kind": "system"}
    host = {"region": "here", "authority": source}
    zones: Any = {
        name: {
            "bucket": name,
            "identifier": name,
            "endpoint": f"https://127.0.0.1:{store}",
            **host,
        }
        for name in SPEC.zones
    }
    database_: Any = {"host": "127.0.0.1", "port": database, "name": "emc2", "identifier": "d"}
    projects = {
        name: {"identity": name, "zones": list(each.zones), "expires": each.expires}
        for name, each in SPEC.projects.items()
    }
    return Outputs.model_validate(
        {
            "version": 1,
            "provider": "paper",
            "warehouse": "emc2",
            "environment": "test",
            "zones": zones,
            "keys": {"zones": {}},
            "database": {**database_, **host},
            "projects": projects,
            "audit": {"sink": "s"},
            "gaps": [],
            "backup": {"location": "l", "region": "here"},
        }
    )


def subject(
    live: FakeLive | None = None,
    outputs: Outputs | None = None,
    *,
    spec: Warehouse = SPEC,
    logged: AccessLogs | None = None,
    now: dt.datetime = NOW,
) -> ProbeSubject:
    """A warehouse that keeps every promise, but for what is given."""
    return ProbeSubject(
        spec,
        outputs or addresses(None, 1, 2),
        cast("Live", live or kept_promises()),
        wanted(spec, now.date()),
        logged or logs(*(f"{zone} {MARK}" for zone in SPEC.zones)),
        now,
        MARK,
        ProbeLimits(log_seconds=0.1),
    )


def kept_promises(**broken: Any) -> FakeLive:
    entries = {name: FakeEntry(frozenset(each.zones)) for name, each in SPEC.projects.items()}
    return FakeLive(entries, **broken)
