"""Stand-ins of a sandbox that follow Azure's resources: accounts, keys, roles and the database.

Firewalls, private endpoints and all other rules of networks are recorded only: every client is on
this machine.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.errors import ProviderError
from havre_azure.facts.access import UNTIL
from havre_azure.names import Role
from havre_sandbox.standins.blob import azurite
from havre_sandbox.standins.blob.catalogue import Action, Grant, WormPolicy
from havre_sandbox.standins.blob.service import SERVICE, BlobService
from havre_sandbox.standins.following import following
from havre_sandbox.standins.keys import KeyService, VaultSettings
from havre_sandbox.standins.postgres.service import SERVICE as DATABASE_SERVICE
from havre_sandbox.standins.postgres.service import PostgresService, Profile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.live.warehouse import Live
    from havre.provider.outputs import Outputs, ZoneAddress
    from havre_sandbox import Existing, StandIn
    from havre_sandbox.standins.machine import Machine

PROFILE = Profile("azure_pg_admin", allow_list="azure.extensions")
"""Microsoft Learn, Azure Database for PostgreSQL: security, and extensions by allow list."""
TLS = "ssl_min_protocol_version"
DATA_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
READS = frozenset({Action.READ, Action.READ_VERSIONS, Action.READ_CONTAINERS, Action.DELEGATE})
WRITES = frozenset({Action.WRITE, Action.DELETE, Action.WRITE_CONTAINERS, Action.DELETE_CONTAINERS})
ROLES: Mapping[str, frozenset[Action]] = {
    Role.BLOB_READER.value: READS,
    Role.BLOB_CONTRIBUTOR.value: READS | WRITES,
    DATA_OWNER: frozenset(Action),
}
"""Data actions of built-in roles (Microsoft Learn, Azure built-in roles for Storage); those that
are not listed reach no blob."""
_STORE = re.compile(
    r".*/storageAccounts/([a-z0-9]+)(?:/blobServices/default/containers/([^/]+))?", re.IGNORECASE
)
_VAULT = re.compile(r"https://([A-Za-z0-9-]+)\.vault\.azure\.net(?::443)?/?(?:keys/([^/]+))?.*")
_DAYS_OF_VAULT = 90


@dataclass(frozen=True)
class AzureStandIns:
    """What follows Azure's resources in one sandbox.

    Attributes:
        machine: where it is.
    """

    machine: Machine

    @property
    def blob(self) -> BlobService:
        """What has the storage accounts."""
        return BlobService(self.machine)

    @property
    def postgres(self) -> PostgresService:
        """What has the database server."""
        return PostgresService(self.machine, PROFILE)

    @property
    def keys(self) -> KeyService:
        """What has the vaults."""

        def told(key: str, usable: bool) -> None:
            self.blob.set_usable(key, usable=usable)

        return KeyService(self.machine, told=told)

    def refuse_lacking(self) -> None:
        """Refuse a machine without Azurite, Node or PostgreSQL.

        Raises:
            MissingDependencyError: one is not installed.
        """
        azurite.program()
        self.postgres.refuse_lacking()

    def start(self, known: frozenset[str]) -> None:
        """Have services run that ran before."""
        if SERVICE in known:
            self.blob.start()
        if DATABASE_SERVICE in known:
            self.postgres.start()

    def endpoint(self, zone: ZoneAddress) -> str:
        """Where clients reach a zone on this machine."""
        return self.blob.endpoint(zone.account or "")

    def database_port(self) -> int:
        """Where clients reach the database on this machine."""
        return self.postgres.port

    def live(self, outputs: Outputs) -> Live:
        """Its stores and its database, by clients."""
        from havre_azure.sandbox.live import AzureSandboxLive

        return AzureSandboxLive(outputs, self.machine)

    def by_type(self) -> Mapping[str, StandIn]:
        """The stand-in of each type; all others are recorded only."""
        found = {
            "storage:StorageAccount": following(self._account, self._drop_account),
            "storage:BlobServiceProperties": following(self._blob_service),
            "storage:BlobContainer": following(self._container, self._drop_container),
            "storage:BlobContainerImmutabilityPolicy": following(self._policy, self._drop_policy),
            "storage:BlobContainerLegalHold": following(self._hold, self._drop_hold),
            "managedidentity:UserAssignedIdentity": following(_nothing, self._drop_identity),
            "authorization:RoleAssignment": following(self._role, self._drop_role),
            "keyvault:Vault": following(self._vault, self._drop_vault),
            "keyvault:Key": following(self._key, self._drop_key),
            "dbforpostgresql:Server": following(self._server),
            "dbforpostgresql:Configuration": following(self._parameter, self._drop_parameter),
            "dbforpostgresql:Database": following(self._database, self._drop_database),
            "dbforpostgresql:AdministratorsMicrosoftEntra": following(
                self._administrator, self._drop_administrator
            ),
        }
        return {f"azure-native:{name}": each for name, each in found.items()}

    def _account(self, existing: Existing) -> None:
        told = existing.properties
        versions = told.get("immutableStorageWithVersioning") or {}
        encryption = (told.get("encryption") or {}).get("keyVaultProperties") or {}
        vault = _VAULT.fullmatch(str(encryption.get("keyVaultUri") or ""))
        self.blob.start()
        self.blob.change_account(
            told["accountName"],
            version_level=bool(versions.get("enabled")),
            policy=_worm(versions.get("immutabilityPolicy")),
            shared_key=told.get("allowSharedKeyAccess", True) is not False,
            key=f"{vault[1]}/{encryption.get('keyName')}" if vault else "",
        )

    def _drop_account(self, existing: Existing) -> None:
        self.blob.drop_account(existing.properties["accountName"])

    def _blob_service(self, existing: Existing) -> None:
        told = existing.properties
        self.blob.change_account(
            told["accountName"],
            versions=bool(told.get("isVersioningEnabled")),
            deleted_days=_days(told.get("deleteRetentionPolicy")),
            container_days=_days(told.get("containerDeleteRetentionPolicy")),
        )

    def _container(self, existing: Existing) -> None:
        told = existing.properties
        self.blob.change_container(
            told["accountName"],
            told["containerName"],
            version_level=bool((told.get("immutableStorageWithVersioning") or {}).get("enabled")),
            scope=told.get("defaultEncryptionScope") or "",
            scope_only=bool(told.get("denyEncryptionScopeOverride")),
        )

    def _drop_container(self, existing: Existing) -> None:
        told = existing.properties
        self.blob.drop_container(told["accountName"], told["containerName"])

    def _policy(self, existing: Existing) -> None:
        told = existing.properties
        self.blob.change_container(
            told["accountName"], told["containerName"], policy=_worm({"state": "Unlocked", **told})
        )

    def _drop_policy(self, existing: Existing) -> None:
        told = existing.properties
        self.blob.change_container(told["accountName"], told["containerName"], policy=None)

    def _hold(self, existing: Existing) -> None:
        told = existing.properties
        holds = tuple(told.get("tags") or ())
        self.blob.change_container(told["accountName"], told["containerName"], holds=holds)

    def _drop_hold(self, existing: Existing) -> None:
        told = existing.properties
        self.blob.change_container(told["accountName"], told["containerName"], holds=())

    def _drop_identity(self, existing: Existing) -> None:
        self.blob.drop_identity(str(existing.computed.get("principalId") or ""))

    def _role(self, existing: Existing) -> None:
        told = existing.properties
        actions = ROLES.get(str(told["roleDefinitionId"]).rpartition("/")[2].lower())
        store = _STORE.fullmatch(str(told["scope"]))
        if actions is None or store is None:
            return
        account, container = store[1], store[2]
        grant = _conditional(existing.name, actions, str(told.get("condition") or ""))
        principal = str(told["principalId"])
        self.blob.put_identity(principal)
        scope = f"{account}/{container}" if container else account
        self.blob.put_grant(existing.id, principal, scope, grant)

    def _drop_role(self, existing: Existing) -> None:
        self.blob.drop_grant(existing.id)

    def _vault(self, existing: Existing) -> None:
        told = existing.properties["properties"]
        days = int(told.get("softDeleteRetentionInDays") or _DAYS_OF_VAULT)
        protected = bool(told.get("enablePurgeProtection"))
        self.keys.put_vault(existing.properties["vaultName"], VaultSettings(days, protected))

    def _drop_vault(self, existing: Existing) -> None:
        self.keys.delete_vault(existing.properties["vaultName"])

    def _key(self, existing: Existing) -> None:
        told = existing.properties
        vault, key = told["vaultName"], told["keyName"]
        self.keys.put_key(vault, key)
        attributes = told["properties"].get("attributes") or {}
        enabled = attributes.get("enabled", True) is not False
        self.keys.set_enabled(vault, key, enabled=enabled)

    def _drop_key(self, existing: Existing) -> None:
        """Azure Resource Manager deletes no key: the resource goes, and the key stays."""

    def _server(self, _existing: Existing) -> None:
        self.postgres.start()

    def _parameter(self, existing: Existing) -> None:
        name, value = existing.properties["configurationName"], str(existing.properties["value"])
        self.postgres.put_parameter(name, value)
        if name == TLS:
            self.postgres.start(value.removeprefix("TLSv"))

    def _drop_parameter(self, existing: Existing) -> None:
        self.postgres.drop_parameter(existing.properties["configurationName"])

    def _database(self, existing: Existing) -> None:
        self.postgres.put_database(existing.properties["databaseName"])

    def _drop_database(self, existing: Existing) -> None:
        self.postgres.drop_database(existing.properties["databaseName"])

    def _administrator(self, existing: Existing) -> None:
        self.postgres.put_administrator(existing.properties["principalName"])

    def _drop_administrator(self, existing: Existing) -> None:
        self.postgres.drop_role(existing.properties["principalName"])


def _nothing(_existing: Existing) -> None:
    """An identity has a token once it has a role."""


def _worm(told: Mapping[str, Any] | None) -> WormPolicy | None:
    if not told or not told.get("immutabilityPeriodSinceCreationInDays"):
        return None
    return WormPolicy(
        int(told["immutabilityPeriodSinceCreationInDays"]),
        locked=str(told.get("state", "")).lower() == "locked",
        append=bool(told.get("allowProtectedAppendWrites")),
    )


def _days(told: Mapping[str, Any] | None) -> int:
    return int(told.get("days") or 0) if told and told.get("enabled") else 0


def _conditional(name: str, actions: frozenset[Action], condition: str) -> Grant:
    """A grant as far as its condition allows.

    Raises:
        ProviderError: the condition has a form that the sandbox does not evaluate: nothing is
            granted in doubt.
    """
    if not condition:
        return Grant(actions)
    written = "".join(condition.split())
    found = UNTIL.fullmatch(written)
    if found is None:
        message = f"{name}: the sandbox does not evaluate the condition of the role assignment"
        raise ProviderError(message, "Use a condition in the form that Havre writes.")
    until = dt.datetime.fromisoformat(found[1]).replace(tzinfo=dt.UTC)
    current = "isCurrentVersion" in written
    return Grant(actions - {Action.READ_VERSIONS} if current else actions, until)
