"""Backup: a locked bucket at the recovery site, for dumps and cluster backups.

OVHcloud backs a database up by itself, for as long as its plan says; there is no vault whose
length could be set (a gap). What this bucket takes is written by jobs: `pg_dump`, Velero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.provider.parts import BackupInputs, BackupOutputs
from havre_ovh import sites
from havre_ovh.conventions.table import VAULT
from havre_ovh.parts.zones import Bucket, access_logs_name, store

if TYPE_CHECKING:
    from havre.provider.context import Part
    from havre_ovh.settings import OvhSettings


def backup(part: Part[OvhSettings], inputs: BackupInputs) -> BackupOutputs:
    """The vault: nothing in it can be deleted before its time, and nothing stays long after."""
    context = part.context
    days = context.spec.database.backups.retention_days
    site = context.recovery or context.primary
    logs = access_logs_name(context, site)
    bucket = Bucket(
        key=VAULT,
        words=("backup", VAULT),
        site=site,
        labels={"purpose": "backup", "retention-days": str(days)},
        locked_days=days,
        version_days=1,
        expire_days=days + 1,
    )
    made = store(part, bucket, inputs.zones.ready.apply(lambda _: logs))
    return BackupOutputs(
        location=made.name.apply(lambda found: f"s3://{found}"), region=sites.region(site, "s3")
    )
