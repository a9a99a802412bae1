"""The pack reads the seal of an exit as `havre check` does: the same verdict, the same refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from havre.exit.seal.contents import Leaving, Level
from havre.exit.seal.rehearsal import rehearsal_authorities
from havre.exit.seal.sealing import seal
from tests.exit.seal.workshop import DAY, DEPARTURE, NOW, Workshop, contents
from tests.pack.checked import check, expected
from tests.pack.client import Client, refusal, running, told
from tests.pack.plans import plan_of, spec_of

if TYPE_CHECKING:
    from pathlib import Path

    from pulumi.runtime.proto import analyzer_pb2 as proto

CONTROL = "exit.rehearsed"
REHEARSED = replace(DEPARTURE, level=Level.REHEARSAL)
TODAY = NOW.date()
SAME = 60
"""Letters of what is found that are compared: openssl's words differ from run to run."""
Told = dict[str, str]
Make = Callable[[Workshop, "Path"], Told]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """An organisation with its CA, its signer and a time-stamp authority elsewhere."""
    return Workshop(tmp_path_factory.mktemp("workshop"))


def named(folder: Path, workshop: Workshop) -> Told:
    """A seal as it is told, with the CAs that it needs."""
    return {
        "seal": str(folder),
        "seal_authority": str(workshop.organisation.path),
        "seal_tsa_authority": str(workshop.time.path),
    }


def sealed(workshop: Workshop, folder: Path, departure: Leaving = REHEARSED) -> Told:
    whole = contents(departure=departure)
    return named(seal(folder / "seal", whole, workshop.signer, workshop.clock).folder, workshop)


def real(workshop: Workshop, folder: Path) -> Told:
    return named(workshop.copy(folder / "seal"), workshop)


def of_the_rehearsals_own_keys(workshop: Workshop, folder: Path) -> Told:
    signer, clock = rehearsal_authorities(folder / "keys")
    made = seal(folder / "seal", contents(departure=REHEARSED), signer, clock).folder
    return {
        **named(made, workshop),
        "seal_authority": str(signer.authority),
        "seal_tsa_authority": str(clock.authority),
    }


def undated(workshop: Workshop, folder: Path) -> Told:
    made = seal(folder / "seal", contents(departure=REHEARSED), workshop.signer, None).folder
    return {"seal": str(made), "seal_authority": str(workshop.organisation.path)}


def foreign(workshop: Workshop, folder: Path) -> Told:
    return {**real(workshop, folder), "seal_authority": str(workshop.time.path)}


def of_a_foreign_clock(workshop: Workshop, folder: Path) -> Told:
    return {**real(workshop, folder), "seal_tsa_authority": str(workshop.organisation.path)}


def tampered(workshop: Workshop, folder: Path) -> Told:
    told = real(workshop, folder)
    path = folder / "seal" / "bag-info.txt"
    path.write_text(path.read_text().replace("Exit-Level: real", "Exit-Level: rehearsal"))
    return told


def of_another_warehouse(workshop: Workshop, folder: Path) -> Told:
    return sealed(workshop, folder, replace(REHEARSED, warehouse="another"))


def of_another_way_out(workshop: Workshop, folder: Path) -> Told:
    return sealed(workshop, folder, replace(REHEARSED, target="elsewhere"))


def none(workshop: Workshop, folder: Path) -> Told:
    del workshop, folder
    return {}


GOOD = (real, sealed, of_the_rehearsals_own_keys)
BAD = (
    *(none, undated, foreign, of_a_foreign_clock, tampered),
    *(of_another_warehouse, of_another_way_out),
)


def options(seal: Told) -> list[str]:
    """A seal as `havre check` is told of it."""
    return [word for name, value in seal.items() for word in (f"--{name.replace('_', '-')}", value)]


def said(response: proto.AnalyzeResponse) -> list[str]:
    return [each.message for each in response.diagnostics if each.policyName == CONTROL]


@pytest.mark.parametrize(
    ("make", "later"),
    [*((make, 0) for make in (*GOOD, *BAD)), (real, 181)],
    ids=lambda told: getattr(told, "__name__", str(told)),
)
def test_the_verdict_is_the_one_of_the_check(
    make: Make, later: int, client: Client, workshop: Workshop, tmp_path: Path
) -> None:
    seal, as_of = make(workshop, tmp_path), str(TODAY + later * DAY)
    profile = {"profile": "sovereign", "as_of": as_of}
    client.configure({"spec": str(spec_of("emc2")), **profile, **seal})
    response = client.of(plan_of("emc2", "azure"))
    words = ["--profile", "sovereign", *options(seal)]
    findings = check("emc2", "azure", tmp_path, *words, as_of=as_of)
    assert told(response) == expected(findings)
    theirs = [each["found"] for each in findings if each["control"] == CONTROL]
    assert bool(theirs) is (make in BAD or later > 0)
    assert len(said(response)) == len(theirs)
    for message, found in zip(said(response), theirs, strict=True):
        assert " ".join(found.split())[:SAME] in " ".join(message.split())


@pytest.mark.parametrize(
    "names",
    [
        ("seal",),
        ("seal_authority",),
        ("seal_tsa_authority",),
        ("seal", "seal_tsa_authority"),
        ("seal_authority", "seal_tsa_authority"),
    ],
)
def test_a_seal_and_its_ca_are_named_together(
    names: tuple[str, ...], client: Client, workshop: Workshop
) -> None:
    whole = named(workshop.fresh, workshop)
    told = {name: whole[name] for name in names}
    text = refusal(lambda: client.configure({"spec": str(spec_of("emc2")), **told}))
    assert "`seal` and `seal_authority` belong together" in text


@pytest.mark.parametrize("place", ["nowhere", "."])
def test_what_is_no_seal_is_refused_before_anything_is_run(
    place: str, client: Client, workshop: Workshop, tmp_path: Path
) -> None:
    told = named(tmp_path / place, workshop)
    text = refusal(lambda: client.configure({"spec": str(spec_of("emc2")), **told}))
    assert "bag-info.txt" in text
    assert "Name the folder of a seal." in text


def test_the_environment_names_it_from_where_pulumi_is_called(
    workshop: Workshop, tmp_path: Path
) -> None:
    told = real(workshop, tmp_path)
    told["seal"] = "seal"
    environment = {f"HAVRE_{name.upper()}": value for name, value in told.items()}
    whole = {**environment, "HAVRE_SPEC": str(spec_of("emc2")), "PWD": str(tmp_path)}
    judged = {"profile": "sovereign", "as_of": str(TODAY)}
    with running(whole) as client:
        client.configure(judged)
        assert said(client.of(plan_of("emc2", "azure"))) == []
    with running({**whole, "HAVRE_SEAL_AUTHORITY": str(workshop.time.path)}) as client:
        client.configure(judged)
        (message,) = said(client.of(plan_of("emc2", "azure")))
    assert "the seal is not verified" in message
