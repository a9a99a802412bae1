"""Audit: a data source of Cockpit for what programs log, and a locked bucket for Audit Trail.

Scaleway's products log to Cockpit by themselves, and no resource exports Audit Trail (gaps): an
administrator names this bucket in the export.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumiverse_scaleway import observability

from havre.provider.parts import AuditInputs, AuditOutputs
from havre_scaleway import policies, sites
from havre_scaleway.capabilities import log_days
from havre_scaleway.conventions.table import TRAIL, name
from havre_scaleway.parts.buckets import Bucket, bucket, policy
from havre_scaleway.parts.keys import key, named

if TYPE_CHECKING:
    import pulumi

    from havre.provider.context import Part
    from havre_scaleway.settings import ScalewaySettings


def audit(part: Part[ScalewaySettings], _inputs: AuditInputs) -> AuditOutputs:
    """Where logs go; what Audit Trail exports cannot be deleted before its time."""
    region, days = sites.region(part.primary), part.spec.audit.retention_days
    kept = log_days(part.spec)
    by_hand = ["retentionDays"] if kept < days else []  # somebody sets more in Cockpit
    source = observability.Source(
        f"{part.name}-logs",
        name=name(part.context, f"{part.name}-logs"),
        project_id=part.settings.project_id,
        region=region,
        type="logs",
        retention_days=kept,
        opts=part.guarded(retain=True, fixed=by_hand),
    )
    asked = Bucket(
        key=TRAIL,
        site=part.primary,
        labels={"purpose": "audit-trail", "retention-days": str(days)},
        locked_days=days,
        version_days=1,
        expire_days=days + 1,
    )
    own = named(part, key(part, "key")) if part.own_keys else None
    made = bucket(part, asked, own)
    policy(part, TRAIL, (made.name, region), _writer(part, made.name))
    return AuditOutputs(sink=source.id)


def _writer(part: Part[ScalewaySettings], name: pulumi.Output[str]) -> list[pulumi.Output[Any]]:
    """What the export may do, where it needs a principal."""
    writer = part.settings.trail_writer
    return [name.apply(lambda found: policies.writing(writer, found))] if writer else []
