"""Database: PostgreSQL Flexible Server in its delegated subnet, Entra identities only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_azure_native import dbforpostgresql as db

from havre.provider.parts import Authority, DatabaseInputs, DatabaseOutputs
from havre.spec.model import Availability, Extension, Size, TlsVersion
from havre_azure.names import Deployment
from havre_azure.parts.keys import DATABASE, RECOVERY
from havre_azure.resources import after, copies, diagnose, known, lock, usual

if TYPE_CHECKING:
    import pulumi

    from havre.provider.context import Part
    from havre_azure.settings import AzureSettings

SIZES = {
    Size.S: "Standard_D2ds_v5",
    Size.M: "Standard_D4ds_v5",
    Size.L: "Standard_D8ds_v5",
    Size.XL: "Standard_D16ds_v5",
}
"""Compute by size: general purpose, 2 to 16 cores of 4 GiB."""
STORAGE_GIB = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)
"""Sizes of Premium SSD that the service sells: the next larger one is taken."""
SHORTEST_BACKUP, LONGEST_BACKUP = 7, 35
"""Days of point-in-time restore that the service keeps."""
PORT = 5432
LOGS = ("PostgreSQLLogs", "PostgreSQLFlexSessions")


def storage_gib(asked: int) -> int:
    """The smallest size on sale that holds `asked`."""
    return next(size for size in STORAGE_GIB if size >= asked)


def point_in_time_days(asked: int) -> int:
    """Days of point-in-time restore; what is asked beyond is the backup vault's."""
    return min(max(asked, SHORTEST_BACKUP), LONGEST_BACKUP)


def configuration(at: Deployment) -> dict[str, str]:
    """Server parameters: encrypted connections, everything logged, extensions allowed."""
    asked = at.spec.database.extensions
    allowed = sorted({"PGAUDIT", *(extension.value.upper() for extension in asked)})
    preloaded = ["pgaudit", "pg_stat_statements"]
    tls = "TLSv1.3" if at.spec.encryption.tls is TlsVersion.TLS_1_3 else "TLSv1.2"
    return {
        "require_secure_transport": "on",
        "ssl_min_protocol_version": tls,
        "azure.extensions": ",".join(allowed),
        "shared_preload_libraries": ",".join(
            preloaded if Extension.PG_STAT_STATEMENTS in asked else preloaded[:1]
        ),
        "pgaudit.log": "all",
        "log_connections": "on",
        "log_disconnections": "on",
        # Not `log_statement`: with `ddl` it writes passwords of CREATE ROLE in clear text. pgaudit
        # logs every statement, and redacts them.
    }


def server_id(at: Deployment) -> str:
    """ARM identifier of the server."""
    return at.id("Microsoft.DBforPostgreSQL/flexibleServers", at.server)


def _users(at: Deployment, key: pulumi.Output[str]) -> list[pulumi.Output[str]]:
    """Identities that may use the server's key, and the one where its backups are copied."""
    words = ["", f"-{RECOVERY}"] if at.geo else [""]
    return [after(at.key_identity_id(f"{DATABASE}{word}"), key) for word in words]


def _identity(at: Deployment, key: pulumi.Output[str] | None) -> db.UserAssignedIdentityArgs | None:
    """Here alone (and in the registry) the SDK wants a mapping; elsewhere it wants a list."""
    if key is None:
        return None
    # Keys of a mapping cannot be outputs: what must exist first is in `depends`, via the key.
    names = [DATABASE, f"{DATABASE}-{RECOVERY}"] if at.geo else [DATABASE]
    return db.UserAssignedIdentityArgs(
        type=db.IdentityType.USER_ASSIGNED,
        user_assigned_identities={
            at.key_identity_id(name): db.UserIdentityArgs() for name in names
        },
    )


def _encryption(at: Deployment, key: pulumi.Output[str] | None) -> db.DataEncryptionArgs | None:
    """Chosen when the server is made, and never again; addresses have no version, to follow."""
    if key is None:
        return None
    users = _users(at, key)
    geo = at.key_uri(DATABASE, RECOVERY) if at.geo else ""
    return db.DataEncryptionArgs(
        type=db.DataEncryptionType.AZURE_KEY_VAULT,
        primary_key_uri=key,
        primary_user_assigned_identity_id=users[0],
        geo_backup_key_uri=after(geo, key) if at.geo else None,
        geo_backup_user_assigned_identity_id=users[1] if at.geo else None,
    )


def _high_availability(at: Deployment) -> db.HighAvailabilityArgs:
    several = at.spec.database.availability is Availability.MULTI_ZONE and at.zonal
    mode = db.PostgreSqlFlexibleServerHighAvailabilityMode
    return db.HighAvailabilityArgs(
        mode=mode.ZONE_REDUNDANT if several else mode.DISABLED,
        standby_availability_zone="2" if several else None,
    )


def _server(at: Deployment, inputs: DatabaseInputs) -> db.Server:
    asked, subnet, key = at.spec.database, inputs.network.segments["database"], inputs.keys.database
    return db.Server(
        f"{at.stem}-database",
        server_name=at.server,
        version=str(asked.version),
        sku=db.SkuArgs(name=SIZES[asked.size], tier=db.SkuTier.GENERAL_PURPOSE),
        storage=db.StorageArgs(
            storage_size_gb=storage_gib(asked.storage_gib), auto_grow="Enabled", type="Premium_LRS"
        ),
        availability_zone="1" if at.zonal else None,
        high_availability=_high_availability(at),
        network=db.NetworkArgs(
            delegated_subnet_resource_id=subnet,
            private_dns_zone_arm_resource_id=after(at.zone_id(at.database_zone), subnet),
            public_network_access="Disabled",
        ),
        auth_config=db.AuthConfigArgs(
            active_directory_auth="Enabled",
            password_auth="Disabled",  # noqa: S106 - that there is none
            tenant_id=at.settings.tenant_id,
        ),
        backup=db.BackupArgs(
            backup_retention_days=point_in_time_days(asked.backups.retention_days),
            geo_redundant_backup="Enabled" if at.geo else "Disabled",
        ),
        identity=_identity(at, key),
        data_encryption=_encryption(at, key),
        **usual(at, after(at.group, inputs.network.identifier), bears_data=True),
    )


def _configure(at: Deployment, server: pulumi.Resource) -> pulumi.Resource:
    """One parameter after the other: the server refuses two changes at once."""
    latest = server
    for parameter, value in configuration(at).items():
        latest = db.Configuration(
            f"{at.stem}-database-{parameter}",
            configuration_name=parameter,
            server_name=known(at.server, server),
            resource_group_name=known(at.group, server),
            source="user-override",
            value=value,
            opts=at.part.child(latest),
        )
    return latest


def database(part: Part[AzureSettings], inputs: DatabaseInputs) -> DatabaseOutputs:
    """The server, its parameters, its administrators and the warehouse's database."""
    at = Deployment(part)
    server = _server(at, inputs)
    group, owner = known(at.group, server), known(at.server, server)
    latest = _configure(at, server)
    administrators = db.AdministratorsMicrosoftEntra(
        f"{at.stem}-database-administrators",
        object_id=at.settings.administrators_id,
        principal_name=at.settings.administrators_name,
        # As the service writes it: the SDK's enumeration is that of another type.
        principal_type="Group",
        tenant_id=at.settings.tenant_id,
        server_name=owner,
        resource_group_name=group,
        opts=at.part.child(latest),
    )
    database_name = at.database
    made = db.Database(
        f"{at.stem}-database-{at.spec.name.replace('-', '_')}",
        database_name=database_name,
        charset="UTF8",
        server_name=owner,
        resource_group_name=group,
        opts=at.part.guarded(administrators),
    )
    # Not the server: its administrators are below it, and one that is taken out must go.
    lock(at, f"{at.stem}-database", known(f"{server_id(at)}/databases/{database_name}", made))
    identifier = known(server_id(at), server)
    archive = after(at.archive_id, inputs.audit.sink)
    diagnose(at, f"{at.stem}-database", identifier, LOGS, inputs.audit.sink, archive)
    return DatabaseOutputs(
        host=known(f"{at.server}.postgres.database.azure.com", server),
        port=known(PORT, server),
        name=known(database_name, made),
        region=at.location,
        identifier=identifier,
        authority=Authority("system"),
        recovery=copies(at),
    )
