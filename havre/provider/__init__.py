"""The contract of a provider, and the discovery of those installed."""

from havre.capabilities import (
    Capability,
    Evidence,
    Gap,
    Limit,
    Measure,
    Support,
    Supported,
    Unit,
)
from havre.provider.contract import NeedsEnvironment, Operator, Provider
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
    "Measure",
    "NeedsEnvironment",
    "Operations",
    "Operator",
    "ProjectConnection",
    "Provider",
    "ServiceState",
    "ServiceStatus",
    "Support",
    "Supported",
    "Unit",
    "find",
    "installed",
    "resolve_site",
]
