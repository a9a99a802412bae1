"""The research data warehouse as one Pulumi component, whoever hosts it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import pulumi

from havre.provider import parts as p
from havre.provider import resolve_site
from havre.stack.outputs import OUTPUTS_VERSION

if TYPE_CHECKING:
    from pydantic import BaseModel

    from havre.provider import Gap, Provider
    from havre.spec import Warehouse

TYPE = "havre:index:ResearchWarehouse"
"""Type token of the component."""
SPEC = "spec"
"""Name of the component's input that records what is asked."""


def tags(spec: Warehouse) -> dict[str, str]:
    """Labels of every resource, in the characters that every provider accepts."""
    return {
        "warehouse": spec.name,
        "environment": spec.environment.value,
        "classification": spec.classification.value,
        "owner": spec.organisation.contact,
        "managed-by": "havre",
    }


def asked(spec: Warehouse) -> dict[str, Any]:
    """What is asked, recorded with the component, so that a preview or a state can be judged alone.

    Members of projects are counted, never named: no personal datum may reach the state.
    """
    document = spec.model_dump(mode="json", exclude_none=True, warnings=False)
    for project in document["projects"].values():
        project["members"] = len(project["members"])
    return {SPEC: document}


def recorded(inputs: Mapping[str, Any]) -> Warehouse | None:
    """The spec that `asked` recorded in a component's inputs; its members are numbered.

    Returns:
        None where none is recorded, or what is recorded is none.
    """
    from havre.spec.model import Warehouse

    try:
        document = json.loads(json.dumps(inputs[SPEC]))
        for project in document["projects"].values():
            project["members"] = [f"member-{number + 1}" for number in range(project["members"])]
        return Warehouse.model_validate_json(json.dumps(document))
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def common(spec: Warehouse, provider: Provider) -> p.Common:
    """What every part is given.

    Raises:
        InputError: the provider lacks a site of the spec.
    """
    recovery = spec.sites.recovery
    return p.Common(
        spec=spec,
        primary=resolve_site(provider, spec.sites.primary),
        recovery=resolve_site(provider, recovery) if recovery else None,
        tags=tags(spec),
    )


class ResearchWarehouse(pulumi.ComponentResource):
    """A research data warehouse: network, keys, logs, zones, database, projects, backups.

    The outputs are the same for every provider: see `havre.stack.outputs`.

    Args:
        name: logical name of the component.
        spec: what is asked.
        provider: who provides it.
        settings: an instance of `provider.settings`.
        opts: options of the component.

    Raises:
        InputError: the provider lacks a site of the spec.
    """

    def __init__(
        self,
        name: str,
        spec: Warehouse,
        provider: Provider,
        settings: BaseModel,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(TYPE, name, asked(spec), opts)
        self.gaps: tuple[Gap, ...] = tuple(provider.gaps(spec, settings))
        """What the provider cannot do for this spec."""
        built = _Built(name, common(spec, provider), provider.parts(settings), self)
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
            "projects": _projects(spec, self.projects),
            "gaps": [gap.as_dict() for gap in self.gaps],
        }
        self.register_outputs(self._outputs)

    def outputs(self) -> dict[str, Any]:
        """The outputs, by the names under which a stack exports them.

        They have the shape of `havre.stack.outputs.Outputs`, which reads them.
        """
        return dict(self._outputs)


def _described(spec: Warehouse) -> dict[str, Any]:
    return {"warehouse": spec.name, "environment": spec.environment.value}


def _projects(spec: Warehouse, identities: Mapping[str, pulumi.Output[str]]) -> dict[str, Any]:
    """What each project acts as, what it reads, and until when; no member is named."""
    return {
        name: {
            "identity": identities[name],
            "zones": list(asked.zones),
            "expires": asked.expires.isoformat(),
        }
        for name, asked in spec.projects.items()
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
        self, name: str, common: p.Common, parts: p.Parts, parent: pulumi.Resource
    ) -> None:
        opts = pulumi.ResourceOptions(parent=parent)
        self.network = parts.network(f"{name}-network", p.NetworkInputs(common), opts)
        self.keys = parts.keys(f"{name}-keys", p.KeysInputs(common, self.network), opts)
        self.audit = parts.audit(
            f"{name}-audit", p.AuditInputs(common, self.network, self.keys), opts
        )
        base = (common, self.network, self.keys, self.audit)
        self.zones = parts.zones(f"{name}-zones", p.ZonesInputs(*base), opts)
        self.database = parts.database(f"{name}-database", p.DatabaseInputs(*base), opts)
        self.registry = (
            parts.registry(f"{name}-registry", p.RegistryInputs(*base), opts)
            if parts.registry and common.spec.registry
            else None
        )
        self.cluster = (
            parts.cluster(f"{name}-cluster", p.ClusterInputs(*base, self.registry), opts)
            if parts.cluster and common.spec.cluster
            else None
        )
        stores = (common, self.keys, self.zones, self.database)
        self.access = parts.access(f"{name}-access", p.AccessInputs(*stores, self.cluster), opts)
        self.backup = parts.backup(f"{name}-backup", p.BackupInputs(*stores, self.audit), opts)

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
