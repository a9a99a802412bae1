"""The contract of a provider, and the discovery of those installed."""

from havre.capabilities import Capability, Evidence, Gap, Limit, Support, Supported
from havre.provider.contract import NeedsEnvironment, Operator, Provider, limits
from havre.provider.discovery import ENTRY_POINT_GROUP, Installed, find, installed, resolve_site
from havre.provider.operations import (
    BackupSummary,
    Kept,
    Operations,
    ProjectConnection,
    ServiceState,
    ServiceStatus,
)

__all__ = [
    "ENTRY_POINT_GROUP",
    "BackupSummary",
    "Capability",
    "Evidence",
    "Gap",
    "Installed",
    "Kept",
    "Limit",
    "NeedsEnvironment",
    "Operations",
    "Operator",
    "ProjectConnection",
    "Provider",
    "ServiceState",
    "ServiceStatus",
    "Support",
    "Supported",
    "find",
    "installed",
    "limits",
    "resolve_site",
]
