"""What can be wrong at Scaleway, property by property."""

import json
from dataclasses import replace
from typing import Any

from havre.plan.values import UNKNOWN
from havre.policy.findings import FindingKind
from havre.stack.program import read_settings
from tests.policy import mutations as m
from tests.policy.mutations import ADDED, DROP, PLAN, Pick, Row, wrong

NAME = "scaleway"
BUCKET = Pick("object/bucket:Bucket", zone="curated")
EXPORT = Pick("object/bucket:Bucket", zone="export")
LOGS = Pick("object/bucket:Bucket", zone="logs")
VAULT = Pick("object/bucket:Bucket", has=(("tags/purpose", "backup"), ("tags/zone", None)))
TRAIL = Pick("object/bucket:Bucket", has=(("tags/purpose", "audit-trail"),))
ENCRYPTION = Pick(":BucketServerSideEncryptionConfiguration", of=BUCKET)
TRAIL_ENCRYPTION = Pick(":BucketServerSideEncryptionConfiguration", of=TRAIL)
LOCK = Pick(":BucketLockConfiguration", of=BUCKET)
TRAIL_LOCK = Pick(":BucketLockConfiguration", of=TRAIL)
ACCESS_LIST = Pick(":BucketAcl", of=BUCKET)
POLICY = Pick("object/bucketPolicy:BucketPolicy", of=BUCKET)
EXPORT_POLICY = Pick("object/bucketPolicy:BucketPolicy", of=EXPORT)
LOGS_POLICY = Pick("object/bucketPolicy:BucketPolicy", of=LOGS)
DATABASE = Pick("databases/instance:Instance")
WITHIN = Pick("databases/database:Database")
DATABASE_ACL = Pick("databases/acl:Acl")
CLUSTER = Pick("kubernetes/cluster:Cluster")
POOL = Pick("kubernetes/pool:Pool")
API = Pick("kubernetes/acl:Acl")
REGISTRY = Pick("registry/namespace:Namespace")
SOURCE = Pick("observability/source:Source")
KEY = Pick("keymanager/key:Key", has=(("name", "*-zone-curated"),))
OTHER_KEY = Pick("keymanager/key:Key", has=(("name", "*-zone-export"),))
VPC = Pick("network/vpc:Vpc")
ACL = Pick("network/acl:Acl", has=(("isIpv6", False),))
IPV6 = Pick("network/acl:Acl", has=(("isIpv6", True),))
SEGMENT = Pick("network/privateNetwork:PrivateNetwork", has=(("name", "*-database"),))
ADMINISTRATION = Pick("network/privateNetwork:PrivateNetwork", has=(("name", "*-administration"),))
GATEWAY = Pick("network/publicGateway:PublicGateway")
JOINED = Pick("network/gatewayNetwork:GatewayNetwork", has=(("enableMasquerade", False),))
NODES = Pick("instance/securityGroup:SecurityGroup", has=(("name", "*nodes-fr-par-1"),))
HOSTS = Pick("instance/securityGroup:SecurityGroup", has=(("name", "*-administration"),))
RIGHTS = Pick("iam/policy:Policy", has=(("description", "project=cohort-diabetes;*"),))
API_KEY = Pick("iam/apiKey:ApiKey", has=(("description", "project=cohort-diabetes;*"),))
PRIVATE = "exposure.private-endpoints"
ALGORITHM = "rules/0/applyServerSideEncryptionByDefault/sseAlgorithm"
KEY_ID = "rules/0/applyServerSideEncryptionByDefault/kmsMasterKeyId"
APPLICATIONS = m.GIVEN[NAME]["project_applications"]
READER = f"application_id:{APPLICATIONS['cohort-diabetes']}"
RETENTION = "rule/defaultRetention"
EVERY_PORT = {"action": "accept", "protocol": "ANY"}


def statement(what: str, change: Any) -> Any:
    """A policy of which one statement is changed."""

    def made(text: str) -> str:
        document = json.loads(text)
        (found,) = [s for s in document["Statement"] if s["Sid"] == what][:1]
        change(found)
        return json.dumps(document)

    return made


def reading(**differs: Any) -> Any:
    """A policy whose readers have other members; None: without it."""

    def change(found: dict[str, Any]) -> None:
        for member, value in differs.items():
            found.pop(member) if value is None else found.update({member: value})

    return statement("Read", change)


def more(**statement_: Any) -> Any:
    """A policy with one statement more."""

    def made(text: str) -> str:
        document = json.loads(text)
        document["Statement"].append({"Effect": "Allow", **statement_})
        return json.dumps(document)

    return made


def unconditional(text: str) -> str:
    """A policy without its conditions."""
    document = json.loads(text)
    for each in document["Statement"]:
        each.pop("Condition", None)
    return json.dumps(document)


def from_any_address(text: str) -> str:
    """A policy that holds from every address."""
    document = json.loads(text)
    for each in document["Statement"]:
        if "Condition" in each:
            each["Condition"]["IpAddress"]["aws:SourceIp"] = ["0.0.0.0/0"]
    return json.dumps(document)


def without_end(text: str) -> str:
    """A policy whose readers do not end."""
    return statement("Read", lambda found: found["Condition"].pop("DateLessThan"))(text)


def declared(question: m.Question) -> m.Question:
    """The question with what the provider says that it cannot do."""
    settings = read_settings(question.provider, m.GIVEN[NAME])
    return replace(question, gaps=tuple(question.provider.gaps(question.spec, settings)))


def everybody(text: str) -> str:
    """A policy whose readers are anybody."""
    return statement("Read", lambda found: found.update(Principal="*"))(text)


def rule(**differs: Any) -> dict[str, Any]:
    """A rule of IAM that reads the warehouse's project."""
    whole = {
        "permissionSetNames": ["ObjectStorageObjectsRead"],
        "projectIds": [m.SETTINGS[NAME]["project_id"]],
        "condition": 'request.time < timestamp("2028-06-30T23:59:59Z")',
        **differs,
    }
    return {key: value for key, value in whole.items() if value is not None}


m.VARIANTS |= {
    f"{NAME}+declared": declared,
    f"{NAME}+has-hds": m.said(hds_certified=True),
}

_ROWS: list[Row] = [
    # Encryption
    Row(NAME, "encryption.at-rest", m.gone(ENCRYPTION), BUCKET, "no encryption"),
    *wrong(NAME, ENCRYPTION, "rules", [], "encryption.at-rest", about=BUCKET),
    *wrong(NAME, ENCRYPTION, "rules", UNKNOWN, "encryption.at-rest", about=BUCKET),
    *wrong(NAME, ENCRYPTION, ALGORITHM, "aes256", "encryption.at-rest", about=BUCKET),
    *wrong(NAME, ENCRYPTION, ALGORITHM, DROP, "encryption.at-rest", about=BUCKET),
    Row(NAME, "encryption.at-rest", m.gone(TRAIL_ENCRYPTION), TRAIL, "no encryption of logs"),
    *wrong(NAME, DATABASE, "encryptionAtRest", False, "encryption.at-rest"),
    *wrong(NAME, DATABASE, "encryptionAtRest", DROP, "encryption.at-rest"),
    *wrong(NAME, DATABASE, "encryptionAtRest", UNKNOWN, "encryption.at-rest"),
    *wrong(NAME, DATABASE, "volumeType", "lssd", "encryption.at-rest"),
    *wrong(NAME, DATABASE, "volumeType", DROP, "encryption.at-rest"),
    Row(
        NAME,
        "encryption.at-rest",
        m.added("scaleway:databases/databaseBackup:DatabaseBackup", {"region": "fr-par"}),
        ADDED,
        "a logical backup",
    ),
    *wrong(NAME, ENCRYPTION, ALGORITHM, "AES256", "encryption.customer-key", about=BUCKET),
    Row(NAME, "encryption.customer-key", m.gone(ENCRYPTION), BUCKET, "no key"),
    Row(
        NAME,
        "encryption.distinct-keys",
        m.tied(ENCRYPTION, "rules", OTHER_KEY),
        PLAN,
        "one key for two zones",
    ),
    *wrong(NAME, KEY, "protectionLevel", DROP, "encryption.hsm-key"),
    *wrong(NAME, KEY, "protectionLevel", "software", "encryption.hsm-key"),
    *wrong(NAME, KEY, "protectionLevel", UNKNOWN, "encryption.hsm-key"),
    *wrong(NAME, KEY, "rotationPolicy", DROP, "encryption.key-rotation"),
    *wrong(NAME, KEY, "rotationPolicy/rotationPeriod", "8760h", "encryption.key-rotation"),
    *wrong(NAME, KEY, "rotationPolicy/rotationPeriod", "soon", "encryption.key-rotation"),
    *wrong(NAME, KEY, "rotationPolicy", UNKNOWN, "encryption.key-rotation"),
    *wrong(NAME, KEY, "usage", "asymmetric_encryption", "encryption.key-rotation"),
    # Residency
    *wrong(NAME, BUCKET, "region", "pl-waw", "residency.data"),
    *wrong(NAME, BUCKET, "region", "it-mil", "residency.data"),
    *wrong(NAME, BUCKET, "region", "at-lan", "residency.data"),
    *wrong(NAME, BUCKET, "region", UNKNOWN, "residency.data", "residency.unplaced"),
    *wrong(NAME, BUCKET, "region", DROP, "residency.unplaced"),
    *wrong(NAME, DATABASE, "region", "pl-waw", "residency.data"),
    *wrong(NAME, REGISTRY, "region", "pl-waw", "residency.data"),
    *wrong(NAME, DATABASE, "backupSameRegion", False, "residency.backups"),
    *wrong(NAME, DATABASE, "backupSameRegion", DROP, "residency.backups"),
    *wrong(NAME, DATABASE, "backupSameRegion", UNKNOWN, "residency.backups"),
    *wrong(NAME, VAULT, "region", "pl-waw", "residency.backups"),
    *wrong(NAME, KEY, "region", "pl-waw", "residency.keys"),
    *wrong(NAME, KEY, "region", UNKNOWN, "residency.keys"),
    *wrong(NAME, SOURCE, "region", "pl-waw", "residency.logs"),
    *wrong(NAME, TRAIL, "region", "it-mil", "residency.logs"),
    *wrong(NAME, CLUSTER, "region", "pl-waw", "residency.compute"),
    *wrong(NAME, CLUSTER, "region", UNKNOWN, "residency.compute"),
    *wrong(NAME, CLUSTER, "region", DROP, "residency.unplaced"),
    *wrong(NAME, VPC, "region", "pl-waw", "residency.spread"),
    *wrong(NAME, SEGMENT, "region", "it-mil", "residency.spread"),
    *wrong(NAME, SEGMENT, "region", UNKNOWN, "residency.spread"),
    *wrong(NAME, GATEWAY, "zone", "pl-waw-1", "residency.spread"),
    *wrong(NAME, NODES, "zone", "pl-waw-2", "residency.spread"),
    *wrong(NAME, POOL, "zone", "pl-waw-1", "residency.spread"),
    # Jurisdiction
    *wrong(f"{NAME}+has-hds", CLUSTER, "type", "kapsule", "jurisdiction.hds"),
    *wrong(f"{NAME}+has-hds", CLUSTER, "type", "multicloud-dedicated-4", "jurisdiction.hds"),
    *wrong(f"{NAME}+has-hds", CLUSTER, "type", DROP, "jurisdiction.hds"),
    *wrong(f"{NAME}+has-hds", POOL, "nodeType", "DEV1-M", "jurisdiction.hds", about=CLUSTER),
    *wrong(f"{NAME}+has-hds", BUCKET, "region", "nl-ams", "jurisdiction.hds"),
    *wrong(
        f"{NAME}+has-hds",
        BUCKET,
        "lifecycleRules",
        [{"enabled": True, "transitions": [{"days": 1, "storageClass": "GLACIER"}]}],
        "jurisdiction.hds",
    ),
    # Exposure
    *wrong(NAME, ACCESS_LIST, "acl", "public-read", "exposure.public-storage", about=BUCKET),
    *wrong(NAME, ACCESS_LIST, "acl", "authenticated-read", "exposure.public-storage", about=BUCKET),
    *wrong(NAME, ACCESS_LIST, "acl", UNKNOWN, "exposure.public-storage", about=BUCKET),
    *wrong(NAME, BUCKET, "acl", "public-read", "exposure.public-storage"),
    *wrong(NAME, POLICY, "policy", everybody, "exposure.public-storage", about=BUCKET),
    *wrong(NAME, REGISTRY, "isPublic", True, "exposure.public-storage"),
    Row(
        NAME,
        "exposure.public-storage",
        m.gone(ACCESS_LIST),
        BUCKET,
        "no access list",
        FindingKind.UNKNOWN,
    ),
    *wrong(NAME, POLICY, "policy", everybody, "exposure.cross-tenant", about=BUCKET),
    *wrong(NAME, DATABASE, "privateNetwork", DROP, "exposure.public-database", PRIVATE),
    *wrong(NAME, DATABASE, "loadBalancer", {"name": "open"}, "exposure.public-database"),
    *wrong(NAME, DATABASE, "loadBalancer", UNKNOWN, "exposure.public-database"),
    *wrong(NAME, API, "aclRules/0/ip", "0.0.0.0/0", "exposure.public-cluster", about=CLUSTER),
    *wrong(NAME, API, "aclRules/0/ip", UNKNOWN, "exposure.public-cluster", about=CLUSTER),
    *wrong(NAME, API, "aclRules", [], "exposure.public-cluster", about=CLUSTER),
    *wrong(
        NAME,
        API,
        "aclRules",
        [{"scalewayRanges": True}],
        "exposure.public-cluster",
        about=CLUSTER,
    ),
    Row(NAME, "exposure.public-cluster", m.gone(API), CLUSTER, "no list"),
    *wrong(NAME, API, "aclRules/0/ip", "0.0.0.0/0", "exposure.open-ingress"),
    *wrong(NAME, DATABASE_ACL, "aclRules/0/ip", "0.0.0.0/0", "exposure.open-ingress"),
    *wrong(NAME, ACL, "defaultPolicy", "accept", "exposure.open-ingress"),
    *wrong(NAME, ACL, "defaultPolicy", DROP, "exposure.open-ingress"),
    *wrong(NAME, ACL, "defaultPolicy", UNKNOWN, "exposure.open-ingress"),
    *wrong(NAME, IPV6, "defaultPolicy", "accept", "exposure.open-ingress", about=IPV6),
    *wrong(NAME, ACL, "rules/0/source", "0.0.0.0/0", "exposure.open-ingress"),
    *wrong(NAME, ACL, "rules", UNKNOWN, "exposure.open-ingress"),
    *wrong(NAME, GATEWAY, "allowedIpRanges", ["0.0.0.0/0"], "exposure.open-ingress"),
    *wrong(NAME, GATEWAY, "allowedIpRanges", DROP, "exposure.open-ingress"),
    *wrong(NAME, GATEWAY, "allowedIpRanges", UNKNOWN, "exposure.open-ingress"),
    *wrong(NAME, HOSTS, "inboundDefaultPolicy", "accept", "exposure.open-ingress"),
    *wrong(NAME, HOSTS, "inboundDefaultPolicy", DROP, "exposure.open-ingress"),
    *wrong(NAME, HOSTS, "inboundRules/0/ipRange", DROP, "exposure.open-ingress"),
    *wrong(NAME, HOSTS, "inboundRules/0/ipRange", "128.0.0.0/1", "exposure.open-ingress"),
    *wrong(NAME, NODES, "inboundRules", UNKNOWN, "exposure.open-ingress"),
    *wrong(NAME, NODES, "externalRules", True, "exposure.open-ingress"),
    Row(
        NAME,
        "exposure.open-ingress",
        m.added(
            "scaleway:network/publicGatewayPatRule:PublicGatewayPatRule",
            {"publicPort": 2222, "privatePort": 22, "zone": "fr-par-1"},
        ),
        ADDED,
        "a port of the gateway",
    ),
    *wrong(NAME, HOSTS, "outboundDefaultPolicy", "accept", "exposure.egress"),
    *wrong(NAME, HOSTS, "outboundDefaultPolicy", DROP, "exposure.egress"),
    *wrong(NAME, HOSTS, "outboundDefaultPolicy", UNKNOWN, "exposure.egress"),
    *wrong(NAME, HOSTS, "outboundRules/0/ipRange", "0.0.0.0/0", "exposure.egress"),
    *wrong(NAME, HOSTS, "outboundRules", UNKNOWN, "exposure.egress"),
    *wrong(NAME, JOINED, "enableMasquerade", True, "exposure.egress"),
    *wrong(NAME, JOINED, "ipamConfigs/0/pushDefaultRoute", True, "exposure.egress"),
    Row(
        NAME,
        "exposure.egress",
        m.added("scaleway:network/connector:Connector", {"region": "fr-par"}),
        ADDED,
        "another VPC",
    ),
    Row(NAME, "exposure.partition", m.gone(SEGMENT), PLAN, "no segment"),
    *wrong(NAME, DATABASE, "privateNetwork", DROP, "exposure.partition"),
    *wrong(NAME, CLUSTER, "privateNetworkId", DROP, "exposure.partition"),
    *wrong(NAME, POOL, "publicIpDisabled", False, "exposure.partition", about=CLUSTER),
    *wrong(NAME, POOL, "publicIpDisabled", DROP, "exposure.partition", about=CLUSTER),
    *wrong(NAME, POOL, "publicIpDisabled", UNKNOWN, "exposure.partition", about=CLUSTER),
    Row(
        NAME,
        "exposure.partition",
        m.tied(CLUSTER, "privateNetworkId", SEGMENT),
        CLUSTER,
        "nodes with the database",
    ),
    Row(
        NAME,
        "exposure.partition",
        m.tied(DATABASE, "privateNetwork", ADMINISTRATION),
        DATABASE,
        "a database with the administration",
    ),
    Row(
        f"{NAME}+declared",
        PRIVATE,
        m.inputs(POLICY, "policy", unconditional),
        BUCKET,
        "no condition",
    ),
    Row(
        f"{NAME}+declared",
        PRIVATE,
        m.inputs(POLICY, "policy", from_any_address),
        BUCKET,
        "any address",
    ),
    *wrong(f"{NAME}+declared", POLICY, "policy", UNKNOWN, PRIVATE, about=BUCKET),
    # Access
    *wrong(NAME, POLICY, "policy", reading(Action=["s3:*"]), "access.least-privilege"),
    *wrong(
        NAME,
        POLICY,
        "policy",
        reading(Resource=["*"]),
        "access.least-privilege",
        "access.project-isolation",
    ),
    *wrong(NAME, POLICY, "policy", reading(Action=None), "access.least-privilege"),
    *wrong(NAME, POLICY, "policy", UNKNOWN, "access.least-privilege"),
    *wrong(NAME, POLICY, "policy", "{", "access.least-privilege"),
    *wrong(
        NAME,
        POLICY,
        "policy",
        lambda text: text.replace("2023-04-17", "2012-10-17"),
        "access.least-privilege",
    ),
    *wrong(NAME, RIGHTS, "rules", [rule(organizationId="o")], "access.least-privilege"),
    *wrong(
        NAME,
        RIGHTS,
        "rules",
        [rule(permissionSetNames=["AllProductsFullAccess"])],
        "access.least-privilege",
    ),
    *wrong(
        NAME,
        RIGHTS,
        "rules",
        [rule(permissionSetNames=["OrganizationManager"])],
        "access.least-privilege",
    ),
    *wrong(
        NAME,
        RIGHTS,
        "rules",
        [rule(permissionSetNames=["SomethingNew"])],
        "access.least-privilege",
    ),
    *wrong(
        NAME,
        RIGHTS,
        "rules",
        [rule(permissionSetNames=["KubernetesFullAccess"])],
        "access.least-privilege",
    ),
    *wrong(NAME, RIGHTS, "rules", UNKNOWN, "access.least-privilege"),
    *wrong(
        NAME,
        POLICY,
        "policy",
        reading(Action=["s3:GetObject", "s3:DeleteObject"]),
        "access.project-isolation",
    ),
    Row(
        NAME,
        "access.project-isolation",
        m.inputs(
            LOGS_POLICY,
            "policy",
            more(
                Sid="Read",
                Principal={"SCW": [READER]},
                Action=["s3:GetObject"],
                Resource=["*-logs-*"],
            ),
        ),
        LOGS_POLICY,
        "another zone",
    ),
    Row(
        NAME,
        "access.project-isolation",
        m.inputs(POLICY, "policy", reading(Effect="Deny")),
        PLAN,
        "no reading",
    ),
    Row(NAME, "access.project-isolation", m.gone(LOGS_POLICY), RIGHTS, "a bucket without policy"),
    *wrong(NAME, POLICY, "policy", without_end, "access.project-expiry"),
    *wrong(
        NAME,
        POLICY,
        "policy",
        lambda text: text.replace("2028-06-30T", "2039-06-30T"),
        "access.project-expiry",
    ),
    *wrong(
        NAME,
        POLICY,
        "policy",
        lambda text: text.replace("2028-06-30T23:59:59Z", "soon"),
        "access.project-expiry",
    ),
    *wrong(NAME, RIGHTS, "rules/0/condition", DROP, "access.project-expiry"),
    *wrong(NAME, RIGHTS, "rules/0/condition", UNKNOWN, "access.project-expiry"),
    *wrong(NAME, RIGHTS, "rules/0/condition", "request.ip == '10.0.0.1'", "access.project-expiry"),
    *wrong(
        NAME,
        RIGHTS,
        "rules/0/condition",
        'request.time < timestamp("2039-01-01T00:00:00Z")',
        "access.project-expiry",
    ),
    *m.kept_in_force(NAME, RIGHTS, API_KEY, POLICY),
    *wrong(NAME, API_KEY, "expiresAt", DROP, "access.no-static-credentials"),
    *wrong(NAME, API_KEY, "expiresAt", "2039-01-01T00:00:00Z", "access.no-static-credentials"),
    *wrong(NAME, API_KEY, "expiresAt", UNKNOWN, "access.no-static-credentials"),
    Row(
        NAME,
        "access.no-static-credentials",
        m.added("scaleway:databases/user:User", {"name": "app"}),
        ADDED,
        "a user of the database",
    ),
    *wrong(
        NAME,
        RIGHTS,
        "rules",
        [rule(permissionSetNames=["KeyManagerManager"])],
        "access.separation-of-duties",
    ),
    *wrong(
        NAME,
        RIGHTS,
        "rules",
        [rule(permissionSetNames=["ObservabilityFullAccess"])],
        "access.separation-of-duties",
    ),
    *wrong(NAME, LOGS_POLICY, "policy", UNKNOWN, "access.separation-of-duties"),
    *wrong(NAME, DATABASE, "password", "hunter2", "access.no-plaintext-secret"),
    *wrong(NAME, SOURCE, "note", "postgres://u:hunter2@db", "access.no-plaintext-secret"),
    *wrong(
        NAME,
        EXPORT_POLICY,
        "policy",
        reading(Action=["s3:GetObject", "s3:PutObject"]),
        "access.export-gate",
        about=PLAN,
    ),
    *wrong(NAME, EXPORT_POLICY, "policy", UNKNOWN, "access.export-gate", about=PLAN),
    # Audit
    *wrong(NAME, SOURCE, "retentionDays", UNKNOWN, "audit.retention", about=PLAN),
    Row(NAME, "audit.protected", m.gone(TRAIL_LOCK), PLAN, "no lock"),
    # Continuity
    *wrong(NAME, DATABASE, "disableBackup", True, "continuity.backup"),
    *wrong(NAME, DATABASE, "backupScheduleRetention", 7, "continuity.backup"),
    *wrong(NAME, DATABASE, "backupScheduleRetention", DROP, "continuity.backup"),
    *wrong(NAME, DATABASE, "backupScheduleRetention", UNKNOWN, "continuity.backup"),
    *wrong(NAME, BUCKET, "versioning/enabled", False, "continuity.versioning"),
    *wrong(NAME, BUCKET, "versioning", DROP, "continuity.versioning"),
    *wrong(NAME, BUCKET, "versioning", UNKNOWN, "continuity.versioning"),
    *wrong(NAME, LOCK, f"{RETENTION}/mode", "GOVERNANCE", "continuity.immutability", about=BUCKET),
    *wrong(NAME, LOCK, f"{RETENTION}/days", 7, "continuity.immutability", about=BUCKET),
    *wrong(NAME, LOCK, f"{RETENTION}/days", UNKNOWN, "continuity.immutability", about=BUCKET),
    *wrong(NAME, LOCK, "rule", UNKNOWN, "continuity.immutability", about=BUCKET),
    *wrong(NAME, BUCKET, "objectLockEnabled", False, "continuity.immutability"),
    *wrong(NAME, BUCKET, "objectLockEnabled", DROP, "continuity.immutability"),
    Row(NAME, "continuity.immutability", m.gone(LOCK), BUCKET, "no lock"),
    *(
        row
        for path, value in (
            ("0/noncurrentVersionExpiration/noncurrentDays", 29),
            ("0/noncurrentVersionExpiration/noncurrentDays", UNKNOWN),
            ("0/expiration/days", 179),
            ("0/expiration/days", 181),
            ("0/expiration", DROP),
            ("0/prefix", "a/"),
            ("0/enabled", False),
        )
        for row in wrong(NAME, EXPORT, f"lifecycleRules/{path}", value, "continuity.retention")
    ),
    *wrong(NAME, EXPORT, "lifecycleRules", DROP, "continuity.retention"),
    *m.longer_than_a_project(NAME, None, VAULT),
    Row(NAME, "continuity.deletion", m.unprotected(BUCKET), BUCKET, "unprotected"),
    Row(NAME, "continuity.deletion", m.unprotected(KEY), KEY, "unprotected key"),
    Row(NAME, "continuity.deletion", m.unprotected(WITHIN), DATABASE, "unprotected part"),
    Row(NAME, "continuity.deletion", m.removed(DATABASE, "delete"), DATABASE, "deleted"),
    *wrong(NAME, BUCKET, "forceDestroy", True, "continuity.deletion"),
    *wrong(NAME, BUCKET, "forceDestroy", UNKNOWN, "continuity.deletion"),
    *wrong(NAME, CLUSTER, "deleteAdditionalResources", True, "continuity.deletion"),
    *wrong(NAME, CLUSTER, "deleteAdditionalResources", UNKNOWN, "continuity.deletion"),
    Row(NAME, "continuity.managed", m.released(BUCKET), BUCKET, "left standing"),
    Row(
        NAME,
        "continuity.availability",
        m.inputs(POOL, "zone", "fr-par-9", every=True),
        CLUSTER,
        "one zone",
    ),
    *wrong(
        NAME,
        RIGHTS,
        "description",
        "project=cohort-diabetes; a.martin@university.example",
        "continuity.state",
    ),
    # Inventory
    *wrong(NAME, BUCKET, "tags", DROP, "inventory.tags"),
    *wrong(NAME, BUCKET, "tags/warehouse", "another", "inventory.tags"),
    *wrong(NAME, BUCKET, "tags/classification", UNKNOWN, "inventory.tags"),
    *wrong(NAME, DATABASE, "tags", [], "inventory.tags"),
    *wrong(NAME, DATABASE, "tags/0", UNKNOWN, "inventory.tags"),
    *wrong(NAME, KEY, "tags", DROP, "inventory.tags"),
    Row(
        NAME,
        "inventory.known",
        m.retyped(VPC, "scaleway:network/dream:Dream"),
        VPC,
        "a type that nobody knows",
    ),
    Row(
        NAME,
        "inventory.known",
        m.added("scaleway:index/redisCluster:RedisCluster", {}),
        ADDED,
        "an older type that nobody knows",
    ),
    *wrong(NAME, DATABASE, "engine", "PostgreSQL-14", "inventory.supported-versions"),
    *wrong(NAME, DATABASE, "engine", UNKNOWN, "inventory.supported-versions"),
    *wrong(NAME, DATABASE, "engine", DROP, "inventory.supported-versions"),
    *wrong(NAME, CLUSTER, "version", "1.31.0", "inventory.supported-versions"),
    *wrong(NAME, CLUSTER, "version", DROP, "inventory.supported-versions"),
    *wrong(NAME, BUCKET, "tags/environment", "development", "inventory.environments"),
    *wrong(NAME, KEY, "origin", "external", "inventory.known"),
    *wrong(NAME, NODES, "enableDefaultSecurity", False, "inventory.known"),
    *wrong(NAME, POOL, "kubeletArgs", {"anonymous-auth": "true"}, "inventory.known"),
]


def told_apart(rows: list[Row]) -> list[Row]:
    """Rows of which several have one label, with the number of each among them behind it."""
    seen: dict[str, int] = {}
    found = []
    for row in rows:
        number = seen[row.label] = seen.get(row.label, 0) + 1
        found.append(row if number == 1 else replace(row, what=f"{row.what} ({number})"))
    return found


ROWS = told_apart(_ROWS)
