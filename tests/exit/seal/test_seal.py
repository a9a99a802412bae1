"""A seal that is right is found right, with nothing but a shell, coreutils and openssl."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import rfc8785

from havre.exit.ledger import LedgerFate
from havre.exit.records import ObjectLine, decoded, digest_of, encoded, ordered
from havre.exit.retiring.terms import NEVER
from havre.exit.seal import verifying
from havre.exit.seal.blinding import Blinding
from havre.exit.seal.contents import DatabaseSides, Level, RetireLine, ZoneSides
from havre.exit.seal.retiring import departure_of
from havre.exit.seal.sealing import seal
from havre.exit.seal.statement import info_of
from havre.exit.seal.texts import record
from havre.exit.seal.verifying import SCRIPT, hand_out, script_digest
from havre.exit.steps.seal import legal_name
from havre.provider import find
from tests.exit.seal.workshop import (
    DAY,
    DEPARTURE,
    LOSSES,
    NASTY,
    NOW,
    Authority,
    Workshop,
    contents,
    objects,
    run,
    things,
)

COREUTILS = [
    "cat",
    "comm",
    "cut",
    "date",
    "du",
    "ls",
    "mktemp",
    "nl",
    "printf",
    "realpath",
    "rm",
    "sha256sum",
    "sort",
    "tail",
    "tr",
    "wc",
]
SHOWN = "VERIFIED: every file is as it was signed, and both sides are equal except in losses.tsv"
EQUAL = "VERIFIED: every file is as it was signed, and source and target are equal"
PARIS = dt.timezone(dt.timedelta(hours=2))
REHEARSED = replace(DEPARTURE, level=Level.REHEARSAL)


def zone(name: str = "curated", lines: list[str] | None = None) -> ZoneSides:
    told = objects() if lines is None else lines
    return ZoneSides(name, iter(told), iter(told), len(told))


def database(name: str, lines: list[str]) -> DatabaseSides:
    return DatabaseSides(name, lines, lines, len(lines), "select 1;\n")


def test_a_fresh_seal_is_verified_and_says_who_signed_it_and_when(workshop: Workshop) -> None:
    done = run(workshop.fresh, workshop.organisation.path, workshop.time.path)
    assert (done.returncode, done.stderr) == (0, "")
    *info, subject, fingerprint, time, last = done.stdout.splitlines()
    assert "Exit-Level: real" in info
    assert f"Exit-Lines: {len(objects())} data/objects/curated" in info
    assert subject == "subject=CN=Seal of the Agence"
    assert fingerprint.startswith("sha256 Fingerprint=")
    assert time == f"time={NOW:%Y-%m-%dT%H:%M:%SZ}"
    assert last == SHOWN


def test_where_nothing_was_lost_both_sides_are_equal(workshop: Workshop, tmp_path: Path) -> None:
    kept = [each for each in LOSSES if each.fate is not LedgerFate.LOST]
    made = seal(tmp_path / "seal", contents(losses=kept), workshop.signer, workshop.clock).folder
    done = run(made, workshop.organisation.path, workshop.time.path)
    assert done.stdout.splitlines()[-1] == EQUAL
    assert f"    {EQUAL}" in (made / "data/README.txt").read_text().splitlines()


@pytest.mark.parametrize(
    ("wrong", "whose"), [(0, "the signer's"), (1, "the time-stamp authority's")]
)
def test_a_wrong_ca_is_named_before_the_words_of_openssl(
    wrong: int, whose: str, workshop: Workshop, tmp_path: Path
) -> None:
    """Neither another CA nor one of the same name is taken for a broken signature."""
    for name in ("Another CA", ("CA of the Agence", "CA of the Clock")[wrong]):
        cas = [workshop.organisation.path, workshop.time.path]
        cas[wrong] = Authority(tmp_path / name, name).path
        done = run(workshop.fresh, *cas)
        assert done.returncode == 1
        told = f"REFUSED: {whose} certificate is not from the CA that you gave: openssl "
        assert done.stderr.startswith(told)


def test_a_seal_names_who_kept_writing_and_both_warehouses(
    workshop: Workshop, tmp_path: Path
) -> None:
    kept = "zone curated: administrator: the service takes it from nobody"
    departure = replace(DEPARTURE, untaken=(kept,), next_warehouse="emc2-next")
    made = seal(
        tmp_path / "seal", contents(departure=departure), workshop.signer, workshop.clock
    ).folder
    info = (made / "bag-info.txt").read_text().splitlines()
    assert f"Exit-Frozen-Except: {kept}" in info
    assert {"Exit-Warehouse: emc2", "Exit-Next-Warehouse: emc2-next"} < set(info)


def programs(folder: Path, broken: str = "", when: str = "*") -> str:
    """A folder with what the script needs and nothing else; one of it may fail.

    Args:
        folder: where.
        broken: the program that fails without a word.
        when: its first argument then; as a pattern of the shell.
    """
    for name in (*COREUTILS, "openssl"):
        (folder / name).symlink_to(str(shutil.which(name)))
    if broken:
        real = (folder / broken).readlink()
        (folder / broken).unlink()
        text = f'#!/bin/sh\ncase "${{1-}}" in {when}) exit 1 ;; esac\nexec {real} "$@"\n'
        (folder / broken).write_text(text)
        (folder / broken).chmod(0o700)
    return str(folder)


def test_no_other_program_is_needed(workshop: Workshop, tmp_path: Path) -> None:
    path = programs(tmp_path)
    done = run(workshop.fresh, workshop.organisation.path, workshop.time.path, path=path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", [each for each in COREUTILS if each not in {"printf", "tail"}])
def test_a_program_that_fails_is_no_proof(name: str, workshop: Workshop, tmp_path: Path) -> None:
    path = programs(tmp_path, broken=name)
    done = run(workshop.fresh, workshop.organisation.path, workshop.time.path, path=path)
    assert done.returncode != 0


@pytest.mark.parametrize(
    ("name", "when"),
    [
        ("cut", "-f3,4"),
        ("cut", "-f4-"),
        ("cut", "-f6-"),
        ("cut", "-s"),
        ("sort", "-u"),
        ("nl", "-w1"),
    ],
)
def test_a_pipe_that_breaks_is_no_proof(
    name: str, when: str, workshop: Workshop, tmp_path: Path
) -> None:
    path = programs(tmp_path, broken=name, when=when)
    done = run(workshop.fresh, workshop.organisation.path, workshop.time.path, path=path)
    assert done.returncode != 0


def test_the_script_is_short_and_plain() -> None:
    lines = SCRIPT.read_text().splitlines()
    assert [line for line in lines if len(line) > 100] == []
    checker = shutil.which("shellcheck", path=Path(sys.executable).parent)
    words = [str(checker), "-s", "sh", str(SCRIPT)]
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0


def asked(folder: Path, *words: str) -> tuple[int, str]:
    """How `verify.sh` ends, and its one line, where it is called in a wrong way."""
    shell = ["sh", str(SCRIPT), *words]
    done = subprocess.run(shell, cwd=folder, capture_output=True, text=True, check=False)
    (line,) = done.stderr.splitlines()
    assert done.stdout == ""
    return done.returncode, line


def test_a_wrong_call_is_told_in_one_line(workshop: Workshop, tmp_path: Path) -> None:
    seal, ca = str(workshop.fresh), str(workshop.organisation.path)
    (tmp_path / "text").write_text("x")
    words = "give SEAL SIGNER-CA.pem TSA-CA.pem|none [LINE OF THE SIGNER]"
    assert asked(tmp_path) == (2, f"verify.sh: 0 arguments; {words}")
    assert asked(tmp_path, seal) == (2, f"verify.sh: 1 arguments; {words}")
    assert asked(tmp_path, seal, ca, ca, "x", "y") == (2, f"verify.sh: 5 arguments; {words}")
    assert asked(tmp_path, "no", ca, ca) == (2, "verify.sh: no folder: no")
    assert asked(tmp_path, seal, "no", ca) == (2, "verify.sh: no file: no (the signer's CA)")
    time = "the CA of the time-stamp authority"
    assert asked(tmp_path, seal, ca, "no") == (2, f"verify.sh: no file: no ({time})")
    unread = str(tmp_path / "text")
    assert asked(tmp_path, seal, unread, ca) == (2, f"verify.sh: no certificate in {unread}")
    assert asked(tmp_path, seal, ca, unread) == (2, f"verify.sh: no certificate in {unread}")


def test_the_script_is_handed_out_as_it_is(tmp_path: Path) -> None:
    hand_out(tmp_path / "verify.sh")
    held = (tmp_path / "verify.sh").read_bytes()
    assert held == SCRIPT.read_bytes()
    assert hashlib.sha256(held).hexdigest() == script_digest()


def test_an_upgrade_meanwhile_changes_nothing_of_a_seal(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = script_digest()
    (tmp_path / "verify.sh").write_text("exit 1\n")
    monkeypatch.setattr(verifying, "SCRIPT", tmp_path / "verify.sh")
    made = seal(tmp_path / "seal", contents(), workshop.signer, workshop.clock)
    hand_out(tmp_path / "handed.sh")
    handed = hashlib.sha256((tmp_path / "handed.sh").read_bytes()).hexdigest()
    assert {made.script, script_digest(), handed} == {before}
    assert before in (made.folder / "data/README.txt").read_text()


@pytest.mark.parametrize("pin", [1, 2])
def test_the_signer_can_be_pinned_by_a_line_that_is_printed(pin: int, workshop: Workshop) -> None:
    told = (workshop.fresh, workshop.organisation.path, workshop.time.path)
    lines = run(*told).stdout.splitlines()
    done = run(*told, lines[-5 + pin])
    assert done.returncode == 0, done.stderr


def test_certificates_may_have_ended_since(workshop: Workshop, tmp_path: Path) -> None:
    then = NOW - 50 * DAY
    signer = workshop.organisation.signer(ends=NOW - DAY)
    clock = workshop.time.clock(at=then, ends=NOW - 2 * DAY)
    sealed = seal(tmp_path / "seal", contents(), signer, clock)
    assert sealed.verification.time == then


@pytest.mark.parametrize(
    "parts",
    [
        {"databases": ()},
        {"zones": ()},
        {"zones": (zone(lines=[]),), "databases": ()},
        {"databases": (database("none", []), database("emc2", things()))},
        {"losses": (), "retire": ()},
        {"zones": (zone("a.source"), zone("a.target"), zone("\u00e9t\u00e9/1 %"), zone("-x"))},
    ],
    ids=["no database", "no zone", "an empty zone", "an empty database", "no losses", "names"],
)
def test_what_there_is_not_is_no_fault(
    parts: dict[str, object], workshop: Workshop, tmp_path: Path
) -> None:
    sealed = seal(tmp_path / "seal", contents(**parts), workshop.signer, workshop.clock)
    done = run(sealed.folder, workshop.organisation.path, workshop.time.path)
    assert done.returncode == 0, done.stderr


def test_every_name_of_an_object_comes_back(workshop: Workshop) -> None:
    lines = (workshop.fresh / "data/objects/curated.target.tsv").read_text().splitlines()
    assert {decoded(line.split("\t")[0]) for line in lines} == {"empty", *NASTY}


def test_files_of_lines_are_sealed_as_lines_are(workshop: Workshop, tmp_path: Path) -> None:
    source = workshop.fresh / "data/objects/curated.source.tsv"
    whole = contents(zones=(ZoneSides("curated", source, source, len(objects())),))
    sealed = seal(tmp_path / "seal", whole, workshop.signer, workshop.clock)
    held = sealed.folder / "data/objects/curated.source.tsv"
    assert held.read_bytes() == source.read_bytes()


def test_a_rehearsal_may_go_without_a_time_where_that_is_said(
    workshop: Workshop, tmp_path: Path
) -> None:
    whole = contents(departure=REHEARSED)
    sealed = seal(tmp_path / "seal", whole, workshop.signer, None)
    assert sealed.verification.time is None
    done = run(sealed.folder, workshop.organisation.path, None)
    assert (done.returncode, done.stdout.splitlines()[-2]) == (0, "time=none")
    assert run(sealed.folder, workshop.organisation.path, workshop.time.path).returncode != 0


@pytest.fixture
def blind(workshop: Workshop, tmp_path: Path) -> tuple[Path, Path]:
    """A seal that shows no name, and the key by which it was made."""
    key = tmp_path / "key"
    key.write_text("5" * 64 + "\n")
    key.chmod(0o600)
    sealed = seal(tmp_path / "seal", contents(), workshop.signer, workshop.clock, blind=key)
    return sealed.folder, key


def test_a_blind_seal_is_verified(workshop: Workshop, blind: tuple[Path, Path]) -> None:
    done = run(blind[0], workshop.organisation.path, workshop.time.path)
    assert done.returncode == 0, done.stderr
    assert "Exit-Names: blind" in done.stdout


def test_a_blind_seal_shows_no_name(blind: tuple[Path, Path]) -> None:
    told = "".join(
        p.read_text() for p in blind[0].rglob("*") if p.suffix in {".tsv", ".txt", ".json"}
    )
    secret = [key for key in NASTY if len(key) > 3]
    assert [key for key in secret if encoded(key) in told or key in told] == []
    fields = [line.split("\t") for line in (blind[0] / "data/losses.tsv").read_text().splitlines()]
    shown = {line[2]: line[1] for line in fields}
    assert shown["owner"] == "all"
    assert len(shown["tier"]) == 64


def test_anyone_with_the_key_gets_the_same_names(blind: tuple[Path, Path]) -> None:
    lines = (blind[0] / "data/objects/curated.source.tsv").read_text().splitlines()
    words = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{'5' * 64}", "-r"]
    done = subprocess.run(words, input=b"a b", capture_output=True, check=True)
    assert done.stdout.decode().split()[0] in {line.split("\t")[0] for line in lines}
    names = {
        hmac.digest(b"\x55" * 32, n.encode(errors="surrogateescape"), "sha256").hex() for n in NASTY
    }
    assert names < {line.split("\t")[0] for line in lines}


def test_a_key_that_was_renamed_is_mapped_to_the_other_name(
    workshop: Workshop, tmp_path: Path
) -> None:
    key = tmp_path / "blinding"
    key.write_text("0f" * 32)
    key.chmod(0o600)
    first, *others = contents().zones
    zones = (replace(first, renamed=("old%20a\ta", "b%01\tb_")), *others)
    told = {}
    for name, blinding in (("plain", None), ("blind", key)):
        made = seal(
            tmp_path / name, contents(zones=zones), workshop.signer, workshop.clock, blind=blinding
        )
        done = run(made.folder, workshop.organisation.path, workshop.time.path)
        assert done.returncode == 0, done.stderr
        told[name] = (made.folder / "data/renamed/curated.tsv").read_text().splitlines()
    assert told["plain"] == ["b%01\tb_", "old%20a\ta"]
    hidden = Blinding(key)
    both = (
        f"{hidden.name(old)}\t{hidden.name(new)}" for old, new in (("old a", "a"), ("b\x01", "b_"))
    )
    assert told["blind"] == sorted(both)
    assert not (workshop.fresh / "data/renamed").exists()


def test_where_each_version_went_is_told(workshop: Workshop, blind: tuple[Path, Path]) -> None:
    told = [
        (folder / "data/versions/curated.tsv").read_text().splitlines()
        for folder in (workshop.fresh, blind[0])
    ]
    named = [line.split("\t", 2)[:2] for line in told[0]]
    assert named == [line.split("\t", 2)[:2] for line in objects()]
    fields = told[0][0].split("\t")
    assert fields[2:] == ["s-1", "-", f"{NOW:%Y-%m-%dT%H:%M:%S}.000005Z"]
    assert sorted(line.split("\t", 1)[1] for line in told[1]) == sorted(
        line.split("\t", 1)[1] for line in told[0]
    )
    assert told[1] == sorted(told[1])


def test_lines_of_a_blind_seal_say_the_same_of_each_object(blind: tuple[Path, Path]) -> None:
    lines = (blind[0] / "data/objects/curated.source.tsv").read_text().splitlines()
    assert lines == sorted(lines)
    assert sorted(line.split("\t", 1)[1] for line in lines) == sorted(
        line.split("\t", 1)[1] for line in objects()
    )


def test_coreutils_check_the_manifests_themselves(workshop: Workshop) -> None:
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        words = ["sha256sum", "--strict", "--quiet", "-c", name]
        assert subprocess.run(words, cwd=workshop.fresh, check=False).returncode == 0


def test_the_payload_is_counted(workshop: Workshop) -> None:
    files = [path for path in (workshop.fresh / "data").rglob("*") if path.is_file()]
    counted = f"{sum(path.stat().st_size for path in files)}.{len(files)}"
    assert f"Payload-Oxum: {counted}\n" in (workshop.fresh / "bag-info.txt").read_text()


def test_the_statement_is_canonical_and_says_no_more_than_the_rest(workshop: Workshop) -> None:
    held = (workshop.fresh / "data/statement.json").read_bytes()
    told = json.loads(held)
    assert rfc8785.dumps(told) == held
    listed = (workshop.fresh / "manifest-sha256.txt").read_text().splitlines()
    named = [f"{each['digest']['sha256']}  {each['name']}" for each in told["subject"]]
    assert named == [line for line in listed if not line.endswith("statement.json")]
    info = (workshop.fresh / "bag-info.txt").read_text()
    for label, value in told["predicate"].items():
        for each in value if isinstance(value, list) else [value]:
            assert f"{label}: {each}\n" in info


@pytest.mark.parametrize("name", ["README.txt", "LISEZMOI.txt"])
def test_who_reads_how_to_check_it_gets_what_is_written(
    name: str, workshop: Workshop, tmp_path: Path
) -> None:
    lines = (workshop.fresh / "data" / name).read_text().splitlines()
    assert len(lines) == 10
    hand_out(tmp_path / "verify.sh")
    shutil.copytree(workshop.fresh, tmp_path / "fresh")
    shutil.copy(workshop.organisation.path, tmp_path / "signer-ca.pem")
    shutil.copy(workshop.time.path, tmp_path / "tsa-ca.pem")
    commands = [line.strip() for line in lines if line.strip().startswith("sh ")]
    done = subprocess.run(commands[0].split(), cwd=tmp_path, capture_output=True, check=False)
    expected = [line.strip() for line in lines if line.startswith("    ")]
    assert expected[0] == f"{script_digest()}  verify.sh"
    assert set(expected[2:]) < set(done.stdout.decode().splitlines())


def test_both_parties_sign_a_record_in_both_languages(workshop: Workshop) -> None:
    text = (workshop.fresh / "data/proces-verbal.txt").read_text()
    digest = hashlib.sha256((workshop.fresh / "data/objects/curated.target.tsv").read_bytes())
    assert text.count(digest.hexdigest()) == 2
    for said in (DEPARTURE.controller, DEPARTURE.host):
        assert text.count(said) == 2
    assert text.count("; key destruction scheduled; ") == 1
    assert text.count("destruction de la clé programmée") == 1
    assert "R\u00c9P\u00c9TITION" not in text
    french, english = text.split("RECORD OF RETURN")
    began = DEPARTURE.began
    assert f" {began.year} \u00e0 {began:%H:%M} UTC" in french
    assert f"{began:%Y-%m-%d}" not in french
    assert f"{began:%Y-%m-%dT%H:%M:%SZ}" in english


@pytest.mark.parametrize("provider", ["local", "ovh"])
def test_the_next_host_is_named_by_its_legal_name_where_it_has_one(provider: str) -> None:
    operator = find(provider).operator
    named = legal_name(provider)
    assert named == ("" if operator.country is None else operator.entity)
    departure = replace(DEPARTURE, target=provider, next_host=named)
    written = f"{operator.entity} ({provider})" if named else provider
    french, english = record(departure, [], []).split("RECORD OF RETURN")
    assert f"H\u00e9bergeur suivant : {written}\n" in french
    assert f"Next host: {written}\n" in english
    assert "par le responsable du traitement" in french
    assert "by the controller" in english
    info = info_of(departure, (), "2026-11-29", blind=False, stamped=True)
    assert departure_of(info).next_host == named


@pytest.mark.parametrize(
    ("began", "written"),
    [
        (dt.datetime(2026, 11, 28, 8, 5, tzinfo=dt.UTC), "28 novembre 2026 \u00e0 08:05 UTC"),
        (dt.datetime(2026, 8, 1, 0, 0, tzinfo=PARIS), "31 juillet 2026 \u00e0 22:00 UTC"),
        (dt.datetime(2026, 3, 1, 23, 0, tzinfo=dt.UTC), "1er mars 2026 \u00e0 23:00 UTC"),
    ],
)
def test_the_french_half_writes_dates_in_words(began: dt.datetime, written: str) -> None:
    departure = replace(DEPARTURE, began=began, ended=began + DAY)
    day = dt.date(2027, 8, 1)
    line = RetireLine("zone curated", "gone", day, began)
    french, english = record(departure, [], [line]).split("RECORD OF RETURN")
    assert f"Sortie commenc\u00e9e le {written}" in french
    assert f"zone curated; a disparu; 1er ao\u00fbt 2027; {written}; ; " in french
    assert "zone curated; gone; 2027-08-01; 20" in english


def test_every_act_of_the_french_half_is_french() -> None:
    day = dt.date(2027, 8, 1)
    acts = (
        "destruction scheduled: 1,200 versions are under a legal hold",
        f"gone; day not known: backups are locked: {NEVER}",
        f"gone: a deleted key can be recovered: {NEVER}; deleted objects can be recovered: {NEVER}",
        f"gone: backups of it are kept: {NEVER}",
    )
    names = ("key curated", "zone curated", "database emc2", "backup store b", "log store l")
    lines = [RetireLine(name, act, day) for name in names for act in acts]
    french = record(DEPARTURE, [], lines).split("RECORD OF RETURN")[0]
    words = re.findall(r"\w+", french)
    english = {"gone", "scheduled", "known", "under", "hold", "backups", "locked", "kept", "key"}
    english |= {"database", "store", "log", "deleted", "recovered", "without", "end", "first"}
    assert [word for word in words if word in english] == []
    assert "base de données emc2; destruction programmée : 1,200 versions" in french


def test_nobody_else_can_read_a_seal(workshop: Workshop) -> None:
    assert workshop.fresh.stat().st_mode & 0o077 == 0


def test_versions_and_markers_of_one_object_are_lines_of_their_own(
    workshop: Workshop, tmp_path: Path
) -> None:
    many = ordered(ObjectLine("k", n, n, "a" * 64, digest_of({})) for n in range(1, 12))
    whole = contents(zones=(zone(lines=many),))
    sealed = seal(tmp_path / "seal", whole, workshop.signer, workshop.clock)
    done = run(sealed.folder, workshop.organisation.path, workshop.time.path)
    assert done.returncode == 0, done.stderr
