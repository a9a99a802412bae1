"""What an alert searches for: texts of queries, by what they tell of.

Facts know these queries and no other: what another one finds, nobody has read. Tables and columns:
Azure Monitor reference, StorageBlobLogs and AZKVAuditLogs; read on 2026-11-30.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.facts.model import Signal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MANY_READS = 10_000
"""Objects that one identity reads in an hour before somebody is told; ours."""
SOME_REFUSALS = 10
"""Refused requests in an hour, likewise."""
WITHIN = "PT1H"
"""How often a search runs, and how far it looks back."""
LOCKS_REMOVED = (
    "Microsoft.Authorization/locks/delete",
    "Microsoft.KeyVault/vaults/delete",
)
"""Operations of the activity log: a lock is removed, or a vault with every key in it."""
ACCOUNTS = "StorageBlobLogs | where AccountName in~ ("


@dataclass(frozen=True)
class Search:
    """A search in the workspace.

    Attributes:
        query: in Kusto.
        threshold: rows above which it tells.
    """

    query: str
    threshold: int = 0


SEARCHES: Mapping[Signal, Search] = MappingProxyType(
    {
        Signal.KEY_LOSS: Search(
            "AZKVAuditLogs"
            ' | where OperationName in~ ("KeyDelete", "KeyPurge", "KeyUpdate", "VaultDelete")'
        ),
        Signal.DENIED_READING: Search(
            'StorageBlobLogs | where tostring(StatusCode) == "403"', SOME_REFUSALS
        ),
        Signal.MASS_READING: Search(
            'StorageBlobLogs | where OperationName == "GetBlob"'
            f" | summarize Reads = count() by RequesterObjectId | where Reads > {MANY_READS}"
        ),
    }
)
"""By what they tell of; that of exports names the accounts of export zones."""


def of_exports(accounts: Sequence[str]) -> Search:
    """Every object that leaves an export zone."""
    named = ", ".join(f'"{account}"' for account in sorted(accounts))
    return Search(f'{ACCOUNTS}{named}) | where OperationName == "GetBlob"')
