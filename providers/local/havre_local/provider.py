"""The provider itself: who it is, what it can do, and its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from havre.database.profile import DatabaseProfile
from havre.provider import METERS, Operator, Support, Supported
from havre_local.capabilities import CAPABILITIES, LIMITS, REMEDIES, gaps
from havre_local.settings import NAME, LocalSettings
from havre_local.sites import EverySite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer
    from pydantic import BaseModel

    from havre.audit.logs import AccessLogs
    from havre.facts import Facts
    from havre.live.warehouse import Live
    from havre.plan.model import Plan
    from havre.plan.replacing import ReplacingTable
    from havre.provider import Capability, Examination, Gap, Limit, Measure, Operations
    from havre.provider.outputs import Outputs
    from havre.provider.parts import Parts
    from havre.provider.sites import Site
    from havre.spec import Warehouse

NOT_BILLED = Supported(Support.ABSENT, "No provider bills what runs on this machine.")


class LocalProvider:
    """This machine as a provider."""

    name = NAME
    title = "this machine"
    operator = Operator("the operator of this machine", None, ())
    sites: Mapping[str, Site] = EverySite()
    capabilities: Mapping[Capability, Supported] = CAPABILITIES
    remedies: Mapping[str, str] = REMEDIES
    limits: Mapping[Measure, Limit] = LIMITS
    options: Mapping[str, Supported] = {METERS.member: NOT_BILLED}
    settings: type[BaseModel] = LocalSettings
    database_profile = DatabaseProfile(
        settings={"log_statement": "all"}, loading="Run `havre up` again: it writes the settings."
    )

    def parts(self) -> Parts:
        """The builders."""
        from havre_local.parts import parts

        return parts()

    def gaps(self, spec: Warehouse, settings: BaseModel) -> Sequence[Gap]:
        """What this machine cannot do for a spec."""
        return gaps(spec, cast("LocalSettings", settings))

    def facts(self, plan: Plan) -> Facts:
        """What a plan means for security."""
        from havre_local.facts import facts

        return facts(plan)

    def operations(self, settings: BaseModel) -> Operations:
        """What can be done with a warehouse that stands here."""
        from havre_local.operations import LocalOperations

        return LocalOperations(cast("LocalSettings", settings))

    def live(self, settings: BaseModel, outputs: Outputs) -> Live:
        """Its stores and its database, by clients."""
        from havre_local.live import live

        return live(cast("LocalSettings", settings), outputs)

    def access_logs(self, settings: BaseModel, outputs: Outputs, _plan: Plan) -> AccessLogs:
        """The record of its services, with each access."""
        from havre_local.machine.folder import Folder
        from havre_local.machine.record.accesses import access_logs

        return access_logs(Folder(cast("LocalSettings", settings).data_dir), outputs)

    def sandbox(
        self, _folder: Path, _settings: BaseModel
    ) -> Mapping[str, ResourceProviderServicer]:
        """What makes its resources, in the folder of its settings: it stands in for itself."""
        return self.servicers()

    def servicers(self) -> Mapping[str, ResourceProviderServicer]:
        """What makes its resources, all of them in this process."""
        from havre.provider import dynamic
        from havre_local.resources import RESOURCES

        return dynamic.servicers(*RESOURCES)

    def examine(self, plan: Plan) -> Examination:
        """What its folder and services have, held against a state."""
        from havre_local.examining import examine

        return examine(plan)

    def replacing(self) -> ReplacingTable:
        """What a change does, by the word of each kind."""
        from havre.plan.replacing import ReplacingTable
        from havre.provider import dynamic
        from havre_local.resources import RESOURCES

        return ReplacingTable(dynamic.replacing(*RESOURCES))


provider = LocalProvider()
