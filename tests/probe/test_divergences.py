"""Planted divergences: each is seen, by the probe that promises the contrary."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from havre.probe.answers import ProbeOutcome
from havre.probe.running import PROBES, run
from tests.probe.divergences import (
    HTTP_REFUSED,
    OF_FAKES,
    OF_SERVERS,
    PLAIN_REFUSED,
    PROJECT,
    Made,
    pg_error,
)
from tests.probe.servers import Authority, ServerSetup, serving
from tests.probe.warehouses import (
    SPEC,
    addresses,
    kept_promises,
    subject,
)

if TYPE_CHECKING:
    from havre.probe.answers import Sighting
    from havre.probe.subjects import ProbeSubject

OTHERWISE, SEEN = ProbeOutcome.OTHERWISE, ProbeOutcome.SEEN


def tried(probe: str, of: ProbeSubject) -> list[Sighting]:
    """What one probe sees of all its targets."""
    found = [each for each in PROBES if each.id == probe]
    assert found
    return list(run([replace(found[0], after=False)], of, rate=10_000))


def outcomes(probe: str, of: ProbeSubject) -> set[ProbeOutcome]:
    return {each.outcome for each in tried(probe, of)}


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


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("authorities")
    return Made(Authority(folder, "own"), Authority(folder, "stranger"))


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


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (pg_error("28000", "aucune entrée dans pg_hba.conf, aucun chiffrement"), SEEN),
        (pg_error("28000", "接続が拒否されました", "ClientAuthentication"), SEEN),
        (pg_error("08P01", "SSL required"), SEEN),
        (pg_error("28000", "le rôle « havre_probe » n'existe pas"), OTHERWISE),
        (pg_error("57P03", "the database system is starting up"), ProbeOutcome.UNSEEN),
        (pg_error("53300", "sorry, too many clients already"), ProbeOutcome.UNSEEN),
    ],
)
def test_an_error_of_postgresql_is_not_a_refusal_of_plain_text(
    answer: bytes, outcome: ProbeOutcome, made: Made
) -> None:
    setup = ServerSetup(made.own.certificate(), database=True, plain=answer)
    assert at(setup, made, "plain-text.database") == {outcome}


def test_a_server_that_does_not_answer_is_not_evaluated(made: Made) -> None:
    of = subject(outputs=addresses(made.own.file, 1, 1))
    assert outcomes("tls.object-store", of) == {ProbeOutcome.UNEVALUATED}
    assert outcomes("certificate.database", of) == {ProbeOutcome.UNEVALUATED}
    assert outcomes("plain-text.object-store", of) == {ProbeOutcome.UNEVALUATED}
    assert outcomes("plain-text.database", of) == {ProbeOutcome.UNEVALUATED}
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
