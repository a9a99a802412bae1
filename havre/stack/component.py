"""The research data warehouse as one Pulumi component, whoever hosts it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pulumi

from havre.plan.parts import WAREHOUSE_TYPE, PartName
from havre.provider import GIVEN, provides
from havre.provider import parts as p
from havre.provider.context import Context, begin, context
from havre.provider.contract import OUTPUTS_VERSION
from havre.provider.faults import refuse
from havre.spec.endings import authorised, notices

if TYPE_CHECKING:
    import datetime as dt

    from pydantic import BaseModel

    from havre.provider import Gap, Provider
    from havre.spec import Warehouse
    from havre.spec.model import Project

InputsT = TypeVar("InputsT")
OutputsT = TypeVar("OutputsT")
TYPE = WAREHOUSE_TYPE
"""Type token of the component."""
SPEC = "spec"
"""Name of the component's input that records what is asked."""


def asked(spec: Warehouse) -> dict[str, Any]:
    """What is asked, recorded with the component, so that a preview or a state can be judged alone.

    Members of projects are counted, but for pseudonyms: no name may reach the state.
    """
    document = spec.model_dump(mode="json", exclude_none=True, warnings=False)
    for name, project in document["projects"].items():
        project["members"] = _nameless(spec.projects[name])
    return {SPEC: document}


def _nameless(project: Project) -> int | list[str]:
    """The members of a project: how many, or where some have pseudonyms those, others numbered."""
    if not project.pseudonyms:
        return len(project.members)
    others = len(project.members) - len(project.pseudonyms)
    return [*project.pseudonyms, *_numbered(others)]


def _numbered(count: int) -> list[str]:
    return [f"member-{number + 1}" for number in range(count)]


def recorded(inputs: Mapping[str, Any]) -> Warehouse | None:
    """The spec that `asked` recorded in a component's inputs; members without one are numbered.

    Returns:
        None where none is recorded, or what is recorded is none.
    """
    from havre.spec.model import Warehouse

    try:
        document = json.loads(json.dumps(inputs[SPEC]))
        for project in document["projects"].values():
            if not isinstance(project["members"], list):
                project["members"] = _numbered(project["members"])
        return Warehouse.model_validate_json(json.dumps(document))
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def _estate(provider: Provider, settings: BaseModel) -> dict[str, Any]:
    """What the settings name of an estate that exists, recorded likewise."""
    given = provides(provider, GIVEN).given
    if given is None:
        return {}
    from havre.facts.outside import recorded_estate  # here, since most plans never need it

    return recorded_estate(given(settings))


class ResearchWarehouse(pulumi.ComponentResource):
    """A research data warehouse: network, keys, logs, zones, database, projects, backups.

    The outputs are the same for every provider: see `havre.provider.outputs`.

    Args:
        name: logical name of the component.
        spec: what is asked.
        provider: who provides it.
        settings: an instance of `provider.settings`.
        opts: options of the component.
        as_of: the day on which projects have ended or not; None: today (UTC).

    Raises:
        InputError: the provider cannot deploy the spec with these settings; every fault is named.
    """

    def __init__(
        self,
        name: str,
        spec: Warehouse,
        provider: Provider,
        settings: BaseModel,
        opts: pulumi.ResourceOptions | None = None,
        as_of: dt.date | None = None,
    ) -> None:
        refuse(provider, spec, settings)
        super().__init__(TYPE, name, {**asked(spec), **_estate(provider, settings)}, opts)
        self.gaps: tuple[Gap, ...] = tuple(provider.gaps(spec, settings))
        """What the provider cannot do for this spec."""
        of = context(provider, spec, settings, as_of)
        for notice in notices(spec, of.as_of):
            pulumi.log.warn(notice)
        built = _Built(name, of, provider.parts(), self)
        self.zones: Mapping[str, p.ZoneStore] = built.zones.stores
        """Where the objects of each zone are."""
        self.keys: p.KeysOutputs = built.keys
        """References to keys, by what they encrypt."""
        self.database: p.DatabaseOutputs = built.database
        """Where the database is."""
        self.registry: p.RegistryOutputs | None = built.registry
        """Where images are, if there is a registry."""
        self.cluster: p.ClusterOutputs | None = built.cluster
        """Where the cluster's API is, if there is one."""
        self.projects: Mapping[str, pulumi.Output[str]] = built.access.projects
        """Identity, by project."""
        self._outputs = {
            "version": OUTPUTS_VERSION,
            "provider": provider.name,
            **_described(spec),
            **built.outputs(),
            "projects": _projects(authorised(spec, of.as_of), self.projects),
            "gaps": [gap.as_dict() for gap in self.gaps],
        }
        self.register_outputs(self._outputs)

    def outputs(self) -> dict[str, Any]:
        """The outputs, by the names under which a stack exports them.

        They have the shape of `havre.provider.outputs.Outputs`, which reads them.
        """
        return dict(self._outputs)


def _described(spec: Warehouse) -> dict[str, Any]:
    return {"warehouse": spec.name, "environment": spec.environment.value}


def _projects(
    projects: Mapping[str, Project], identities: Mapping[str, pulumi.Output[str]]
) -> dict[str, Any]:
    """What each project acts as, what it reads, and until when; no member is named.

    A project that has ended is given nothing, and is left out.
    """
    return {
        name: {
            "identity": identities[name],
            "zones": list(asked.zones),
            "expires": asked.expires.isoformat(),
        }
        for name, asked in projects.items()
    }


def _section(value: Any) -> Any:
    """A part's outputs as a section of the stack's; what is not there is left out."""
    if is_dataclass(value) and not isinstance(value, type):
        told = {field.name: getattr(value, field.name) for field in fields(value)}
        return {name: _section(inner) for name, inner in told.items() if inner is not None}
    if isinstance(value, Mapping):
        return {name: _section(inner) for name, inner in value.items()}
    return value


class _Built:
    """The parts, built in order: each is given the outputs of those before it."""

    def __init__(
        self, name: str, context: Context[Any], parts: p.Parts, parent: pulumi.Resource
    ) -> None:
        self._name, self._context, self._parent = name, context, parent
        spec = context.spec
        self.network = self._build(PartName.NETWORK, parts.network, p.NetworkInputs())
        self.keys = self._build(PartName.KEYS, parts.keys, p.KeysInputs(self.network))
        base = (self.network, self.keys)
        self.audit = self._build(PartName.AUDIT, parts.audit, p.AuditInputs(*base))
        logged = (*base, self.audit)
        self.zones = self._build(PartName.ZONES, parts.zones, p.ZonesInputs(*logged))
        self.database = self._build(PartName.DATABASE, parts.database, p.DatabaseInputs(*logged))
        self.registry = (
            self._build(PartName.REGISTRY, parts.registry, p.RegistryInputs(*logged))
            if parts.registry and spec.registry
            else None
        )
        self.cluster = (
            self._build(PartName.CLUSTER, parts.cluster, p.ClusterInputs(*logged, self.registry))
            if parts.cluster and spec.cluster
            else None
        )
        stores = (self.keys, self.zones, self.database)
        reached = p.AccessInputs(*stores, self.cluster)
        self.access = self._build(PartName.ACCESS, parts.access, reached)
        self.backup = self._build(
            PartName.BACKUP, parts.backup, p.BackupInputs(*stores, self.audit)
        )

    def _build(
        self, name: PartName, builder: p.Builder[InputsT, OutputsT], inputs: InputsT
    ) -> OutputsT:
        """One part, below a component of its own."""
        part = begin(self._context, name, f"{self._name}-{name}", self._parent)
        made = builder(part, inputs)
        part.component.register_outputs({})
        return made

    def outputs(self) -> dict[str, Any]:
        """What the parts tell, by the names of the stack's outputs."""
        keys = _section(self.keys)
        keys.pop("store")
        told = {
            "zones": self.zones.stores,
            "keys": keys,
            "database": self.database,
            "registry": self.registry,
            "cluster": self.cluster,
            "audit": self.audit,
            "backup": self.backup,
        }
        return {name: _section(value) for name, value in told.items() if value is not None}
