"""A rehearsal's own CA, signer and time-stamp authority, which prove nothing elsewhere.

Each says in its subject that it is a rehearsal's: `verify.sh` refuses them in a seal that calls
itself real.
"""

from __future__ import annotations

import datetime as dt
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from havre.exit.seal.signature import Signer
from havre.exit.seal.timestamp import openssl
from havre.files import write_atomic
from havre.files.custody import make_closed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

REHEARSAL = "Havre rehearsal"
"""Begins the subject of every certificate of a rehearsal."""
_SKEW = dt.timedelta(hours=1)
_VALID = dt.timedelta(days=400)
_PUBLIC, _SECRET = 0o644, 0o600
_CONFIGURATION = """[authority]
serial = serial
signer_cert = {certificate}
signer_key = {key}
certs = {authority}
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256
signer_digest = sha256
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True)
class RehearsalClock:
    """A time-stamp authority of this machine, which believes the machine's clock.

    Attributes:
        authority: PEM file of the CA.
        certificate: PEM file of its certificate.
        key: PEM file of its key.
    """

    authority: Path
    certificate: Path
    key: Path

    def answer(self, query: bytes) -> bytes:
        """Its answer, by `openssl ts`.

        Raises:
            MissingDependencyError: openssl is not installed.
            ProviderError: openssl refused the query.
        """
        with tempfile.TemporaryDirectory(prefix="havre-tsa-") as name:
            folder = Path(name)
            told = {each: getattr(self, each).absolute() for each in self.__dataclass_fields__}
            (folder / "tsa.cnf").write_text(_CONFIGURATION.format(**told), encoding="utf-8")
            (folder / "serial").write_text(secrets.token_hex(16), encoding="ascii")
            (folder / "query").write_bytes(query)
            words = ("-queryfile", "query", "-config", "tsa.cnf", "-section", "authority")
            openssl("ts", "-reply", *words, "-out", "reply", folder=folder)
            return (folder / "reply").read_bytes()


def rehearsal_authorities(folder: Path) -> tuple[Signer, RehearsalClock]:
    """A rehearsal's signer and clock, made the first time; the key of their CA is not kept.

    Args:
        folder: where keys (0600) and certificates are; closed to others.

    Raises:
        OSError: it cannot be written.
    """
    authority = folder / "ca.pem"
    signer = Signer(folder / "signer.key", folder / "signer.pem", authority)
    clock = RehearsalClock(authority, folder / "tsa.pem", folder / "tsa.key")
    if not authority.exists():  # it is written last
        make_closed(folder.absolute(), 0o700)
        issuer = _Issuer()
        issuer.issue("signer", signer.key, signer.certificate, ExtendedKeyUsageOID.EMAIL_PROTECTION)
        issuer.issue("clock", clock.key, clock.certificate, ExtendedKeyUsageOID.TIME_STAMPING)
        write_atomic(authority, issuer.certificate.public_bytes(Encoding.PEM), _PUBLIC)
    return signer, clock


class _Issuer:
    """A CA that lives as long as this object."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("CA")
        signs = x509.KeyUsage(**{each: each == "key_cert_sign" for each in _USAGES})
        limits = x509.BasicConstraints(ca=True, path_length=0)
        builder = _builder(self._name, self._name, self._key.public_key())
        builder = builder.add_extension(limits, critical=True).add_extension(signs, critical=True)
        self.certificate = builder.sign(self._key, hashes.SHA256())

    def issue(self, what: str, key: Path, path: Path, purpose: x509.ObjectIdentifier) -> None:
        """Write a key and its certificate, which serves one purpose."""
        made = ec.generate_private_key(ec.SECP256R1())
        signs = x509.KeyUsage(**{each: each == "digital_signature" for each in _USAGES})
        builder = _builder(_name(what), self._name, made.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        builder = builder.add_extension(signs, critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
        certificate = builder.sign(self._key, hashes.SHA256())
        plain = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_atomic(key, plain, _SECRET)
        write_atomic(path, certificate.public_bytes(Encoding.PEM), _PUBLIC)


_USAGES = (
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


def _name(what: str) -> x509.Name:
    common = f"{REHEARSAL} {what} (proves nothing elsewhere)"
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: CertificatePublicKeyTypes
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _VALID)
    )
