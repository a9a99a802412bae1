"""Storage accounts: immutability, versions, recovery and lifecycles."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from havre_azure.sandbox.rules.codes import refusal
from havre_azure.sandbox.rules.identifiers import beside
from havre_azure.sandbox.rules.names import ACCOUNT
from havre_sandbox.reading import number, sections, text, value
from havre_sandbox.refusals import Act, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import Existing, World

SERVICE = "azure-native:storage:BlobServiceProperties"
CONTAINER = "azure-native:storage:BlobContainer"
LIFECYCLE = "azure-native:storage:ManagementPolicy"
LOCK = "immutableStorageWithVersioning"
POLICY = f"{LOCK}.immutabilityPolicy"
DAYS = f"{POLICY}.immutabilityPeriodSinceCreationInDays"
LONGEST = 146_000
"""Days of an immutability policy (docstring of the SDK)."""


@rule(ACCOUNT, acts=(Act.UPDATE,))
def lasting(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A locked policy is neither shortened nor unlocked nor removed."""
    old = proposed.old or {}
    if text(old, f"{POLICY}.state") != "Locked":
        return
    if text(proposed.properties, f"{POLICY}.state") != "Locked":
        message = "A locked immutability policy cannot be unlocked or removed."
        yield refusal("immutable", message, f"{POLICY}.state")
    was, now = number(old, DAYS), number(proposed.properties, DAYS)
    if was is not None and (now is None or now < was):
        message = f"A locked immutability policy cannot be shortened from {was:g} days."
        yield refusal("immutable", message, DAYS)


@rule(ACCOUNT, acts=(Act.UPDATE,))
def since_creation(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Immutability is turned on when an account is created, and never off."""
    was = value(proposed.old or {}, f"{LOCK}.enabled") is True
    if was is not (value(proposed.properties, f"{LOCK}.enabled") is True):
        message = "Account-level immutability is set when the account is created, and never later."
        yield refusal("property-fixed", message, f"{LOCK}.enabled")


@rule(ACCOUNT, acts=(Act.CREATE,), beforehand=True)
def unlocked_first(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A policy is created unlocked or disabled; only an unlocked one can be locked."""
    if text(proposed.properties, f"{POLICY}.state") == "Locked":
        message = "A policy cannot be created locked. Create it Unlocked, then lock it."
        yield refusal("immutable", message, f"{POLICY}.state")


@rule(ACCOUNT, beforehand=True)
def within_days(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A policy lasts at least one day."""
    days = number(proposed.properties, DAYS)
    if days is not None and not 1 <= days <= LONGEST:
        message = f"An immutability policy lasts 1 to {LONGEST} days."
        yield refusal("immutable-days", message, DAYS)


@rule(ACCOUNT, beforehand=True)
def of_a_known_tls(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """The SDK lists TLS 1.3, and its docstring says that it is not supported."""
    if text(proposed.properties, "minimumTlsVersion") == "TLS1_3":
        message = "TLS 1.3 is not supported as the lowest version. Use TLS1_2."
        yield refusal("account-property", message, "minimumTlsVersion")


@rule(ACCOUNT, beforehand=True)
def identified(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A key of one's own needs an identity that the account has."""
    path = "encryption.encryptionIdentity.encryptionUserAssignedIdentity"
    named = text(proposed.properties, path)
    held = value(proposed.properties, "identity.userAssignedIdentities")
    if named and isinstance(held, list | dict) and named not in held:
        yield refusal("account-property", "The account does not have this identity.", path)


@rule(SERVICE, beforehand=True)
def restorable(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Going back in time needs versions, the change feed and longer soft delete."""
    asked, days = proposed.properties, number(proposed.properties, "restorePolicy.days")
    if value(asked, "restorePolicy.enabled") is not True:
        return
    for path in ("isVersioningEnabled", "changeFeed.enabled", "deleteRetentionPolicy.enabled"):
        if value(asked, path) is not True:
            yield refusal("restore", "Point-in-time restore needs this to be true.", path)
    kept = number(asked, "deleteRetentionPolicy.days")
    if days is not None and kept is not None and days >= kept:
        message = f"Restore days ({days:g}) must be less than those of soft delete ({kept:g})."
        yield refusal("restore", message, "restorePolicy.days")


@rule(SERVICE)
def versioned(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """An account with immutability keeps versions, and cannot go back in time."""
    account = _account(proposed, world)
    if account is None or value(account.properties, f"{LOCK}.enabled") is not True:
        return
    if value(proposed.properties, "isVersioningEnabled") is not True:
        message = "The account has version-level immutability, which needs versioning."
        yield refusal("versions", message, "isVersioningEnabled")
    if value(proposed.properties, "restorePolicy.enabled") is True:
        message = "Point-in-time restore does not work with immutability."
        yield refusal("restore", message, "restorePolicy.enabled")


def _account(proposed: Proposed, world: World) -> Existing | None:
    name = text(proposed.properties, "accountName")
    return world.find(beside(proposed, "Microsoft.Storage/storageAccounts", name))


@rule(CONTAINER)
def private(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A container is not public where its account forbids it."""
    account = _account(proposed, world)
    public = text(proposed.properties, "publicAccess") in ("Blob", "Container")
    if account and public and value(account.properties, "allowBlobPublicAccess") is False:
        message = "The account does not permit public access. Set it to None."
        yield refusal("public-access", message, "publicAccess")


@rule(LIFECYCLE, beforehand=True)
def lifecycles(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Rules of a lifecycle have names of their own, and each does something."""
    rules = sections(proposed.properties, "policy.rules")
    seen = Counter(text(each, "name") for each in rules)
    for place, each in enumerate(rules):
        if seen[text(each, "name")] > 1:
            message = f"Two rules have the name `{text(each, 'name')}`."
            yield refusal("lifecycle", message, f"policy.rules[{place}].name")
        if not _acts(each):
            message = "The rule has no action. Give it one, or remove it."
            yield refusal("lifecycle", message, f"policy.rules[{place}].definition.actions")


def _acts(each: Mapping[str, Any]) -> bool:
    actions = value(each, "definition.actions")
    return actions is None or not isinstance(actions, dict) or any(actions.values())


RULES = (
    lasting,
    since_creation,
    unlocked_first,
    within_days,
    of_a_known_tls,
    identified,
    restorable,
    versioned,
    private,
    lifecycles,
)
