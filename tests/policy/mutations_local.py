"""What can be wrong on a machine of one's own, property by property."""

from havre.plan.values import UNKNOWN
from tests.policy import mutations as m
from tests.policy.mutations import ADDED, DROP, PLAN, Pick, Row, wrong

ZONE = Pick("havre-local:Zone", zone="curated")
EXPORT = Pick("havre-local:Zone", zone="export")
KEY = Pick("havre-local:Key", under=ZONE)
EXPORT_KEY = Pick("havre-local:Key", under=EXPORT)
SERVER = Pick("havre-local:DatabaseServer")
DATABASE = Pick("havre-local:Database")
LOGS = Pick("havre-local:LogStore")
FOLDER = Pick("havre-local:DataFolder")
BACKUP = Pick("havre-local:BackupPolicy")
BACKUP_KEY = Pick("havre-local:Key", under=BACKUP)
ACCESS = Pick("havre-local:ProjectAccess", has=(("project", "cohort-diabetes"),))
COUNTRY = "record/settings/country"

MEMBERS = ["m-0000000a", "m-0000000b"]
STAFF = "projects.cohort-diabetes.members"

m.VARIANTS |= {
    "local+certified": m.certified(),
    "local+people": m.both(m.asked((STAFF, MEMBERS)), m.inputs(ACCESS, "members", MEMBERS)),
}

ROWS: list[Row] = [
    # Encryption
    Row("local", "encryption.customer-key", m.untied(BACKUP, "key"), BACKUP, "no key"),
    Row(
        "local",
        "encryption.customer-key",
        m.tied(BACKUP, "key", LOGS),
        BACKUP,
        "a key that is none",
    ),
    Row("local", "encryption.customer-key", m.gone(BACKUP_KEY), BACKUP, "a key that is not there"),
    *wrong("local", KEY, "rotation_days", 181, "encryption.key-rotation"),
    *wrong("local", KEY, "rotation_days", DROP, "encryption.key-rotation"),
    *wrong("local", KEY, "rotation_days", UNKNOWN, "encryption.key-rotation"),
    Row(
        "local",
        "encryption.distinct-keys",
        m.tied(EXPORT, "key", KEY),
        EXPORT,
        "key of another zone",
    ),
    *wrong(
        "local", SERVER, "tls_minimum", "1.1", "encryption.in-transit", "encryption.database-tls"
    ),
    *wrong(
        "local", SERVER, "tls_minimum", DROP, "encryption.in-transit", "encryption.database-tls"
    ),
    *wrong(
        "local", SERVER, "tls_minimum", UNKNOWN, "encryption.in-transit", "encryption.database-tls"
    ),
    # Residency
    *wrong("local", FOLDER, COUNTRY, "US", "residency.data", about=ZONE),
    *wrong("local", FOLDER, COUNTRY, DROP, "residency.data", about=SERVER),
    *wrong("local", FOLDER, COUNTRY, UNKNOWN, "residency.data", "residency.unplaced", about=ZONE),
    *wrong("local", FOLDER, COUNTRY, "US", "residency.backups", about=BACKUP),
    *wrong("local", FOLDER, COUNTRY, "US", "residency.keys", about=KEY),
    *wrong("local", FOLDER, COUNTRY, UNKNOWN, "residency.keys", about=KEY),
    *wrong("local", FOLDER, COUNTRY, "US", "residency.logs", about=LOGS),
    *wrong("local", FOLDER, COUNTRY, "US", "residency.spread"),
    *wrong("local", FOLDER, COUNTRY, UNKNOWN, "residency.spread"),
    # Access
    Row(
        "local", "access.project-isolation", m.tied(ACCESS, "zones", EXPORT), ACCESS, "another zone"
    ),
    Row("local", "access.project-isolation", m.untied(ACCESS, "zones"), PLAN, "no zone"),
    *wrong(
        "local", ACCESS, "project", "nobodys", "access.project-isolation", "access.project-expiry"
    ),
    *wrong(
        "local",
        ACCESS,
        "expires",
        "2028-07-01",
        "access.project-expiry",
        "access.no-static-credentials",
    ),
    *wrong(
        "local",
        ACCESS,
        "expires",
        UNKNOWN,
        "access.project-expiry",
        "access.no-static-credentials",
    ),
    *m.kept_in_force("local", ACCESS),
    *wrong("local", SERVER, "password", "hunter2", "access.no-plaintext-secret"),
    *wrong("local", LOGS, "note", "-----BEGIN PRIVATE KEY-----", "access.no-plaintext-secret"),
    Row("local", "access.export-gate", m.tied(ACCESS, "zones", EXPORT), ACCESS, "not named"),
    # Audit
    *wrong("local", LOGS, "retention_days", 30, "audit.retention"),
    *wrong("local", LOGS, "retention_days", DROP, "audit.retention"),
    *wrong("local", LOGS, "retention_days", UNKNOWN, "audit.retention"),
    Row("local", "audit.retention", m.gone(LOGS), PLAN, "no logs"),
    Row("local", "audit.central", m.gone(LOGS), PLAN, "no logs"),
    Row(
        "local",
        "audit.central",
        m.added("pulumi-python:dynamic/havre-local:LogStore", {}, LOGS),
        PLAN,
        "a second store",
    ),
    # People
    *(
        row
        for members in (MEMBERS[:1], [], UNKNOWN, DROP)
        for row in wrong(
            "local+people", ACCESS, "members", members, "access.personal-identity", "audit.person"
        )
    ),
    *(
        Row("local+people", control, m.asked((STAFF, names)), ACCESS, "a member by name")
        for control in ("access.personal-identity", "audit.person")
        for names in (["a.martin@university.example"],)
    ),
    # Continuity
    *wrong("local", BACKUP, "retention_days", 34, "continuity.backup", about=ZONE),
    *wrong("local", BACKUP, "retention_days", UNKNOWN, "continuity.backup", about=SERVER),
    Row("local", "continuity.backup", m.gone(BACKUP), SERVER, "no policy"),
    *wrong("local", ZONE, "versions", False, "continuity.versioning"),
    *wrong("local", ZONE, "versions", DROP, "continuity.versioning"),
    *wrong("local", ZONE, "versions", UNKNOWN, "continuity.versioning"),
    *wrong("local", ZONE, "immutable_days", 29, "continuity.immutability"),
    *wrong("local", ZONE, "immutable_days", DROP, "continuity.immutability"),
    *wrong("local", ZONE, "immutable_days", UNKNOWN, "continuity.immutability"),
    *wrong("local", ZONE, "versions", False, "continuity.retention"),
    *wrong("local", ZONE, "versions", DROP, "continuity.retention"),
    *wrong("local", ZONE, "versions", UNKNOWN, "continuity.retention"),
    *m.longer_than_a_project("local", None, BACKUP),
    *wrong("local", EXPORT, "immutable_days", 184, "continuity.erasable"),
    *wrong("local", EXPORT, "immutable_days", UNKNOWN, "continuity.erasable"),
    *wrong("local", BACKUP, "retention_days", 184, "continuity.erasable"),
    *wrong("local", BACKUP, "retention_days", UNKNOWN, "continuity.erasable"),
    Row("local", "continuity.deletion", m.unprotected(ZONE), ZONE, "unprotected"),
    Row("local", "continuity.deletion", m.unprotected(KEY), KEY, "unprotected key"),
    Row("local", "continuity.deletion", m.unprotected(DATABASE), SERVER, "unprotected part"),
    Row("local", "continuity.managed", m.released(ZONE), ZONE, "left standing"),
    Row("local", "continuity.deletion", m.removed(ZONE, "replace"), ZONE, "replaced"),
    *wrong("local", ZONE, "note", "read by b.durand@university.example", "continuity.state"),
    # Inventory
    *wrong("local", ZONE, "tags", {}, "inventory.tags"),
    *wrong("local", ACCESS, "tags/project", DROP, "inventory.tags"),
    *wrong("local", SERVER, "tags/owner", UNKNOWN, "inventory.tags"),
    Row(
        "local",
        "inventory.known",
        m.retyped(ZONE, "pulumi-python:dynamic/havre-local:Dream"),
        ZONE,
        "a type that nobody knows",
    ),
    *wrong("local", SERVER, "asked_version", 14, "inventory.supported-versions"),
    *wrong("local", SERVER, "asked_version", 8, "inventory.supported-versions"),
    *wrong("local", SERVER, "asked_version", UNKNOWN, "inventory.supported-versions"),
    *wrong("local", ZONE, "tags/environment", "staging", "inventory.environments"),
    *wrong("local", ZONE, "tags", UNKNOWN, "inventory.environments"),
    Row(
        "local",
        "inventory.environments",
        m.added("pulumi:pulumi:StackReference", {"name": "s"}),
        ADDED,
        "another stack",
    ),
]
