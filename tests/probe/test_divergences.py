"""Planted divergences: each is seen, by the probe that promises the contrary."""

from __future__ import annotations

import datetime as dt
import ssl
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from havre.live.objects import Lock, LockMode
from havre.probe.answers import ProbeOutcome
from havre.probe.running import PROBES, run
from tests.probe.servers import Authority, ServerSetup, serving
from tests.probe.warehouses import (
    DAY,
    MARK,
    NOW,
    SPEC,
    FakeBackups,
    FakeEntry,
    FakeStore,
    addresses,
    kept_promises,
    logs,
    subject,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from havre.probe.answers import Sighting
    from havre.probe.subjects import ProbeSubject

OTHERWISE, SEEN = ProbeOutcome.OTHERWISE, ProbeOutcome.SEEN
PROJECT = next(iter(SPEC.projects))
FOREIGN = next(zone for zone in SPEC.zones if zone not in SPEC.projects[PROJECT].zones)


def tried(probe: str, of: ProbeSubject) -> list[Sighting]:
    """What one probe sees of all its targets."""
    found = [each for each in PROBES if each.id == probe]
    assert found
    return list(run([replace(found[0], after=False)], of, rate=10_000))


def outcomes(probe: str, of: ProbeSubject) -> set[ProbeOutcome]:
    return {each.outcome for each in tried(probe, of)}


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
    "a log stopped": (
        "log.shows-probe",
        lambda: subject(logged=logs(*(f"{zone} {MARK}" for zone in SPEC.zones if zone != FOREIGN))),
    ),
}


@pytest.mark.parametrize("planted", OF_FAKES)
def test_a_divergence_is_seen_otherwise(planted: str) -> None:
    probe, of = OF_FAKES[planted]
    assert OTHERWISE in outcomes(probe, of())


@pytest.mark.parametrize("probe", sorted({probe for probe, _ in OF_FAKES.values()}))
def test_what_keeps_its_promises_is_seen(probe: str) -> None:
    of = subject(
        spec=SPEC
        if probe != "project.ended"
        else SPEC.model_copy(update={"projects": {PROJECT: SPEC.projects[PROJECT]}})
    )
    live = kept_promises()
    for entry in live.entries.values():
        entry.logs_in = False
    found = outcomes(probe, replace(of, live=live) if probe == "project.ended" else of)
    assert found == {SEEN}


@dataclass(frozen=True)
class Made:
    """Two authorities, the first of which is the warehouse's."""

    own: Authority
    stranger: Authority


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("authorities")
    return Made(Authority(folder, "own"), Authority(folder, "stranger"))


AUTHENTICATE = b"R" + struct.pack("!ii", 8, 5)
PLAIN_REFUSED = b"E" + struct.pack("!i", 4 + 32) + b"SFATAL\0C28000\0Mno encryption\0\0\0\0\0"
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


def at(server: ServerSetup, made: Made, probe: str) -> set[ProbeOutcome]:
    with serving(server) as port:
        outputs = addresses(made.own.file, port, port)
        return outcomes(probe, subject(outputs=outputs, now=dt.datetime.now(dt.UTC)))


@pytest.mark.parametrize("planted", OF_SERVERS)
def test_a_server_that_diverges_is_seen_otherwise(planted: str, made: Made) -> None:
    probe, setup = OF_SERVERS[planted]
    assert at(setup(made), made, probe) == {OTHERWISE}


@pytest.mark.parametrize("probe", sorted({probe for probe, _ in OF_SERVERS.values()}))
def test_a_server_that_keeps_its_promises_is_seen(probe: str, made: Made) -> None:
    database = probe.endswith("database")
    plain = PLAIN_REFUSED if database else HTTP_REFUSED
    setup = ServerSetup(made.own.certificate(), database=database, plain=plain)
    assert at(setup, made, probe) == {SEEN}


def test_a_server_that_does_not_answer_is_not_evaluated(made: Made) -> None:
    of = subject(outputs=addresses(made.own.file, 1, 1))
    assert outcomes("tls.object-store", of) == {ProbeOutcome.UNEVALUATED}
    assert outcomes("certificate.database", of) == {ProbeOutcome.UNEVALUATED}
    assert outcomes("stranger.anonymous", of) == {ProbeOutcome.UNEVALUATED}


def test_a_public_address_that_answers_is_seen_otherwise(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    import havre.probe.servers as module

    with serving(ServerSetup(made.own.certificate())) as port:
        monkeypatch.setattr(module.ipaddress.IPv4Address, "is_global", property(lambda _: True))
        of = subject(outputs=addresses(made.own.file, port, port))
        assert outcomes("address.database", of) == {OTHERWISE}
    assert outcomes("address.database", of) == {ProbeOutcome.UNSEEN}


def test_the_authority_of_a_certificate_that_is_not_here_is_not_evaluated() -> None:
    of = subject(outputs=addresses(Path("/nowhere/authority.pem"), 1, 1))
    assert outcomes("certificate.object-store", of) == {ProbeOutcome.UNEVALUATED}
