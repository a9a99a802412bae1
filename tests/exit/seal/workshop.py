"""CAs, signers and clocks of an organisation, and what they seal."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from havre.exit.ledger import LedgerEntry, LedgerFate
from havre.exit.records import (
    EMPTY,
    DatabaseLine,
    ObjectLine,
    VersionLine,
    decoded,
    digest_of,
    ordered,
)
from havre.exit.seal.bag import SIGNATURE, TAG_MANIFEST, TOKEN, Bag
from havre.exit.seal.contents import (
    Contents,
    DatabaseSides,
    Leaving,
    Level,
    RetireLine,
    ZoneSides,
)
from havre.exit.seal.sealing import seal
from havre.exit.seal.signature import Signer, identity
from havre.exit.seal.statement import STATEMENT, statement
from havre.exit.seal.verifying import SCRIPT
from tests.exit.seal import der

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
DAY = dt.timedelta(days=1)
SIGNS = ExtendedKeyUsageOID.EMAIL_PROTECTION
STAMPS = ExtendedKeyUsageOID.TIME_STAMPING
SERVES = ExtendedKeyUsageOID.SERVER_AUTH
USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
NASTY = (
    *("plain/part-0.parquet", "a b", "tab\there", "line\nfeed", "%41", "A", "\u00e9", "e\u0301"),
    *("/x", "a//b", "a/../b", "dir/", "~._-", "\U0001f3e5", "-rf", "$(id)", "`id`", "'\"\\"),
    b"\xff\xfe".decode(errors="surrogateescape"),
)


@dataclass
class Authority:
    """A CA.

    Attributes:
        folder: where its files are.
        name: of it.
        begins: its first moment.
        ends: its last.
    """

    folder: Path
    name: str
    begins: dt.datetime = NOW - 4000 * DAY
    ends: dt.datetime = NOW + 4000 * DAY
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.certificate = self._built(
            self.name, self.key, None, "key_cert_sign", self.begins, self.ends
        )
        self.path = self.folder / "ca.pem"
        self.path.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def issue(
        self,
        name: str,
        purpose: x509.ObjectIdentifier | None = SIGNS,
        usage: str = "digital_signature",
        begins: dt.datetime = NOW - 100 * DAY,
        ends: dt.datetime = NOW + 100 * DAY,
        key: Any = None,
    ) -> tuple[Any, x509.Certificate]:
        """A key, new unless it is given, and its certificate."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        return key, self._built(name, key, purpose, usage, begins, ends)

    def signer(self, name: str = "Seal of the Agence", passphrase: str = "", **how: Any) -> Signer:
        """A signer of this CA."""
        key, certificate = self.issue(name, **how)
        told = hashlib.sha256(f"{name}{certificate.serial_number}".encode()).hexdigest()[:8]
        paths = self.folder / f"{told}.key", self.folder / f"{told}.pem"
        locked = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
        paths[0].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
        paths[0].chmod(0o600)
        paths[1].write_bytes(certificate.public_bytes(Encoding.PEM))
        return Signer(*paths, self.path)

    def clock(self, at: dt.datetime = NOW, name: str = "Clock", **how: Any) -> Clock:
        """A time-stamp authority of this CA."""
        key, certificate = self.issue(name, **{"purpose": STAMPS} | how)
        return Clock(self.path, key, certificate, at)

    def below(self, name: str) -> Authority:
        """A CA that this one has certified."""
        made = Authority(self.folder / "below", name)
        made.certificate = self._built(
            name, made.key, None, "key_cert_sign", self.begins, self.ends
        )
        made.path.write_bytes(made.certificate.public_bytes(Encoding.PEM))
        return made

    def _built(
        self,
        name: str,
        key: ec.EllipticCurvePrivateKey,
        purpose: x509.ObjectIdentifier | None,
        usage: str,
        begins: dt.datetime,
        ends: dt.datetime,
    ) -> x509.Certificate:
        is_authority = usage == "key_cert_sign"
        signs = x509.KeyUsage(**{each: each == usage for each in USAGES})
        builder = (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(signs, critical=True)
        )
        if purpose is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
        return builder.sign(self.key, hashes.SHA256())


@dataclass(frozen=True)
class Clock:
    """A time-stamp authority that says any time."""

    authority: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    at: dt.datetime = NOW
    words: str = ""

    def answer(self, query: bytes) -> bytes:
        """The answer to a query by SHA-256."""
        start = query.index(b"\x04\x20") + 2
        return self.stamp(query[start : start + 32])

    def stamp(self, hashed: bytes, digest: str = "sha256") -> bytes:
        """The answer for a digest."""
        told = (self.key, self.certificate, self.at)
        return der.reply(hashed, *told, digest=digest, words=self.words)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def digest(content: object) -> str:
    """SHA-256 of some content."""
    return hashlib.sha256(ascii(content).encode()).hexdigest()


def objects(keys: Iterable[str] = NASTY) -> list[str]:
    """Lines of a zone: two versions of each key, then a delete marker; the first is empty."""
    lines = [ObjectLine("empty", 1, 0, EMPTY, digest_of({}))]
    for size, key in enumerate(keys, 1):
        lines += [
            ObjectLine(key, 1, size, digest(key), digest_of({"tier": "hot"})),
            ObjectLine(key, 2, size + 10, digest(size), digest_of({})),
            ObjectLine(key, 3, None, None, digest_of({})),
        ]
    return ordered(lines)


def things() -> list[str]:
    """Lines of a database."""
    lines = [
        DatabaseLine("table", "public.patient", 3, digest("rows")),
        DatabaseLine("table", "public.empty", 0, EMPTY),
        DatabaseLine("sequence", "public.patient_id_seq", 1, digest("sequence")),
    ]
    return ordered(lines)


DEPARTURE = Leaving(
    *("emc2", "azure", "scaleway", Level.REAL, NOW - 3 * DAY, NOW - DAY),
    *("Agence d'innovation en sant\u00e9", "Hyperscaler Inc."),
    ("R-08 of 2026-11-02",),
    frozen=NOW - 2 * DAY,
)
LOSSES = (
    LedgerEntry("zone curated", "all", "content type", "*", "*", LedgerFate.KEPT),
    LedgerEntry("zone curated", "a b", "tier", "cool", "standard", LedgerFate.MAPPED),
    LedgerEntry(
        "zone curated",
        "all",
        "owner",
        "*",
        "",
        LedgerFate.LOST,
        decision="CISO, 2026-11-02: unused",
    ),
)
RETIRE = (
    RetireLine("zone curated", "key destruction scheduled", NOW.date(), NOW - DAY, "req-1", "DPO"),
    RetireLine("database emc2", "gone", (NOW + 90 * DAY).date()),
)


def went() -> list[str]:
    """Where each version went, in an order of its own."""
    found = (line.split("\t") for line in reversed(objects()))
    micro = int(NOW.timestamp()) * 1_000_000 + 5
    lines = (VersionLine(decoded(key), int(n), f"s-{n}", "", micro) for key, n, *_ in found)
    return [str(line) for line in lines]


def contents(**how: Any) -> Contents:
    """What is sealed, with parts of it replaced."""
    lines = objects()
    rows = things()
    whole = Contents(
        DEPARTURE,
        (
            ZoneSides("curated", lines, list(lines), len(lines), went()),
            ZoneSides("landing", [], [], 0),
        ),
        (DatabaseSides("emc2", rows, list(rows), len(rows), "select 1;\n"),),
        LOSSES,
        b'{"bytes": 17}',
        b"[]",
        RETIRE,
    )
    return replace(whole, **how)


@dataclass
class Workshop:
    """An organisation with its CA, its signer and a time-stamp authority elsewhere."""

    folder: Path

    @cached_property
    def organisation(self) -> Authority:
        return Authority(self.folder / "organisation", "CA of the Agence")

    @cached_property
    def time(self) -> Authority:
        return Authority(self.folder / "time", "CA of the Clock")

    @cached_property
    def signer(self) -> Signer:
        return self.organisation.signer()

    @cached_property
    def clock(self) -> Clock:
        return self.time.clock()

    @cached_property
    def fresh(self) -> Path:
        """A seal with nothing wrong, not to be changed."""
        return seal(self.folder / "fresh", contents(), self.signer, self.clock).folder

    def copy(self, folder: Path) -> Path:
        """A seal with nothing wrong, to be changed."""
        return Path(shutil.copytree(self.fresh, folder, symlinks=True))


def resign(folder: Path, signer: Signer, clock: Clock | None, *, state: bool = True) -> None:
    """Make what was changed in a seal look right again, as who has the key can.

    Args:
        folder: the seal.
        signer: who signs it again.
        clock: who stamps it again; None: nobody.
        state: whether statement.json is made to agree.
    """
    bag, info = Bag(folder), (folder / "bag-info.txt").read_text().splitlines()
    pairs = [(label, value) for label, _, value in (line.partition(": ") for line in info)]
    payload = [path for path in sorted((folder / "data").rglob("*")) if path.is_file()]
    held = {path.relative_to(folder).as_posix(): path.read_bytes() for path in payload}
    shutil.rmtree(folder)
    folder.mkdir()
    old = held.pop(STATEMENT, None)
    for name, content in held.items():
        bag.add(name, content)
    if old is not None:
        bag.add(STATEMENT, statement(pairs, bag.digests) if state else old)
    bag.close(pair for pair in pairs if pair[0] != "Payload-Oxum")
    sign(folder, signer, clock)


def sign(folder: Path, signer: Signer, clock: Clock | None) -> None:
    """Sign and stamp a seal as it is."""
    signature = identity(signer).sign((folder / TAG_MANIFEST).read_bytes())
    (folder / SIGNATURE).write_bytes(signature)
    (folder / TOKEN).unlink(missing_ok=True)
    if clock is not None:
        (folder / TOKEN).write_bytes(clock.stamp(hashlib.sha256(signature).digest()))


def run(
    folder: Path,
    authority: Path,
    clock: Path | None,
    *pin: str,
    path: str | None = None,
    **more: str,
) -> subprocess.CompletedProcess[str]:
    """What `verify.sh` says of a seal.

    Args:
        folder: the seal.
        authority: CA of the signer.
        clock: CA of the time-stamp authority; None: none is named.
        pin: the line of the signer, where it is pinned.
        path: where programs are found; None: as here.
        more: what else is in the environment.
    """
    shell = shutil.which("dash") or "/bin/sh"
    words = [shell, str(SCRIPT), str(folder), str(authority), str(clock or "none"), *pin]
    environment = {"PATH": os.environ["PATH"] if path is None else path, **more}
    return subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
