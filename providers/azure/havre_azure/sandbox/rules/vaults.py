"""Key vaults and keys: what is irreversible, what keys can be, and who may use them."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from havre_azure.checks import SHORTEST_ROTATION
from havre_azure.sandbox.rules.codes import refusal
from havre_azure.sandbox.rules.identifiers import of_name
from havre_azure.sandbox.rules.names import ACCOUNT, REGISTRY, SERVER, VAULT
from havre_azure.sandbox.rules.references import KEY, KEY_ADDRESS
from havre_sandbox.reading import number, sections, text, value
from havre_sandbox.refusals import Act, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import Existing, World

GRANT = "azure-native:authorization:RoleAssignment"
IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"
WINDOW = 90
"""Days for which a deleted vault is kept unless it says otherwise (docstring of the SDK)."""
SIZES = (2048, 3072, 4096)
"""Bits of an RSA key (Azure documentation, about keys)."""
_DAYS = re.compile(r"P(\d+)D")


def kept_until(existing: Existing, today: dt.date) -> dt.date | None:
    """Last day on which the name of a vault that is deleted today is taken; None: it is free.

    Deletion can be undone for the vault's recovery window, and purge protection forbids to end it
    before (Azure documentation, Key Vault soft delete).
    """
    if existing.token != VAULT:
        return None
    if value(existing.properties, "properties.enablePurgeProtection") is not True:
        return None
    days = number(existing.properties, "properties.softDeleteRetentionInDays") or WINDOW
    return today + dt.timedelta(days=int(days))


@rule(VAULT, acts=(Act.UPDATE,))
def irreversible(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Purge protection and soft delete stay on once they are on."""
    for path in ("properties.enablePurgeProtection", "properties.enableSoftDelete"):
        was = value(proposed.old or {}, path)
        if was is True and value(proposed.properties, path) is not True:
            message = "This cannot be turned off again. Set it to true."
            yield refusal("vault-irreversible", message, path)


@rule(VAULT, beforehand=True)
def protected(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Purge protection is on, or it is not set: false is refused."""
    path = "properties.enablePurgeProtection"
    if value(proposed.properties, path) is False:
        message = "The property cannot be set to false. Set it to true, or leave it out."
        yield refusal("vault-irreversible", message, path)


@rule(KEY, beforehand=True)
def of_a_size(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """An RSA key has one of three sizes."""
    size = number(proposed.properties, "properties.keySize")
    rsa = text(proposed.properties, "properties.kty").startswith("RSA")
    if rsa and size is not None and size not in SIZES:
        message = f"An RSA key has {', '.join(map(str, SIZES))} bits, not {size:g}."
        yield refusal("key", message, "properties.keySize")


@rule(KEY, beforehand=True)
def rotated(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A key is not rotated more often than Key Vault can."""
    path = "properties.rotationPolicy.lifetimeActions"
    for place, each in enumerate(sections(proposed.properties, path)):
        days = _DAYS.fullmatch(text(each, "trigger.timeAfterCreate"))
        if days and int(days[1]) < SHORTEST_ROTATION:
            message = f"A key is rotated after {SHORTEST_ROTATION} days at the earliest."
            yield refusal("key", message, f"{path}[{place}].trigger.timeAfterCreate")


@rule(KEY, acts=(Act.CREATE,))
def in_hardware(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A key in an HSM needs a premium vault."""
    kind = text(proposed.properties, "properties.kty")
    named = of_name(world, VAULT, "vaultName", text(proposed.properties, "vaultName"))
    for vault in named:
        if kind.endswith("-HSM") and text(vault.properties, "properties.sku.name") != "premium":
            message = "The vault is not premium, and has no HSM. Set its SKU to premium."
            yield refusal("key", message, "properties.kty")


_USERS = {
    ACCOUNT: (
        "encryption.encryptionIdentity.encryptionUserAssignedIdentity",
        "encryption.keyVaultProperties",
    ),
    SERVER: ("dataEncryption.primaryUserAssignedIdentityId", "dataEncryption.primaryKeyURI"),
    REGISTRY: ("encryption.keyVaultProperties.identity", "encryption.keyVaultProperties"),
}
"""Where the identity and the key of a store are, by type."""


@rule(*_USERS)
def granted(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A store's identity has a role on its key, or on the vault, before the store uses the key."""
    path, at = _USERS[proposed.token]
    identity, key = _identity(text(proposed.properties, path), world), _key(proposed, at, world)
    if identity is None or key is None:
        return
    principal = identity.computed.get("principalId")
    grants = (g for g in world.of(GRANT) if g.properties.get("principalId") == principal)
    scopes = [text(grant.properties, "scope").casefold() for grant in grants]
    if not any(_covers(scope, key) for scope in scopes):
        message = f"{identity.id} has no access to the key {key}. Create the role assignment first."
        yield refusal("key-access", message, at)


def _covers(scope: str, key: str) -> bool:
    return bool(scope) and f"{key.casefold()}/".startswith(f"{scope}/")


def _identity(named: str, world: World) -> Existing | None:
    """The identity of an identifier, or of a client's UUID."""
    found = world.find(named)
    by_client = (i for i in world.of(IDENTITY) if named and i.computed.get("clientId") == named)
    return found if found and found.token == IDENTITY else next(by_client, None)


def _key(proposed: Proposed, at: str, world: World) -> str | None:
    """Identifier of the key that a store uses, of a vault of this sandbox."""
    told = value(proposed.properties, at)
    uri, named = (told, "") if isinstance(told, str) else _in_parts(told)
    address = KEY_ADDRESS.fullmatch(uri)
    if not address:
        return None
    vault = next(of_name(world, VAULT, "vaultName", address["vault"]), None)
    return f"{vault.id}/keys/{address['key'] or named}" if vault else None


def _in_parts(told: object) -> tuple[str, str]:
    if not isinstance(told, dict):
        return "", ""
    return (text(told, "keyVaultUri") or text(told, "keyIdentifier"), text(told, "keyName"))


RULES = (irreversible, protected, of_a_size, rotated, in_hardware, granted)
