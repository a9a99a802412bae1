"""DER by hand, as far as a time-stamp token of any moment takes it."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

if TYPE_CHECKING:
    from cryptography import x509

SEQUENCE, SET, INTEGER, OCTETS, OID, NULL = 0x30, 0x31, 0x02, 0x04, 0x06, 0x05
UTF8, TIME = 0x0C, 0x18
SIGNED_DATA = "1.2.840.113549.1.7.2"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"
ECDSA_SHA256 = "1.2.840.10045.4.3.2"
POLICY = "1.3.6.1.4.1.99999.1"
DIGESTS = {"sha256": "2.16.840.1.101.3.4.2.1", "sha1": "1.3.14.3.2.26"}


def der(tag: int, *parts: bytes) -> bytes:
    """A value of a tag."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def number(value: int) -> bytes:
    return der(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = bytes((first * 40 + second,))
    for arc in rest:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        content += bytes(reversed(groups))
    return der(OID, content)


def algorithm(dotted: str) -> bytes:
    return der(SEQUENCE, oid(dotted))


def attribute(dotted: str, *values: bytes) -> bytes:
    return der(SEQUENCE, oid(dotted), der(SET, *values))


def reply(
    hashed: bytes,
    key: ec.EllipticCurvePrivateKey,
    certificate: x509.Certificate,
    at: dt.datetime,
    *,
    digest: str = "sha256",
    words: str = "",
) -> bytes:
    """An authority's answer (TimeStampResp): what was hashed was there at a moment.

    Args:
        hashed: digest of what was there.
        key: the authority's.
        certificate: the authority's.
        at: the moment.
        digest: name of the algorithm of `hashed`.
        words: what the answer says beside the token, unsigned.
    """
    imprint = der(SEQUENCE, algorithm(DIGESTS[digest]), der(OCTETS, hashed))
    moment = der(TIME, at.astimezone(dt.UTC).strftime("%Y%m%d%H%M%SZ").encode())
    info = der(SEQUENCE, number(1), oid(POLICY), imprint, number(7), moment)
    status = der(
        SEQUENCE, number(0), *([der(SEQUENCE, der(UTF8, words.encode()))] if words else [])
    )
    return der(SEQUENCE, status, _signed(info, key, certificate))


def _signed(info: bytes, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> bytes:
    shown = certificate.public_bytes(Encoding.DER)
    named = der(SEQUENCE, der(SEQUENCE, der(SEQUENCE, der(OCTETS, hashlib.sha256(shown).digest()))))
    attributes = sorted(
        (
            attribute(CONTENT_TYPE, oid(TST_INFO)),
            attribute(MESSAGE_DIGEST, der(OCTETS, hashlib.sha256(info).digest())),
            attribute(SIGNING_CERTIFICATE, named),
        )
    )
    signature = key.sign(der(SET, *attributes), ec.ECDSA(hashes.SHA256()))
    issuer = certificate.issuer.public_bytes()
    signer = der(
        SEQUENCE,
        number(1),
        der(SEQUENCE, issuer, number(certificate.serial_number)),
        algorithm(DIGESTS["sha256"]),
        der(0xA0, *attributes),
        algorithm(ECDSA_SHA256),
        der(OCTETS, signature),
    )
    content = der(SEQUENCE, oid(TST_INFO), der(0xA0, der(OCTETS, info)))
    return der(
        SEQUENCE,
        oid(SIGNED_DATA),
        der(
            0xA0,
            der(
                SEQUENCE,
                number(3),
                der(SET, algorithm(DIGESTS["sha256"])),
                content,
                der(0xA0, shown),
                der(SET, signer),
            ),
        ),
    )
