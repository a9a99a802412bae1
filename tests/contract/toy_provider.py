"""A provider of paper: it declares little and makes records of what it was asked."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider
from pydantic import BaseModel, ConfigDict

from havre.facts import Facts, collect
from havre.facts.model import Copy, Neutral, Offering, Place, ResourceFact, Unclassified
from havre.facts.stores import ObjectStore
from havre.facts.values import Known
from havre.plan import Plan, PlannedResource
from havre.plan.urns import DYNAMIC_PACKAGE
from havre.provider import Capability, Evidence, Gap, Operator, Support, Supported
from havre.provider import parts as p
from havre.provider.context import Part
from havre.provider.dynamic import DynamicServicer
from havre.provider.sites import Site
from havre.spec import Warehouse
from havre_sandbox import ResourceKind, SandboxServicer, Service, WorldFolder

NO_HSM = Supported(Support.ABSENT, "paper has no hardware")
READ_ON = Evidence("the stationer", date(2026, 11, 23))
SYSTEM = p.Authority("system")
SHEET = "pulumi-python:dynamic/paper:Sheet"
OFFERING = Offering("paper", "shelf")


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    shelf: str
    copies: int = 1


class Press(ResourceProvider):
    """Makes a sheet: its identifier is its title."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["title"], {**props, "reference": props["title"]})


class Sheet(Resource, module="paper", name="Sheet"):
    reference: pulumi.Output[str]

    def __init__(self, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(Press(), name, {"reference": None, "title": name, **props}, opts)


def _asked(spec: Warehouse, *sections: str) -> str:
    """The sections of the spec that a part realises; people are named on no sheet."""
    whole = spec.model_dump(mode="json", exclude={"projects": {"__all__": {"members", "title"}}})
    return json.dumps({section: whole.get(section) for section in sections})


def _part(sections: tuple[str, ...], needs: Callable[[Any], Any], made: Callable[..., Any]) -> Any:
    """A builder: one sheet with what is asked, which needs what came before."""

    def build(part: Part[Settings], inputs: Any) -> Any:
        props = {
            "asked": _asked(part.spec, *sections),
            "needs": needs(inputs),
            "tags": part.tags,
        }
        opts = part.guarded() if "zones" in sections else part.child()
        sheet = Sheet(f"{part.name}-sheet", props, opts)
        return made(sheet.reference, part.spec)

    return build


def _stores(ref: pulumi.Output[str], spec: Warehouse) -> dict[str, p.ZoneStore]:
    """A shelf a zone, each with a name of its own."""
    return {
        zone: p.ZoneStore(
            bucket=pulumi.Output.from_input(zone),
            endpoint=ref,
            region="A",
            identifier=pulumi.Output.from_input(f"shelf/{zone}"),
        )
        for zone in spec.zones
    }


PARTS = p.Parts(
    network=_part(
        ("environment", "network", "sites"), lambda _: None,
        lambda ref, _: p.NetworkOutputs(ref, {"database": ref}),
    ),
    keys=_part(
        ("encryption",), lambda i: i.network.identifier,
        lambda ref, spec: p.KeysOutputs(ref, dict.fromkeys(spec.zones, ref), ref, None),
    ),
    audit=_part(("audit",), lambda i: i.keys.store, lambda ref, _: p.AuditOutputs(ref)),
    zones=_part(
        ("zones",), lambda i: i.audit.sink,
        lambda ref, spec: p.ZonesOutputs(_stores(ref, spec), ref),
    ),
    database=_part(
        ("database",), lambda i: i.keys.database,
        lambda ref, spec: p.DatabaseOutputs(
            ref, ref.apply(len), pulumi.Output.from_input(spec.name), "A", ref, SYSTEM
        ),
    ),
    registry=_part(
        ("registry",), lambda _: None, lambda ref, _: p.RegistryOutputs(ref, ref, "A")
    ),
    cluster=_part(
        ("cluster",), lambda i: i.registry.endpoint if i.registry else None,
        lambda ref, _: p.ClusterOutputs(ref, ref, "A"),
    ),
    access=_part(
        ("projects",), lambda i: i.zones.ready,
        lambda ref, spec: p.AccessOutputs(dict.fromkeys(spec.projects, ref)),
    ),
    backup=_part(
        (), lambda i: i.database.identifier, lambda ref, _: p.BackupOutputs(ref, "A")
    ),
)  # fmt: skip


SHEETS = Service(
    DYNAMIC_PACKAGE, {SHEET: ResourceKind(id="{title}", outputs={"reference": "{title}"})}
)
"""What a sandbox knows of paper: a sheet is known by its title."""


class PaperProvider:
    name = "paper"
    operator = Operator("A stationer", "FR", ("EU",))
    sites: Mapping[str, Site] = {
        name: Site(name, "FR", {"shelf": name[3:].upper()}) for name in ("fr-paris", "fr-province")
    }
    capabilities: Mapping[Capability, Supported] = {
        Capability.REGISTRY: Supported(Support.PARTIAL, "images are drawn by hand"),
        Capability.HSM_KEY: NO_HSM,
    }
    settings: type[BaseModel] = Settings

    def sandbox(self, folder: Path, _settings: BaseModel) -> dict[str, SandboxServicer]:
        return {DYNAMIC_PACKAGE: SandboxServicer(SHEETS, WorldFolder(folder))}

    def parts(self) -> p.Parts:
        return PARTS

    def servicers(self) -> Mapping[str, DynamicServicer]:
        return {DYNAMIC_PACKAGE: DynamicServicer({SHEET: Press()})}

    def gaps(self, spec: Warehouse, _settings: BaseModel) -> Sequence[Gap]:
        if spec.encryption.keys != "hsm":
            return []
        told = (NO_HSM.support, NO_HSM.reason, "a locked drawer", READ_ON)
        risk = "whoever has the key to the drawer"
        return [Gap("encryption.hsm-key", Capability.HSM_KEY, *told, risk)]

    def facts(self, plan: Plan) -> Facts:
        return collect(plan, self._facts_of)

    def _facts_of(self, resource: PlannedResource) -> Sequence[ResourceFact] | Unclassified:
        if resource.type != SHEET:
            return Unclassified(resource.urn, resource.type)
        tags = Known(resource.inputs.get("tags", {}))
        if not resource.name.endswith("-zones-sheet"):
            return [Neutral(resource.urn, resource.type, tags=tags, places=Known(()))]
        shelf = ObjectStore(
            resource.urn,
            resource.type,
            OFFERING,
            tags=tags,
            places=Known((Place(Copy.PRIMARY, "A", "FR"),)),
            guarded=Known(resource.protect),
        )
        return [shelf]


provider = PaperProvider()
