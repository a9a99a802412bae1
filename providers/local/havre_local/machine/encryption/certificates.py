"""The warehouse's own certificate authority and its servers' certificates.

The authority may sign only for this machine (name constraints), so that trusting it lets
nobody impersonate another host. A server's key and certificate are one file, so that they
are always of a pair.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from havre.errors import StateError
from havre_local.machine.folder import (
    HOST,
    SECRET,
    Folder,
    locked,
    warehouse_of,
)

if TYPE_CHECKING:
    from pathlib import Path

AUTHORITY_DAYS = 3650
SERVER_DAYS = 397
"""Longest validity that clients commonly accept (CA/Browser Forum, from 2020 to 2026)."""
RENEW_DAYS = 30
"""A server's certificate is renewed when it is valid for less than this many days."""

_SKEW = dt.timedelta(hours=1)
_NAMES = ("localhost",)
_ADDRESSES = (HOST, "::1")


@dataclass(frozen=True)
class Certificate:
    """A server's certificate: the file with key and certificate, and until when it is valid."""

    path: Path
    fingerprint: str
    """SHA-256 of the certificate, hexadecimal."""
    expires: dt.datetime


def ensure_authority(folder: Folder) -> Path:
    """Return the authority's certificate file, made the first time (EC P-256, 10 years).

    Raises:
        StateError: its key is missing beside a certificate, or unreadable.
    """
    with locked(folder, "certificates"):
        _authority(folder)
    return folder.authority


def ensure_certificate(folder: Folder, service: str) -> Certificate:
    """Return the certificate of `service`, issued or renewed as needed.

    Renewed when less than `RENEW_DAYS` are left, or when another authority issued it. The
    caller lets the service reload when the fingerprint changes.
    """
    path = folder.certificates / f"{service}.pem"
    with locked(folder, "certificates"):
        authority, key = _authority(folder)
        current = _usable(folder, path, authority)
        if current is None:
            folder.custody.write(path, _issue(authority, key, service), SECRET)
            current = _load(folder, path)
    return Certificate(path, _fingerprint(current), current.not_valid_after_utc)


def renewal_due(folder: Folder, service: str) -> bool:
    """Tell whether `ensure_certificate` would issue a new certificate."""
    with locked(folder, "certificates"):
        authority, _ = _authority(folder)
        return _usable(folder, folder.certificates / f"{service}.pem", authority) is None


def _load(folder: Folder, path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(folder.custody.read(path))


def _fingerprint(certificate: x509.Certificate) -> str:
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def _usable(folder: Folder, path: Path, authority: x509.Certificate) -> x509.Certificate | None:
    """Return the certificate in `path` if it may be used for `RENEW_DAYS` more."""
    try:
        certificate = _load(folder, path)
        certificate.verify_directly_issued_by(authority)
    except (OSError, ValueError, InvalidSignature):
        return None
    left = certificate.not_valid_after_utc - dt.datetime.now(dt.UTC)
    return certificate if left >= dt.timedelta(days=RENEW_DAYS) else None


def _authority(folder: Folder) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Return the authority's certificate and key, made the first time."""
    key_path = folder.certificates / "ca.key"
    known = folder.custody.exists(folder.authority)
    if known and not folder.custody.exists(key_path):
        message = f"{key_path}: the authority's key is missing"
        raise StateError(
            message,
            "Restore it, or remove ca.pem next to it to create a new authority.",
        )
    if not folder.custody.exists(key_path):
        folder.custody.write(key_path, _encode_key(_new_key()), SECRET)
    key = _load_key(folder, key_path)
    # The key comes first: a run killed between the two goes on with the same key.
    if not known:
        content = _self_sign(key, warehouse_of(folder))
        folder.custody.write(folder.authority, content, 0o644)
    return _load(folder, folder.authority), key


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _encode_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _load_key(folder: Folder, path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(folder.custody.read(path), None)
    except (OSError, ValueError) as error:
        message = f"{path}: is not a private key"
        raise StateError(message, "Restore the file.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        message = f"{path}: is not an EC private key"
        raise StateError(message, "Restore the file.")
    return key


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _self_sign(key: ec.EllipticCurvePrivateKey, warehouse: str) -> bytes:
    """Return the authority's own certificate, PEM."""
    name = _name(f"Havre authority of {warehouse}")
    networks = [x509.IPAddress(ipaddress.ip_network(address)) for address in _ADDRESSES]
    names = [x509.DNSName(host) for host in _NAMES]
    builder = (
        _builder(name, name, key, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints([*names, *networks], None), critical=True)
    )
    return _sign(builder, key, key)


def _issue(
    authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey, service: str
) -> bytes:
    """Return a fresh key and its certificate for `service`, PEM, in one piece."""
    key = _new_key()
    addresses = [x509.IPAddress(ipaddress.ip_address(address)) for address in _ADDRESSES]
    names = [x509.DNSName(host) for host in _NAMES]
    builder = (
        _builder(_name(service), authority.subject, key, SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([*names, *addresses]), critical=False)
    )
    return _encode_key(key) + _sign(builder, key, authority_key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + dt.timedelta(days=days))
    )


def _sign(
    builder: x509.CertificateBuilder,
    key: ec.EllipticCurvePrivateKey,
    authority_key: ec.EllipticCurvePrivateKey,
) -> bytes:
    """Add both key identifiers (strict verifiers ask for them) and sign."""
    subject = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    signed = (
        builder.add_extension(subject, critical=False)
        .add_extension(issuer, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    return signed.public_bytes(Encoding.PEM)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
