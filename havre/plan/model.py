"""The plan: resources with their relations, from whatever source."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from havre.plan.options import NONE, Options
from havre.plan.urns import PROVIDER_PREFIX
from havre.plan.values import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.capabilities import Gap


SANDBOX_MARK = "sandbox"
"""Output of every resource of a sandbox, and input of its providers, by which it says so."""


@dataclass(frozen=True)
class PlannedResource:
    """A resource as it would be.

    Attributes:
        urn: Pulumi's unique name.
        type: type token, such as `package:module:Resource`.
        name: logical name.
        custom: whether a provider makes it; a component only groups others.
        inputs: properties, with `UNKNOWN` and `Secret` from `havre.plan.values`.
        parent: URN; empty for the stack.
        dependencies: URNs, sorted.
        property_dependencies: the URNs from which each input was computed, sorted.
        protect: whether Pulumi refuses to delete it.
        provider: reference of its provider; empty for the default one.
        retain_on_delete: whether Pulumi forgets it without deleting it.
        operation: what a preview would do to it; empty where the source does not say.
        id: the provider's own identifier of what stands; empty where nothing does yet.
        external: whether the stack only reads it.
        options: how it is changed, moved and removed, as far as the source says.
        outputs: what its provider said of it, marked like the inputs; empty where the source has
            none.
    """

    urn: str
    type: str
    name: str
    custom: bool
    inputs: Mapping[str, Any]
    parent: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool = False
    provider: str = ""
    retain_on_delete: bool = False
    operation: str = ""
    id: str = ""
    external: bool = False
    options: Options = NONE
    outputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def made(self) -> bool:
        """Whether a provider makes it: it is neither a component nor a provider itself."""
        return self.custom and not self.type.startswith(PROVIDER_PREFIX)

    @property
    def of_sandbox(self) -> bool:
        """Whether it says that it is of a sandbox: no cloud has it."""
        if self.type.startswith(PROVIDER_PREFIX):
            return str(self.inputs.get(SANDBOX_MARK, "")).lower() == "true"
        return self.custom and self.outputs.get(SANDBOX_MARK) is True

    @property
    def package(self) -> str:
        """The package of its provider: the first word of the type."""
        return self.type.split(":", 1)[0]

    def as_dict(self) -> dict[str, Any]:
        """The resource as JSON-ready values, without serialised provider code."""
        return {
            "urn": self.urn,
            "type": self.type,
            "name": self.name,
            "custom": self.custom,
            "inputs": shown({k: v for k, v in self.inputs.items() if k != "__provider"}),
            "parent": self.parent or None,
            "dependencies": list(self.dependencies),
            "property_dependencies": {k: list(v) for k, v in self.property_dependencies.items()},
            "protect": self.protect,
            "provider": self.provider or None,
        }


@dataclass(frozen=True)
class Plan:
    """What would be deployed.

    Attributes:
        provider: name of the provider.
        resources: parents and dependencies before those that need them.
        outputs: what the stack exports.
        gaps: what the provider cannot do for the spec.
        warnings: what the program said while it ran.
        removed: what the next update would delete or replace.
        released: what it would no longer manage, and leave standing.
        placeholders: settings that were not given, and stand as `<name>` in inputs.
        config: the stack's configuration, as far as the source repeats it.
    """

    provider: str
    resources: tuple[PlannedResource, ...]
    outputs: Mapping[str, Any] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    warnings: tuple[str, ...] = ()
    removed: tuple[PlannedResource, ...] = ()
    released: tuple[PlannedResource, ...] = ()
    placeholders: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def by_urn(self) -> Mapping[str, PlannedResource]:
        """The resources by their URNs."""
        return {resource.urn: resource for resource in self.resources}

    @cached_property
    def of_sandbox(self) -> bool:
        """Whether any of it is of a sandbox, so that none of it is evidence of a cloud."""
        return any(resource.of_sandbox for resource in self.resources)

    def as_dict(self) -> dict[str, Any]:
        """The plan as JSON-ready values."""
        return {
            "provider": self.provider,
            "resources": [resource.as_dict() for resource in self.resources],
            "gaps": [gap.as_dict() for gap in self.gaps],
            "outputs": shown(dict(self.outputs)),
            "warnings": list(self.warnings),
            "placeholders": list(self.placeholders),
        }
