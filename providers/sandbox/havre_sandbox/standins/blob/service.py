"""The Blob service of a sandbox: its server, and what is set up in it as the plan says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from havre.errors import ProviderError, RetryError
from havre_local.machine.folder import PRIVATE, ensure_port, read_secret
from havre_sandbox.standins.blob.azurite import API_VERSION, SLOTS, new_key, program, succeeded
from havre_sandbox.standins.blob.catalogue import (
    AccountSettings,
    Action,
    Catalogue,
    ContainerSettings,
    Grant,
    Granted,
)
from havre_sandbox.standins.blob.front import CATALOGUE, KEY_VARIABLE
from havre_sandbox.standins.web.upstream import Upstream

if TYPE_CHECKING:
    from havre_sandbox.standins.machine import Machine

SERVICE = "sandbox-blob"
ADMINISTRATOR = "sandbox-administrator"
"""The identity by which the sandbox itself makes and removes containers."""
READER = "sandbox-reader"
"""The identity that reads everything and writes nothing, for whoever reads back."""
READS = frozenset(
    {Action.READ, Action.READ_VERSIONS, Action.READ_TAGS, Action.READ_CONTAINERS, Action.DELEGATE}
)
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
        if self.machine.started(SERVICE):
            return
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
            everything = Grant(frozenset(Action))
            catalogue.put_grant(f"{ADMINISTRATOR} {name}", ADMINISTRATOR, name, everything)
            for each in (ADMINISTRATOR, READER):
                catalogue.put_identity(each, self.token(each))
            catalogue.put_grant(f"{READER} {name}", READER, name, Grant(READS))

    def change_account(self, name: str, **changes: Any) -> None:
        """Change some settings of a storage account, by their names; made where it is missing."""
        with self._catalogue() as catalogue:
            known = catalogue.account(name)
        self.put_account(name, replace(known[1] if known else AccountSettings(), **changes))

    def change_container(self, account: str, name: str, **changes: Any) -> None:
        """Change some settings of a container, by their names; made where it is missing."""
        with self._catalogue() as catalogue:
            known = catalogue.place(account, name)
        settings = known.settings if known else ContainerSettings()
        self.put_container(account, name, replace(settings, **changes))

    def drop_account(self, name: str) -> None:
        """Remove a storage account with its containers.

        Raises:
            ProviderError: what is in one of them is protected.
        """
        with self._catalogue() as catalogue:
            for container in catalogue.containers(name):
                self.drop_container(name, container)
            catalogue.drop_account(name)
            for each in (ADMINISTRATOR, READER):
                catalogue.drop_grant(f"{each} {name}")

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

    def put_grant(self, identifier: str, principal: str, scope: str, grant: Grant) -> None:
        """Allow an identity something.

        Args:
            identifier: of the grant.
            principal: the identity.
            scope: `ACCOUNT` or `ACCOUNT/CONTAINER`.
            grant: what it may do there, and until when.
        """
        with self._catalogue() as catalogue:
            catalogue.put_grant(identifier, principal, scope, grant)

    def drop_grant(self, identifier: str) -> None:
        """Take a grant away; it counts from the next request on."""
        with self._catalogue() as catalogue:
            catalogue.drop_grant(identifier)

    def granted(self, account: str, container: str) -> tuple[Granted, ...]:
        """Every grant on a container or on its account."""
        with self._catalogue() as catalogue:
            return catalogue.granted(account, container)

    def shared_key(self, account: str) -> bool:
        """Whether an account's own key is accepted."""
        with self._catalogue() as catalogue:
            known = catalogue.account(account)
        return known is not None and known[1].shared_key

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
        self.start()
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
