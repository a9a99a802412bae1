"""Audit: one stream of the Logs Data Platform, indexed, and archived for the years asked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pulumi_ovh import dbaas

from havre.provider.parts import AuditInputs, AuditOutputs, component
from havre_ovh import resources as shared

if TYPE_CHECKING:
    import pulumi

    from havre_ovh.settings import OvhSettings

DAYS_A_YEAR = 365


def years(days: int) -> int:
    """Whole years that hold at least so many days: archives are kept by the year."""
    return math.ceil(days / DAYS_A_YEAR)


def audit(
    settings: OvhSettings, name: str, inputs: AuditInputs, opts: pulumi.ResourceOptions
) -> AuditOutputs:
    """The stream that database and cluster write to; buckets keep their own logs (see zones)."""
    common = inputs.common
    scope = shared.Scope(settings, common, name, component("havre:ovh:Audit", name, opts))
    days = common.spec.audit.retention_days
    where = settings.ldp_site or "a place not stated"
    stream = dbaas.LogsOutputGraylogStream(
        f"{name}-stream",
        service_name=settings.ldp_service,
        title=common.name("audit"),
        description=shared.describe(common, f"Logs kept {days} days at {where}"),
        retention_id=settings.ldp_retention_id,
        indexing_enabled=True,
        cold_storage_enabled=True,
        cold_storage_content="ALL",
        cold_storage_retention=years(days),
        cold_storage_target="PCS",
        opts=scope.guarded(),
    )
    scope.part.register_outputs({})
    return AuditOutputs(sink=stream.id)
