"""Backup: a locked bucket at the recovery site, for dumps and cluster backups.

Scaleway backs a database up by itself, in its region. What this bucket takes is written by jobs:
`pg_dump`, Velero. Where the recovery site has no region of Scaleway it lies at the primary site.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.provider.parts import BackupInputs, BackupOutputs
from havre_scaleway import resources as shared
from havre_scaleway import sites
from havre_scaleway.conventions.table import VAULT
from havre_scaleway.parts.buckets import Bucket, bucket, policy

if TYPE_CHECKING:
    from havre.provider.context import Part
    from havre_scaleway.settings import ScalewaySettings


def backup(part: Part[ScalewaySettings], inputs: BackupInputs) -> BackupOutputs:
    """The vault: nothing in it can be deleted before its time."""
    days = part.spec.database.backups.retention_days
    site = shared.recovery(part.context) or part.primary
    asked = Bucket(
        key=VAULT,
        site=site,
        labels={"purpose": "backup", "retention-days": str(days)},
        locked_days=days,
        version_days=1,
        expire_days=days + 1,
    )
    made, region = bucket(part, asked, inputs.keys.backup), sites.region(site)
    policy(part, VAULT, (made.name, region))
    return BackupOutputs(location=made.name.apply(lambda found: f"s3://{found}"), region=region)
