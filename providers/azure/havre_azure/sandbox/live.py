"""A warehouse in a sandbox of Azure, reached by the clients that reach Azure itself.

Names of accounts and of the database are those of the outputs; the addresses are this machine's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.live.credentials import SecretReference
from havre.live.wrappers import retrying
from havre_azure.blobs import Container, ContainerStore, abilities, connect
from havre_azure.live import AzureLive, InventedToken, ReferredToken
from havre_azure.sandbox.standins import AzureStandIns
from havre_sandbox.standins.blob.service import ADMINISTRATOR, READER, token_name
from havre_sandbox.standins.blob.writers import GrantWriters
from havre_sandbox.standins.postgres.entry import RoleReader, administered, own_roles

if TYPE_CHECKING:
    from havre.capabilities import Supported
    from havre.provider.outputs import Outputs
    from havre_local.live import LocalDatabase
    from havre_sandbox.standins.machine import Machine


@dataclass(frozen=True)
class AzureSandboxLive:
    """Implements `havre.live.warehouse.Live` over the stand-ins of a sandbox.

    Attributes:
        outputs: of the stack.
        machine: where the stand-ins are.
    """

    outputs: Outputs
    machine: Machine

    def store(self, zone: str) -> ContainerStore:
        """The container of a zone, by an identity of the sandbox's own."""
        return self._store(zone, ADMINISTRATOR)

    def reader(self, zone: str) -> ContainerStore:
        """The same by an identity that only reads."""
        return self._store(zone, READER)

    def _store(self, zone: str, principal: str) -> ContainerStore:
        found = self.outputs.zone(zone)
        token = SecretReference(file=self.machine.secret_file(token_name(principal)))
        endpoint = AzureStandIns(self.machine).blob.endpoint(found.account or "")
        authority = str(self.machine.authority)
        client = connect(endpoint, found.bucket, ReferredToken(token), authority=authority)
        container, name = retrying(Container(client)), f"zone {zone}"
        return ContainerStore(container, name, abilities(container, name))

    def stranger(self) -> InventedToken:
        """A token that nobody was given."""

        def container(zone: str, credential: Any) -> Any:
            found, authority = self.outputs.zone(zone), str(self.machine.authority)
            endpoint = AzureStandIns(self.machine).blob.endpoint(found.account or "")
            return connect(endpoint, found.bucket, credential, authority=authority)

        return InventedToken(container)

    def cipher(self, zone: str) -> None:
        """Nothing is encrypted before it is stored."""
        AzureLive(self.outputs).cipher(zone)

    def trail(self) -> Supported:
        """As at Azure."""
        return AzureLive(self.outputs).trail()

    def backups(self, came_from: str = "") -> Supported:
        """As at Azure."""
        return AzureLive(self.outputs).backups(came_from)

    def zone_writers(self, zone: str) -> GrantWriters:
        """Who may write to a zone: a sandbox has its control plane on this machine."""
        found, blob = self.outputs.zone(zone), AzureStandIns(self.machine).blob
        return GrantWriters(blob, found.account or "", found.bucket, f"zone {zone}")

    def database(self) -> LocalDatabase:
        """The database, by an administrator who is no superuser."""
        return administered(AzureStandIns(self.machine).postgres, self.outputs.database.name)

    def database_reader(self) -> RoleReader:
        """The same by a role that only reads."""
        return RoleReader(AzureStandIns(self.machine).postgres, self.outputs.database.name)

    def vendor_roles(self) -> dict[str, str]:
        """Roles that no user has made: see `havre.live.warehouse.vendor_roles`."""
        return own_roles(AzureStandIns(self.machine).postgres)
