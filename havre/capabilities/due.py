"""When a provider may answer `native` for a capability: one sentence each.

A provider that meets only a part of the sentence answers `partial`; one that reaches the same by
another means answers `fallback`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.capabilities.model import Capability as C  # noqa: N817 - a table of it follows

if TYPE_CHECKING:
    from collections.abc import Mapping

NATIVE_WHEN: Mapping[C, str] = MappingProxyType(
    {
        C.ENCRYPTION_AT_REST: (
            "Every data zone, database, backup and log store is encrypted at rest, and the plan "
            "shows it."
        ),
        C.CUSTOMER_KEY_OBJECTS: (
            "Each data zone is encrypted with a customer key that the plan creates or names."
        ),
        C.CUSTOMER_KEY_DATABASE: (
            "The database, with its temporary files, is encrypted with a customer key that the "
            "plan creates or names."
        ),
        C.CUSTOMER_KEY_VOLUMES: (
            "The disks of every cluster node are encrypted with a customer key."
        ),
        C.CUSTOMER_KEY_CLUSTER_SECRETS: (
            "Kubernetes Secrets are encrypted with a customer key before the cluster stores them."
        ),
        C.KEY_ROTATION: (
            "The key service rotates every key on its own within `encryption.rotation_days`, and "
            "data stays readable."
        ),
        C.KEY_DELETION_GUARD: (
            "A deleted key can be recovered during `encryption.deletion_days`, and no "
            "administrator can shorten that time."
        ),
        C.HSM_KEY: "Customer keys are generated and stored in a hardware security module.",
        C.OBJECT_LOCK: (
            "A stored version can be neither changed nor deleted for `immutable_days`, by any "
            "account of the store."
        ),
        C.OBJECT_EXPIRY: (
            "The object store deletes each object after `expire_days` on its own, never a locked "
            "one."
        ),
        C.OBJECT_RECOVERY: (
            "A deleted or overwritten object or version can be restored for `recoverable_days`, "
            "even if an administrator deleted it."
        ),
        C.VERSION_EXPIRY: (
            "The object store deletes each earlier version `version_days` after its replacement, "
            "never a locked one."
        ),
        C.LEGAL_HOLD: (
            "A hold without an end date can be set on a stored version, and blocks its deletion "
            "until it is removed."
        ),
        C.PUBLIC_ACCESS_BLOCK: (
            "Anonymous access to data zones is disabled where no setting of a single object or "
            "zone can enable it."
        ),
        C.TLS_ONLY: (
            "Every endpoint of data zones and database refuses plain connections and TLS versions "
            "below `encryption.tls`."
        ),
        C.PRIVATE_STORAGE_ENDPOINT: (
            "Data zones are reached through the warehouse's own network, and their public "
            "endpoint is closed."
        ),
        C.NETWORK_PARTITION: (
            "Endpoints, database and compute are in network segments of their own, with rules "
            "between them."
        ),
        C.EGRESS_CONTROL: (
            "Outbound traffic is denied except to the hosts and ports in `network.egress`."
        ),
        C.FLOW_LOGS: "Accepted and denied connections of each segment are logged and retained.",
        C.ADMINISTRATION_ACCESS: (
            "Administrators reach the warehouse only from `network.administration`, through an "
            "access path that the plan creates."
        ),
        C.DATABASE_VERSIONS: (
            "Every PostgreSQL major version that the warehouse file accepts can be deployed."
        ),
        C.DATABASE_SIZING: (
            "Each size and `database.storage_gib` map to one documented offer, without rounding "
            "down."
        ),
        C.DATABASE_ROLES: (
            "The deployment creates one PostgreSQL role per project, which can read only the "
            "project's schemas."
        ),
        C.DATABASE_LOGS: (
            "Connections and statements of the database are logged to the warehouse's log store."
        ),
        C.CLUSTER: "A managed Kubernetes cluster is deployed in the warehouse's own network.",
        C.PRIVATE_CLUSTER_API: (
            "The Kubernetes API has no public endpoint: it is reached through the warehouse's "
            "network."
        ),
        C.REGISTRY: (
            "A private registry of container images is deployed, and untagged images are kept for "
            "`registry.retention_days`."
        ),
        C.MULTI_ZONE: (
            "Database and cluster run in several availability zones of one site, with automatic "
            "failover."
        ),
        C.RECOVERY_SITE: (
            "Data zones and backups are copied to `sites.recovery`, which the user chooses."
        ),
        C.BACKUP_RESIDENCY: (
            "Every backup is stored in a country that the plan shows and the user chooses."
        ),
        C.BACKUP_RETENTION: (
            "Each database backup is kept for `database.backups.retention_days`, up to a year."
        ),
        C.BACKUP_SCHEDULE: (
            "The database is backed up at least daily, on a schedule that the plan shows."
        ),
        C.POINT_IN_TIME_RESTORE: (
            "The database can be restored to any second within the backup retention period."
        ),
        C.IMMUTABLE_BACKUP: (
            "A backup cannot be changed or deleted before its retention ends, by any account."
        ),
        C.STORAGE_ACCESS_LOGS: (
            "Every read and write of an object is logged with the identity that made it."
        ),
        C.KEY_AUDIT_LOGS: "Every use and every change of a key is logged with its identity.",
        C.LOG_RETENTION: (
            "Logs are kept for `audit.retention_days` and cannot be deleted earlier."
        ),
        C.TAGS: "Every resource that stores data accepts labels, and the plan sets them.",
        C.RESIDENCY: "The plan shows the country of every resource that stores data.",
        C.OPERATOR_LAW: (
            "No law from outside the European Union can compel the operator or its parent to "
            "disclose data."
        ),
        C.HDS: (
            "A dated HDS record covers every service that the warehouse uses, without a further "
            "contract option."
        ),
        C.SECNUMCLOUD: (
            "A dated SecNumCloud record covers every service that the warehouse uses, in its "
            "region."
        ),
        C.ACCESS_EXPIRY: (
            "A project's permissions end on `projects.*.expires` without another deployment."
        ),
        C.SHORT_LIVED_CREDENTIALS: (
            "Programs use credentials that expire within a day, and no static secret exists."
        ),
        C.NAMED_PEOPLE: (
            "Each project member has an identity of their own, and only members have the "
            "project's permissions."
        ),
        C.SECOND_FACTOR: (
            "Each member proves a second factor when they sign in, and the plan shows it."
        ),
        C.ALERTS: (
            "Lost keys, removed locks, denied and mass reading, and exports raise an alert that "
            "reaches `organisation.contact`, and the plan creates it."
        ),
        C.WORKLOAD_ISOLATION: (
            "Each project's programs run in a namespace of their own that restricts network, "
            "privileges and resources, on nodes apart from the cluster's own programs."
        ),
        C.IMAGE_ADMISSION: (
            "The cluster runs only images that are named by digest or signed, and the registry "
            "scans them for vulnerabilities."
        ),
    }
)
"""By capability, what must be true for the answer `native`."""
