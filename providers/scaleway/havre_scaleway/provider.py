"""The provider itself: who it is, what it can do, and its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from havre.provider import (
    ACCESS_LOGS,
    ADOPTING,
    EXAMINE,
    GIVEN,
    LIVE,
    OPERATIONS,
    SANDBOX,
    SERVICERS,
    Operator,
    Support,
    Supported,
)
from havre.provider.sdk import load_on_demand
from havre_scaleway.capabilities import CAPABILITIES, DATA, LIMITS, REMEDIES, gaps
from havre_scaleway.settings import NAME, ScalewaySettings
from havre_scaleway.sites import SITES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer
    from pydantic import BaseModel

    from havre.cost.meters import MeterTable
    from havre.facts import Facts
    from havre.live.warehouse import Live
    from havre.plan.model import Plan, PlannedResource
    from havre.plan.replacing import ReplacingTable
    from havre.provider import Capability, Examination, Gap, Limit, Measure, StandIns
    from havre.provider.faults import ProviderFault
    from havre.provider.outputs import Outputs
    from havre.provider.parts import Parts
    from havre.provider.sites import Site
    from havre.spec import Warehouse

SDK = "pulumiverse_scaleway"
SUBPACKAGES = (
    *("databases", "iam", "instance", "keymanager", "kubernetes"),
    *("network", "object", "observability", "registry", "secrets"),
)
"""Subpackages of the SDK that the parts use."""

NOT_OPERATED = Supported(Support.ABSENT, "Scaleway runs the services. Use Pulumi and the console.")
UNPROVED = Supported(
    Support.PARTIAL, "Written from Scaleway's documentation and not yet tested on Scaleway."
)
RECORDED = Supported(
    Support.PARTIAL,
    "Stand-ins for Object Storage, PostgreSQL and keys run on this machine. "
    "All other services are recorded only.",
)
PLUGIN_ONLY = Supported(
    Support.ABSENT, "Every resource is applied by Pulumi's own plugin. Use the Pulumi CLI."
)
BUCKETS_ONLY = Supported(
    Support.PARTIAL, "Only buckets are listed. The console lists the other services."
)
NO_ESTATE = Supported(
    Support.ABSENT, "No setting names an existing network yet. Havre creates all that it uses."
)
NO_ADOPTION = Supported(
    Support.ABSENT,
    "No rules recognise existing resources yet. Name them with the setting `names` and import them "
    "with `pulumi import`.",
)


NO_CALLER = Supported(Support.ABSENT, "Cockpit logs requests on buckets without the caller.")


class ScalewayProvider:
    """Scaleway as a provider."""

    name = NAME
    title = "Scaleway"
    operator = Operator("Scaleway SAS (Iliad group)", "FR", ("FR", "EU"))
    sites: Mapping[str, Site] = SITES
    capabilities: Mapping[Capability, Supported] = CAPABILITIES
    remedies: Mapping[str, str] = REMEDIES
    limits: Mapping[Measure, Limit] = LIMITS
    packages: frozenset[str] = frozenset({"scaleway"})
    options: Mapping[str, Supported] = {
        OPERATIONS.member: NOT_OPERATED,
        LIVE.member: UNPROVED,
        SANDBOX.member: RECORDED,
        SERVICERS.member: PLUGIN_ONLY,
        EXAMINE.member: BUCKETS_ONLY,
        GIVEN.member: NO_ESTATE,
        ADOPTING.member: NO_ADOPTION,
        ACCESS_LOGS.member: NO_CALLER,
    }
    settings: type[BaseModel] = ScalewaySettings

    def parts(self) -> Parts:
        """The builders."""
        load_on_demand(SDK, SUBPACKAGES)
        from havre_scaleway.parts import parts

        return parts()

    def check(self, spec: Warehouse, settings: BaseModel) -> Iterable[ProviderFault]:
        """Every fault of a file and its settings."""
        from havre.provider.context import context
        from havre_scaleway.checks import check

        return tuple(check(context(self, spec, cast("ScalewaySettings", settings))))

    def gaps(self, spec: Warehouse, settings: BaseModel) -> Sequence[Gap]:
        """What Scaleway cannot do for a spec."""
        return gaps(spec, cast("ScalewaySettings", settings))

    def live(self, _settings: BaseModel, outputs: Outputs) -> Live:
        """Its stores and its database, by clients; see `havre_scaleway.live` for credentials."""
        from havre_scaleway.live import live

        return live(outputs)

    def sandbox(self, folder: Path, settings: BaseModel) -> Mapping[str, ResourceProviderServicer]:
        """What serves its resource types from a folder, in place of the cloud."""
        from havre_scaleway.sandbox import servicers

        return servicers(folder, cast("ScalewaySettings", settings))

    def stand_ins(self, folder: Path, _settings: BaseModel, warehouse: str) -> StandIns:
        """The services behind its sandbox in a folder."""
        from havre_scaleway.sandbox.service import stand_ins

        return stand_ins(folder, warehouse)

    def facts(self, plan: Plan) -> Facts:
        """What a plan means for security."""
        from havre_scaleway.facts import facts

        return facts(plan)

    def written(self, resource: PlannedResource, name: str, value: Any) -> Any:
        """A property's value in one way of writing it."""
        from havre_scaleway.facts.forms import written

        return written(resource, name, value)

    def examine(self, plan: Plan) -> Examination:
        """What Object Storage has under the warehouse's name, held against a state."""
        from havre_scaleway.examining import examine

        return examine(plan)

    def replacing(self) -> ReplacingTable:
        """What a change does, by Scaleway's own provider."""
        from havre.plan.replacing import read_table

        return read_table(DATA / "replacing.toml")

    def meters(self) -> MeterTable:
        """What sizes each resource, for an estimate of cost."""
        from havre.cost.meters import read_meters

        return read_meters(DATA / "meters.toml")


provider = ScalewayProvider()
