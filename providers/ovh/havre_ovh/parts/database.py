"""Database: managed PostgreSQL in the private network, one database, its logs in the stream."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pulumi_ovh import cloudproject, cloudprojectdatabase

from havre.provider.parts import (
    Authority,
    DatabaseInputs,
    DatabaseOutputs,
    RecoveryCopy,
)
from havre_ovh import resources as shared
from havre_ovh import sites
from havre_ovh.conventions.table import name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.provider.context import Context, Part
    from havre_ovh.settings import OvhSettings

ENGINE = "postgresql"
LOG_KIND = "customer_logs"
REACHING = ("compute", "administration")
"""Segments whose addresses may reach the database."""
LOGGING = {
    "pg.log_min_duration_statement": "0",
    "pg.log_line_prefix": "'pid=%p,user=%u,db=%d,app=%a,client=%h '",
}
"""Every statement is logged, with who sent it and from where.

Source: OVHcloud, PostgreSQL advanced parameters references, 2023-02-06."""
GIB_IN_GB = 2**30 / 10**9
STEP_GB = 10


def disk_size(gib: int) -> int:
    """The disk in GB that holds at least `gib` GiB, in whole tens."""
    return math.ceil(gib * GIB_IN_GB / STEP_GB) * STEP_GB


def backup_regions(context: Context[OvhSettings]) -> list[str]:
    """Where backups lie, at most two regions, the node's own among them; never left to default.

    Left to default, a backup from Frankfurt, Warsaw or London goes to France.
    """
    found = [sites.region(context.primary, "database")]
    recovery = context.recovery
    if recovery and recovery.country in context.spec.residency.countries:
        found.append(sites.region(recovery, "database"))
    return list(dict.fromkeys(found))


def restrictions(context: Context[OvhSettings]) -> list[cloudproject.DatabaseIpRestrictionArgs]:
    """Addresses that may connect: those of the network and of the administration."""
    cut = shared.segments(context, context.spec.network.address_space)
    own = {str(cut[segment]): segment for segment in REACHING}
    theirs = dict.fromkeys(context.spec.network.administration, "administration, from outside")
    return [
        cloudproject.DatabaseIpRestrictionArgs(ip=address, description=why)
        for address, why in {**theirs, **own}.items()
    ]


def database(part: Part[OvhSettings], inputs: DatabaseInputs) -> DatabaseOutputs:
    """The service, its database and its logs."""
    context = part.context
    service = _service(part, inputs)
    instance = cloudprojectdatabase.DatabaseInstance(
        f"{part.name}-instance",
        service_name=part.settings.service_name,
        engine=ENGINE,
        cluster_id=service.id,
        name=name(context, f"{part.name}-instance"),
        opts=part.guarded(retain=True),
    )
    cloudprojectdatabase.LogSubscription(
        f"{part.name}-logs",
        service_name=part.settings.service_name,
        engine=ENGINE,
        cluster_id=service.id,
        stream_id=inputs.audit.sink,
        kind=LOG_KIND,
        opts=part.guarded(retain=True),
    )
    return DatabaseOutputs(
        host=service.endpoints.apply(lambda told: _address(told)[0]),
        port=service.endpoints.apply(lambda told: _address(told)[1]),
        name=instance.name,
        region=sites.region(context.primary, "database"),
        identifier=service.id,
        authority=Authority("api", service.id.apply(lambda found: _certificates(part, found))),
        recovery=_copies(context),
    )


def _address(endpoints: Sequence[cloudproject.outputs.DatabaseEndpoint] | None) -> tuple[str, int]:
    """Host and port of the service itself, not of its connection pools; none where none is told."""
    found = [one for one in endpoints or () if one.component == ENGINE] or list(endpoints or ())
    return (found[0].domain or "", found[0].port or 0) if found else ("", 0)


def _certificates(part: Part[OvhSettings], service: str) -> str:
    """The call of OVHcloud's API that tells the certificate of the service's authority."""
    return f"/cloud/project/{part.settings.service_name}/database/{ENGINE}/{service}/certificates"


def _copies(context: Context[OvhSettings]) -> RecoveryCopy | None:
    """The region beside its own in which backups are kept."""
    elsewhere = backup_regions(context)[1:]
    return RecoveryCopy(elsewhere[0]) if elsewhere else None


def _service(part: Part[OvhSettings], inputs: DatabaseInputs) -> cloudproject.Database:
    context, asked = part.context, part.spec.database
    plan = shared.database_plan(part.context)
    node = cloudproject.DatabaseNodeArgs(
        region=sites.region(context.primary, "database"),
        network_id=inputs.network.identifier,
        subnet_id=inputs.network.segments["database"],
    )
    return cloudproject.Database(
        f"{part.name}-service",
        service_name=part.settings.service_name,
        description=shared.describe(context, context.named("database")),
        engine=ENGINE,
        version=str(asked.version),
        plan=plan,
        flavor=shared.FLAVORS[part.settings.database_flavors][asked.size.value],
        disk_size=disk_size(asked.storage_gib),
        nodes=[node] * shared.PLANS[plan],
        backup_regions=backup_regions(context),
        deletion_protection=context.spec.protection.deletion,
        ip_restrictions=restrictions(context),
        advanced_configuration=LOGGING,
        opts=part.guarded(retain=True),
    )
