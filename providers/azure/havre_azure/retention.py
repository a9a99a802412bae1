"""How long Azure keeps what is deleted or replaced, and the clocks by which it counts.

Versions are on, and blob soft delete. A blob that is overwritten or deleted becomes an earlier
version; without versions it is soft-deleted. Soft delete counts from the deletion, 365 days at
most, and takes in what a lifecycle policy deletes. A lifecycle policy counts a version's age from
its creation, never from its replacement. It also deletes the current blob once that is
`expire_days` old, so no version is current for longer: one that is `expire_days` and N days old
was replaced at least N days ago. Without `expire_days` no rule can tell, and there is none.
Setting properties alone (no content, no metadata) makes a blob newer and no version: it may then be
current for longer, and its version go early, into soft delete.

Sources: Azure documentation, soft delete for blobs; lifecycle management policies that delete
blobs; pulumi-azure-native 3.29.0, `DateAfterCreationArgs` and `DeleteRetentionPolicyArgs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.spec.model import Purpose

if TYPE_CHECKING:
    from havre.spec.model import Warehouse, Zone

LONGEST_UNDELETE = 365
"""Days during which Azure can undelete a blob, at most."""
LONGEST_RESTORE = 360
"""Days to which operational backup can go back, at most."""
RESTORE_MARGIN = 5
"""Days that undeleting must outlast going back in time: what Azure Backup sets itself."""
LIFECYCLE_MARGIN = 7
"""Days by which a lifecycle policy may be late, ours: Azure promises no time for its runs."""


def restorable(zone: Zone) -> bool:
    """Whether a zone can go back in time: not where versions are locked (Azure refuses both)."""
    return zone.versions and not zone.immutable_days


def restores_logs(spec: Warehouse) -> bool:
    """Whether a zone of logs can go back in time: whoever restores it can change logs."""
    return any(zone.purpose is Purpose.LOGS and restorable(zone) for zone in spec.zones.values())


def restore_days(backup_days: int) -> int:
    """How far zones go back, days, where backups are kept for `backup_days`."""
    return min(backup_days, LONGEST_RESTORE)


def undelete_days(zone: Zone, backup_days: int) -> int:
    """How long a deleted blob can be had back, days; 0: not at all."""
    asked = min(zone.recoverable_days, LONGEST_UNDELETE)
    least = restore_days(backup_days) + RESTORE_MARGIN if restorable(zone) else 0
    return max(asked, least)


def version_age(zone: Zone) -> int | None:
    """Age at which a lifecycle policy may delete an earlier version, days; None: at none.

    Then it was replaced `version_days` ago, or what soft delete does not reach of
    `recoverable_days`.
    """
    if zone.expire_days is None or not zone.versions:
        return None
    rest = max(zone.recoverable_days - LONGEST_UNDELETE, 0)
    kept = rest if zone.version_days is None else zone.version_days
    return zone.expire_days + kept + LIFECYCLE_MARGIN
