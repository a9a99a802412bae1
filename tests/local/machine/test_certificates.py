"""Certificates: of an authority that may sign for this machine only, renewed in time."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from havre.errors import StateError
from havre_local.machine.encryption import certificates

if TYPE_CHECKING:
    from pathlib import Path

    from havre_local.machine.folder import Folder


def handshake(authority: Path, server: Path, name: str) -> str | None:
    """Let a client that trusts `authority` meet a server, in memory; the TLS version agreed on."""
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(server)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context(cafile=str(authority))
    client = context.wrap_bio(to_client, to_server, server_hostname=name)
    peer = theirs.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, peer):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return client.version()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "::1"])
def test_a_server_is_trusted_under_this_machines_names(folder: Folder, name: str) -> None:
    made = certificates.ensure_certificate(folder, "service")
    assert handshake(folder.authority, made.path, name) == "TLSv1.3"


def test_another_name_is_refused(folder: Folder) -> None:
    made = certificates.ensure_certificate(folder, "service")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(folder.authority, made.path, "example.org")


def test_the_authority_cannot_sign_for_another_host(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates.ensure_authority(folder)
    monkeypatch.setattr(certificates, "_NAMES", ("example.org",))
    made = certificates.ensure_certificate(folder, "rogue")
    with pytest.raises(ssl.SSLCertVerificationError, match="subtree"):
        handshake(folder.authority, made.path, "example.org")


def test_a_certificate_is_kept_until_it_nears_its_end(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "SERVER_DAYS", certificates.RENEW_DAYS - 1)
    short = certificates.ensure_certificate(folder, "service")
    authority = folder.authority.read_bytes()
    monkeypatch.undo()
    renewed = certificates.ensure_certificate(folder, "service")
    assert renewed.fingerprint != short.fingerprint
    assert renewed.expires > short.expires
    assert certificates.ensure_certificate(folder, "service") == renewed
    assert folder.authority.read_bytes() == authority


def test_the_authority_is_an_authority_and_its_key_is_private(folder: Folder) -> None:
    certificate = x509.load_pem_x509_certificate(certificates.ensure_authority(folder).read_bytes())
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert (constraints.value.ca, constraints.value.path_length) == (True, 0)
    assert (folder.certificates / "ca.key").stat().st_mode & 0o777 == 0o600


def test_a_run_killed_after_the_authoritys_key_goes_on_with_it(folder: Folder) -> None:
    certificates.ensure_authority(folder)
    key = (folder.certificates / "ca.key").read_bytes()
    folder.authority.unlink()
    made = certificates.ensure_certificate(folder, "service")
    assert (folder.certificates / "ca.key").read_bytes() == key
    handshake(folder.authority, made.path, "localhost")


def test_a_lost_key_is_an_error_and_not_a_new_authority(folder: Folder) -> None:
    certificates.ensure_authority(folder)
    (folder.certificates / "ca.key").unlink()
    with pytest.raises(StateError, match=r"ca\.key"):
        certificates.ensure_certificate(folder, "service")
