"""Audit: one stream of the Logs Data Platform, indexed, and archived for the years asked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pulumi
from pulumi_ovh import dbaas

from havre.provider.parts import AuditInputs, AuditOutputs
from havre_ovh import resources as shared
from havre_ovh.conventions.table import name

if TYPE_CHECKING:
    from havre.provider.context import Part
    from havre_ovh.settings import OvhSettings

DAYS_A_YEAR = 365


def years(days: int) -> int:
    """Whole years that hold at least so many days: archives are kept by the year."""
    return math.ceil(days / DAYS_A_YEAR)


def audit(part: Part[OvhSettings], _inputs: AuditInputs) -> AuditOutputs:
    """The stream that database and cluster write to; buckets keep their own logs (see zones)."""
    estate = part.settings.estate
    if estate and estate.stream_id:
        return AuditOutputs(sink=pulumi.Output.from_input(estate.stream_id))
    days = part.spec.audit.retention_days
    where = part.settings.ldp_site or "a place not stated"
    stream = dbaas.LogsOutputGraylogStream(
        f"{part.name}-stream",
        service_name=part.settings.ldp_service,
        title=name(part.context, f"{part.name}-stream"),
        description=shared.describe(part.context, f"Logs kept {days} days at {where}"),
        retention_id=part.settings.ldp_retention_id,
        indexing_enabled=True,
        cold_storage_enabled=True,
        cold_storage_content="ALL",
        cold_storage_retention=years(days),
        cold_storage_target="PCS",
        opts=part.guarded(retain=True),
    )
    return AuditOutputs(sink=stream.id)
