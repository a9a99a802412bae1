"""What the service refuses, with its own code and status, and a text of ours.

Codes: Microsoft Learn, Blob service error codes; Common REST API error codes (read 2026-11-30).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from havre_sandbox.standins.web.exchange import FrontAnswer

if TYPE_CHECKING:
    from havre_sandbox.standins.web.exchange import Request


@dataclass
class RefusedRequest(Exception):  # noqa: N818 - an answer, and no fault of the front's
    """A request that the service refuses."""

    status: int
    code: str
    text: str

    def answer(self, request: Request) -> FrontAnswer:
        """The answer: of a request for a head the code stands in a header alone."""
        headers = [("x-ms-error-code", self.code), ("Content-Type", "application/xml")]
        if self.status == 401:  # noqa: PLR2004 - HTTP's own
            headers.append(("WWW-Authenticate", "Bearer"))
        if version := request.header("x-ms-version"):
            headers.append(("x-ms-version", version))
        body = (
            '<?xml version="1.0" encoding="utf-8"?>'
            f"<Error><Code>{self.code}</Code><Message>{escape(self.text)}</Message></Error>"
        )
        return FrontAnswer(self.status, headers, body.encode())


def nobody() -> RefusedRequest:
    """The request does not say whose it is."""
    return RefusedRequest(401, "NoAuthenticationInformation", "Sandbox: no credential was given.")


def unknown_token() -> RefusedRequest:
    """No identity has this token."""
    text = "Sandbox: the token is no identity's, or was revoked."
    return RefusedRequest(401, "InvalidAuthenticationInfo", text)


def wrong_signature() -> RefusedRequest:
    """A signature is nobody's that is known."""
    text = "Sandbox: the signature is not that of the account or of an identity."
    return RefusedRequest(403, "AuthenticationFailed", text)


def out_of_time() -> RefusedRequest:
    """A signed address is not yet valid, or no more."""
    text = "Sandbox: the signature is not yet valid, or has expired."
    return RefusedRequest(403, "AuthenticationFailed", text)


def no_shared_key() -> RefusedRequest:
    """The account accepts no shared key."""
    text = "Sandbox: the account has allowSharedKeyAccess false."
    return RefusedRequest(403, "KeyBasedAuthenticationNotPermitted", text)


def not_granted(action: str) -> RefusedRequest:
    """The identity has no role that allows it."""
    text = f"Sandbox: no role assignment allows `{action}` here."
    return RefusedRequest(403, "AuthorizationPermissionMismatch", text)


def no_account(name: str) -> RefusedRequest:
    """There is no such account; at Azure its host would have no address."""
    return RefusedRequest(404, "ResourceNotFound", f"Sandbox: no storage account `{name}`.")


def no_container() -> RefusedRequest:
    """There is no such container."""
    return RefusedRequest(404, "ContainerNotFound", "Sandbox: the container does not exist.")


def no_blob() -> RefusedRequest:
    """There is no such blob or version."""
    return RefusedRequest(404, "BlobNotFound", "Sandbox: the blob does not exist.")


def under_policy() -> RefusedRequest:
    """A policy forbids it."""
    text = "Sandbox: an immutability policy protects the blob."
    return RefusedRequest(409, "BlobImmutableDueToPolicy", text)


def under_hold() -> RefusedRequest:
    """A legal hold forbids it."""
    text = "Sandbox: a legal hold protects the blob."
    return RefusedRequest(409, "BlobImmutableDueToLegalHold", text)


def container_held() -> RefusedRequest:
    """The container has legal holds."""
    text = "Sandbox: a legal hold protects the container."
    return RefusedRequest(409, "ContainerHasLegalHold", text)


def container_locked() -> RefusedRequest:
    """The container has blobs that a policy protects."""
    text = "Sandbox: an immutability policy protects the container, which is not empty."
    return RefusedRequest(409, "ContainerImmutabilityPolicyLocked", text)


def no_versions() -> RefusedRequest:
    """Policies of versions need a container with version-level immutability."""
    text = "Sandbox: the container has no version-level immutability."
    return RefusedRequest(409, "BlobOperationNotSupported", text)


def bad_header(name: str, why: str) -> RefusedRequest:
    """A header is not valid."""
    return RefusedRequest(400, "InvalidHeaderValue", f"Sandbox: {name}: {why}.")


def no_lease() -> RefusedRequest:
    """Somebody has leased the blob."""
    text = "Sandbox: the blob is leased, and the request names no lease."
    return RefusedRequest(412, "LeaseIdMissing", text)


def unmet() -> RefusedRequest:
    """A condition of the request does not hold."""
    return RefusedRequest(412, "ConditionNotMet", "Sandbox: a condition of the request is not met.")


def snapshots_present() -> RefusedRequest:
    """A blob with snapshots is deleted with them or not at all."""
    text = "Sandbox: the blob has snapshots, and the request does not say what becomes of them."
    return RefusedRequest(409, "SnapshotsPresent", text)


def key_unusable() -> RefusedRequest:
    """The customer's key cannot be used."""
    text = "Sandbox: the account's customer-managed key is disabled or deleted."
    return RefusedRequest(403, "KeyVaultEncryptionKeyNotFound", text)


def root_blob() -> RefusedRequest:
    """A current version is not deleted by its identifier."""
    text = "Sandbox: this is the current version; delete the blob without naming a version."
    return RefusedRequest(403, "OperationNotAllowedOnRootBlob", text)


def scope_fixed() -> RefusedRequest:
    """The container's own encryption scope cannot be replaced."""
    text = "Sandbox: the container allows no encryption scope but its own."
    return RefusedRequest(403, "RequestForbiddenByContainerEncryptionPolicy", text)


def bad_delegation() -> RefusedRequest:
    """A key is asked for that nobody can have."""
    text = "Sandbox: KeyInfo needs an expiry within 7 days."
    return RefusedRequest(400, "InvalidXmlDocument", text)


def account_unchanged() -> RefusedRequest:
    """An account is set up by its own interface."""
    text = "Sandbox: the settings of an account are changed by its resources only."
    return RefusedRequest(403, "AuthorizationPermissionMismatch", text)


def copy_from_elsewhere() -> RefusedRequest:
    """A copy is made within one account."""
    text = "Sandbox: copies are made within one storage account."
    return RefusedRequest(403, "CannotVerifyCopySource", text)
