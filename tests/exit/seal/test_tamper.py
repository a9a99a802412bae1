"""The tamper table: whatever is wrong with a seal, `verify.sh` alone refuses it, and says why."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from havre.exit.records import EMPTY
from havre.exit.seal.bag import INFO, MANIFEST, SIGNATURE, TAG_MANIFEST, TOKEN
from havre.exit.seal.rehearsal import rehearsal_authorities
from havre.exit.seal.signature import identity
from tests.exit.seal.workshop import (
    DAY,
    NOW,
    SERVES,
    Authority,
    Workshop,
    digest,
    resign,
    run,
    sign,
)

if TYPE_CHECKING:
    from pathlib import Path

SOURCE, TARGET = "data/objects/curated.source.tsv", "data/objects/curated.target.tsv"
TABLES = ("data/database/emc2.source.txt", "data/database/emc2.target.txt")
BOTH = (SOURCE, TARGET)
LOSSES, STATEMENT, README = "data/losses.tsv", "data/statement.json", "data/README.txt"
FILES = "the folder is not as it was signed\n(added|changed|missing): "
SIDES = "source and target differ\nnot the same lines: data/"
COUNTS = "lists and bag-info.txt differ\nanother number of lines: data/objects/curated\n"
SIGNED = "openssl cms -verify"
STAMPED = "openssl ts -"


@dataclass
class Seal:
    """A seal that is being tampered with, and by what it will be checked.

    Attributes:
        at: its folder.
        workshop: the organisation whose it is.
        authority: CA of the signer.
        clock: CA of the time-stamp authority; None: none is named.
        pin: the line of the signer, where it is pinned.
    """

    at: Path
    workshop: Workshop
    authority: Path = field(init=False)
    clock: Path | None = field(init=False)
    pin: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.authority, self.clock = self.workshop.organisation.path, self.workshop.time.path

    def edit(self, *names: str, change: Callable[[bytes], bytes]) -> Seal:
        for name in names:
            path = self.at / name
            before = path.read_bytes()
            path.write_bytes(change(before))
            assert path.read_bytes() != before, "the case changes nothing"
        return self

    def swap(self, *names: str, old: str, new: str) -> Seal:
        return self.edit(*names, change=lambda held: held.replace(old.encode(), new.encode(), 1))

    def resign(self, *, state: bool = True) -> None:
        """By the key's own holder, so that every digest and signature is right."""
        resign(self.at, self.workshop.signer, self.workshop.clock, state=state)


Change = Callable[[Seal], object]


def line(number: int, change: Callable[[list[str]], list[str]]) -> Callable[[bytes], bytes]:
    """Changes the fields of a line."""

    def changed(held: bytes) -> bytes:
        lines = held.decode().split("\n")
        lines[number] = "\t".join(change(lines[number].split("\t")))
        return "\n".join(lines).encode()

    return changed


def fields(**values: str) -> Callable[[list[str]], list[str]]:
    """Replaces fields, by `f3` for the third."""
    return lambda held: [values.get(f"f{n}", each) for n, each in enumerate(held, 1)]


def twist(word: str) -> str:
    """A word of the same form that differs in one character."""
    return ("a" if word[:1] != "a" else "b") + word[1:]


def again(*names: str, change: Callable[[bytes], bytes], state: bool = True) -> Change:
    """What the holder of the key changes, and signs again."""

    def case(seal: Seal) -> None:
        seal.edit(*names, change=change).resign(state=state)

    return case


def ordered(change: Callable[[list[str]], list[str]]) -> Callable[[bytes], bytes]:
    """Changes the list of lines."""
    return lambda held: "".join(f"{each}\n" for each in change(held.decode().splitlines())).encode()


def signed_by(seal: Seal, *, clock: bool = True, **how: object) -> None:
    """Signed again by another certificate of the organisation's CA."""
    signer = seal.workshop.organisation.signer(**how)
    sign(seal.at, signer, seal.workshop.clock if clock else None)


def stamped(
    seal: Seal, digest_name: str = "sha256", over: bytes | None = None, **how: object
) -> None:
    """Stamped again by another certificate of the clock's CA."""
    clock = seal.workshop.time.clock(**how)
    data = (seal.at / SIGNATURE).read_bytes() if over is None else over
    (seal.at / TOKEN).write_bytes(clock.stamp(hashlib.new(digest_name, data).digest(), digest_name))


def link(name: str) -> Change:
    """A file replaced by a link to one of the same content outside."""

    def case(seal: Seal) -> None:
        outside = seal.at.with_name("outside")
        shutil.move(seal.at / name, outside)
        (seal.at / name).symlink_to(outside)

    return case


def added(name: str, content: bytes = b"x\n") -> Change:
    def case(seal: Seal) -> None:
        (seal.at / name).parent.mkdir(parents=True, exist_ok=True)
        (seal.at / name).write_bytes(content)

    return case


def removed(*names: str) -> Change:
    return lambda seal: [(seal.at / name).unlink() for name in names]


def cut(name: str, left: int) -> Change:
    return lambda seal: seal.edit(name, change=lambda held: held[:left])


def outside(seal: Seal) -> None:
    """A manifest that names a file beside the folder, signed."""
    (seal.at.with_name("beside")).write_text("x")
    named = f"{hashlib.sha256(b'x').hexdigest()}  data/../../beside\n"
    seal.edit(MANIFEST, change=lambda held: held + named.encode())
    held = (seal.at / MANIFEST).read_bytes()
    tags = (seal.at / TAG_MANIFEST).read_text().splitlines()
    tags[-1] = f"{hashlib.sha256(held).hexdigest()}  {MANIFEST}"
    (seal.at / TAG_MANIFEST).write_text("\n".join(tags) + "\n")
    sign(seal.at, seal.workshop.signer, seal.workshop.clock)


def unlisted(seal: Seal) -> None:
    """A file that no manifest lists, signed."""
    seal.edit(MANIFEST, change=lambda held: b"".join(held.splitlines(keepends=True)[1:]))
    held = (seal.at / MANIFEST).read_bytes()
    tags = (seal.at / TAG_MANIFEST).read_text().splitlines()
    tags[-1] = f"{hashlib.sha256(held).hexdigest()}  {MANIFEST}"
    (seal.at / TAG_MANIFEST).write_text("\n".join(tags) + "\n")
    sign(seal.at, seal.workshop.signer, seal.workshop.clock)


def emptied(seal: Seal) -> None:
    """Nothing was moved, and it is signed."""
    shutil.rmtree(seal.at / "data/objects")
    shutil.rmtree(seal.at / "data/database")
    seal.edit(INFO, change=lambda held: re.sub(rb"Exit-Lines: .*\n", b"", held)).resign()


def one_side(seal: Seal) -> None:
    removed(TARGET)(seal)
    seal.resign()


def hidden_hard_link(seal: Seal) -> None:
    os.link(seal.at / README, seal.at / "data/zzz.txt")


def foreign_signer(seal: Seal, name: str = "") -> None:
    named = name or seal.workshop.organisation.name
    other = Authority(seal.at.with_name("foreign"), named)
    sign(seal.at, other.signer(), seal.workshop.clock)


def foreign_token(seal: Seal, name: str = "") -> None:
    other = Authority(seal.at.with_name("foreign"), name or seal.workshop.time.name).clock()
    hashed = hashlib.sha256((seal.at / SIGNATURE).read_bytes()).digest()
    (seal.at / TOKEN).write_bytes(other.stamp(hashed))


def old_token(seal: Seal) -> None:
    """Signed again, while the token is that of the first signature."""
    token = (seal.at / TOKEN).read_bytes()
    signature = identity(seal.workshop.signer).sign((seal.at / TAG_MANIFEST).read_bytes())
    (seal.at / SIGNATURE).write_bytes(signature + b"")
    assert (seal.at / TOKEN).read_bytes() == token


def of_another(seal: Seal) -> None:
    """The right signer's signature, over another file."""
    signature = identity(seal.workshop.signer).sign(b"another")
    (seal.at / SIGNATURE).write_bytes(signature)
    hashed = hashlib.sha256(signature).digest()
    (seal.at / TOKEN).write_bytes(seal.workshop.clock.stamp(hashed))


def spoken_time(seal: Seal) -> None:
    """A certificate that has ended, and a time in what the answer says beside the token."""
    then = (NOW - 50 * DAY).strftime("%b %d %H:%M:%S %Y GMT")
    clock = replace(seal.workshop.clock, words=f"\nTime stamp: {then}")
    signer = seal.workshop.organisation.signer(ends=NOW - 10 * DAY)
    sign(seal.at, signer, clock)


def changed_then_pinned(pin: str) -> Change:
    def case(seal: Seal) -> None:
        seal.pin = (pin,)

    return case


def called_real(seal: Seal) -> None:
    """A rehearsal's signer signs a seal that calls itself real."""
    signer, clock = rehearsal_authorities(seal.at.with_name("rehearsal"))
    resign(seal.at, signer, None)
    from havre.exit.seal.timestamp import token_over

    (seal.at / TOKEN).write_bytes(token_over(seal.at / SIGNATURE, clock))
    seal.authority = seal.clock = signer.authority


def untimed(seal: Seal) -> None:
    """A seal that calls itself real and has no token, as it says."""
    seal.swap(INFO, old="Exit-Time-Stamp: yes", new="Exit-Time-Stamp: none")
    resign(seal.at, seal.workshop.signer, None)
    seal.clock = None


def token_removed(seal: Seal) -> None:
    """A token that a rehearsal had, and that is not asked for."""
    token_unnamed(seal)
    removed(TOKEN)(seal)


def token_unsaid(seal: Seal) -> None:
    """A rehearsal without a token, that does not say whether it had one."""
    seal.swap(INFO, old="Exit-Level: real", new="Exit-Level: rehearsal")
    seal.swap(INFO, old="Exit-Time-Stamp: yes\n", new="").resign()
    removed(TOKEN)(seal)
    seal.clock = None


def token_unnamed(seal: Seal) -> None:
    """A token that nobody looks at, in a rehearsal, which may have none."""
    seal.swap(INFO, old="Exit-Level: real", new="Exit-Level: rehearsal").resign()
    seal.clock = None


UNSIGNED: dict[str, tuple[Change, str]] = {
    **{
        f"{what}, field {number}": (
            lambda seal, name=name, number=number, row=row: seal.edit(
                name,
                change=line(
                    row,
                    lambda held: [twist(f) if n == number else f for n, f in enumerate(held, 1)],
                ),
            ),
            FILES,
        )
        for what, name, row, count in (
            ("source", SOURCE, 1, 5),
            ("target", TARGET, 1, 5),
            ("database, source", TABLES[0], 0, 4),
            ("database, target", TABLES[1], 0, 4),
            ("losses", LOSSES, 1, 7),
            ("retire", "data/retire.tsv", 0, 6),
        )
        for number in range(1, count + 1)
    },
    **{
        f"bag-info, {label}": (
            lambda seal, label=label: seal.edit(
                INFO,
                change=lambda held: re.sub(
                    rf"^({label}: )(.)".encode(), rb"\g<1>~\2", held, count=1, flags=re.MULTILINE
                ),
            ),
            FILES,
        )
        for label in (
            *("Bag-Software-Agent", "Bagging-Date", "Exit-Warehouse", "Exit-From", "Exit-To"),
            *("Exit-Level", "Exit-Began", "Exit-Ended", "Exit-Controller", "Exit-Host"),
            *("Exit-Names", "Exit-Time-Stamp", "Exit-Decision", "Exit-Lines", "Payload-Oxum"),
        )
    },
    **{
        f"{name}, a byte": (lambda seal, name=name: seal.edit(name, change=_flipped), FILES)
        for name in (
            *(README, "data/LISEZMOI.txt", "data/plan.json", "data/findings.json", STATEMENT),
            *("data/proces-verbal.txt", "data/database/emc2.queries.sql", "bagit.txt"),
        )
    },
    "manifest, a digest": (lambda seal: seal.edit(MANIFEST, change=_flipped), FILES),
    "manifest, a name": (lambda seal: seal.swap(MANIFEST, old="curated", new="curatec"), FILES),
    "tag manifest, a digest": (lambda seal: seal.edit(TAG_MANIFEST, change=_flipped), SIGNED),
    "tag manifest, a name": (
        lambda seal: seal.swap(TAG_MANIFEST, old="bagit", new="bogit"),
        SIGNED,
    ),
    "signature, a byte": (lambda seal: seal.edit(SIGNATURE, change=_flipped), STAMPED),
    "token, a byte": (lambda seal: seal.edit(TOKEN, change=_flipped), STAMPED),
    "lines out of order": (
        lambda seal: seal.edit(SOURCE, change=ordered(lambda held: held[::-1])),
        FILES,
    ),
    "a line more on one side": (
        lambda seal: seal.edit(SOURCE, change=lambda held: held + held.splitlines(True)[-1]),
        FILES,
    ),
    "both sides changed": (
        lambda seal: seal.edit(*BOTH, change=line(1, fields(f4=digest("x")))),
        f"signed\nchanged: {SOURCE}\nchanged: {TARGET}\n",
    ),
    "CRLF": (
        lambda seal: seal.edit(*BOTH, change=lambda held: held.replace(b"\n", b"\r\n")),
        FILES,
    ),
    "CRLF in the manifest": (
        lambda seal: seal.edit(MANIFEST, change=lambda held: held.replace(b"\n", b"\r\n")),
        FILES,
    ),
    "a last line end less": (lambda seal: seal.edit(*BOTH, change=lambda held: held[:-1]), FILES),
    "a missing file": (removed(SOURCE), f"signed\nmissing: {SOURCE}\n"),
    "two missing files": (removed(*BOTH), FILES),
    "a missing notice": (removed("data/LISEZMOI.txt"), FILES),
    "no bagit.txt": (removed("bagit.txt"), FILES),
    "no manifest": (removed(MANIFEST), MANIFEST),
    "no tag manifest": (removed(TAG_MANIFEST), f"no manifest: {TAG_MANIFEST} is missing"),
    "no signature": (removed(SIGNATURE), f"no signature: {SIGNATURE} is missing"),
    "no token": (removed(TOKEN), f"no time-stamp: ./{TOKEN} is missing"),
    "a file more": (added("data/more.txt"), "signed\nadded: data/more.txt\n"),
    "a file more in a folder more": (added("data/objects/more/more.tsv"), FILES),
    "a file more, hidden": (added(".hidden"), FILES),
    "a file more, named like a signature": (added(f"{SIGNATURE}.bak"), FILES),
    "a file more, with a line feed in its name": (
        added("data/a\n4\t./data/README.txt"),
        "no file|not as it was signed",
    ),
    "a file in place of a folder": (
        lambda seal: (shutil.rmtree(seal.at / "data/database"), added("data/database")(seal)),
        FILES,
    ),
    "an empty folder more": (
        lambda seal: (seal.at / "data/objects/none").mkdir(),
        "added: ./data/objects/none, an empty folder",
    ),
    "a hard link more": (hidden_hard_link, FILES),
    "an empty manifest": (cut(MANIFEST, 0), FILES),
    "an empty tag manifest": (cut(TAG_MANIFEST, 0), SIGNED),
    "a truncated signature": (cut(SIGNATURE, 300), STAMPED),
    "an empty signature": (cut(SIGNATURE, 0), STAMPED),
    "a truncated token": (cut(TOKEN, 300), STAMPED),
    "an empty token": (cut(TOKEN, 0), STAMPED),
    "bytes after the token": (
        lambda seal: seal.edit(TOKEN, change=lambda held: held + b"\0"),
        "bytes after the token",
    ),
    "bytes after the signature": (
        lambda seal: seal.edit(SIGNATURE, change=lambda held: held + b"\0"),
        STAMPED,
    ),
    "a link in place of a file": (link(SOURCE), "a link: ./data/objects/curated.source.tsv"),
    "a link in place of the tag manifest": (link(TAG_MANIFEST), "a link"),
    "a link in place of a folder": (link("data/objects"), "a link: ./data/objects"),
    "a pipe in place of a file": (
        lambda seal: (removed(README)(seal), os.mkfifo(seal.at / README)),
        "no file: ./data/README.txt",
    ),
}


def _flipped(held: bytes) -> bytes:
    """One byte of the middle, changed."""
    middle = len(held) // 2
    return held[:middle] + bytes((held[middle] ^ 1,)) + held[middle + 1 :]


RESIGNED: dict[str, tuple[Change, str]] = {
    **{
        f"sides differ in field {number}": (
            again(
                SOURCE,
                change=line(
                    -2,
                    lambda held, number=number: [
                        {1: f"{f}z", 2: "4", 3: "9999"}.get(n, digest("other"))
                        if n == number
                        else f
                        for n, f in enumerate(held, 1)
                    ],
                ),
            ),
            SIDES,
        )
        for number in (1, 2, 5)
    },
    "sides differ in bytes": (again(TARGET, change=line(1, fields(f3="9999"))), SIDES),
    "sides differ in content": (again(TARGET, change=line(1, fields(f4=digest("z")))), SIDES),
    "databases differ in rows": (again(TABLES[1], change=line(2, fields(f3="4"))), SIDES),
    "databases differ in content": (
        again(TABLES[1], change=line(2, fields(f4=digest("z")))),
        SIDES,
    ),
    "a line more on one side, signed": (
        again(TARGET, change=lambda held: held + f"~~\t1\t1\t{digest(1)}\t{digest(2)}\n".encode()),
        SIDES,
    ),
    "a line more on both sides than was counted": (
        again(*BOTH, change=lambda held: held + f"~~\t1\t1\t{digest(1)}\t{digest(2)}\n".encode()),
        COUNTS,
    ),
    "nothing on both sides, where something was counted": (
        again(*BOTH, change=lambda _: b""),
        COUNTS,
    ),
    "one side only": (one_side, "no list of the target: data/objects/curated\n"),
    "nothing moved": (emptied, "nothing moved"),
    "lines out of order, signed": (
        again(*BOTH, change=ordered(lambda held: held[::-1])),
        "out of order",
    ),
    "a line twice": (again(*BOTH, change=ordered(lambda held: [held[0], *held])), "or twice"),
    "a key twice, with two contents": (
        again(
            *BOTH, change=ordered(lambda held: [held[0][:-1] + "0", held[0][:-1] + "1", *held[1:]])
        ),
        "or twice",
    ),
    "CRLF, signed": (again(*BOTH, change=lambda held: held.replace(b"\n", b"\r\n")), "no SHA-256"),
    "upper case": (again(*BOTH, change=line(1, fields(f4=digest(1).upper()))), "no SHA-256"),
    "a digest that is short": (
        again(*BOTH, change=line(1, fields(f4=digest(1)[:63]))),
        "no SHA-256",
    ),
    "no digest": (again(*BOTH, change=line(1, fields(f4=""))), "no SHA-256"),
    "a field more": (again(*BOTH, change=line(1, lambda held: [*held, "x"])), "no SHA-256"),
    "a line that is empty": (again(*BOTH, change=lambda held: b"\n" + held), "no SHA-256"),
    "the digest of nothing for bytes": (
        again(*BOTH, change=line(1, fields(f3="7", f4=EMPTY))),
        "digest of nothing",
    ),
    "no bytes and a digest": (
        again(*BOTH, change=line(1, fields(f3="0", f4=digest(1)))),
        "digest of nothing",
    ),
    "the digest of nothing for rows": (
        again(*TABLES, change=line(2, fields(f3="3", f4=EMPTY))),
        "digest of nothing",
    ),
    "no rows and a digest": (
        again(*TABLES, change=line(2, fields(f3="0", f4=digest(1)))),
        "digest of nothing",
    ),
    "something blocks": (
        again(LOSSES, change=line(0, fields(f6="blocking"))),
        "losses.tsv: blocking",
    ),
    "lost by nobody": (again(LOSSES, change=line(1, fields(f6="lost", f7=""))), "losses.tsv: lost"),
    "a fate that there is not": (
        again(LOSSES, change=line(0, fields(f6="gone"))),
        "losses.tsv: gone",
    ),
    "no losses.tsv": (lambda seal: (removed(LOSSES)(seal), seal.resign()), "losses.tsv"),
    "statement.json says another digest": (
        again(STATEMENT, change=lambda held: held.replace(b'256":"', b'256":"0', 1), state=False),
        "statement.json",
    ),
    "statement.json names a file less": (
        again(
            STATEMENT,
            change=lambda held: re.sub(
                rb'\{"digest":[^}]*\},"name":"data/README.txt"\},', b"", held
            ),
            state=False,
        ),
        "statement.json",
    ),
    "no statement.json": (lambda seal: (removed(STATEMENT)(seal), seal.resign()), "statement.json"),
    "a table of no side": (
        lambda seal: (added("data/objects/curated.other.tsv")(seal), seal.resign()),
        "of no side",
    ),
    "no level": (
        again(INFO, change=lambda held: re.sub(rb"Exit-Level: .*\n", b"", held)),
        "level",
    ),
    "a level that there is not": (
        again(INFO, change=lambda held: held.replace(b"Level: real", b"Level: unreal")),
        "level: unreal",
    ),
    "a rehearsal that calls itself real": (called_real, "a rehearsal that calls itself real"),
    "a real exit without a time": (untimed, "a real exit without a time-stamp"),
    "a path that leads out": (outside, FILES),
    "a file that no manifest lists, signed": (unlisted, FILES),
}
KEYS: dict[str, tuple[Change, str]] = {
    "a foreign CA": (foreign_signer, SIGNED),
    "a foreign clock": (foreign_token, f"{STAMPED}verify"),
    "an old token": (old_token, f"{STAMPED}verify"),
    "a signature of another file": (of_another, SIGNED),
    "a certificate that has ended": (
        lambda seal: signed_by(seal, ends=NOW - DAY),
        "expired",
    ),
    "a certificate that had not begun": (
        lambda seal: signed_by(seal, begins=NOW + DAY),
        "not yet valid",
    ),
    "a certificate that ended, and a time beside the token": (spoken_time, "expired"),
    "a key that is too short": (
        lambda seal: signed_by(seal, key=rsa.generate_private_key(65537, 1024)),  # noqa: S505
        "key too weak",
    ),
    "a certificate for servers": (lambda seal: signed_by(seal, purpose=SERVES), SIGNED),
    "a certificate for keys": (lambda seal: signed_by(seal, usage="key_encipherment"), SIGNED),
    "a token from before its certificate": (
        lambda seal: (
            signed_by(seal, begins=NOW - 300 * DAY),
            stamped(seal, at=NOW - 200 * DAY),
        ),
        "not yet valid",
    ),
    "a token from after its certificate": (
        lambda seal: stamped(seal, ends=NOW - DAY),
        "expired",
    ),
    "a token from before the signer's certificate": (
        lambda seal: stamped(seal, at=NOW - 200 * DAY, begins=NOW - 300 * DAY),
        "not yet valid",
    ),
    "a token of tomorrow": (lambda seal: stamped(seal, at=NOW + DAY), "is to come"),
    "a token over something else": (lambda seal: stamped(seal, over=b"else"), f"{STAMPED}verify"),
    "a token by a certificate for mail": (
        lambda seal: stamped(seal, purpose=None),
        f"{STAMPED}verify",
    ),
    "a token, and no authority named": (token_unnamed, "this seal has a time-stamp: give the CA"),
    "a token that is removed, and no authority named": (
        token_removed,
        "no time-stamp: .* says of it: yes",
    ),
    "no token, and no word of it": (token_unsaid, "no time-stamp: .* says of it: nothing"),
    "another signer than the one pinned": (
        changed_then_pinned("subject=CN=Seal of another"),
        "signed by another",
    ),
    "a pin that is the beginning of the signer": (
        changed_then_pinned("subject=CN=Seal"),
        "signed by another",
    ),
    "an empty pin": (changed_then_pinned(""), "signed by another"),
    "a signer of the CA who is not the one pinned": (
        lambda seal: (
            signed_by(seal, name="Web server"),
            changed_then_pinned("subject=CN=Seal of the Agence")(seal),
        ),
        "signed by another: subject=CN=Web server",
    ),
}
TABLE = UNSIGNED | RESIGNED | KEYS


OFTEN = 3
"""Of so many cases one is in every run; the others before a release."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.long if number % OFTEN else ())
        for number, name in enumerate(TABLE)
    ],
)
def test_what_is_wrong_is_found_by_the_script_alone(
    name: str, workshop: Workshop, tmp_path: Path
) -> None:
    change, why = TABLE[name]
    seal = Seal(workshop.copy(tmp_path / "seal"), workshop)
    change(seal)
    done = run(seal.at, seal.authority, seal.clock, *seal.pin)
    assert done.returncode != 0
    assert "VERIFIED" not in done.stdout
    assert re.search(why, done.stderr), done.stderr


def test_what_a_signer_wrote_cannot_paint_over_what_is_printed(
    workshop: Workshop, tmp_path: Path
) -> None:
    seal = Seal(workshop.copy(tmp_path / "seal"), workshop)
    painted = b"Exit-Names: \x1b[2J\x1b[H\x07\xc3\xa9\r"
    seal.edit(INFO, change=lambda held: held.replace(b"Exit-Names: ", painted)).resign()
    done = run(seal.at, seal.authority, seal.clock)
    assert done.returncode == 0, done.stderr
    assert not set(done.stdout) & set("\x1b\x07\r")
    assert "\u00e9" in done.stdout


@pytest.mark.parametrize("change", [foreign_signer, foreign_token])
def test_a_ca_that_the_machine_trusts_is_not_the_one_that_is_named(
    change: Callable[[Seal, str], None], workshop: Workshop, tmp_path: Path
) -> None:
    seal = Seal(workshop.copy(tmp_path / "seal"), workshop)
    change(seal, "A public CA")
    trusted = tmp_path / "trusted"
    trusted.mkdir()
    foreign = tmp_path / "foreign" / "ca.pem"
    words = ["openssl", "x509", "-in", str(foreign), "-noout", "-hash"]
    name = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    shutil.copy(foreign, trusted / f"{name}.0")
    known = {"SSL_CERT_DIR": str(trusted), "SSL_CERT_FILE": str(foreign)}
    assert run(seal.at, seal.authority, seal.clock, **known).returncode != 0
    stamp = change is foreign_token
    told = (seal.authority, foreign) if stamp else (foreign, seal.clock)
    assert run(seal.at, *told, **known).returncode == 0


def test_the_table_is_of_cases_that_differ() -> None:
    assert len(TABLE) == len(UNSIGNED) + len(RESIGNED) + len(KEYS) >= 30
