"""A seal that is read: what it claims, what is proved of it, and what a control makes of that."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from havre.cli import main
from havre.errors import InputError
from havre.exit.seal.contents import Level
from havre.exit.seal.reading import Trust, evidence, read_seal, rehearsal_of
from havre.exit.seal.rehearsal import rehearsal_authorities
from havre.exit.seal.sealing import seal
from tests.exit.seal.workshop import DEPARTURE, NOW, Workshop, contents, resign

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE = Path(__file__).parents[3] / "examples" / "emc2" / "warehouse.yaml"
NAMES = ("the seal", "its CA")
REHEARSED = replace(DEPARTURE, level=Level.REHEARSAL)


@pytest.fixture
def trust(workshop: Workshop) -> Trust:
    return Trust(workshop.organisation.path, workshop.time.path)


def test_a_seal_says_which_warehouse_left_and_who_signed_when(
    workshop: Workshop, trust: Trust
) -> None:
    read = read_seal(workshop.fresh, trust)
    assert (read.warehouse, read.source, read.target) == ("emc2", "azure", "scaleway")
    assert (read.began, read.ended) == (DEPARTURE.began, DEPARTURE.ended)
    assert read.verification is not None
    assert (read.verification.signer, read.verification.time) == ("CN=Seal of the Agence", NOW)
    assert read.why == ""
    assert read.proves_exit


def test_a_rehearsal_never_proves_an_exit(workshop: Workshop, trust: Trust, tmp_path: Path) -> None:
    whole = contents(departure=REHEARSED)
    sealed = seal(tmp_path / "seal", whole, workshop.signer, workshop.clock)
    read = read_seal(sealed.folder, trust)
    assert read.verification is not None
    assert not read.proves_exit
    seen = rehearsal_of(read)
    assert (seen.level, seen.day, seen.unproved) == ("rehearsal", NOW.date(), "")


def test_a_sandbox_seals_with_what_it_makes_itself(tmp_path: Path) -> None:
    signer, clock = rehearsal_authorities(tmp_path / "keys")
    sealed = seal(tmp_path / "seal", contents(departure=REHEARSED), signer, clock)
    assert "rehearsal" in sealed.verification.signer
    assert rehearsal_authorities(tmp_path / "keys") == (signer, clock)
    again = seal(tmp_path / "again", contents(departure=REHEARSED), signer, clock)
    assert again.verification.fingerprint == sealed.verification.fingerprint
    assert signer.key.stat().st_mode & 0o077 == clock.key.stat().st_mode & 0o077 == 0
    assert not [path for path in (tmp_path / "keys").iterdir() if path.name.startswith("ca.k")]


def test_a_seal_without_a_time_has_no_day(workshop: Workshop, tmp_path: Path) -> None:
    whole = contents(departure=REHEARSED)
    sealed = seal(tmp_path / "seal", whole, workshop.signer, None)
    seen = rehearsal_of(read_seal(sealed.folder, Trust(workshop.organisation.path, None)))
    assert (seen.day, seen.unproved) == (None, "")


def test_where_no_ca_is_named_nothing_is_proved(workshop: Workshop) -> None:
    read = read_seal(workshop.fresh, None)
    assert read.verification is None
    assert not read.proves_exit
    seen = rehearsal_of(read)
    assert (seen.signer, seen.day) == ("", None)
    assert "no CA" in seen.unproved


def edited(folder: Path) -> None:
    path = folder / "bag-info.txt"
    path.write_text(path.read_text().replace("Exit-To: scaleway", "Exit-To: ovh"))


def unsigned(folder: Path) -> None:
    (folder / "tagmanifest-sha256.txt.p7s").unlink()


@pytest.mark.parametrize("change", [edited, unsigned])
def test_what_was_tampered_with_is_read_as_a_claim(
    change: Callable[[Path], None], workshop: Workshop, trust: Trust, tmp_path: Path
) -> None:
    folder = workshop.copy(tmp_path / "seal")
    change(folder)
    read = read_seal(folder, trust)
    assert read.verification is None
    assert "is refused" in read.why
    assert not read.proves_exit
    assert rehearsal_of(read).unproved == read.why


@pytest.mark.parametrize("pin", ["subject=CN=Another", "sha256 Fingerprint=00"])
def test_another_signer_than_the_one_pinned_proves_nothing(
    pin: str, workshop: Workshop, trust: Trust
) -> None:
    assert read_seal(workshop.fresh, replace(trust, signer=pin)).verification is None


def test_two_tellings_that_differ_prove_nothing_though_signed(
    workshop: Workshop, trust: Trust, tmp_path: Path
) -> None:
    folder = workshop.copy(tmp_path / "seal")
    path = folder / "data/statement.json"
    told = json.loads(path.read_text())
    told["predicate"]["Exit-Level"] = "rehearsal"
    path.write_text(json.dumps(told, separators=(",", ":"), sort_keys=True, ensure_ascii=False))
    resign(folder, workshop.signer, workshop.clock, state=False)
    read = read_seal(folder, trust)
    assert read.verification is None
    assert read.why == "data/statement.json and bag-info.txt do not say the same"


@pytest.mark.parametrize(
    "info", [None, b"", b"Exit-Level: real\n", b"\xff", b"Exit-Level: unreal\n"]
)
def test_what_is_no_seal_is_said_to_be_none(
    info: bytes | None, workshop: Workshop, trust: Trust, tmp_path: Path
) -> None:
    folder = workshop.copy(tmp_path / "seal")
    (folder / "bag-info.txt").unlink()
    if info is not None:
        (folder / "bag-info.txt").write_bytes(info)
    with pytest.raises(InputError, match=r"bag-info\.txt"):
        read_seal(folder, trust)


def test_a_check_is_told_of_a_seal_by_its_folder_and_its_cas(workshop: Workshop) -> None:
    told = evidence(workshop.fresh, workshop.organisation.path, workshop.time.path, NAMES)
    assert told == rehearsal_of(
        read_seal(workshop.fresh, Trust(workshop.organisation.path, workshop.time.path))
    )
    assert evidence(None, None, None, NAMES) is None
    foreign = evidence(workshop.fresh, workshop.time.path, workshop.time.path, NAMES)
    assert foreign is not None
    assert foreign.unproved


@pytest.mark.parametrize("role", ["authority", "clock"])
@pytest.mark.parametrize("content", [b"", b"not PEM\n", b"-----BEGIN PRIVATE KEY-----\n", None])
def test_a_file_without_a_certificate_is_no_reason_to_doubt_the_seal(
    role: str, content: bytes | None, workshop: Workshop, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.pem"
    if content is not None:
        wrong.write_bytes(content)
    files = {"authority": workshop.organisation.path, "clock": workshop.time.path, role: wrong}
    with pytest.raises(InputError, match=r"wrong\.pem") as caught:
        evidence(workshop.fresh, files["authority"], files["clock"], NAMES)
    assert "refused" not in str(caught.value)


@pytest.mark.parametrize("given", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (0, 1, 1)])
def test_a_seal_and_its_ca_are_named_together(given: tuple[int, ...]) -> None:
    paths = [Path("x") if each else None for each in given]
    with pytest.raises(InputError, match="the seal and its CA belong together"):
        evidence(*paths, NAMES)


@pytest.mark.parametrize("foreign", [False, True])
def test_a_check_reads_the_seal_that_it_is_told_of(
    foreign: bool, workshop: Workshop, tmp_path: Path
) -> None:
    departure = replace(REHEARSED, target="scaleway")
    sealed = seal(tmp_path / "seal", contents(departure=departure), workshop.signer, workshop.clock)
    authority = workshop.time.path if foreign else workshop.organisation.path
    words = ["check", str(EXAMPLE), "--provider", "azure", "--profile", "sovereign"]
    words += ["--format", f"json={tmp_path / 'found.json'}", "--fail-on", "never"]
    words += ["--seal", str(sealed.folder), "--seal-authority", str(authority)]
    main([*words, "--seal-tsa-authority", str(workshop.time.path)])
    found = json.loads((tmp_path / "found.json").read_text())
    told = [each for each in found["findings"] if each["control"] == "exit.rehearsed"]
    assert bool(told) is foreign
