"""Rights: what Azure's built-in roles and a vault's access policies allow."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from havre.facts.model import Right

if TYPE_CHECKING:
    from collections.abc import Mapping


_DATA = frozenset({Right.READ, Right.WRITE, Right.DELETE})
READ = frozenset({Right.READ})
ADMINISTER = frozenset({Right.ADMINISTER})
_USE_KEYS = frozenset({Right.USE_KEYS})
_KEYS = frozenset({Right.USE_KEYS, Right.MANAGE_KEYS})

ROLES: Mapping[str, frozenset[Right]] = MappingProxyType(
    {
        # Owner
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": frozenset({Right.EVERYTHING}),
        # Contributor: it lists account keys, and ends diagnostic settings
        "b24988ac-6180-42a0-ab88-20f7382dd24c": _DATA | ADMINISTER | {Right.CHANGE_LOGS},
        # User Access Administrator, Role Based Access Control Administrator: all, by granting it
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": frozenset({Right.EVERYTHING}),
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168": frozenset({Right.EVERYTHING}),
        # Reader: no objects, but settings and logs
        "acdd72a7-3385-48ef-bd42-f606fba81ae7": READ,
        # Storage Account Contributor, Storage Account Key Operator Service Role
        "17d1049b-9a84-46fb-8f53-869881c3d3ab": _DATA | ADMINISTER,
        "81a9662b-bebf-436f-a333-f67b29880f12": _DATA | ADMINISTER,
        # Storage Account Backup Contributor
        "e5e2a7ff-d759-4cd2-bb51-3152d37e2eb1": frozenset({Right.READ, Right.WRITE}),
        # Storage Blob Data Owner, Contributor, Reader
        "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": _DATA | ADMINISTER,
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe": _DATA,
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": READ,
        # PostgreSQL Flexible Server Long Term Retention Backup Role
        "c088a766-074b-43ba-90d4-1fb21feae531": READ,
        # Key Vault Administrator, Crypto Officer, Contributor
        "00482a5a-887f-4fb3-b363-3b7fe8e74483": _KEYS | _DATA,
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603": _KEYS,
        "f25e0fa2-a7c8-4377-a976-54943a77a395": frozenset({Right.MANAGE_KEYS}),
        # Key Vault Crypto User, Crypto Service Encryption User
        "12338af0-0e69-4776-bea7-57ae8d297424": _USE_KEYS,
        "e147488a-f6f5-4113-8e2d-b22465e65bf6": _USE_KEYS,
        # Key Vault Secrets Officer, Secrets User, Reader
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": _DATA,
        "4633458b-17de-408a-b874-0445c86b69e6": READ,
        "21090545-7ca7-4776-b22c-e363652d74d2": READ,
        # AcrPull, AcrPush, AcrDelete
        "7f951dda-4ed3-4680-a7ca-43fe172d538d": READ,
        "8311e382-0749-4cb8-b61a-304f252e45ec": frozenset({Right.READ, Right.WRITE}),
        "c2f4ef07-c644-48eb-af81-4b1b4947fb11": frozenset({Right.DELETE}),
        # Network Contributor, Managed Identity Operator, Managed Identity Contributor
        "4d97b98b-1d4f-4787-a291-c67834d212e7": ADMINISTER,
        "f1a07417-d97a-45cb-824c-7a7467783830": ADMINISTER,
        "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59": ADMINISTER,
        # Log Analytics Contributor and Reader, Monitoring Contributor and Reader
        "92aaf0da-9dab-42b6-94a3-d43ce8d16293": frozenset({Right.READ, Right.CHANGE_LOGS}),
        "73c42c96-874c-492b-b04d-ab87d138a893": READ,
        "749f88d5-cbae-40b8-bcfc-e573ddc772fa": frozenset({Right.READ, Right.CHANGE_LOGS}),
        "43d0d8ad-25c7-4714-9337-8ba259a9fe05": READ,
        # Backup Contributor, Backup Operator, Disk Backup Reader
        "5e467623-bb1f-42f4-a55d-6e525e11384b": _DATA | ADMINISTER,
        "00c29273-979b-4161-815c-10b084fb9324": frozenset({Right.READ, Right.WRITE}),
        "3e5e47e6-65f7-47ef-90b5-e5dd4d455f24": READ,
        # Azure Kubernetes Service: Cluster Admin, RBAC Cluster Admin, RBAC Admin, Cluster User
        "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8": ADMINISTER,
        "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b": ADMINISTER,
        "3498e952-d568-435e-9b2c-8d77e338d7f7": ADMINISTER,
        "4abbcc35-e782-43d8-92c5-2d3f1bd2253f": READ,
    }
)
"""Rights by built-in role; a role that is not here, or a custom one, is not known to be harmless.

Identifiers: Azure's built-in roles, from public sources and memory; verify before relying on one.
"""


_USES = frozenset({"get", "list", "encrypt", "decrypt", "wrapkey", "unwrapkey", "sign", "verify"})


def permitted(permissions: Mapping[str, Any]) -> frozenset[Right]:
    """Rights by the operations on keys and secrets that an access policy allows."""
    keys = {str(each).lower() for each in permissions.get("keys") or ()}
    secrets = {str(each).lower() for each in permissions.get("secrets") or ()}
    found: set[Right] = set()
    if keys:
        found.add(Right.USE_KEYS)
    if keys - _USES:
        found.add(Right.MANAGE_KEYS)
    if secrets:
        found |= READ
    if secrets - {"get", "list"}:
        found |= _DATA
    return frozenset(found)
