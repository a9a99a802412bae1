"""The Blob service of a sandbox: its server, and what is set up in it as the plan says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from havre.errors import ProviderError, RetryError
from havre_local.machine.folder import PRIVATE, ensure_port, read_secret
from havre_sandbox.standins.blob.azurite import API_VERSION, SLOTS, new_key, program, succeeded
from havre_sandbox.standins.blob.catalogue import Action, Catalogue
from havre_sandbox.standins.blob.front import CATALOGUE, KEY_VARIABLE
from havre_sandbox.standins.web.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from havre_sandbox.standins.blob.catalogue import AccountSettings, ContainerSettings
    from havre_sandbox.standins.machine import Machine

SERVICE = "sandbox-blob"
ADMINISTRATOR = "sandbox-administrator"
"""The identity by which the sandbox itself makes and removes containers."""
_MODULE = "havre_sandbox.standins.blob.front"
_KEY = "sandbox-blob-key"
_TOKEN = "sandbox-blob-token"  # noqa: S105 - begins the name of a secret
_NOT_FOUND = 404
_CONFLICT = 409


@dataclass(frozen=True)
class BlobService:
    """The Blob service of a sandbox: nothing of it runs before it is started.

    Attributes:
        machine: where it is.
    """

    machine: Machine

    def start(self) -> None:
        """Have the service run, and wait until it answers.

        Raises:
            MissingDependencyError: Azurite is not installed.
            RetryError: it does not answer in time.
        """
        program()
        place = self.machine.place("blob")
        if not (place / "azurite").is_dir():
            self.machine.folder.custody.make_folder(place / "azurite", PRIVATE)
        self.machine.secret(_KEY, new_key)
        front = self.machine.front(SERVICE, _MODULE, ["--folder", str(place)], {KEY_VARIABLE: _KEY})
        self.machine.start(front)

    def endpoint(self, account: str) -> str:
        """Where clients reach an account."""
        return f"{self.machine.endpoint(SERVICE)}/{account}"

    def put_account(self, name: str, settings: AccountSettings) -> None:
        """Make a storage account, or change its settings.

        Raises:
            ProviderError: the sandbox has no room for another.
        """
        with self._catalogue() as catalogue:
            try:
                catalogue.put_account(name, settings, SLOTS)
            except ValueError as error:
                message = f"sandbox, storage account {name}: {error}"
                raise ProviderError(message, "Remove a storage account.") from None
            catalogue.put_identity(ADMINISTRATOR, self.token(ADMINISTRATOR))
            catalogue.put_grant(f"{ADMINISTRATOR} {name}", ADMINISTRATOR, name, Action)

    def drop_account(self, name: str) -> None:
        """Remove a storage account with its containers.

        Raises:
            ProviderError: what is in one of them is protected.
        """
        with self._catalogue() as catalogue:
            for container in catalogue.containers(name):
                self.drop_container(name, container)
            catalogue.drop_account(name)
            catalogue.drop_grant(f"{ADMINISTRATOR} {name}")

    def put_container(self, account: str, name: str, settings: ContainerSettings) -> None:
        """Make a container, or change its settings.

        Raises:
            ProviderError: the service refuses it.
        """
        self._asked("PUT", account, name, (_CONFLICT,))
        with self._catalogue() as catalogue:
            catalogue.put_container(account, name, settings)

    def drop_container(self, account: str, name: str) -> None:
        """Remove a container; none is fine.

        Raises:
            ProviderError: what is in it is protected.
        """
        self._asked("DELETE", account, name, (_NOT_FOUND,))

    def containers(self, account: str) -> tuple[str, ...]:
        """Names of the containers of an account."""
        with self._catalogue() as catalogue:
            return catalogue.containers(account)

    def put_identity(self, principal: str) -> None:
        """Give an identity a token, in a file that `token_name` names."""
        with self._catalogue() as catalogue:
            catalogue.put_identity(principal, self.token(principal))

    def drop_identity(self, principal: str) -> None:
        """Take an identity's token and all that it was granted away."""
        with self._catalogue() as catalogue:
            catalogue.drop_identity(principal)
        self.machine.forget_secret(token_name(principal))

    def put_grant(
        self, identifier: str, principal: str, scope: str, actions: Iterable[Action]
    ) -> None:
        """Allow an identity something.

        Args:
            identifier: of the grant.
            principal: the identity.
            scope: `ACCOUNT` or `ACCOUNT/CONTAINER`.
            actions: what it may do there.
        """
        with self._catalogue() as catalogue:
            catalogue.put_grant(identifier, principal, scope, actions)

    def drop_grant(self, identifier: str) -> None:
        """Take a grant away; it counts from the next request on."""
        with self._catalogue() as catalogue:
            catalogue.drop_grant(identifier)

    def set_usable(self, key: str, *, usable: bool) -> None:
        """Say whether accounts that a customer's key encrypts can be read."""
        with self._catalogue() as catalogue:
            catalogue.set_usable(key, usable=usable)

    def token(self, principal: str) -> str:
        """The token of an identity, made the first time."""
        return self.machine.secret(token_name(principal))

    def _catalogue(self) -> _Open:
        return _Open(Catalogue(self.machine.place("blob") / CATALOGUE))

    def _asked(self, method: str, account: str, container: str, fine: tuple[int, ...]) -> None:
        """Ask the service about a container, as the sandbox itself."""
        token = read_secret(self.machine.folder, token_name(ADMINISTRATOR))
        upstream = Upstream(ensure_port(self.machine.folder, SERVICE), self.machine.trust)
        headers = {"authorization": f"Bearer {token}", "x-ms-version": API_VERSION}
        where = f"/{account}/{container}?restype=container"
        try:
            answer = upstream.ask(method, where, headers)
            body = answer.whole()
        except OSError as error:
            message = f"sandbox, storage account {account}: no answer ({type(error).__name__})"
            log = self.machine.folder.log(SERVICE)
            raise RetryError(message, f"See {log}.") from error
        if not succeeded(answer) and answer.status not in fine:
            code = answer.header("x-ms-error-code") or str(answer.status)
            message = f"sandbox, container {account}/{container}: {code}: {_text(body)}"
            raise ProviderError(message, "Change what it names, then run again.")


class _Open:
    """A catalogue, closed at the end."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def __enter__(self) -> Catalogue:
        return self.catalogue

    def __exit__(self, *_: object) -> None:
        self.catalogue.close()


def token_name(principal: str) -> str:
    """Name of the secret that has an identity's token."""
    kept = "".join(each if each.isalnum() else "-" for each in principal)
    return f"{_TOKEN}-{kept}"


def _text(body: bytes) -> str:
    """What a refusal says."""
    try:
        return ET.fromstring(body).findtext("Message") or ""  # noqa: S314 - our own server's
    except ET.ParseError:
        return ""
