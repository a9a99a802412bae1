"""A result names what it was made from: versions, files by their digests, organisation and time."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import havre
from havre.cli import main
from havre.errors import ExitCode
from havre.exit.seal.contents import Level
from havre.exit.seal.rehearsal import rehearsal_authorities
from havre.exit.seal.sealing import seal
from tests.check.asked import EXAMPLES
from tests.exit.seal.workshop import DEPARTURE, contents
from tests.facts.recordings import RECORDED

EMC2 = EXAMPLES["emc2"]
DAY = "2026-11-23"


def checked(capsys: pytest.CaptureFixture[str], *words: str, form: str = "json") -> str:
    main(["check", *words, "--format", form])
    return capsys.readouterr().out


def provenance(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(checked(capsys, *words))["summary"]["provenance"]
    return found


def digests(found: dict[str, Any]) -> dict[str, str]:
    return {each["role"]: each["sha256"] for each in found["inputs"]}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_files_are_named_by_the_digests_that_sha256sum_prints(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "warehouse.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + EMC2.read_bytes())
    shutil.copy(EMC2.with_name("waivers.yaml"), tmp_path)
    found = provenance(capsys, str(file), "-p", "local", "--as-of", DAY)
    waivers = tmp_path / "waivers.yaml"
    assert digests(found) == {"warehouse": sha256(file), "waivers": sha256(waivers)}
    assert {each["file"] for each in found["inputs"]} == {"warehouse.yaml", "waivers.yaml"}
    file.write_bytes(file.read_bytes() + b"\n# a comment\n")
    again = digests(provenance(capsys, str(file), "-p", "local", "--as-of", DAY))
    assert again["warehouse"] == sha256(file) != digests(found)["warehouse"]


@pytest.mark.parametrize("source", ["preview", "state"])
def test_a_plan_that_was_read_is_named(capsys: pytest.CaptureFixture[str], source: str) -> None:
    plan = RECORDED / f"ovh-{source}.json"
    words = (str(EMC2), f"--{source}", str(plan), "--as-of", DAY)
    document = json.loads(checked(capsys, *words))
    assert digests(document["summary"]["provenance"])[source] == sha256(plan)
    kind = {"preview": "preview", "state": "deployed state"}[source]
    assert document["headline"]["about"].endswith(kind)


def test_versions_and_organisation_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    found = provenance(capsys, str(EMC2), "-p", "local", "--as-of", DAY)
    assert found["tool"] == f"havre {havre.__version__}"
    assert any(each.startswith("havre-policies ") for each in found["controls"])
    assert "SNC 3.2 (2022-03-08)" in found["frameworks"]
    assert found["organisation"] == "National Health Data Platform"


@pytest.mark.parametrize(
    ("given", "time"),
    [
        (DAY, None),
        (f"{DAY}T08:30:00Z", f"{DAY}T08:30:00Z"),
        (f"{DAY}T08:30:00+02:00", f"{DAY}T06:30:00Z"),
        ("2026-11-24T00:30:00+02:00", "2026-11-23T22:30:00Z"),
    ],
)
def test_the_time_is_the_one_that_is_given(
    capsys: pytest.CaptureFixture[str], given: str, time: str | None
) -> None:
    words = (str(EMC2), "-p", "local", "--as-of", given)
    first, again = checked(capsys, *words), checked(capsys, *words)
    assert first == again
    summary = json.loads(first)["summary"]
    assert (summary["provenance"]["time"], summary["as_of"]) == (time, DAY)


@pytest.mark.parametrize("given", [f"{DAY}T08:30:00", f"{DAY}T25:00:00Z", f"{DAY}Tsoon", "T"])
def test_a_time_without_a_zone_is_refused(capsys: pytest.CaptureFixture[str], given: str) -> None:
    assert main(["check", str(EMC2), "-p", "local", "--as-of", given]) == ExitCode.INPUT
    assert "not a valid time" in capsys.readouterr().err


def test_the_page_holds_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    words = (str(EMC2), "-p", "local", "--as-of", f"{DAY}T08:30:00Z")
    found = provenance(capsys, *words)
    page = checked(capsys, *words, form="html")
    for text in (found["tool"], found["time"], *digests(found).values(), found["organisation"]):
        assert text in page


@pytest.fixture
def sealed(tmp_path: Path) -> list[str]:
    """The seal of a rehearsal by its own keys, as a check is given it."""
    signer, clock = rehearsal_authorities(tmp_path / "keys")
    departure = replace(DEPARTURE, level=Level.REHEARSAL)
    folder = seal(tmp_path / "seal", contents(departure=departure), signer, clock).folder
    cas = ("--seal-authority", str(signer.authority), "--seal-tsa-authority", str(clock.authority))
    return [str(EMC2), "-p", "local", "--seal", str(folder), *cas]


SIGNER = "Havre rehearsal signer (proves nothing elsewhere)"


def test_a_seal_is_an_input_with_its_signer_level_and_cas(
    capsys: pytest.CaptureFixture[str], sealed: list[str]
) -> None:
    summary = json.loads(checked(capsys, *sealed))["summary"]
    folder, authority, clock = (Path(each) for each in sealed[4::2])
    assert digests(summary["provenance"]) == {
        "warehouse": sha256(EMC2),
        "waivers": sha256(EMC2.with_name("waivers.yaml")),
        "seal": sha256(folder / "tagmanifest-sha256.txt"),
        "seal signer's CA": sha256(authority),
        "seal time-stamp CA": sha256(clock),
    }
    of = summary["seal"]
    assert (of["level"], of["sandbox"], of["verified"]) == ("rehearsal", False, True)
    assert SIGNER in of["signer"]
    assert of["time_stamped"]
    assert len(of["signer_sha256"].replace(":", "")) >= 64


@pytest.mark.parametrize("form", ["table", "markdown", "html", "json", "sarif", "oscal"])
def test_every_report_names_who_signed_the_seal(
    capsys: pytest.CaptureFixture[str], sealed: list[str], form: str
) -> None:
    told = " ".join(checked(capsys, *sealed, form=form).replace("\\", "").split())
    assert "rehearsal" in told
    assert SIGNER in told


def test_the_french_page_names_who_signed_the_seal_and_its_digest(
    sealed: list[str], tmp_path: Path
) -> None:
    page = tmp_path / "dpo.html"
    words = ("check", *sealed, "--summary", "--lang", "fr", "--format", f"html={page}")
    main([*words])
    shown = " ".join(page.read_text().replace("\xa0", " ").split())
    assert "Sceau de réversibilité" in shown
    assert f"CN={SIGNER}" in shown
    assert sha256(Path(sealed[4]) / "tagmanifest-sha256.txt") in shown
