"""Controls that a provider can never hold, or never break, or that never concern it: and why."""

from dataclasses import dataclass

from havre.policy.model import Outcome

PASS, FAIL, UNKNOWN, OTHER = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE


@dataclass(frozen=True)
class Lacking:
    """Why there is no example of both.

    Attributes:
        reason: why.
        outcomes: the only outcomes that the control has on the provider's plan.
    """

    reason: str
    outcomes: frozenset[Outcome]


def _lacks(provider: str, reason: str, *rest: str | Outcome) -> dict[tuple[str, str], Lacking]:
    """Controls that a provider lacks for one reason, with their outcomes."""
    outcomes = frozenset(each for each in rest if isinstance(each, Outcome))
    controls = (str(each) for each in rest if not isinstance(each, Outcome))
    return {(provider, control): Lacking(reason, outcomes) for control in controls}


LACKING: dict[tuple[str, str], Lacking] = {
    **_lacks(
        "ovh",
        "no service takes a customer's key",
        *("encryption.customer-key", "encryption.distinct-keys", "encryption.cluster-secrets"),
        FAIL,
        OTHER,
    ),
    **_lacks(
        "ovh", "keys are held in software, and a spec with hsm fails", "encryption.hsm-key", OTHER
    ),
    **_lacks("ovh", "no argument makes a key renew itself", "encryption.key-rotation", FAIL),
    **_lacks("ovh", "a key that is deleted is gone", "encryption.key-deletion", FAIL, OTHER),
    **_lacks(
        "ovh",
        "no argument tells the lowest TLS version",
        *("encryption.in-transit", "encryption.database-tls"),
        UNKNOWN,
        OTHER,
    ),
    **_lacks(
        "ovh", "nothing refuses outgoing traffic", "exposure.egress", "exposure.names", FAIL, OTHER
    ),
    **_lacks(
        "ovh",
        "keys of S3, of accounts and of a cluster's administrator never end",
        "access.no-static-credentials",
        FAIL,
        OTHER,
    ),
    **_lacks(
        "ovh",
        "streams are under OVHcloud's key, and nobody says who reads them",
        "audit.statements",
        PASS,
        FAIL,
        UNKNOWN,
    ),
    **_lacks(
        "ovh",
        "the plan holds no object of Kubernetes, and no pool is the cluster's own",
        "exposure.workload-isolation",
        Outcome.NOT_IN_FORCE,
        FAIL,
    ),
    **_lacks("ovh", "no argument checks images", "inventory.images", FAIL),
    **_lacks("ovh", "no argument makes an alert", "audit.alerts", FAIL),
    **{
        key: why
        for name in ("azure", "ovh", "scaleway")
        for key, why in _lacks(
            name,
            "people are no part of a plan: the provider's gaps tell of them",
            *("access.personal-identity", "access.second-factor", "audit.person"),
            OTHER,
        ).items()
    },
    **_lacks("local", "nothing asks for a second factor", "access.second-factor", FAIL),
    **_lacks("azure", "no argument of the cluster checks images", "inventory.images", FAIL),
    **_lacks(
        "scaleway", "a key can be recovered for 7 days", "encryption.key-deletion", FAIL, OTHER
    ),
    **_lacks(
        "scaleway",
        "no argument sets the lowest TLS version, and the database takes plain text",
        *("encryption.in-transit", "encryption.database-tls"),
        FAIL,
        UNKNOWN,
        OTHER,
    ),
    **_lacks("scaleway", "no key of the cluster's secrets", "encryption.cluster-secrets", FAIL),
    **_lacks("scaleway", "buckets have no replicas", "residency.replicas", OTHER),
    **_lacks("scaleway", "no resource routes logs", "jurisdiction.telemetry"),
    **_lacks("scaleway", "nobody filters or logs names", "exposure.names", FAIL, OTHER),
    **_lacks("scaleway", "keys are those of one identity", "exposure.shared-keys", PASS),
    **_lacks(
        "scaleway",
        "the plan holds no object of Kubernetes, and no pool is the cluster's own",
        "exposure.workload-isolation",
        Outcome.NOT_IN_FORCE,
        FAIL,
    ),
    **_lacks("scaleway", "requests are logged without the caller", "audit.storage-access", UNKNOWN),
    **_lacks("scaleway", "pgaudit is started with SQL", "audit.database", UNKNOWN),
    **_lacks("scaleway", "no argument turns audit logs on", "audit.cluster", UNKNOWN),
    **_lacks("scaleway", "no use of a key is logged for sure", "audit.keys", FAIL),
    **_lacks("scaleway", "no resource exports Audit Trail", "audit.administration", FAIL),
    **_lacks("scaleway", "flows are logged nowhere", "audit.network", FAIL, OTHER),
    **_lacks(
        "scaleway",
        "Cockpit takes no key of the customer's, and nobody says who reads it",
        "audit.statements",
        PASS,
        FAIL,
        UNKNOWN,
    ),
    **_lacks("scaleway", "no argument makes an alert of a log", "audit.alerts", FAIL),
    **_lacks("scaleway", "Cockpit and Audit Trail are two stores", "audit.central", FAIL),
    **_lacks(
        "scaleway",
        "neither buckets nor snapshots are copied",
        "continuity.recovery-site",
        FAIL,
        OTHER,
    ),
    **_lacks("scaleway", "no argument checks images", "inventory.images", FAIL),
    **_lacks("local", "no service tells anybody", "audit.alerts", FAIL),
    **_lacks("ovh", "no use of a key is logged", "audit.keys", FAIL),
    **_lacks("ovh", "the account's own log is no resource", "audit.administration", FAIL),
    **_lacks("ovh", "flows are logged nowhere", "audit.network", FAIL, OTHER),
    **_lacks(
        "ovh",
        "replicas are no backups, and no argument says how long a database's are kept",
        "continuity.backup",
        FAIL,
        UNKNOWN,
        OTHER,
    ),
    **_lacks(
        "local",
        "the machine's disk is its owner's matter: backups alone are encrypted, always",
        "encryption.at-rest",
        PASS,
        FAIL,
    ),
    **_lacks("local", "keys are files, and a spec with hsm fails", "encryption.hsm-key", OTHER),
    **_lacks("local", "a key that is deleted is gone", "encryption.key-deletion", FAIL, OTHER),
    **_lacks(
        "local",
        "there is no cluster",
        *("encryption.cluster-secrets", "residency.compute", "exposure.public-cluster"),
        *("audit.cluster", "exposure.workload-isolation", "inventory.images"),
    ),
    **_lacks("local", "there are no replicas", "residency.replicas", OTHER),
    **_lacks("local", "no log leaves the machine", "jurisdiction.telemetry"),
    **_lacks(
        "local",
        "services answer on the machine's own addresses alone, whatever is asked",
        *("exposure.public-storage", "exposure.public-database", "exposure.private-endpoints"),
        *("exposure.shared-keys", "exposure.cross-tenant"),
        PASS,
        OTHER,
    ),
    **_lacks("local", "the machine's firewall is its owner's", "exposure.open-ingress", OTHER),
    **_lacks(
        "local",
        "so is what leaves, and its logs",
        *("exposure.egress", "exposure.names", "audit.network"),
        FAIL,
    ),
    **_lacks("local", "one machine has no segments", "exposure.partition", FAIL),
    **_lacks(
        "local",
        "projects read, and nobody else has an identity",
        *("access.least-privilege", "access.separation-of-duties"),
        PASS,
    ),
    **_lacks(
        "local",
        "services log every access, whatever is asked",
        *("audit.storage-access", "audit.database"),
        PASS,
        OTHER,
    ),
    **_lacks("local", "no use of a key is logged", "audit.keys", FAIL),
    **_lacks(
        "local",
        "zones and database log it, logs and backups do not",
        "audit.administration",
        PASS,
        FAIL,
    ),
    **_lacks("local", "whoever owns the machine can change its logs", "audit.protected", FAIL),
    **_lacks(
        "local",
        "the record is under no key, and no service says who reads it",
        "audit.statements",
        PASS,
        FAIL,
    ),
    **_lacks("local", "there is one site", "continuity.recovery-site", FAIL, OTHER),
    **_lacks("local", "there is one machine", "continuity.availability", FAIL, OTHER),
}
