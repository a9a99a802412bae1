"""What OVHcloud's Public Cloud can do, and what it cannot: declared, with reasons and sources."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.provider import Capability, Evidence, Gap, Support, Supported
from havre.spec.model import Availability, KeyProtection, Qualification
from havre_ovh.sites import OKMS_COPIES, SITES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from havre.spec import Warehouse
    from havre_ovh.settings import OvhSettings

READ_ON = dt.date(2026, 11, 23)


def _read(source: str) -> Evidence:
    return Evidence(source, READ_ON)


SDK = _read("pulumi-ovh 2.22.0, its classes and docstrings")
S3 = _read("OVHcloud, S3 compliancy guide, 2024-11-12; public-cloud-roadmap#260 and #827, open")
OKMS = _read("OVHcloud, OKMS architecture, 2025-06-18")
SECURITY_GROUPS = _read("terraform-provider-ovh, documentation of cloud_security_group, 2026-08")
POSTGRESQL = _read("OVHcloud, managed PostgreSQL guides, 2024-05-15; pulumi-ovh 2.22.0")
KUBERNETES = _read("pulumi-ovh 2.22.0; public-cloud-roadmap#1035, 2026-03-18, open")
HSM = _read("pulumi-ovh 2.22.0, okms.ServiceKey; ovhcloud-docs#670, 2026-08-26")
HDS = _read("OVHcloud, list of HDS products, 2024-03-28; public-cloud-roadmap#995, 2026-09-07")
SNC = _read("ovh/private-cloud-roadmap#246, #247, #248, #250, 2025-10 to 2026-03, open")
FILTER = _read("public-cloud-roadmap#919, delivered 2025-09")
LDP = _read("pulumi-ovh 2.22.0, dbaas.LogsOutputGraylogStream")

_ANSWERS: dict[Capability, tuple[Support, str, Evidence]] = {
    Capability.ENCRYPTION_AT_REST: (
        Support.PARTIAL,
        "buckets by argument (AES256); databases, nodes, registry and logs have none",
        SDK,
    ),
    Capability.CUSTOMER_KEY_OBJECTS: (
        Support.ABSENT,
        "buckets take AES256 with OVHcloud's key only: SSE-KMS is an open request",
        S3,
    ),
    Capability.CUSTOMER_KEY_DATABASE: (
        Support.ABSENT,
        "managed PostgreSQL has no argument for a key",
        SDK,
    ),
    Capability.CUSTOMER_KEY_VOLUMES: (
        Support.PARTIAL,
        "block volumes in regions of three zones only, and not the disks of a cluster's nodes",
        SDK,
    ),
    Capability.CUSTOMER_KEY_CLUSTER_SECRETS: (
        Support.ABSENT,
        "etcd of managed Kubernetes takes no key",
        KUBERNETES,
    ),
    Capability.KEY_ROTATION: (Support.ABSENT, "keys of OKMS have no rotation argument", SDK),
    Capability.KEY_DELETION_GUARD: (
        Support.ABSENT,
        "keys of OKMS have no time during which a deletion can be undone",
        SDK,
    ),
    Capability.HSM_KEY: (
        Support.ABSENT,
        "no argument for the protection level that OKMS documents since 2026-08-26",
        HSM,
    ),
    Capability.OBJECT_LOCK: (Support.NATIVE, "", SDK),
    Capability.OBJECT_EXPIRY: (Support.NATIVE, "", SDK),
    Capability.LEGAL_HOLD: (Support.FALLBACK, "over S3 only; pulumi-ovh lacks it", S3),
    Capability.PUBLIC_ACCESS_BLOCK: (
        Support.ABSENT,
        "buckets are private by default; nothing keeps a later access list from opening them",
        S3,
    ),
    Capability.TLS_ONLY: (
        Support.PARTIAL,
        "endpoints are HTTPS; neither that nor a lowest version is an argument",
        S3,
    ),
    Capability.PRIVATE_STORAGE_ENDPOINT: (
        Support.ABSENT,
        "Object Storage, OKMS, registry and logs are reached at public addresses",
        FILTER,
    ),
    Capability.NETWORK_PARTITION: (
        Support.PARTIAL,
        "segments are subnets of one network; databases and node pools take no security group",
        SECURITY_GROUPS,
    ),
    Capability.EGRESS_CONTROL: (
        Support.ABSENT,
        "OpenStack lets everything out of a new security group, and no rule names hosts",
        SECURITY_GROUPS,
    ),
    Capability.FLOW_LOGS: (Support.ABSENT, "no resource logs network flows", SDK),
    Capability.DATABASE_VERSIONS: (
        Support.PARTIAL,
        "15 to 18 by argument; 14 ended on 2026-11-12; extensions are no argument",
        _read("ovh/docs#8452, 2025-09-30; public-cloud-roadmap#1255, 2026-09-23"),
    ),
    Capability.DATABASE_SIZING: (
        Support.PARTIAL,
        "flavors and disks are arguments; which ones a region offers only the API tells",
        SDK,
    ),
    Capability.CLUSTER: (Support.NATIVE, "", SDK),
    Capability.PRIVATE_CLUSTER_API: (
        Support.ABSENT,
        "the API of a cluster listens on a public address",
        KUBERNETES,
    ),
    Capability.REGISTRY: (
        Support.PARTIAL,
        "no argument for retention, replication or a key",
        SDK,
    ),
    Capability.MULTI_ZONE: (
        Support.PARTIAL,
        "in Paris and Milan; the other sites have one zone",
        _read("public-cloud-roadmap#139, #855 and #869"),
    ),
    Capability.RECOVERY_SITE: (
        Support.PARTIAL,
        "buckets with versions are replicated and the database's backups copied; nothing else is",
        SDK,
    ),
    Capability.BACKUP_RESIDENCY: (Support.NATIVE, "", SDK),
    Capability.BACKUP_RETENTION: (
        Support.ABSENT,
        "the plan of the database fixes how long its backups are kept",
        POSTGRESQL,
    ),
    Capability.BACKUP_SCHEDULE: (
        Support.PARTIAL,
        "the database is backed up every day; buckets and clusters are not",
        POSTGRESQL,
    ),
    Capability.POINT_IN_TIME_RESTORE: (
        Support.ABSENT,
        "the service restores to a point in time, but no argument asks for it",
        POSTGRESQL,
    ),
    Capability.IMMUTABLE_BACKUP: (
        Support.FALLBACK,
        "there is no vault; a bucket with a lock takes dumps instead",
        SDK,
    ),
    Capability.STORAGE_ACCESS_LOGS: (
        Support.FALLBACK,
        "set over S3 (PutBucketLogging); pulumi-ovh lacks it",
        S3,
    ),
    Capability.KEY_AUDIT_LOGS: (
        Support.ABSENT,
        "no resource sends the logs of OKMS or IAM anywhere",
        SDK,
    ),
    Capability.LOG_RETENTION: (
        Support.PARTIAL,
        "archives by whole years; the index by the retention of the account that is set",
        LDP,
    ),
    Capability.TAGS: (Support.PARTIAL, "only buckets bear tags in this stack", SDK),
    Capability.RESIDENCY: (
        Support.PARTIAL,
        "regions are named; where OKMS and Logs Data Platform lie, only their contracts tell",
        OKMS,
    ),
    Capability.OPERATOR_LAW: (Support.NATIVE, "", SDK),
    Capability.HDS: (
        Support.PARTIAL,
        "an option of the project that no argument shows; OKMS is not in the list read",
        HDS,
    ),
    Capability.SECNUMCLOUD: (
        Support.ABSENT,
        "no source shows the Public Cloud qualified; SNC Cloud Platform is another product",
        SNC,
    ),
}

CAPABILITIES = MappingProxyType(
    {capability: Supported(how, why) for capability, (how, why, _) in _ANSWERS.items()}
)
"""The answer for every capability."""


FIELDS = MappingProxyType(
    {
        Capability.KEY_ROTATION: ("encryption.rotation_days",),
        Capability.KEY_DELETION_GUARD: ("encryption.deletion_days",),
        Capability.HSM_KEY: ("encryption.keys",),
        Capability.TLS_ONLY: ("encryption.tls",),
        Capability.EGRESS_CONTROL: ("network.egress",),
        Capability.MULTI_ZONE: ("cluster.availability",),
        Capability.REGISTRY: ("registry.retention_days",),
        Capability.DATABASE_VERSIONS: ("database.extensions",),
        Capability.SECNUMCLOUD: ("residency.qualifications",),
    }
)
"""Fields of the spec without effect on OVHcloud, by the capability that is missing."""


def _gap(control: str, capability: Capability, fallback: str, risk: str, reason: str = "") -> Gap:
    support, why, evidence = _ANSWERS[capability]
    fields = FIELDS.get(capability, ())
    return Gap(control, capability, support, reason or why, fallback, evidence, risk, fields)


def _own_keys(spec: Warehouse) -> bool:
    return spec.encryption.keys is not KeyProtection.PROVIDER


def _keys(spec: Warehouse, _settings: OvhSettings) -> Iterator[Gap]:
    asked = spec.encryption
    yield _gap(
        "encryption.at-rest",
        Capability.ENCRYPTION_AT_REST,
        "OVHcloud's own encryption, by its documentation",
        "nothing in a plan proves that disks of databases, nodes, registry and logs are encrypted",
    )
    yield _gap(
        "encryption.key-rotation",
        Capability.KEY_ROTATION,
        f"a runbook, every {asked.rotation_days} days: make new keys, encrypt data keys anew",
        "a key outlives its period where nobody renews it",
    )
    yield _gap(
        "encryption.key-deletion",
        Capability.KEY_DELETION_GUARD,
        f"keys are protected, and stay when the stack goes; asked: {asked.deletion_days} days",
        "who may delete a key at OKMS deletes it at once; its backups are OVHcloud's, for 30 days",
    )
    if asked.keys is KeyProtection.HSM:
        yield _gap(
            "encryption.hsm-key",
            Capability.HSM_KEY,
            "software keys of OKMS; a key made by hand with protectionLevel HSM can be imported",
            "key material lies outside hardware modules",
        )


def _customer_keys(spec: Warehouse, _settings: OvhSettings) -> Iterator[Gap]:
    if not _own_keys(spec):
        return
    yield _gap(
        "encryption.customer-key",
        Capability.CUSTOMER_KEY_OBJECTS,
        "one OKMS key a zone, for envelope encryption on the client before data are written",
        "what is written without it OVHcloud can read",
    )
    yield _gap(
        "encryption.customer-key",
        Capability.CUSTOMER_KEY_DATABASE,
        "an OKMS key for dumps; columns can be encrypted by the application",
        "OVHcloud can read the database's files",
    )
    if spec.cluster:
        yield _gap(
            "encryption.customer-key",
            Capability.CUSTOMER_KEY_VOLUMES,
            "a storage class with LUKS inside the cluster; volumes hold no warehouse data",
            "OVHcloud can read the disks of nodes",
        )
        yield _gap(
            "encryption.cluster-secrets",
            Capability.CUSTOMER_KEY_CLUSTER_SECRETS,
            "keep secrets in OKMS, and give pods only references",
            "OVHcloud can read the cluster's secrets",
        )


def _network(spec: Warehouse, settings: OvhSettings) -> Iterator[Gap]:
    hosts = ", ".join(f"{egress.host}:{egress.port}" for egress in spec.network.egress) or "none"
    named = [*spec.network.administration, *settings.source_addresses]
    yield _gap(
        "exposure.private-endpoints",
        Capability.PRIVATE_STORAGE_ENDPOINT,
        "S3 policies admit projects from known addresses only ("
        + (", ".join(named) or "nobody's: none is set")
        + "); the gateway's address goes into `source_addresses` once it stands",
        "the endpoints answer the whole Internet; stolen keys of the buckets' owner work anywhere",
    )
    yield _gap(
        "exposure.partition",
        Capability.NETWORK_PARTITION,
        "a subnet a segment, address restrictions of the database, network policies in a cluster",
        "the gateway routes between nodes and database",
    )
    yield _gap(
        "exposure.egress",
        Capability.EGRESS_CONTROL,
        f"no gateway without a cluster or a list; else filter in the cluster (asked: {hosts})",
        "nodes reach any destination",
    )
    yield _gap(
        "audit.network",
        Capability.FLOW_LOGS,
        "the services' own logs of connections",
        "a connection that no service logs leaves no trace",
    )
    yield _gap(
        "encryption.in-transit",
        Capability.TLS_ONLY,
        f"clients are given https endpoints and must demand TLS {spec.encryption.tls.value}",
        "a client may agree to less where the service lets it",
    )


def _zones(spec: Warehouse, _settings: OvhSettings) -> Iterator[Gap]:
    yield _gap(
        "exposure.public-storage",
        Capability.PUBLIC_ACCESS_BLOCK,
        "the access list of every bucket is checked at each run, over S3",
        "between two runs a bucket, and at any time a single object, can be opened by its owner",
    )
    if any(zone.immutable_days for zone in spec.zones.values()):
        yield _gap(
            "continuity.immutability",
            Capability.LEGAL_HOLD,
            "the resource `havre_ovh.s3.LegalHold`, or PutObjectLegalHold by hand",
            "who owns the buckets can lift a hold",
        )


def _logs(spec: Warehouse, settings: OvhSettings) -> Iterator[Gap]:
    days = spec.audit.retention_days
    how = "each bucket's access logs go to a bucket of their own, versioned, and locked by whoever "
    yield _gap(
        "audit.storage-access",
        Capability.STORAGE_ACCESS_LOGS,
        how + "ships them" if settings.bucket_controls else "none: `bucket_controls` is false",
        "logs arrive late, may be incomplete, and can be deleted until they are locked",
    )
    by_hand = "subscribe the domain's logs to the stream by hand, in the Control Panel or the API"
    for control in ("audit.keys", "audit.administration"):
        yield _gap(control, Capability.KEY_AUDIT_LOGS, by_hand, "no plan shows that it was done")
    yield _gap(
        "audit.retention",
        Capability.LOG_RETENTION,
        f"the stream's archive is kept the years that hold {days} days",
        f"whether `ldp_retention_id` stands for {days} days only the account tells",
    )
    yield _gap(
        "audit.protected",
        Capability.LOG_RETENTION,
        "the stream is protected from deletion by Pulumi",
        "who administers the account can delete streams and archives before their time",
        "archives have no lock",
    )


def _database(spec: Warehouse, _settings: OvhSettings) -> Iterator[Gap]:
    asked = spec.database
    if str(asked.version) == "14":
        yield _gap(
            "inventory.supported-versions",
            Capability.DATABASE_VERSIONS,
            "ask for 15 or later",
            "the service is upgraded without being asked, or not made at all",
        )
    if asked.extensions:
        names = ", ".join(extension.value for extension in asked.extensions)
        yield _gap(
            "exit.portable",
            Capability.DATABASE_VERSIONS,
            f"CREATE EXTENSION by the administrator: {names}",
            "an extension that the service lacks is found out only then",
        )
    yield _gap(
        "continuity.availability",
        Capability.DATABASE_SIZING,
        "flavors by size, settings `database_flavors` and `database_plan` where a region differs",
        "the API refuses at creation what the region does not offer",
    )


def _backups(spec: Warehouse, _settings: OvhSettings) -> Iterator[Gap]:
    days = spec.database.backups.retention_days
    yield _gap(
        "continuity.backup",
        Capability.BACKUP_RETENTION,
        f"dumps in the vault, locked for {days} days",
        f"the service's own backups may go before {days} days",
    )
    yield _gap(
        "continuity.backup",
        Capability.BACKUP_SCHEDULE,
        "jobs that write dumps and cluster backups to the vault; versions and replicas of buckets",
        "the vault stays empty where no job runs",
    )
    yield _gap(
        "continuity.backup",
        Capability.POINT_IN_TIME_RESTORE,
        "restore by the Control Panel or the API, then import the service into the stack",
        "a restored service is outside the stack until it is imported",
    )
    yield _gap(
        "continuity.immutability",
        Capability.IMMUTABLE_BACKUP,
        f"the vault: a bucket whose objects nobody can delete for {days} days",
        "the service's own backups can be deleted with the service",
    )


def _places(spec: Warehouse, settings: OvhSettings) -> Iterator[Gap]:
    yield _gap(
        "residency.logs",
        Capability.RESIDENCY,
        f"the setting `ldp_site` ({settings.ldp_site or 'not set'})",
        "nothing proves what the setting says"
        if settings.ldp_site
        else "nobody has said where logs lie",
    )
    primary = SITES.get(spec.sites.primary)
    place = settings.okms_region or (primary.regions.get("okms", "") if primary else "")
    if _own_keys(spec):
        copies = " and ".join(OKMS_COPIES.get(place, ("places unknown",)))
        yield _gap(
            "residency.keys",
            Capability.RESIDENCY,
            f"an OKMS domain in {place or 'a region not stated'}, copied to {copies}",
            "nothing proves that the domain lies where the setting or the site says",
        )


def _sites(spec: Warehouse, _settings: OvhSettings) -> Iterator[Gap]:
    primary = SITES.get(spec.sites.primary)
    asked = [spec.database.availability, *([spec.cluster.availability] if spec.cluster else [])]
    if Availability.MULTI_ZONE in asked and primary and primary.zones == 1:
        yield _gap(
            "continuity.availability",
            Capability.MULTI_ZONE,
            f"several nodes in the one zone of {primary.name}",
            "the warehouse stops with the zone",
        )
    if spec.sites.recovery:
        alone = [name for name, zone in spec.zones.items() if not zone.versions]
        yield _gap(
            "continuity.recovery-site",
            Capability.RECOVERY_SITE,
            "replicas of buckets, copies of the database's backups, and the vault, at "
            f"{spec.sites.recovery}",
            "cluster and registry must be made anew there"
            + (f"; zones without versions have no replica: {', '.join(alone)}" if alone else ""),
        )


def _parts(spec: Warehouse, _settings: OvhSettings) -> Iterator[Gap]:
    if spec.cluster:
        yield _gap(
            "exposure.public-cluster",
            Capability.PRIVATE_CLUSTER_API,
            "only the administration's addresses are let in",
            "the administrator's certificate cannot be switched off",
        )
    if spec.registry:
        yield _gap(
            "inventory.known",
            Capability.REGISTRY,
            f"a retention rule of {spec.registry.retention_days} days set in Harbor by hand; "
            "only known addresses are let in",
            "untagged images stay; OVHcloud can read all images",
        )
    yield _gap(
        "inventory.tags",
        Capability.TAGS,
        "names begin with warehouse and environment; descriptions carry the labels",
        "what has neither tags nor a description is told apart by its name alone",
    )


def _projects(spec: Warehouse, settings: OvhSettings) -> Iterator[Gap]:
    if not spec.projects:
        return
    static = "keys and policies of S3 users neither end nor know who uses them"
    ends = "the right to decrypt ends by itself" if _own_keys(spec) else "none"
    yield _gap(
        "access.project-expiry",
        Capability.PUBLIC_ACCESS_BLOCK,
        f"{ends}; take the project out of the spec after its last day",
        "until then an S3 key still reads what was not encrypted on the client",
        static,
    )
    yield _gap(
        "access.no-static-credentials",
        Capability.PUBLIC_ACCESS_BLOCK,
        "keys are secrets of the state, and of use from known addresses only",
        "a key that is copied works until it is replaced",
        static,
    )
    people = sum(len(project.members) for project in spec.projects.values())
    yield _gap(
        "access.project-isolation",
        Capability.PUBLIC_ACCESS_BLOCK,
        f"enrol the {people} members by hand, in the IAM group of their project "
        f"({len(settings.project_groups)} of {len(spec.projects)} are set)",
        "who was enrolled, no plan shows",
        "researchers are not made here: their identifiers would stand in the state",
    )


def _qualifications(spec: Warehouse, settings: OvhSettings) -> Iterator[Gap]:
    asked = spec.residency.qualifications
    if Qualification.HDS in asked:
        said = "is" if settings.hds_certified else "is not"
        yield _gap(
            "jurisdiction.hds",
            Capability.HDS,
            f"the setting `hds_certified`: the project {said} said to have the option; "
            "PostgreSQL never in its essential plan, which the certificate excludes",
            "without the option and Business support the project is outside the certificate; "
            "hosting activity 5 is disputed",
        )
    if Qualification.SECNUMCLOUD in asked:
        yield _gap(
            "jurisdiction.secnumcloud",
            Capability.SECNUMCLOUD,
            "none on this product; qualified: Managed VMware SecNumCloud (KB0061791)",
            "data that must lie under a qualification may not lie here",
        )


GAPS: tuple[Callable[[Warehouse, OvhSettings], Iterator[Gap]], ...] = (
    _keys,
    _customer_keys,
    _network,
    _zones,
    _logs,
    _database,
    _backups,
    _places,
    _sites,
    _parts,
    _projects,
    _qualifications,
)


def gaps(spec: Warehouse, settings: OvhSettings) -> list[Gap]:
    """What OVHcloud's Public Cloud cannot do for a spec."""
    return [gap for rule in GAPS for gap in rule(spec, settings)]
