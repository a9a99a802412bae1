"""What an engine does to one resource, and how that is decided."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from havre.errors import MissingDependencyError
from havre.plan import urns
from havre.plan.replacing import HOLDS_DATA
from havre.plan.values import bare, holds_unknown
from havre.provider.dynamic import PROVIDER_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from havre.engine.servicer import Client, Difference
    from havre.engine.state import ResourceState
    from havre.plan import PlannedResource
    from havre.provider.dynamic import Departure

CLI_HINT = (
    "Install the Pulumi CLI (https://www.pulumi.com/docs/install/), then run `pulumi up` in "
    "stacks/warehouse; `havre plan` shows the plan without it."
)
SEED_BYTES = 32
"""Random bytes from which a provider makes what is to be random, such as names."""


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
        departures: of an update of no property, in what the resource is not as it was made.
    """

    operation: Operation
    urn: str
    type: str
    properties: tuple[str, ...] = ()
    refused: str = ""
    undecided: str = ""
    departures: tuple[Departure, ...] = ()

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
            "starts": [each.what for each in self.departures if each.started],
            "puts_back": [each.what for each in self.departures if not each.started],
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
    return tuple(sorted(key for key in keys if bare(old.get(key)) != bare(new.get(key))))


def decide(client: Client, planned: PlannedResource, old: ResourceState | None) -> Decision:
    """What is to be done to a resource: the provider checks its inputs and tells the difference.

    What is to be made another one is checked afresh, as the CLI does. An input that is still
    unknown (in a preview) makes no other one: it may turn out to be as it was.

    Raises:
        ProviderError: the provider refuses an input.
    """
    options, seed = planned.options, os.urandom(SEED_BYTES)
    if old is None:
        inputs = client.check(planned.urn, {}, planned.inputs, seed)
        return Decision(Operation.CREATE, inputs)
    given = _kept(planned.inputs, old.inputs, options.ignore_changes)
    inputs = client.check(planned.urn, old.inputs, given, seed)
    difference = client.diff(old, inputs, options.ignore_changes)
    if options.delete_before_replace is not None:
        difference = replace(difference, delete_before_replace=options.delete_before_replace)
    unknown = {key for key, value in inputs.items() if holds_unknown(value)}
    properties = changed_properties(old.inputs, inputs)
    if not difference.changes and not unknown:
        return Decision(Operation.SAME, inputs, difference)
    others = {*difference.replaces, *(set(properties) & set(options.replace_on_changes))}
    if others - unknown:
        inputs = client.check(planned.urn, {}, planned.inputs, seed)
        return Decision(Operation.REPLACE, inputs, difference, properties)
    return Decision(Operation.UPDATE, inputs, difference, properties)


def _kept(
    news: Mapping[str, Any], olds: Mapping[str, Any], ignored: Sequence[str]
) -> dict[str, Any]:
    """The inputs, with those whose changes are ignored as they are recorded."""
    kept = {key: olds[key] for key in ignored if key in olds}
    return {key: value for key, value in news.items() if key not in ignored} | kept


def refuse_options(planned: PlannedResource) -> None:
    """Refuse what the embedded engine would not do as Pulumi does.

    Raises:
        MissingDependencyError: an option needs the Pulumi CLI; each is named.
    """
    options = planned.options
    paths = (*options.ignore_changes, *options.replace_on_changes)
    found = {
        "aliases": options.aliases,
        "deletedWith": options.deleted_with,
        "import": options.import_id,
        **dict.fromkeys(options.others, True),
        "customTimeouts of a dynamic resource": options.timeouts
        and planned.package == urns.DYNAMIC_PACKAGE,
        "a path in ignoreChanges or replaceOnChanges": [p for p in paths if set(p) & set(".[*")],
    }
    names = ", ".join(name for name, value in found.items() if value)
    if names:
        message = f"{planned.name}: the embedded engine does not support {names}"
        raise MissingDependencyError(message, CLI_HINT)


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
    now = client.read(old)
    if now is None or now.get(HOLDS_DATA) is False:
        return Guard()
    if HOLDS_DATA in now and now[HOLDS_DATA] is None:
        return Guard(undecided="whether it contains data is not known while its service is stopped")
    return Guard("it contains data" if now.get(HOLDS_DATA) else "it is protected")
