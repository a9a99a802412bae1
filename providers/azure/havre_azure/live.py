"""A warehouse in Azure, reached by real clients: its containers and its database.

Accounts and server take identities of Microsoft Entra alone, so a token stands where others have a
key. Tokens come from the environment, or from files named there, which whoever renews the token
writes again; they go to addresses of Azure's alone. Only a subscription can show that they are
taken, and how Azure keeps versions, locks and deleted blobs: that is not proved.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.capabilities import Support, Supported
from havre.errors import InputError
from havre.live.calls import classed
from havre.live.credentials import SecretReference, refuse_elsewhere
from havre.live.database import LibpqDatabase, LibpqReader, reader_of
from havre.live.wrappers import retrying
from havre.live.writing.writers import TokenLife, WritersByHand
from havre_azure.blobs import PAGE, Container, ContainerStore, abilities, connect
from havre_azure.settings import NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from havre.provider.outputs import Outputs, ZoneAddress

STORAGE_TOKEN = SecretReference("HAVRE_AZURE_STORAGE_TOKEN")
"""`az account get-access-token --resource https://storage.azure.com/`"""
READER_TOKEN = SecretReference("HAVRE_AZURE_READER_TOKEN")
"""The same of another identity, which has the role Storage Blob Data Reader alone."""
DATABASE_USER = SecretReference("HAVRE_AZURE_DATABASE_USER")
DATABASE_TOKEN = SecretReference("HAVRE_AZURE_DATABASE_TOKEN")
"""`az account get-access-token --resource-type oss-rdbms`"""
DATABASE_READER_USER = SecretReference("HAVRE_AZURE_DATABASE_READER_USER")
DATABASE_READER_TOKEN = SecretReference("HAVRE_AZURE_DATABASE_READER_TOKEN")
"""The same of another identity, whose role only reads."""
ENDPOINT = "https://{account}.blob.core.windows.net"
ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
DATABASE_HOST = re.compile(r"[a-z0-9][a-z0-9-]*\.postgres\.database\.azure\.com")
"""Hosts of Azure's public cloud."""
FRESH = 300
"""Seconds for which a token is taken to be valid before its reference is read again."""
BY_HAND = (
    "Azure takes writing away by role assignments, which are of its control plane: Blob Storage "
    "itself has no policy of a container that denies"
)
BACKUPS = (
    "Azure makes backups itself: it restores them into a service of its own, and never "
    "gives out their contents"
)
TOKENS = TokenLife(
    dt.timedelta(days=7),
    "a user delegation SAS lives as long as its key, which ends within 7 days (Microsoft Learn, "
    "BlobGetUserDelegationKeyParameters; read on 2026-11-30)",
)
"""Accounts take no shared key, so that no SAS of an account is valid."""


@dataclass(frozen=True)
class ReferredToken:
    """A credential of the SDK's that reads its token where it is, again and again.

    Attributes:
        reference: where the token is.
    """

    reference: SecretReference

    def get_token(self, *_scopes: str, **_: Any) -> Any:
        """The token, for a few minutes."""
        from azure.core.credentials import AccessToken

        return AccessToken(self.reference.read(), int(time.time()) + FRESH)


class _InventedCredential:
    """A credential of the SDK's that makes a token up for each call."""

    def get_token(self, *_scopes: str, **_: Any) -> Any:
        """A token that nobody was given."""
        from azure.core.credentials import AccessToken

        return AccessToken(secrets.token_urlsafe(48), int(time.time()) + FRESH)


@dataclass(frozen=True)
class InventedToken:
    """Implements `havre.live.entry.accounts.ZoneEntry` by a token that is made up for each call.

    Attributes:
        container: client of a zone's container with a credential.
    """

    container: Callable[[str, Any], Any]

    def read(self, zone: str) -> None:
        """Ask for one blob of a container."""
        found = Container(self.container(zone, _InventedCredential()))
        with classed(found, f"zone {zone}, with a token that was invented"):
            found.ask(PAGE, after=None, results_per_page=1)


@dataclass(frozen=True)
class AzureLive:
    """Implements `havre.live.warehouse.Live` over the outputs of a stack."""

    outputs: Outputs

    def store(self, zone: str) -> ContainerStore:
        """The container of a zone."""
        return self._store(zone, STORAGE_TOKEN)

    def reader(self, zone: str) -> ContainerStore | Supported:
        """The same by the token of an identity that only reads."""
        if not READER_TOKEN.known():
            return Supported(Support.ABSENT, f"{READER_TOKEN} is not set")
        return self._store(zone, READER_TOKEN)

    def _store(self, zone: str, token: SecretReference) -> ContainerStore:
        found = self.outputs.zone(zone)
        endpoint = _endpoint(zone, found)
        token.read()
        client = connect(endpoint, found.bucket, ReferredToken(token))
        container, name = retrying(Container(client)), f"zone {zone}"
        return ContainerStore(container, name, abilities(container, name))

    def stranger(self) -> InventedToken:
        """A token that nobody was given."""

        def container(zone: str, credential: Any) -> Any:
            found = self.outputs.zone(zone)
            return connect(_endpoint(zone, found), found.bucket, credential)

        return InventedToken(container)

    def cipher(self, zone: str) -> None:
        """Nothing is encrypted before it is stored."""
        self.outputs.zone(zone)

    def trail(self) -> Supported:
        """The logs stay where the provider keeps them."""
        return Supported(
            Support.ABSENT, "its Log Analytics workspace and its storage accounts have the logs"
        )

    def backups(self, came_from: str = "") -> Supported:  # noqa: ARG002 - of the contract
        """Backups are the provider's own, under its own keys."""
        return Supported(Support.ABSENT, BACKUPS)

    def zone_writers(self, zone: str) -> WritersByHand:
        """Who may write to a zone: only role assignments say, which are taken by hand."""
        return WritersByHand(f"zone {zone}", BY_HAND, TOKENS)

    def database(self) -> LibpqDatabase:
        """The database, with the rights of the identity that the environment names."""
        known = self.outputs.database
        there = DATABASE_HOST.fullmatch(known.host) is not None
        refuse_elsewhere("the database", known.host, "Azure", known=there)
        return LibpqDatabase(
            known.host, known.port, known.name, DATABASE_USER.read(), DATABASE_TOKEN
        )

    def database_reader(self) -> LibpqReader | Supported:
        """The same by the token of an identity whose role only reads."""
        return reader_of(self.database(), DATABASE_READER_USER, DATABASE_READER_TOKEN)


def live(outputs: Outputs) -> AzureLive:
    """The warehouse that outputs describe.

    Raises:
        InputError: it is another provider's.
    """
    if outputs.provider != NAME:
        message = f"the outputs are of provider `{outputs.provider}`, not of `{NAME}`"
        raise InputError(message, "Name the stack of this warehouse.")
    return AzureLive(outputs)


def _endpoint(zone: str, found: ZoneAddress) -> str:
    """The address of a zone, if it is that of its account at Azure."""
    account = found.account or ""
    named = ACCOUNT.fullmatch(account) is not None
    there = named and found.endpoint == ENDPOINT.format(account=account)
    refuse_elsewhere(f"zone {zone}", found.endpoint, "Azure", known=there)
    return found.endpoint
