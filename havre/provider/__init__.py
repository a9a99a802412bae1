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
from havre.provider.contract import CONTRACT, NeedsEnvironment, Operator, Provider, remedy
from havre.provider.discovery import ENTRY_POINT_GROUP, Installed, find, installed, resolve_site
from havre.provider.operations import (
    BackupSummary,
    Kept,
    Operations,
    ProjectConnection,
    ServiceState,
    ServiceStatus,
)
from havre.provider.options import (
    CHECK,
    LIMITS,
    OPERATIONS,
    OPTIONS,
    REMEDIES,
    Offer,
    Option,
    provides,
)

__all__ = [
    "CHECK",
    "CONTRACT",
    "ENTRY_POINT_GROUP",
    "LIMITS",
    "OPERATIONS",
    "OPTIONS",
    "REMEDIES",
    "BackupSummary",
    "Capability",
    "Evidence",
    "Gap",
    "Installed",
    "Kept",
    "Limit",
    "Measure",
    "NeedsEnvironment",
    "Offer",
    "Operations",
    "Operator",
    "Option",
    "ProjectConnection",
    "Provider",
    "ServiceState",
    "ServiceStatus",
    "Support",
    "Supported",
    "Unit",
    "find",
    "installed",
    "provides",
    "remedy",
    "resolve_site",
]
