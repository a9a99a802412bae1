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
    component,
)
from havre.spec.subnets import subnets
from havre_ovh import resources as shared
from havre_ovh import sites

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pulumi

    from havre.provider.parts import Common
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


def backup_regions(common: Common) -> list[str]:
    """Where backups lie, at most two regions, the node's own among them; never left to default.

    Left to default, a backup from Frankfurt, Warsaw or London goes to France.
    """
    found = [sites.region(common.primary, "database")]
    recovery = common.recovery
    if recovery and recovery.country in common.spec.residency.countries:
        found.append(sites.region(recovery, "database"))
    return list(dict.fromkeys(found))


def restrictions(common: Common) -> list[cloudproject.DatabaseIpRestrictionArgs]:
    """Addresses that may connect: those of the network and of the administration."""
    cut = subnets(common.spec.network.address_space, common.spec)
    own = {str(cut[segment]): segment for segment in REACHING}
    theirs = dict.fromkeys(common.spec.network.administration, "administration, from outside")
    return [
        cloudproject.DatabaseIpRestrictionArgs(ip=address, description=why)
        for address, why in {**theirs, **own}.items()
    ]


def database(
    settings: OvhSettings, name: str, inputs: DatabaseInputs, opts: pulumi.ResourceOptions
) -> DatabaseOutputs:
    """The service, its database and its logs."""
    common = inputs.common
    scope = shared.Scope(settings, common, name, component("havre:ovh:Database", name, opts))
    service = _service(scope, inputs)
    instance = cloudprojectdatabase.DatabaseInstance(
        f"{name}-instance",
        service_name=scope.project,
        engine=ENGINE,
        cluster_id=service.id,
        name=common.spec.name.replace("-", "_"),
        opts=scope.guarded(),
    )
    cloudprojectdatabase.LogSubscription(
        f"{name}-logs",
        service_name=scope.project,
        engine=ENGINE,
        cluster_id=service.id,
        stream_id=inputs.audit.sink,
        kind=LOG_KIND,
        opts=scope.below(),
    )
    scope.part.register_outputs({})
    return DatabaseOutputs(
        host=service.endpoints.apply(lambda told: _address(told)[0]),
        port=service.endpoints.apply(lambda told: _address(told)[1]),
        name=instance.name,
        region=sites.region(common.primary, "database"),
        identifier=service.id,
        authority=Authority("api", service.id.apply(lambda found: _certificates(scope, found))),
        recovery=_copies(common),
    )


def _address(endpoints: Sequence[cloudproject.outputs.DatabaseEndpoint] | None) -> tuple[str, int]:
    """Host and port of the service itself, not of its connection pools; none where none is told."""
    found = [one for one in endpoints or () if one.component == ENGINE] or list(endpoints or ())
    return (found[0].domain or "", found[0].port or 0) if found else ("", 0)


def _certificates(scope: shared.Scope, service: str) -> str:
    """The call of OVHcloud's API that tells the certificate of the service's authority."""
    return f"/cloud/project/{scope.project}/database/{ENGINE}/{service}/certificates"


def _copies(common: Common) -> RecoveryCopy | None:
    """The region beside its own in which backups are kept."""
    elsewhere = backup_regions(common)[1:]
    return RecoveryCopy(elsewhere[0]) if elsewhere else None


def _service(scope: shared.Scope, inputs: DatabaseInputs) -> cloudproject.Database:
    common, asked = scope.common, scope.common.spec.database
    plan = shared.database_plan(scope.settings, common)
    node = cloudproject.DatabaseNodeArgs(
        region=sites.region(common.primary, "database"),
        network_id=inputs.network.identifier,
        subnet_id=inputs.network.segments["database"],
    )
    return cloudproject.Database(
        f"{scope.name}-service",
        service_name=scope.project,
        description=shared.describe(common, common.name("database")),
        engine=ENGINE,
        version=str(asked.version),
        plan=plan,
        flavor=shared.FLAVORS[scope.settings.database_flavors][asked.size.value],
        disk_size=disk_size(asked.storage_gib),
        nodes=[node] * shared.PLANS[plan],
        backup_regions=backup_regions(common),
        deletion_protection=common.spec.protection.deletion,
        ip_restrictions=restrictions(common),
        advanced_configuration=LOGGING,
        opts=scope.guarded(),
    )
