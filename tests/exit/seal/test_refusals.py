"""What is not sealed, and that nothing is left of what was not; a secret shows in no message."""

from __future__ import annotations

import datetime as dt
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from havre.errors import GuardError, HavreError, InputError, RetryError
from havre.exit.ledger import LedgerEntry, LedgerFate, undecided
from havre.exit.records import EMPTY
from havre.exit.seal.contents import DatabaseSides, ZoneSides
from havre.exit.seal.rehearsal import rehearsal_authorities
from havre.exit.seal.sealing import seal
from havre.exit.seal.signature import Signer, identity
from tests.exit.seal.workshop import (
    DAY,
    DEPARTURE,
    NOW,
    SERVES,
    Workshop,
    contents,
    digest,
    objects,
    run,
    things,
    went,
)

if TYPE_CHECKING:
    from collections.abc import Callable

LINES = objects()
ROWS = things()
LOST = LedgerEntry("zone curated", "all", "owner", "*", "", LedgerFate.LOST)


def zone(source: Any, target: Any, count: int = len(LINES)) -> dict[str, Any]:
    return {"zones": (ZoneSides("curated", source, target, count),)}


def both(lines: Any, count: int | None = None) -> dict[str, Any]:
    return zone(list(lines), list(lines), len(lines) if count is None else count)


def rows(*lines: str) -> dict[str, Any]:
    told = [*lines]
    return {"databases": (DatabaseSides("emc2", told, told, len(told), ""),)}


def departing(**how: Any) -> dict[str, Any]:
    return {"departure": replace(DEPARTURE, **how)}


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a line more at the target": (
        zone(LINES, [*LINES, f"~~~\t1\t1\t{digest(1)}\t{digest(2)}"]),
        f"zone curated, target: {len(LINES) + 1} lines, where the inventory counted {len(LINES)}",
    ),
    "content differs": (
        zone(LINES, [*LINES[:-1], f"{LINES[-1][:-64]}{digest(7)}"]),
        f"zone curated: source and target differ from line {len(LINES)} on (~._-)",
    ),
    "out of order": (both(LINES[::-1]), "line 2 is out of order or double"),
    "a line twice": (both([LINES[0], *LINES]), "line 2 is out of order or double"),
    "a version twice": (
        both([f"a\t1\t1\t{digest(1)}\t{digest(2)}", f"a\t1\t2\t{digest(3)}\t{digest(4)}"]),
        "line 2 is out of order or double",
    ),
    "the digest of nothing": (
        both([f"a\t1\t1\t{EMPTY}\t{digest(2)}"]),
        "line 1 has 1 bytes or rows",
    ),
    "no bytes and a digest": (both([f"a\t1\t0\t{digest(1)}\t{digest(2)}"]), "line 1 has 0 bytes"),
    "rows and the digest of nothing": (rows(f"table\tt\t3\t{EMPTY}"), "line 1 has 3 bytes or rows"),
    "a carriage return": (both([f"{LINES[0]}\r"]), "line 1 is not a line of evidence"),
    "a line feed": (both([f"{LINES[0]}\n"]), "line 1 is not a line of evidence"),
    "upper case": (both([LINES[0].upper()]), "line 1 is not a line of evidence"),
    "a name not encoded": (
        both([f"\u00e9\t1\t1\t{digest(1)}\t{digest(2)}"]),
        "not a line of evidence",
    ),
    "a database's line for an object": (both(ROWS), "line 1 is not a line of evidence"),
    "an object's line for a table": (rows(*LINES), "line 1 is not a line of evidence"),
    "less than was counted": (both(LINES, len(LINES) + 1), "where the inventory counted"),
    "nothing where something was counted": (both([], 3), "0 lines, where the inventory counted 3"),
    "a version less in the map": (
        {"zones": (ZoneSides("curated", LINES, LINES, len(LINES), went()[1:]),)},
        f"map of versions: {len(LINES) - 1} lines, where the inventory counted {len(LINES)}",
    ),
    "no file": (zone(Path("/nowhere/a"), Path("/nowhere/b")), "/nowhere/a: No such file"),
    "something blocks": (
        {"losses": (undecided("zone curated", "all", "tier", "cool"),)},
        "tier: blocking, undecided",
    ),
    "lost by nobody": ({"losses": (LOST,)}, "undecided"),
    "kept by a decision": (
        {"losses": (replace(LOST, fate=LedgerFate.KEPT, decision="CISO, 2026-11-02: no"),)},
        "kept, CISO",
    ),
    "a plan that is not JSON": ({"plan": b"{"}, "The plan to seal is not JSON"),
    "findings that are not JSON": ({"findings": b""}, "The findings to seal is not JSON"),
    "nothing": ({"zones": (), "databases": ()}, "nothing to seal"),
    "one name for two zones": (
        {"zones": (both(LINES)["zones"] * 2)},
        "Two of the zones to seal have one name",
    ),
    "a name of two lines": (departing(warehouse="emc2\nExit-Level: real"), "in one line"),
    "no name": (departing(host=""), "in one line"),
    "a decision of two lines": (departing(decisions=("R-08\r\nExit-Level: real",)), "in one line"),
    "an end before the beginning": (departing(ended=NOW - 4 * DAY), "the exit began at"),
    "a time of no zone": (departing(ended=dt.datetime(2026, 11, 2)), "the exit began at"),  # noqa: DTZ001
}


def left(folder: Path) -> list[str]:
    """What is in a folder beside keys and CAs."""
    return sorted(path.name for path in folder.iterdir() if "seal" in path.name)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_not_sealed_and_leaves_nothing(
    name: str, workshop: Workshop, tmp_path: Path
) -> None:
    parts, why = WRONG[name]
    with pytest.raises(InputError, match=re.escape(why)):
        seal(tmp_path / "seal", contents(**parts), workshop.signer, workshop.clock)
    assert left(tmp_path) == []


@pytest.mark.parametrize("cut", [1, 40])
def test_a_file_that_was_cut_off_is_refused(cut: int, workshop: Workshop, tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_text("".join(f"{line}\n" for line in LINES)[:-cut])
    with pytest.raises(InputError, match="its last line is cut off"):
        seal(tmp_path / "seal", contents(**zone(path, path)), workshop.signer, workshop.clock)
    assert left(tmp_path) == []


@pytest.mark.parametrize("kind", ["folder", "empty folder", "file", "link to nowhere", "link"])
def test_nothing_is_written_over(kind: str, workshop: Workshop, tmp_path: Path) -> None:
    path = tmp_path / "seal"
    if "folder" in kind:
        path.mkdir()
    if kind == "folder":
        (path / "kept").write_text("x")
    if kind == "file":
        path.write_text("x")
    if "link" in kind:
        path.symlink_to(tmp_path / ("nowhere" if "nowhere" in kind else "."))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(GuardError, match="exists and was not changed"):
        seal(path, contents(), workshop.signer, workshop.clock)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_real_exit_needs_somebody_elses_clock(workshop: Workshop, tmp_path: Path) -> None:
    _, clock = rehearsal_authorities(tmp_path / "keys")
    for nobody in (None, clock):
        with pytest.raises(InputError, match="A real exit is not sealed"):
            seal(tmp_path / "seal", contents(), workshop.signer, nobody)


def test_a_rehearsals_signer_signs_no_real_exit(workshop: Workshop, tmp_path: Path) -> None:
    signer, _ = rehearsal_authorities(tmp_path / "keys")
    with pytest.raises(InputError, match="a rehearsal that calls itself real"):
        seal(tmp_path / "seal", contents(), signer, workshop.clock)
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    "how",
    [
        {"purpose": SERVES},
        {"usage": "key_encipherment"},
        {"ends": NOW - DAY},
        {"begins": NOW + DAY},
    ],
)
def test_a_signature_that_an_auditor_would_refuse_is_none(
    how: dict[str, Any], workshop: Workshop, tmp_path: Path
) -> None:
    signer = workshop.organisation.signer(**how)
    with pytest.raises(
        InputError, match="is refused: the signature is not valid: openssl cms -verify"
    ):
        seal(tmp_path / "seal", contents(), signer, workshop.clock)
    assert left(tmp_path) == []


def test_a_clock_that_lies_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    lying = replace(workshop.clock, at=NOW + DAY)
    with pytest.raises(InputError, match="is to come"):
        seal(tmp_path / "seal", contents(), workshop.signer, lying)
    assert left(tmp_path) == []


PHRASE = "correct horse battery staple"


@pytest.fixture
def locked(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Signer:
    """A signer whose key has a passphrase, which the environment knows."""
    monkeypatch.setenv("SEAL_PASSPHRASE", PHRASE)
    signer = workshop.organisation.signer(passphrase=PHRASE)
    return replace(signer, passphrase="SEAL_PASSPHRASE")


def test_a_passphrase_comes_from_the_environment(
    locked: Signer, workshop: Workshop, tmp_path: Path
) -> None:
    sealed = seal(tmp_path / "seal", contents(), locked, workshop.clock)
    told = b"".join(path.read_bytes() for path in sealed.folder.rglob("*") if path.is_file())
    assert PHRASE.encode() not in told
    assert b"PRIVATE KEY" not in told
    assert PHRASE not in repr(identity(locked))


def no_variable(signer: Signer, _: pytest.MonkeyPatch) -> Signer:
    return replace(signer, passphrase="")


def unset(signer: Signer, patch: pytest.MonkeyPatch) -> Signer:
    patch.delenv("SEAL_PASSPHRASE")
    return signer


def another(signer: Signer, patch: pytest.MonkeyPatch) -> Signer:
    patch.setenv("SEAL_PASSPHRASE", f"{PHRASE}r")
    return signer


def garbage(signer: Signer, _: pytest.MonkeyPatch) -> Signer:
    signer.key.write_text(f"-----BEGIN PRIVATE KEY-----\n{PHRASE}\n-----END PRIVATE KEY-----\n")
    return signer


def open_to_others(signer: Signer, _: pytest.MonkeyPatch) -> Signer:
    signer.key.chmod(0o640)
    return signer


def a_link(signer: Signer, _: pytest.MonkeyPatch) -> Signer:
    path = signer.key.with_suffix(".link")
    path.unlink(missing_ok=True)
    path.symlink_to(signer.key)
    return replace(signer, key=path)


def missing(signer: Signer, _: pytest.MonkeyPatch) -> Signer:
    return replace(signer, key=signer.key.with_suffix(".none"))


def edwards(signer: Signer, _: pytest.MonkeyPatch) -> Signer:
    key = ed25519.Ed25519PrivateKey.generate()
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    signer.key.write_bytes(plain)
    return replace(signer, passphrase="")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (no_variable, "needs a passphrase"),
        (unset, "The environment has no SEAL_PASSPHRASE"),
        (another, "cannot be read"),
        (garbage, "cannot be read|needs a passphrase"),
        (open_to_others, "others can read it"),
        (a_link, "it is a link"),
        (missing, "No such file"),
        (edwards, "neither an RSA nor an elliptic key"),
    ],
)
def test_a_key_that_cannot_be_used_is_named_and_not_shown(
    change: Callable[[Signer, pytest.MonkeyPatch], Signer],
    why: str,
    locked: Signer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = locked.key.read_text().splitlines()[1]
    with pytest.raises(HavreError, match=why) as raised:
        identity(change(locked, monkeypatch))
    assert str(locked.key.stem) in raised.value.message
    assert PHRASE not in str(raised.value)
    assert held not in str(raised.value)
    assert raised.value.__suppress_context__ or raised.value.__cause__ is None


def test_a_certificate_of_another_key_is_refused(workshop: Workshop) -> None:
    one, other = workshop.organisation.signer(), workshop.organisation.signer()
    with pytest.raises(InputError, match="is not the certificate of"):
        identity(replace(one, certificate=other.certificate))


@pytest.mark.parametrize("content", ["", "x", "-----BEGIN CERTIFICATE-----\n"])
def test_a_file_without_a_certificate_is_refused(
    content: str, workshop: Workshop, tmp_path: Path
) -> None:
    (tmp_path / "none.pem").write_text(content)
    with pytest.raises(InputError, match="contains no certificate"):
        identity(replace(workshop.signer, certificate=tmp_path / "none.pem"))


@pytest.mark.parametrize("held", ["", "5" * 63, "5" * 65, "G" * 64, "F" * 64])
def test_a_key_for_blinding_is_of_32_bytes(held: str, workshop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(held)
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(InputError, match="is not a key of 32 bytes") as raised:
        seal(tmp_path / "seal", contents(), workshop.signer, workshop.clock, tmp_path / "key")
    assert not held or held not in str(raised.value)
    (tmp_path / "key").chmod(0o604)
    with pytest.raises(GuardError, match="others can read it"):
        seal(tmp_path / "seal", contents(), workshop.signer, workshop.clock, tmp_path / "key")


def test_a_signer_may_be_certified_through_another_ca_or_have_an_rsa_key(
    workshop: Workshop, tmp_path: Path
) -> None:
    between = workshop.organisation.below("CA between")
    signer = between.signer()
    chain = signer.certificate.read_bytes() + between.path.read_bytes()
    signer.certificate.write_bytes(chain)
    chained = replace(signer, authority=workshop.organisation.path)
    sealed = seal(tmp_path / "seal", contents(), chained, workshop.clock)
    assert sealed.verification.signer == "CN=Seal of the Agence"
    key = rsa.generate_private_key(65537, 2048)
    signer = workshop.organisation.signer("RSA", key=key)
    assert seal(tmp_path / "seal2", contents(), signer, workshop.clock).verification.time == NOW


KILLED = """
import sys, time
from pathlib import Path
from havre.exit.seal.sealing import seal
from havre.exit.seal.contents import ZoneSides
from havre.exit.seal.rehearsal import rehearsal_authorities
from havre.exit.seal.contents import Level
from tests.exit.seal.workshop import contents, objects, DEPARTURE
from dataclasses import replace

folder, keys = map(Path, sys.argv[1:])
signer, clock = rehearsal_authorities(keys)
lines = objects()

def slow():
    yield from lines[:20]
    print("writing", flush=True)
    sys.stdin.read()

whole = contents(departure=replace(DEPARTURE, level=Level.REHEARSAL))
zones = (ZoneSides("curated", lines, slow(), len(lines)),)
seal(folder, replace(whole, zones=zones), signer, clock)
"""


@pytest.fixture
def writing(tmp_path: Path) -> subprocess.Popen[bytes]:
    """A process that is in the middle of a seal."""
    words = [sys.executable, "-c", KILLED, str(tmp_path / "seal"), str(tmp_path / "keys")]
    root = str(Path(__file__).parents[3])
    environment = {**os.environ, "PYTHONPATH": root}
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=root
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"writing\n"
    return process


def test_a_seal_whose_writer_was_killed_is_none_and_the_next_run_makes_it(
    writing: subprocess.Popen[bytes], workshop: Workshop, tmp_path: Path
) -> None:
    writing.send_signal(signal.SIGKILL)
    writing.communicate()
    assert left(tmp_path) == [".seal.partial"]
    seal(tmp_path / "seal", contents(), workshop.signer, workshop.clock)
    assert left(tmp_path) == ["seal"]
    assert run(tmp_path / "seal", workshop.organisation.path, workshop.time.path).returncode == 0


def test_two_do_not_write_one_seal(
    writing: subprocess.Popen[bytes], workshop: Workshop, tmp_path: Path
) -> None:
    with pytest.raises(RetryError, match="Another run writes"):
        seal(tmp_path / "seal", contents(), workshop.signer, workshop.clock)
    writing.kill()
    writing.communicate()
    assert (tmp_path / ".seal.partial" / "data").is_dir()
