"""The provider itself: who it is, what it can do, and its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from havre.database.profile import DatabaseProfile
from havre.provider import (
    EXAMINE,
    LIVE,
    OPERATIONS,
    SANDBOX,
    SERVICERS,
    Operator,
    Support,
    Supported,
)
from havre.provider.sdk import load_on_demand
from havre_ovh.capabilities import CAPABILITIES, DATA, LIMITS, REMEDIES, gaps
from havre_ovh.settings import NAME, OvhSettings
from havre_ovh.sites import SITES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer
    from pydantic import BaseModel

    from havre.cost.meters import MeterTable
    from havre.facts import Estate, Facts
    from havre.live.warehouse import Live
    from havre.plan.model import Plan
    from havre.plan.replacing import ReplacingTable
    from havre.provider import Capability, Examination, Gap, Limit, Measure, StandIns
    from havre.provider.conventions import Adopting
    from havre.provider.faults import ProviderFault
    from havre.provider.outputs import Outputs
    from havre.provider.parts import Parts
    from havre.provider.sites import Site
    from havre.spec import Warehouse

SUBPACKAGES = ("cloudproject", "cloudprojectdatabase", "dbaas", "iam", "me", "okms")
"""Subpackages of the SDK that the parts use."""

NOT_OPERATED = Supported(
    Support.ABSENT, "OVHcloud runs the services. Use Pulumi and the Control Panel."
)
UNPROVED = Supported(
    Support.PARTIAL, "Written from OVHcloud's documentation and not yet tested on OVHcloud."
)
RECORDED = Supported(
    Support.PARTIAL,
    "Stand-ins for Object Storage, PostgreSQL and keys run on this machine. "
    "All other services are recorded only.",
)
SETTINGS_OF_BUCKETS = Supported(
    Support.PARTIAL, "Only bucket settings are applied in process. Use the Pulumi CLI."
)
BUCKETS_ONLY = Supported(
    Support.PARTIAL, "Only buckets are listed. The Control Panel lists the other services."
)


class OvhProvider:
    """OVHcloud's Public Cloud as a provider."""

    name = NAME
    title = "OVHcloud"
    operator = Operator("OVH Groupe SA (OVH SAS)", "FR", ("FR", "EU"))
    sites: Mapping[str, Site] = SITES
    capabilities: Mapping[Capability, Supported] = CAPABILITIES
    remedies: Mapping[str, str] = REMEDIES
    limits: Mapping[Measure, Limit] = LIMITS
    packages: frozenset[str] = frozenset({"ovh"})
    options: Mapping[str, Supported] = {
        OPERATIONS.member: NOT_OPERATED,
        LIVE.member: UNPROVED,
        SANDBOX.member: RECORDED,
        SERVICERS.member: SETTINGS_OF_BUCKETS,
        EXAMINE.member: BUCKETS_ONLY,
    }
    settings: type[BaseModel] = OvhSettings
    # `avnadmin` as OVHcloud's guides name it; no source names a group: this one is the sandbox's.
    database_profile = DatabaseProfile(
        administrators=frozenset({"avnadmin_group"}),
        service=frozenset({"avnadmin", "postgres"}),
        sign_in="A role has no password yet: an administrator sets one with `\\password ROLE` in "
        "psql, which sends no plain text.",
    )

    def parts(self) -> Parts:
        """The builders."""
        load_on_demand("pulumi_ovh", SUBPACKAGES)
        from havre_ovh.parts import parts

        return parts()

    def check(self, spec: Warehouse, settings: BaseModel) -> Iterable[ProviderFault]:
        """Every fault of a file and its settings."""
        from havre.provider.context import context
        from havre_ovh.checks import check

        return tuple(check(context(self, spec, cast("OvhSettings", settings))))

    def gaps(self, spec: Warehouse, settings: BaseModel) -> Sequence[Gap]:
        """What OVHcloud cannot do for a spec."""
        return gaps(spec, cast("OvhSettings", settings))

    def live(self, _settings: BaseModel, outputs: Outputs) -> Live:
        """Its stores and its database, by clients; see `havre_ovh.live` for credentials."""
        from havre_ovh.live import live

        return live(outputs)

    def sandbox(self, folder: Path, _settings: BaseModel) -> Mapping[str, ResourceProviderServicer]:
        """What serves its resource types from a folder, in place of the cloud."""
        from havre_ovh.sandbox import servicers

        return servicers(folder)

    def stand_ins(self, folder: Path, _settings: BaseModel, warehouse: str) -> StandIns:
        """The services behind its sandbox in a folder."""
        from havre_ovh.sandbox.service import stand_ins

        return stand_ins(folder, warehouse)

    def facts(self, plan: Plan) -> Facts:
        """What a plan means for security."""
        from havre_ovh.facts import facts

        return facts(plan)

    def given(self, settings: BaseModel) -> Estate:
        """What the settings name of an estate that exists."""
        from havre.facts import Estate

        estate = cast("OvhSettings", settings).estate
        return estate.recorded() if estate else Estate("")

    def servicers(self) -> Mapping[str, ResourceProviderServicer]:
        """What applies the settings of buckets, which OVHcloud's own provider does not have."""
        from havre.provider import dynamic
        from havre_ovh.s3 import RESOURCES

        return dynamic.servicers(*RESOURCES)

    def examine(self, plan: Plan) -> Examination:
        """What Object Storage has under the warehouse's name, held against a state."""
        from havre_ovh.examining import examine

        return examine(plan)

    def adopting(self) -> Adopting:
        """How what exists is recognised, named and imported."""
        from havre_ovh.conventions.importing import adopting

        return adopting(self)

    def replacing(self) -> ReplacingTable:
        """What a change does, by OVHcloud's own provider."""
        from havre.plan.replacing import read_table
        from havre.provider import dynamic
        from havre_ovh.s3 import RESOURCES

        return read_table(DATA / "replacing.toml", dynamic.replacing(*RESOURCES))

    def meters(self) -> MeterTable:
        """What sizes each resource, for an estimate of cost."""
        from havre.cost.meters import read_meters

        return read_meters(DATA / "meters.toml")


provider = OvhProvider()
