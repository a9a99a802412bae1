"""The second seal carries the first, says what was destroyed, and two can sign it."""

import datetime as dt
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from havre.errors import GuardError, InputError
from havre.exit.seal.bag import TAG_MANIFEST
from havre.exit.seal.contents import Level, RetireLine, TryLine
from havre.exit.seal.reading import labels, read_seal
from havre.exit.seal.retiring import RETIRED, Signatories, departure_of, seal_retirement
from havre.exit.seal.sealing import Sealed, seal
from havre.exit.seal.texts import retired_line
from havre.exit.seal.verifying import Trust
from tests.exit.seal.workshop import DEPARTURE, Authority, Workshop, contents, resign

DAY = dt.date(2027, 2, 27)
LINES = (
    RetireLine("zone curated", "gone", DAY, dt.datetime(2027, 3, 1, tzinfo=dt.UTC), "r-7", "DPO"),
    RetireLine("key curated", "gone", DAY, dt.datetime(2027, 3, 1, tzinfo=dt.UTC)),
)
TRIES = (
    TryLine("zone curated", "administrator", "", "refused", "NoSuchBucket"),
    TryLine("zone curated", "signed URL", "7" * 64, "no answer", "silence proves nothing"),
    TryLine("database", "project", "cohorts", "not tried", "only members have its credentials"),
    TryLine("key curated", "file", "", "gone", "/keys/curated is gone"),
    TryLine("zone \x1b[31m", "administrator", "", "answers", "it still answers"),
)
WORDS = {f"{each.thing};" for each in TRIES} | {"zone \\x1b", "clé curated;", "base de données;"}
ITS_OWN = {"retire.tsv", "proces-verbal.txt", "certificate.txt", "statement.json"} | {
    "README.txt",
    "LISEZMOI.txt",
}


def made(workshop: Workshop, folder: Path, host: Authority | None = None) -> Sealed:
    signer = host.signer() if host else None
    by = Signatories(workshop.signer, workshop.clock, signer)
    return seal_retirement(folder / "retired", workshop.fresh, "gone", LINES, by, TRIES)


def test_everything_of_the_first_is_in_it(workshop: Workshop, tmp_path: Path) -> None:
    seal = made(workshop, tmp_path).folder
    first = {p.relative_to(workshop.fresh / "data") for p in (workshop.fresh / "data").rglob("*")}
    second = {p.relative_to(seal / "data") for p in (seal / "data").rglob("*")}
    assert {str(each) for each in second ^ first} == {"certificate.txt", "tries.tsv"}
    for path in first:
        whole = workshop.fresh / "data" / path
        if whole.is_file() and path.name not in ITS_OWN:
            assert (seal / "data" / path).read_bytes() == whole.read_bytes()
    assert (seal / "data" / "retire.tsv").read_text() == "".join(
        f"{line}\n" for line in sorted(map(str, LINES))
    )


def test_both_languages_say_what_is_gone(workshop: Workshop, tmp_path: Path) -> None:
    data = made(workshop, tmp_path).folder / "data"
    for name in ("certificate.txt", "proces-verbal.txt"):
        told = (data / name).read_text()
        for when in (
            "zone curated; a disparu; 27 f\u00e9vrier 2027; 1er mars 2027 \u00e0 00:00 UTC",
            "zone curated; gone; 2027-02-27; 2027-03-01T00:00:00Z",
        ):
            assert told.count(f"{when}; r-7; DPO") == 1
    assert "CERTIFICAT DE DESTRUCTION" in (data / "certificate.txt").read_text()
    assert "programmation" not in (data / "certificate.txt").read_text().lower()


def test_what_is_only_scheduled_has_no_title_of_a_destruction(
    workshop: Workshop, tmp_path: Path
) -> None:
    by = Signatories(workshop.signer, workshop.clock, None)
    line = RetireLine("zone curated", "scheduled", DAY, dt.datetime(2027, 2, 1, tzinfo=dt.UTC))
    sealed = seal_retirement(tmp_path / "retired", workshop.fresh, "scheduled", (line,), by)
    told = (sealed.folder / "data" / "certificate.txt").read_text()
    assert "PROGRAMMATION DE LA DESTRUCTION : elle n'a pas encore eu lieu" in told
    assert "SCHEDULED DESTRUCTION: not carried out yet" in told
    assert "CERTIFICAT DE DESTRUCTION" not in told


def test_both_languages_say_of_every_try_what_it_showed(workshop: Workshop, tmp_path: Path) -> None:
    data = made(workshop, tmp_path).folder / "data"
    assert (data / "tries.tsv").read_text() == "".join(
        f"{each}\n" for each in sorted(map(str, TRIES))
    )
    for name in ("certificate.txt", "proces-verbal.txt"):
        told = (data / name).read_text()
        things = ("; a disparu; ", "; gone; 20")
        lines = [line[2:] for line in told.splitlines() if not any(each in line for each in things)]
        assert [line for line in lines if line.startswith(tuple(WORDS))] == [
            "zone curated; administrateur; refusé; NoSuchBucket",
            f"zone curated; URL signée {'7' * 64}; sans réponse; silence proves nothing",
            "base de données; projet cohorts; non essayé; only members have its credentials",
            "clé curated; fichier; disparu; /keys/curated is gone",
            "zone \\x1b[31m; administrateur; répond; it still answers",
            "zone curated; administrator; refused; NoSuchBucket",
            f"zone curated; signed URL {'7' * 64}; no answer; silence proves nothing",
            "database; project cohorts; not tried; only members have its credentials",
            "key curated; file; gone; /keys/curated is gone",
            "zone \\x1b[31m; administrator; answers; it still answers",
        ]


def test_it_is_verified_as_any_seal_is(workshop: Workshop, tmp_path: Path) -> None:
    seal = made(workshop, tmp_path).folder
    read = read_seal(seal, Trust(workshop.signer.authority, workshop.clock.authority))
    assert read.why == ""
    assert read.proves_exit
    assert dict(labels(seal))[RETIRED].startswith("gone ")
    assert departure_of(labels(seal)).warehouse == DEPARTURE.warehouse


def test_the_host_signs_beside_it(workshop: Workshop, tmp_path: Path) -> None:
    host = Authority(tmp_path / "host", "CA of the Hyperscaler")
    seal = made(workshop, tmp_path, host).folder
    signature = seal.with_name("retired.host.p7s")

    def checked(authority: Path) -> int:
        words = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", signature]
        words += ["-content", seal / TAG_MANIFEST, "-CAfile", authority, "-out", "/dev/null"]
        return subprocess.run(words, capture_output=True, check=False).returncode

    assert checked(host.signer().authority) == 0
    assert checked(workshop.signer.authority) != 0
    (seal / TAG_MANIFEST).write_bytes(b"other")
    assert checked(host.signer().authority) != 0


def test_it_is_never_written_over(workshop: Workshop, tmp_path: Path) -> None:
    made(workshop, tmp_path)
    with pytest.raises(GuardError, match="exists"):
        made(workshop, tmp_path)


def test_a_real_exit_that_was_not_frozen_is_not_sealed(workshop: Workshop, tmp_path: Path) -> None:
    loose = contents(departure=replace(DEPARTURE, frozen=None))
    with pytest.raises(InputError, match="frozen"):
        seal(tmp_path / "seal", loose, workshop.signer, workshop.clock)
    rehearsed = contents(departure=replace(DEPARTURE, frozen=None, level=Level.REHEARSAL))
    made = seal(tmp_path / "seal", rehearsed, workshop.signer, workshop.clock)
    assert dict(labels(made.folder))["Exit-Frozen"] == "not frozen"


def test_a_seal_that_says_it_was_not_frozen_proves_no_exit(
    workshop: Workshop, tmp_path: Path
) -> None:
    folder = workshop.copy(tmp_path / "seal")
    info = folder / "bag-info.txt"
    frozen = dict(labels(folder))["Exit-Frozen"]
    info.write_text(info.read_text().replace(f"Exit-Frozen: {frozen}", "Exit-Frozen: not frozen"))
    resign(folder, workshop.signer, workshop.clock)
    read = read_seal(folder, Trust(workshop.signer.authority, workshop.clock.authority))
    assert read.why == ""
    assert not read.proves_exit


def test_what_is_only_expected_never_reads_as_gone() -> None:
    """The day that is not known has no number, and neither half is encoded."""
    line = RetireLine("zone a b", "expected to be gone; day not known", dt.date.max)
    english, french = retired_line(line), retired_line(line, french=True)
    assert english.startswith("  zone a b; expected to be gone; day not known; ")
    assert "disparition attendue" in french
    assert "a disparu" not in french
    assert "9999" not in f"{english}{french}{line}"
