"""What an engine does to one resource, and how that is decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from havre.engine.servicer import PROVIDER_KEY, Client, Difference
from havre.plan import urns
from havre.plan.values import holds_unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.engine.state import ResourceState
    from havre.plan import PlannedResource

HOLDS_DATA = "holds_data"
"""Output by which a provider says, when read, whether deleting the resource loses data."""


class Operation(StrEnum):
    """What is done to a resource."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


@dataclass(frozen=True)
class Change:
    """A step on one resource.

    Attributes:
        operation: what is done.
        urn: Pulumi's unique name.
        type: type token.
        properties: inputs that differ from what is recorded.
        refused: why the step is not allowed; empty where it is.
        undecided: why that is told only when the step is taken; empty where it is told now.
    """

    operation: Operation
    urn: str
    type: str
    properties: tuple[str, ...] = ()
    refused: str = ""
    undecided: str = ""

    @property
    def name(self) -> str:
        """Logical name."""
        return urns.name(self.urn)

    def as_dict(self) -> dict[str, Any]:
        """The change as JSON-ready values."""
        return {
            "operation": self.operation.value,
            "urn": self.urn,
            "type": self.type,
            "name": self.name,
            "properties": list(self.properties),
            "refused": self.refused or None,
            "undecided": self.undecided or None,
        }


@dataclass(frozen=True)
class Decision:
    """An operation with what it needs."""

    operation: Operation
    inputs: Mapping[str, Any]
    difference: Difference | None = None
    properties: tuple[str, ...] = field(default=())


def changed_properties(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the inputs that differ, sorted, without serialised provider code."""
    keys = (old.keys() | new.keys()) - {PROVIDER_KEY}
    return tuple(sorted(key for key in keys if old.get(key) != new.get(key)))


def decide(client: Client, planned: PlannedResource, old: ResourceState | None) -> Decision:
    """What is to be done to a resource: the provider checks its inputs and tells the difference.

    Where an input is still unknown (in a preview), an existing resource counts as updated.

    Raises:
        ProviderError: the provider refuses an input.
    """
    inputs = client.check(planned.urn, old.inputs if old else {}, planned.inputs)
    if old is None:
        return Decision(Operation.CREATE, inputs)
    if holds_unknown(inputs):
        properties = changed_properties(old.inputs, inputs)
        return Decision(Operation.UPDATE, inputs, properties=properties)
    difference = client.diff(planned.urn, old.id, old.outputs, inputs)
    if not difference.changes:
        return Decision(Operation.SAME, inputs, difference)
    operation = Operation.REPLACE if difference.replaces else Operation.UPDATE
    return Decision(operation, inputs, difference, changed_properties(old.inputs, inputs))


@dataclass(frozen=True)
class Guard:
    """Why a resource may not be deleted or replaced.

    Attributes:
        refused: why not; empty where it may be, or where that cannot be told yet.
        undecided: why its provider cannot tell now; empty where it can.
    """

    refused: str = ""
    undecided: str = ""

    @property
    def reason(self) -> str:
        """Why it is not to be done now; empty where it may be."""
        return self.refused or self.undecided


def guard(client: Client, old: ResourceState) -> Guard:
    """Whether a resource may be deleted or replaced.

    What is protected, or says that it may hold data, is asked afresh; only a provider's
    word that it holds none lets it go.
    """
    if not old.protect and HOLDS_DATA not in old.outputs:
        return Guard()
    now = client.read(old.urn, old.id, old.outputs)
    if now is None or now.get(HOLDS_DATA) is False:
        return Guard()
    if HOLDS_DATA in now and now[HOLDS_DATA] is None:
        return Guard(undecided="whether it holds data is not known while its service is stopped")
    return Guard("it holds data" if now.get(HOLDS_DATA) else "it is protected")
