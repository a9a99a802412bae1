"""The provider itself: who it is, what it can do, and its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from havre.database.profile import DatabaseProfile
from havre.provider import (
    ACCESS_LOGS,
    EXAMINE,
    LIVE,
    OPERATIONS,
    SANDBOX,
    Operator,
    Support,
    Supported,
)
from havre.provider.sdk import load_on_demand
from havre.startup import collecting_later
from havre_azure.capabilities import CAPABILITIES, DATA, LIMITS, REMEDIES, gaps
from havre_azure.settings import NAME, AzureSettings
from havre_azure.sites import SITES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer
    from pydantic import BaseModel

    from havre.audit.logs import AccessLogs
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

SUBPACKAGES = (
    *("authorization", "compute", "containerregistry", "containerservice", "dataprotection"),
    *("dbforpostgresql", "keyvault", "managedidentity", "monitor", "network"),
    *("operationalinsights", "privatedns", "resources", "storage"),
)
"""Subpackages of the SDK that the parts use."""

NOT_OPERATED = Supported(
    Support.ABSENT, "Azure runs the services. Use Pulumi and the Azure portal."
)
UNPROVED = Supported(
    Support.PARTIAL, "Written from Azure's documentation and not yet tested on Azure."
)
UNPROVED_LOGS = Supported(
    Support.PARTIAL, "Downloaded diagnostic logs are read. Not yet tested with logs from Azure."
)
RECORDED = Supported(
    Support.PARTIAL,
    "Stand-ins for Blob Storage, PostgreSQL and keys run on this machine. "
    "All other services are recorded only.",
)
PLACED_ONLY = Supported(
    Support.PARTIAL,
    "Only resources with a location are listed, with a token from `az account get-access-token`.",
)


class AzureProvider:
    """Azure's public cloud as a provider."""

    name = NAME
    title = "Microsoft Azure"
    # CLOUD Act: 18 U.S.C. 2713; FISA 702: 50 U.S.C. 1881a. They bind the parent, and so Microsoft
    # Ireland Operations Limited, which contracts in Europe. Microsoft France told the French
    # Senate on 2025-06-10 that it could not refuse a valid order.
    operator = Operator("Microsoft Corporation", "US", ("US (CLOUD Act, FISA 702)", "EU"))
    sites: Mapping[str, Site] = SITES
    capabilities: Mapping[Capability, Supported] = CAPABILITIES
    remedies: Mapping[str, str] = REMEDIES
    limits: Mapping[Measure, Limit] = LIMITS
    packages: frozenset[str] = frozenset({"azure-native"})
    options: Mapping[str, Supported] = {
        OPERATIONS.member: NOT_OPERATED,
        LIVE.member: UNPROVED,
        SANDBOX.member: RECORDED,
        EXAMINE.member: PLACED_ONLY,
        ACCESS_LOGS.member: UNPROVED_LOGS,
    }
    settings: type[BaseModel] = AzureSettings
    # Roles: Microsoft Learn, "Create users in Azure Database for PostgreSQL" and "Describe built-in
    # Azure Database for PostgreSQL server roles", which differ on the superuser's; 2026-11-30.
    database_profile = DatabaseProfile(
        administrators=frozenset({"azure_pg_admin"}),
        service=frozenset({"azuresu", "azure_superuser"}),
        libraries=("pgaudit",),
        extensions=("pgaudit",),
        settings={"pgaudit.log": "all"},
        loading="Restart the server: `shared_preload_libraries` and `pgaudit.log` are set by "
        "deployment.",
        sign_in="A project signs in once an administrator ties its identity to its role: "
        'SECURITY LABEL FOR "pgaadauth" ON ROLE ... (not tried on Azure).',
        passwordless="the server accepts sign-ins by Microsoft Entra ID only.",
    )

    def parts(self) -> Parts:
        """The builders."""
        with collecting_later():  # the SDK's classes are many and stay
            load_on_demand("pulumi_azure_native", SUBPACKAGES)
            from havre_azure.parts import parts

            return parts()

    def check(self, spec: Warehouse, settings: BaseModel) -> Iterable[ProviderFault]:
        """Every fault of a file and its settings."""
        from havre_azure.checks import check

        return tuple(check(self, spec, cast("AzureSettings", settings)))

    def gaps(self, spec: Warehouse, settings: BaseModel) -> Sequence[Gap]:
        """What Azure cannot do for a spec."""
        return gaps(spec, cast("AzureSettings", settings))

    def live(self, _settings: BaseModel, outputs: Outputs) -> Live:
        """Its stores and its database, by clients; see `havre_azure.live` for credentials."""
        from havre_azure.live import live

        return live(outputs)

    def access_logs(self, _settings: BaseModel, outputs: Outputs, plan: Plan) -> AccessLogs:
        """Its diagnostic logs, as they are downloaded."""
        from havre_azure.logs.diagnostics import access_logs

        return access_logs(outputs, plan)

    def sandbox(self, folder: Path, settings: BaseModel) -> Mapping[str, ResourceProviderServicer]:
        """What serves its resource types from a folder, in place of the cloud."""
        from havre_azure.sandbox import servicers

        return servicers(folder, cast("AzureSettings", settings))

    def stand_ins(self, folder: Path, _settings: BaseModel, warehouse: str) -> StandIns:
        """The services behind its sandbox in a folder."""
        from havre_azure.sandbox.service import stand_ins

        return stand_ins(folder, warehouse)

    def facts(self, plan: Plan) -> Facts:
        """What a plan means for security."""
        from havre_azure.facts import facts

        return facts(plan)

    def given(self, settings: BaseModel) -> Estate:
        """What the settings name of an estate that exists."""
        from havre.facts import Estate

        of = cast("AzureSettings", settings)
        subscription = f"/subscriptions/{of.subscription_id}"
        return of.estate.recorded(subscription) if of.estate else Estate("")

    def examine(self, plan: Plan) -> Examination:
        """What the resource groups of a state have, held against it."""
        from havre_azure.examining import examine

        return examine(plan)

    def adopting(self) -> Adopting:
        """How what exists is recognised and named."""
        from havre_azure.conventions.faults import adopting

        return adopting(self)

    def replacing(self) -> ReplacingTable:
        """What a change does, by Azure's own provider."""
        from havre.plan.replacing import read_table

        return read_table(DATA / "replacing.toml")

    def meters(self) -> MeterTable:
        """What sizes each resource, for an estimate of cost."""
        from havre.cost.meters import read_meters

        return read_meters(DATA / "meters.toml")


provider = AzureProvider()
