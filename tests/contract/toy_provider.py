"""A provider of paper: it declares little and makes records of what it was asked."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import pulumi
from pydantic import BaseModel, ConfigDict

from havre import parts as p
from havre.facts.model import Known, Plain, ResourceFact, Unclassified
from havre.plan import Plan, PlannedResource
from havre.provider import (
    Capability,
    Evidence,
    Gap,
    Operations,
    Operator,
    Support,
    Supported,
)
from havre.site import Site
from havre.spec import Warehouse

NO_HSM = Supported(Support.ABSENT, "paper has no hardware")


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    shelf: str
    copies: int = 1


class Sheet(pulumi.CustomResource):
    reference: pulumi.Output[str]

    def __init__(self, name: str, props: Mapping[str, Any], part: pulumi.Resource) -> None:
        super().__init__(
            "paper:index:Sheet",
            name,
            {"reference": None, **props},
            pulumi.ResourceOptions(parent=part),
        )


def _part(
    kind: str, asked: Callable[[Any], Mapping[str, Any]], outputs: Callable[[Any, Any], Any]
) -> Any:
    def build(name: str, inputs: Any, opts: pulumi.ResourceOptions) -> Any:
        part = p.component(f"havre:paper:{kind}", name, opts)
        sheet = Sheet(f"{name}-sheet", asked(inputs), part)
        part.register_outputs({})
        return outputs(sheet.reference, inputs.common.spec)

    return build


class PaperProvider:
    name = "paper"
    operator = Operator("A stationer", "FR", ("EU",))
    sites: Mapping[str, Site] = {
        name: Site(name, "FR", {"shelf": name[3:].upper()}) for name in ("fr-paris", "fr-province")
    }
    capabilities: Mapping[Capability, Supported] = {
        Capability.TAGS: Supported(Support.NATIVE),
        Capability.HSM_KEY: NO_HSM,
    }
    settings: type[BaseModel] = Settings

    def parts(self, _settings: BaseModel) -> p.Parts:
        return p.Parts(
            network=_part(
                "Network",
                lambda i: {"tags": dict(i.common.tags)},
                lambda ref, _: p.NetworkOutputs(ref, {"database": ref}),
            ),
            keys=_part(
                "Keys",
                lambda i: {"network": i.network.identifier},
                lambda ref, spec: p.KeysOutputs(ref, dict.fromkeys(spec.zones, ref), ref, None),
            ),
            audit=_part("Audit", lambda i: {"keys": i.keys.store}, lambda r, _: p.AuditOutputs(r)),
            zones=_part(
                "Zones",
                lambda i: {"logs": i.audit.sink},
                lambda ref, spec: p.ZonesOutputs(
                    ref, dict.fromkeys(spec.zones, ref), dict.fromkeys(spec.zones, ref)
                ),
            ),
            database=_part(
                "Database",
                lambda i: {"key": i.keys.database},
                lambda ref, spec: p.DatabaseOutputs(ref, pulumi.Output.from_input(spec.name), ref),
            ),
            registry=_part("Registry", lambda _: {}, lambda r, _: p.RegistryOutputs(r, r)),
            cluster=_part(
                "Cluster",
                lambda i: {"registry": i.registry.endpoint if i.registry else "none"},
                lambda r, _: p.ClusterOutputs(r),
            ),
            access=_part(
                "Access",
                lambda i: {"zones": i.zones.endpoint},
                lambda ref, spec: p.AccessOutputs(dict.fromkeys(spec.projects, ref)),
            ),
            backup=_part(
                "Backup",
                lambda i: {"database": i.database.identifier},
                lambda r, _: p.BackupOutputs(r),
            ),
        )

    def gaps(self, spec: Warehouse, _settings: BaseModel) -> Sequence[Gap]:
        if spec.encryption.keys != "hsm":
            return []
        evidence = Evidence("the stationer", date(2026, 11, 23))
        return [
            Gap(
                "encryption.hsm-key",
                Capability.HSM_KEY,
                NO_HSM.support,
                NO_HSM.reason,
                "a locked drawer",
                evidence,
                "whoever has the key to the drawer",
            )
        ]

    def facts(
        self, resource: PlannedResource, _plan: Plan
    ) -> Sequence[ResourceFact] | Unclassified:
        if resource.type != "paper:index:Sheet":
            return Unclassified(resource.urn, resource.type)
        tags = Known(resource.inputs.get("tags"))
        return [Plain(urn=resource.urn, type=resource.type, tags=tags, places=Known(()))]

    def operations(self, _settings: BaseModel) -> Operations:
        raise NotImplementedError


provider = PaperProvider()
