"""Encryption at rest and in transit, and the keys."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from havre.facts.model import AboutResource, Compute, Extent, Key
from havre.facts.read import both
from havre.facts.stores import Content, DatabaseServer, DataStore, ObjectStore, Storage, Vault
from havre.facts.values import Fact, Known
from havre.policy import (
    NOT_APPLICABLE,
    Case,
    Outcome,
    Profile,
    Severity,
    Verdict,
    control,
    fails,
    plan_control,
    require,
)
from havre.spec.model import KeyProtection
from havre_policies.cites import EDS, annex_a, snc

if TYPE_CHECKING:
    from collections.abc import Iterator


def under_own_key(name: str, key: Fact[str | None], case: Case, *, resource: str = "") -> Verdict:
    """Whether a key is one of the plan that the customer owns.

    Args:
        name: of the property that names it.
        key: URN of the key.
        case: the facts of the plan.
        resource: URN of what is under it, for a control over the whole plan.
    """
    wanted = "a key of this warehouse"
    of_plan = case.facts.one(Key, key.value) if isinstance(key, Known) and key.value else None
    if of_plan is not None:
        return require("customer", of_plan.customer, bool, wanted, resource=resource)
    return require(name, key, lambda _: False, wanted, resource=resource)


def _version(text: str) -> tuple[int, ...]:
    """A version for comparing; one that is no numbers is older than any."""
    parts = text.split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else ()


def _tls(fact: Fact[str | None], case: Case) -> Verdict:
    """Whether plain text and TLS older than the spec's are refused."""
    least = case.spec.encryption.tls.value
    return require(
        "tls_minimum",
        fact,
        lambda found: found is not None and _version(found) >= _version(least),
        f"TLS {least} or later, and no plain text",
    )


@control(
    "encryption.at-rest",
    DataStore,
    Profile.BASELINE,
    Severity.CRITICAL,
    cites=snc("10.1") + annex_a("8.24"),
    remedy="Turn on encryption at rest for this resource.",
)
def at_rest(store: DataStore, case: Case) -> Verdict:  # noqa: ARG001
    """Every data store is encrypted at rest.

    Data stores are zones, databases, volumes, registries, logs and backups.
    """
    return require("encrypted", store.encrypted, bool, "encrypted at rest")


@control(
    "encryption.customer-key",
    AboutResource,
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("10.1", "10.5") + EDS,
    remedy="Encrypt this resource with a key of the warehouse.",
    cause=("encryption", "keys"),
)
def customer_key(bearer: AboutResource, case: Case) -> Verdict:
    """All data in a store is encrypted with a warehouse key where required.

    It is required where the warehouse file sets customer keys. Disks of cluster nodes are included.
    The vault that contains the keys is not.
    """
    if not case.spec.encryption.own_keys:
        return NOT_APPLICABLE
    if isinstance(bearer, Compute):
        return under_own_key("disk_key", bearer.disk_key, case)
    if not isinstance(bearer, (Storage, DatabaseServer)):
        return NOT_APPLICABLE
    found = under_own_key("key", bearer.key, case)
    return _all_under_it(bearer) if found.outcome is Outcome.PASS else found


def _all_under_it(store: Storage | DatabaseServer) -> Verdict:
    """Whether a store's key encrypts all data in it."""
    wanted = "a key that encrypts all data in the store"
    return require("key_encrypts", store.key_encrypts, lambda e: e is Extent.ALL, wanted)


@control(
    "encryption.hsm-key",
    Key,
    Profile.SOVEREIGN,
    Severity.HIGH,
    cites=snc("10.5"),
    remedy="Store this key in a hardware security module.",
    cause=("encryption", "keys"),
)
def hsm_key(key: Key, case: Case) -> Verdict:
    """Each key is stored in a hardware security module where required."""
    if case.spec.encryption.keys is not KeyProtection.HSM:
        return NOT_APPLICABLE
    return require("hsm", key.hsm, bool, "stored in a hardware security module")


@control(
    "encryption.key-rotation",
    Key,
    Profile.BASELINE,
    Severity.MEDIUM,
    cites=snc("10.5") + annex_a("8.24"),
    remedy="Set a rotation policy within `encryption.rotation_days`.",
    cause=("encryption", "rotation_days"),
)
def key_rotation(key: Key, case: Case) -> Verdict:
    """Every key is rotated automatically within the required period."""
    longest = case.spec.encryption.rotation_days
    return require(
        "rotation_days",
        key.rotation_days,
        lambda days: days is not None and days <= longest,
        f"rotated automatically every {longest} days or sooner",
    )


@control(
    "encryption.key-deletion",
    AboutResource,
    Profile.BASELINE,
    Severity.HIGH,
    cites=snc("10.5", "17.4"),
    remedy="Turn on soft delete and purge protection for at least `encryption.deletion_days`.",
    cause=("encryption", "deletion_days"),
)
def key_deletion(key: AboutResource, case: Case) -> Verdict:
    """Deleted keys stay recoverable for the required days and cannot be purged earlier.

    A store without its key is lost, so this control protects data as much as keys. Secrets and
    certificates are evaluated with the vault that contains them.
    """
    if not isinstance(key, (Key, Vault)):
        return NOT_APPLICABLE
    least = case.spec.encryption.deletion_days
    return require(
        "deletion_days, purge_guarded",
        both(key.deletion_days, key.purge_guarded),
        lambda found: found[0] is not None and found[0] >= least and found[1],
        f"recoverable for at least {least} days, with purge protection",
    )


@plan_control(
    "encryption.distinct-keys",
    Profile.HEALTH,
    Severity.HIGH,
    cites=EDS,
    remedy="Give each zone and the database a separate key.",
    cause=("zones",),
)
def distinct_keys(case: Case) -> Iterator[Verdict]:
    """Each zone and the database have separate keys.

    Identifying data therefore never shares a key with pseudonymised data. Stores under the
    provider's own keys are evaluated by `encryption.customer-key`.
    """
    holders: dict[str, set[str]] = defaultdict(set)
    stores = [store for store in case.facts.of(DataStore) if isinstance(store, Content)]
    for store in stores:
        if isinstance(store.key, Known) and store.key.value:
            holders[store.key.value].add(_holder(store))
    for store in stores if case.spec.encryption.own_keys else ():
        if store.key == Known(None):
            continue
        yield require(
            "key",
            store.key,
            lambda key: len(holders[key or ""]) == 1,
            "a key that no other zone or database uses",
            resource=store.urn,
        )


def _holder(store: Content) -> str:
    """Who holds a key: a zone or a database with all its copies, or a store by itself."""
    if isinstance(store, ObjectStore):
        return store.zone or store.urn
    copied = store.replica_of
    return (copied.value if isinstance(copied, Known) else None) or store.urn


@control(
    "encryption.in-transit",
    DataStore,
    Profile.BASELINE,
    Severity.HIGH,
    cites=snc("10.2") + annex_a("8.24"),
    remedy="Refuse plain text and TLS versions below `encryption.tls`.",
    cause=("encryption", "tls"),
)
def in_transit(store: DataStore, case: Case) -> Verdict:
    """Every endpoint refuses plain text and TLS versions below the required one.

    The lowest version that a warehouse file can require is TLS 1.2.
    """
    return _tls(store.tls_minimum, case)


@control(
    "encryption.database-tls",
    DatabaseServer,
    Profile.BASELINE,
    Severity.HIGH,
    cites=snc("10.2"),
    remedy="Make the database refuse plain text and TLS versions below `encryption.tls`.",
    cause=("encryption", "tls"),
)
def database_tls(database: DatabaseServer, case: Case) -> Verdict:
    """The database refuses plain text and TLS versions below the required one."""
    return _tls(database.tls_minimum, case)


@control(
    "encryption.cluster-secrets",
    Compute,
    Profile.HEALTH,
    Severity.MEDIUM,
    cites=snc("10.1", "10.5"),
    remedy="Encrypt the cluster's secrets with a key of the warehouse.",
    cause=("encryption", "keys"),
)
def cluster_secrets(compute: Compute, case: Case) -> Verdict:
    """Cluster secrets are encrypted with a customer key, or the gap is declared.

    A declared gap is a separate finding.
    """
    if not case.spec.encryption.own_keys or case.declared("encryption.cluster-secrets"):
        return NOT_APPLICABLE
    if compute.secrets_key == Known(None):
        return fails("secrets_key", "the provider's own key", "a key of this warehouse")
    return under_own_key("secrets_key", compute.secrets_key, case)
