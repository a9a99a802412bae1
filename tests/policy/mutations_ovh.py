"""What can be wrong at OVHcloud, property by property."""

import json
from dataclasses import replace
from typing import Any

from havre.plan.values import UNKNOWN
from havre.policy.findings import FindingKind
from havre.stack.program import read_settings
from tests.policy import mutations as m
from tests.policy.mutations import ADDED, DROP, PLAN, Pick, Row, wrong

BUCKET = Pick("storage:Storage", zone="curated")
EXPORT = Pick("storage:Storage", zone="export")
ACCESS_LOGS = Pick("storage:Storage", has=(("tags/purpose", "access-logs"),))
VAULT = Pick("storage:Storage", has=(("tags/purpose", "backup"), ("tags/zone", None)))
VAULT_ENDS = Pick("BucketLifecycleConfiguration", of=VAULT)
LOCK_OF_A_YEAR = {"status": "enabled", "rule": {"mode": "compliance", "period": "P1Y"}}
LOGGING = Pick("havre-ovh:BucketLogging", of=BUCKET)
WATCH = Pick("havre-ovh:AccessList", of=BUCKET)
LIFECYCLE = Pick("BucketLifecycleConfiguration", of=ACCESS_LOGS)
EXPORT_ENDS = Pick("BucketLifecycleConfiguration", of=EXPORT)
DATABASE = Pick("database:Database")
INSTANCE = Pick("databaseInstance:DatabaseInstance")
DATABASE_LOGS = Pick("logSubscription:LogSubscription", of=DATABASE)
CLUSTER = Pick("kube:Kube")
POOL = Pick("kubeNodePool:KubeNodePool")
RESTRICTION = Pick("kubeIpRestrictions:KubeIpRestrictions")
CLUSTER_LOGS = Pick(":CloudProjectKubeLogSubscription")
REGISTRY = Pick("containerRegistry:ContainerRegistry")
STREAM = Pick(":LogsOutputGraylogStream")
KEY = Pick("serviceKey:ServiceKey")
NETWORK = Pick("networkPrivate:NetworkPrivate")
SEGMENT = Pick("networkPrivateSubnetV2:NetworkPrivateSubnetV2", has=(("name", "*-database"),))
GATEWAY = Pick("cloudGateway:CloudGateway")
ALLOWED_IMAGES = Pick(":ContainerRegistryIPRestrictionsRegistry")
ALLOWED_ADMINISTRATION = Pick(":ContainerRegistryIPRestrictionsManagement")
COMPUTE_SEGMENT = Pick(
    "networkPrivateSubnetV2:NetworkPrivateSubnetV2", has=(("name", "*-compute"),)
)
ADMINISTRATION = Pick(
    "networkPrivateSubnetV2:NetworkPrivateSubnetV2", has=(("name", "*-administration"),)
)
GROUP = Pick("cloudSecurityGroup:CloudSecurityGroup")
USER = Pick("user:User", has=(("description", "project=cohort-diabetes;*"),))
S3 = Pick("s3Policy:S3Policy", of=USER)
OPEN_S3 = Pick(
    "s3Policy:S3Policy",
    of=Pick("user:User", has=(("description", "project=covid-long-term;*"),)),
)
S3_KEY = Pick("s3Credential:S3Credential", of=USER)
IAM = Pick("Iam/policy:Policy", has=(("description", "project=cohort-diabetes;*"),))
PRIVATE = "exposure.private-endpoints"
READ = '"s3:GetObject"'
PRESIGN = "ovh:CloudProject/regionStoragePresign:RegionStoragePresign"
EVERYWHERE = '{"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"]}]}'


def strangers_policy(action: str) -> m.Change:
    """A policy for somebody who is none of the plan's, on every bucket."""
    allowed = {"Effect": "Allow", "Action": [action], "Resource": ["*"]}
    values = {"userId": "77", "policy": json.dumps({"Statement": [allowed]})}
    return m.added("ovh:CloudProject/s3Policy:S3Policy", values)


def acting(action: str) -> Any:
    """A policy that allows an action instead of reading objects."""
    return lambda text: unrefused(text.replace(READ, f'"{action}"'))


def unrefused(text: str) -> str:
    """A policy without its refusals, which would decide."""
    document = json.loads(text)
    allowing = [each for each in document["Statement"] if each["Effect"] == "Allow"]
    return json.dumps({"Statement": allowing})


def from_anywhere(text: str) -> str:
    """A policy without its conditions."""
    document = json.loads(unrefused(text))
    for statement in document["Statement"]:
        del statement["Condition"]
    return json.dumps(document)


def from_any_address(text: str) -> str:
    """A policy that holds from every address."""
    document = json.loads(unrefused(text))
    for statement in document["Statement"]:
        statement["Condition"] = {"IpAddress": {"aws:SourceIp": ["0.0.0.0/0"]}}
    return json.dumps(document)


def declared(question: m.Question) -> m.Question:
    """The question with what the provider says that it cannot do."""
    settings = read_settings(question.provider, m.GIVEN["ovh"])
    return replace(question, gaps=tuple(question.provider.gaps(question.spec, settings)))


def presigned(question: m.Question) -> m.Question:
    """An address that opens the curated zone to whoever has it."""
    name = BUCKET.one(question.plan).inputs["name"]
    return m.added(PRESIGN, {"name": name})(question)


def on_logs(question: m.Question) -> m.Question:
    """The project's policy writes to the zone of logs as well."""
    logs = Pick("storage:Storage", zone="logs").one(question.plan).inputs["name"]
    more = (
        '{"Statement": [{"Effect": "Allow", "Action": ["s3:PutObject"], '
        f'"Resource": ["arn:aws:s3:::{logs}/*"]}}, '
    )
    rest = '{"Statement": ['
    return m.inputs(S3, "policy", lambda text: unrefused(text).replace(rest, more, 1))(question)


m.VARIANTS |= {
    "ovh+declared": declared,
    "ovh+certified": m.certified(),
    "ovh+locked": m.inputs(
        ACCESS_LOGS,
        "objectLock",
        {"status": "enabled", "rule": {"mode": "compliance", "period": "P3Y"}},
        every=True,
    ),
    "ovh+central": m.gone(Pick("havre-ovh:BucketLogging")),
}

ROWS: list[Row] = [
    # Encryption
    *wrong("ovh", BUCKET, "encryption", DROP, "encryption.at-rest"),
    *wrong("ovh", BUCKET, "encryption/sseAlgorithm", "aes256", "encryption.at-rest"),
    *wrong("ovh", BUCKET, "encryption/sseAlgorithm", UNKNOWN, "encryption.at-rest"),
    *wrong("ovh", VAULT, "encryption", DROP, "encryption.at-rest"),
    # Residency
    *wrong("ovh", BUCKET, "regionName", "BHS", "residency.data"),
    *wrong("ovh", BUCKET, "regionName", "UK", "residency.data"),
    *wrong("ovh", BUCKET, "regionName", "ATLANTIS", "residency.data"),
    *wrong("ovh", BUCKET, "regionName", UNKNOWN, "residency.data", "residency.unplaced"),
    *wrong("ovh", DATABASE, "nodes/0/region", "BHS", "residency.data"),
    *wrong("ovh", REGISTRY, "region", "DE", "residency.data"),
    *wrong("ovh", BUCKET, "replication/rules/0/destination/region", "DE", "residency.replicas"),
    *wrong("ovh", BUCKET, "replication", UNKNOWN, "residency.replicas"),
    *wrong("ovh", BUCKET, "hideObjects", False, "residency.replicas", "continuity.state"),
    *wrong("ovh", DATABASE, "backupRegions/1", "DE", "residency.backups"),
    *wrong("ovh", DATABASE, "backupRegions", UNKNOWN, "residency.backups"),
    *wrong("ovh", VAULT, "regionName", "WAW", "residency.backups"),
    *wrong("ovh", KEY, "name", "a-key-of-nowhere", "residency.keys", "residency.unplaced"),
    *wrong("ovh", KEY, "name", UNKNOWN, "residency.keys"),
    *wrong("ovh", STREAM, "description", "Logs at de-frankfurt; all", "residency.logs"),
    *wrong("ovh", STREAM, "description", DROP, "residency.logs"),
    *wrong("ovh", ACCESS_LOGS, "regionName", "BHS", "residency.logs"),
    *wrong("ovh", CLUSTER, "region", "BHS5", "residency.compute"),
    *wrong("ovh", CLUSTER, "region", UNKNOWN, "residency.compute"),
    *wrong("ovh", CLUSTER, "region", DROP, "residency.unplaced"),
    *wrong("ovh", NETWORK, "regions", DROP, "residency.spread"),
    *wrong("ovh", NETWORK, "regions", [], "residency.spread"),
    *wrong("ovh", NETWORK, "regions", UNKNOWN, "residency.spread"),
    *wrong("ovh", NETWORK, "regions", ["EU-WEST-PAR", "BHS5"], "residency.spread"),
    *wrong("ovh", NETWORK, "regions", ["BHS5"], "residency.spread"),
    *wrong("ovh", NETWORK, "regions", ["ATLANTIS"], "residency.spread"),
    *wrong("ovh", SEGMENT, "region", "BHS", "residency.spread"),
    *wrong("ovh", SEGMENT, "region", DROP, "residency.spread"),
    *wrong("ovh", GATEWAY, "region", "UK1", "residency.spread"),
    *wrong("ovh", GROUP, "region", UNKNOWN, "residency.spread"),
    *wrong("ovh", POOL, "availabilityZones", ["BHS5"], "residency.spread"),
    *wrong("ovh", BUCKET, "regionName", DROP, "residency.unplaced"),
    # Jurisdiction
    *wrong("ovh+has-hds", DATABASE, "plan", "essential", "jurisdiction.hds"),
    *wrong("ovh+has-hds", DATABASE, "plan", DROP, "jurisdiction.hds"),
    *wrong("ovh+has-hds", DATABASE, "plan", UNKNOWN, "jurisdiction.hds"),
    *wrong(
        "ovh",
        STREAM,
        "description",
        "Logs at us-vinthill; all",
        "jurisdiction.telemetry",
        about=DATABASE_LOGS,
    ),
    Row(
        "ovh",
        "jurisdiction.telemetry",
        m.both(m.untied(DATABASE_LOGS, "streamId"), m.inputs(DATABASE_LOGS, "streamId", "other")),
        DATABASE_LOGS,
        "a stream of somebody else's",
    ),
    Row(
        "ovh",
        "jurisdiction.telemetry",
        m.untied(CLUSTER_LOGS, "streamId"),
        CLUSTER_LOGS,
        "a stream that is not known",
        FindingKind.UNKNOWN,
    ),
    # Exposure
    Row(
        "ovh", "exposure.public-storage", m.gone(WATCH), BUCKET, "not watched", FindingKind.UNKNOWN
    ),
    *wrong(
        "ovh",
        DATABASE,
        "nodes/0/networkId",
        DROP,
        "exposure.public-database",
        "exposure.private-endpoints",
    ),
    *wrong("ovh", DATABASE, "nodes/0/subnetId", DROP, "exposure.public-database"),
    *wrong("ovh", DATABASE, "nodes", UNKNOWN, "exposure.public-database"),
    *wrong("ovh", RESTRICTION, "ips", ["0.0.0.0/0"], "exposure.public-cluster", about=CLUSTER),
    *wrong("ovh", RESTRICTION, "ips", [], "exposure.public-cluster", about=CLUSTER),
    *wrong("ovh", RESTRICTION, "ips", UNKNOWN, "exposure.public-cluster", about=CLUSTER),
    Row("ovh", "exposure.public-cluster", m.gone(RESTRICTION), CLUSTER, "no restriction"),
    *wrong("ovh", RESTRICTION, "ips", ["0.0.0.0/0"], "exposure.open-ingress"),
    *wrong("ovh", GROUP, "rules/0/remoteIpPrefix", "0.0.0.0/0", "exposure.open-ingress"),
    *wrong("ovh", GROUP, "rules/0/remoteIpPrefix", "128.0.0.0/1", "exposure.open-ingress"),
    *wrong("ovh", GROUP, "rules/0/remoteIpPrefix", DROP, "exposure.open-ingress"),
    *wrong("ovh", GROUP, "rules", UNKNOWN, "exposure.open-ingress"),
    *wrong("ovh", DATABASE, "ipRestrictions/0/ip", "0.0.0.0/0", "exposure.open-ingress"),
    Row("ovh", "exposure.shared-keys", presigned, BUCKET, "presigned"),
    *wrong(
        "ovh", BUCKET, "replication/rules/0/destination/name", "theirs", "exposure.cross-tenant"
    ),
    Row("ovh", "exposure.partition", m.gone(SEGMENT), PLAN, "no segment"),
    *wrong("ovh", CLUSTER, "privateNetworkId", DROP, "exposure.partition"),
    *wrong("ovh", CLUSTER, "nodesSubnetId", DROP, "exposure.partition"),
    *wrong("ovh", DATABASE, "nodes/0/subnetId", DROP, "exposure.partition"),
    *wrong("ovh", DATABASE, "nodes", UNKNOWN, "exposure.partition"),
    *wrong(
        "ovh", POOL, "attachFloatingIps", {"enabled": True}, "exposure.partition", about=CLUSTER
    ),
    Row("ovh", "exposure.partition", m.tied(CLUSTER, "nodesSubnetId", SEGMENT), CLUSTER, "shared"),
    Row(
        "ovh",
        "exposure.partition",
        m.tied(DATABASE, "nodes", ADMINISTRATION),
        DATABASE,
        "a database with the administration",
    ),
    Row("ovh", "exposure.partition", m.untied(CLUSTER, "nodesSubnetId"), CLUSTER, "not known"),
    Row("ovh+declared", PRIVATE, m.inputs(S3, "policy", from_anywhere), BUCKET, "no condition"),
    Row("ovh+declared", PRIVATE, m.inputs(S3, "policy", from_any_address), BUCKET, "any address"),
    *wrong("ovh+declared", S3, "policy", UNKNOWN, PRIVATE, about=BUCKET),
    Row("ovh+declared", PRIVATE, m.gone(ALLOWED_IMAGES), REGISTRY, "no restriction of images"),
    Row(
        "ovh+declared",
        PRIVATE,
        m.gone(ALLOWED_ADMINISTRATION),
        REGISTRY,
        "no restriction of administration",
    ),
    *wrong("ovh+declared", ALLOWED_IMAGES, "ipRestrictions", [], PRIVATE, about=REGISTRY),
    *wrong(
        "ovh+declared",
        ALLOWED_IMAGES,
        "ipRestrictions/0/ip_block",
        "0.0.0.0/0",
        PRIVATE,
        about=REGISTRY,
    ),
    *wrong("ovh+declared", ALLOWED_IMAGES, "ipRestrictions", UNKNOWN, PRIVATE, about=REGISTRY),
    Row(
        "ovh",
        "exposure.partition",
        m.inputs(SEGMENT, "name", "all", every=True),
        PLAN,
        "one for all",
    ),
    # Access
    *wrong("ovh", USER, "roleNames", ["administrator"], "access.least-privilege"),
    *wrong("ovh", USER, "roleNames", ["compute_operator"], "access.least-privilege"),
    *wrong("ovh", USER, "roleNames", UNKNOWN, "access.least-privilege"),
    *wrong("ovh", S3, "policy", acting("s3:*"), "access.least-privilege"),
    *wrong("ovh", S3, "policy", EVERYWHERE, "access.least-privilege", "access.project-isolation"),
    *wrong("ovh", S3, "policy", UNKNOWN, "access.least-privilege", "access.project-isolation"),
    *wrong("ovh", S3, "policy", acting("s3:DeleteObject"), "access.project-isolation"),
    Row("ovh", "access.project-isolation", m.gone(S3), PLAN, "no policy"),
    *wrong("ovh", IAM, "expiredAt", DROP, "access.project-expiry"),
    *wrong("ovh", IAM, "expiredAt", "2039-01-01T00:00:00Z", "access.project-expiry"),
    *wrong("ovh", IAM, "expiredAt", "soon", "access.project-expiry"),
    *wrong("ovh", IAM, "expiredAt", UNKNOWN, "access.project-expiry"),
    *wrong("ovh", IAM, "allows", ["*"], "access.least-privilege"),
    *m.kept_in_force("ovh", USER, S3, S3_KEY, IAM),
    *wrong(
        "ovh",
        S3,
        "policy",
        lambda text: unrefused(text.replace(READ, f'{READ}, "s3:PutBucketLogging"')),
        "access.separation-of-duties",
    ),
    Row("ovh", "access.separation-of-duties", on_logs, S3, "writes to logs"),
    *wrong("ovh", S3, "policy", "{", "access.separation-of-duties"),
    *wrong("ovh", DATABASE, "password", "hunter2", "access.no-plaintext-secret"),
    *wrong("ovh", STREAM, "note", "postgres://u:hunter2@db", "access.no-plaintext-secret"),
    *wrong("ovh", OPEN_S3, "policy", acting("s3:PutObject"), "access.export-gate"),
    *wrong("ovh", OPEN_S3, "policy", UNKNOWN, "access.export-gate"),
    Row(
        "ovh",
        "access.least-privilege",
        m.inputs(S3, "policy", unrefused),
        USER,
        "nothing is refused",
    ),
    Row("ovh", "access.export-gate", strangers_policy("s3:PutObject"), ADDED, "a stranger writes"),
    Row("ovh", "access.export-gate", strangers_policy("s3:*"), ADDED, "a stranger does all"),
    # Audit
    Row("ovh", "audit.storage-access", m.gone(LOGGING), BUCKET, "no logging"),
    Row("ovh", "audit.cluster", m.gone(CLUSTER_LOGS), CLUSTER, "no subscription"),
    *wrong("ovh", CLUSTER_LOGS, "kind", "events", "audit.cluster", about=CLUSTER),
    *wrong("ovh", CLUSTER_LOGS, "kind", UNKNOWN, "audit.cluster", about=CLUSTER),
    Row("ovh", "audit.database", m.gone(DATABASE_LOGS), DATABASE, "no subscription"),
    *wrong(
        "ovh",
        DATABASE,
        "advancedConfiguration/pg.log_min_duration_statement",
        "1000",
        "audit.database",
    ),
    *wrong("ovh", DATABASE, "advancedConfiguration", DROP, "audit.database"),
    *wrong("ovh", STREAM, "coldStorageRetention", 1, "audit.retention", about=DATABASE),
    *wrong("ovh", STREAM, "coldStorageContent", "GELF", "audit.retention", about=DATABASE),
    *wrong("ovh", STREAM, "coldStorageEnabled", UNKNOWN, "audit.retention", about=CLUSTER),
    *wrong("ovh", LIFECYCLE, "rules/0/expiration/days", 30, "audit.retention", about=PLAN),
    *wrong("ovh+locked", ACCESS_LOGS, "objectLock/rule", DROP, "audit.protected", about=PLAN),
    *wrong(
        "ovh+locked",
        ACCESS_LOGS,
        "objectLock/rule/mode",
        "governance",
        "audit.protected",
        about=PLAN,
    ),
    *wrong(
        "ovh+locked", ACCESS_LOGS, "objectLock/rule/period", "P1Y", "audit.protected", about=PLAN
    ),
    Row(
        "ovh+central",
        "audit.central",
        m.both(m.untied(DATABASE_LOGS, "streamId"), m.inputs(DATABASE_LOGS, "streamId", "other")),
        PLAN,
        "a second stream",
    ),
    # Continuity
    *wrong("ovh", BUCKET, "replication", DROP, "continuity.recovery-site"),
    *wrong(
        "ovh",
        BUCKET,
        "replication/rules/0/destination/region",
        "BHS",
        "continuity.recovery-site",
    ),
    *wrong("ovh", DATABASE, "backupRegions/1", DROP, "continuity.recovery-site"),
    *wrong("ovh", BUCKET, "versioning/status", "suspended", "continuity.versioning"),
    *wrong("ovh", BUCKET, "versioning", DROP, "continuity.versioning"),
    *wrong("ovh", BUCKET, "versioning", UNKNOWN, "continuity.versioning"),
    *wrong("ovh", BUCKET, "objectLock/rule/mode", "governance", "continuity.immutability"),
    *wrong("ovh", BUCKET, "objectLock/rule/period", "P1W", "continuity.immutability"),
    *wrong("ovh", BUCKET, "objectLock/rule/period", UNKNOWN, "continuity.immutability"),
    *wrong("ovh", BUCKET, "objectLock", DROP, "continuity.immutability"),
    *wrong("ovh", BUCKET, "versioning/status", "Suspended", "continuity.immutability"),
    *(
        row
        for path, value in (
            ("rules/0/noncurrentVersionExpiration/noncurrentDays", 29),
            ("rules/0/noncurrentVersionExpiration/noncurrentDays", UNKNOWN),
            ("rules/0/expiration/days", 179),
            ("rules/0/expiration/days", 181),
            ("rules/0/expiration", DROP),
            ("rules/0/filter", {"prefix": "a/"}),
            ("rules/0/status", "disabled"),
        )
        for row in wrong("ovh", EXPORT_ENDS, path, value, "continuity.retention", about=EXPORT)
    ),
    Row("ovh", "continuity.retention", m.gone(EXPORT_ENDS), EXPORT, "no lifecycle"),
    *wrong("ovh", BUCKET, "versioning/status", "suspended", "continuity.retention"),
    *wrong("ovh", BUCKET, "versioning", UNKNOWN, "continuity.retention"),
    *m.longer_than_a_project("ovh", None, VAULT),
    *wrong("ovh", EXPORT, "objectLock", LOCK_OF_A_YEAR, "continuity.erasable"),
    *wrong("ovh", EXPORT, "objectLock", {**LOCK_OF_A_YEAR, "rule": UNKNOWN}, "continuity.erasable"),
    *(
        row
        for path in ("expiration", "noncurrentVersionExpiration")
        for row in wrong(
            "ovh", VAULT_ENDS, f"rules/0/{path}", DROP, "continuity.erasable", about=VAULT
        )
    ),
    Row("ovh", "continuity.deletion", m.unprotected(BUCKET), BUCKET, "unprotected"),
    Row("ovh", "continuity.deletion", m.unprotected(KEY), KEY, "unprotected key"),
    Row("ovh", "continuity.deletion", m.unprotected(INSTANCE), DATABASE, "unprotected part"),
    Row("ovh", "continuity.managed", m.released(BUCKET), BUCKET, "left standing"),
    Row("ovh", "continuity.deletion", m.removed(DATABASE, "delete"), DATABASE, "deleted"),
    *wrong("ovh", DATABASE, "nodes", lambda nodes: nodes[:1], "continuity.availability"),
    Row(
        "ovh",
        "continuity.availability",
        m.inputs(POOL, "availabilityZones", ["a"], every=True),
        CLUSTER,
        "one zone",
    ),
    *wrong("ovh", BUCKET, "hideObjects", DROP, "continuity.state"),
    *wrong("ovh", BUCKET, "hideObjects", UNKNOWN, "continuity.state"),
    *wrong(
        "ovh", USER, "description", "for a.martin@university.example, and b", "continuity.state"
    ),
    # Inventory
    *wrong("ovh", BUCKET, "tags", DROP, "inventory.tags"),
    *wrong("ovh", BUCKET, "tags/warehouse", "another", "inventory.tags"),
    *wrong("ovh", BUCKET, "tags/classification", UNKNOWN, "inventory.tags"),
    Row(
        "ovh",
        "inventory.known",
        m.retyped(NETWORK, "ovh:CloudProject/dream:Dream"),
        NETWORK,
        "a type that nobody knows",
    ),
    *wrong("ovh", DATABASE, "version", "14", "inventory.supported-versions"),
    *wrong("ovh", DATABASE, "version", UNKNOWN, "inventory.supported-versions"),
    *wrong("ovh", CLUSTER, "version", "1.33", "inventory.supported-versions"),
    *wrong("ovh", CLUSTER, "version", DROP, "inventory.supported-versions"),
    *wrong("ovh", BUCKET, "tags/environment", "development", "inventory.environments"),
    Row(
        "ovh",
        "inventory.environments",
        m.added("pulumi:pulumi:StackReference", {"name": "s"}),
        ADDED,
        "another stack",
    ),
]
