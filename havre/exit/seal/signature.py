"""The signature of a seal: CMS, detached (RFC 5652), by a key in a file."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from havre.errors import InputError
from havre.files.custody import read_secret

if TYPE_CHECKING:
    from pathlib import Path

_OPTIONS = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]


@dataclass(frozen=True)
class Signer:
    """Who signs.

    Attributes:
        key: PEM file of the private key, RSA or elliptic; nobody else can read it.
        certificate: PEM file of its certificate, followed by those between it and the CA.
        authority: PEM file of the CA by which an auditor checks the signature.
        passphrase: name of the environment's variable with the key's passphrase; empty: none.
    """

    key: Path
    certificate: Path
    authority: Path
    passphrase: str = ""


@dataclass(frozen=True)
class Identity:
    """A signer's key, read, with its certificates.

    Attributes:
        certificates: the signer's own, then those between it and the CA.
        key: the private key.
    """

    certificates: tuple[x509.Certificate, ...]
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)

    def sign(self, content: bytes) -> bytes:
        """The signature over bytes as they are, in DER."""
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
        builder = builder.add_signer(self.certificates[0], self.key, hashes.SHA256())
        for certificate in self.certificates[1:]:
            builder = builder.add_certificate(certificate)
        return builder.sign(serialization.Encoding.DER, _OPTIONS)


def identity(signer: Signer) -> Identity:
    """Read a signer's key and certificates.

    Raises:
        InputError: a file is missing or holds something else, the passphrase is missing or wrong,
            or key and certificate are not of one another; nothing of the key is shown.
        GuardError: others can read the key, or can have written it.
    """
    key = _key(signer)
    try:
        certificates = tuple(x509.load_pem_x509_certificates(signer.certificate.read_bytes()))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "contains no certificate in PEM"
        message = f"The signer's certificate, {signer.certificate}: {reason}"
        raise InputError(message, "Name a PEM file: the certificate, then its chain.") from None
    if certificates[0].public_key() != key.public_key():
        message = f"{signer.certificate} is not the certificate of {signer.key}"
        raise InputError(message, "Name a key and its own certificate, which comes first.")
    return Identity(certificates, key)


def _key(signer: Signer) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    try:
        held = read_secret(signer.key)
    except OSError as error:
        message = f"The signer's key, {signer.key}: {error.strerror}"
        raise InputError(message, "Name the PEM file of the private key.") from None
    secret = _passphrase(signer)
    try:
        key = serialization.load_pem_private_key(held, secret)
    except TypeError:
        message = f"{signer.key} needs a passphrase, or has none where one is given"
        raise InputError(message, _named(signer)) from None
    except ValueError:
        message = f"{signer.key} cannot be read: not a private key in PEM, or another passphrase"
        raise InputError(message, _named(signer)) from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        message = f"{signer.key} is neither an RSA nor an elliptic key"
        raise InputError(message, "Use one of ECDSA (P-256) or RSA (3072 bits).")
    return key


def _passphrase(signer: Signer) -> bytes | None:
    if not signer.passphrase:
        return None
    held = os.environ.get(signer.passphrase)
    if not held:
        message = f"The environment has no {signer.passphrase}, the passphrase of {signer.key}"
        raise InputError(message, f"Set {signer.passphrase} where this runs.")
    return held.encode(errors="surrogateescape")


def _named(signer: Signer) -> str:
    named = signer.passphrase or "a variable that you name"
    return f"Its passphrase comes from the environment, in {named}."
