"""All that a provider says of one package of resource types, for its sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from havre.plan.replacing import ReplacingTable
from havre_sandbox.kinds import ResourceKind
from havre_sandbox.refusals import Proposed, Refusal, Rule
from havre_sandbox.standins import RECORDED_ONLY

if TYPE_CHECKING:
    import datetime as dt

    from havre_sandbox.standins import StandIn
    from havre_sandbox.world import Existing

Faults = Callable[[str, Mapping[str, Any]], Iterable[Refusal]]
"""What the types of an SDK refuse: of a type token and its inputs."""


def _no_faults(_token: str, _inputs: Mapping[str, Any]) -> Iterable[Refusal]:
    return ()


def _as_filled(_proposed: Proposed, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    return outputs


def _forgotten(_existing: Existing, _today: dt.date) -> dt.date | None:
    return None


def _nothing_else(_proposed: Proposed) -> Iterable[str]:
    return ()


def _conflicting(_proposed: Proposed, identity: str) -> Refusal:
    return Refusal("409", f"{identity} is being changed. Make one change depend on the other.")


@dataclass(frozen=True)
class Service:
    """What a sandbox knows of one package.

    Attributes:
        package: first word of its types.
        kinds: what is known of each type; a type that is not listed is refused, unless
            `open_ended`.
        rules: what its services refuse.
        faults: what the types of its SDK refuse.
        replacing: what a change of an input does.
        completed: completes outputs that no template can say, such as a list that comes back as
            a mapping; in a preview of a creation, the identifier is not known.
        taken_until: last day on which the name of a resource that is being deleted stays taken;
            None: it is free at once.
        standins: what stands in for services, by type; the others are recorded only.
        variables: what the provider's configuration says, for templates and rules.
        one_at_a_time: identifiers of what takes one change at a time and is changed too, such as
            the network of a subnet.
        busy: the refusal of a change while one of these is being changed.
        open_ended: whether types that are not listed are recorded too.
        refused: code of the refusal of what the API of a type does not change in place.
        conflict: code of the refusal of an identifier that exists.
    """

    package: str
    kinds: Mapping[str, ResourceKind]
    rules: Sequence[Rule] = ()
    faults: Faults = _no_faults
    replacing: ReplacingTable = field(default_factory=lambda: ReplacingTable({}))
    completed: Callable[[Proposed, Mapping[str, Any]], Mapping[str, Any]] = _as_filled
    taken_until: Callable[[Existing, dt.date], dt.date | None] = _forgotten
    standins: Mapping[str, StandIn] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    one_at_a_time: Callable[[Proposed], Iterable[str]] = _nothing_else
    busy: Callable[[Proposed, str], Refusal] = _conflicting
    open_ended: bool = False
    refused: str = "400"
    conflict: str = "409"

    def kind(self, token: str) -> ResourceKind | None:
        """What is known of a type; None: nothing."""
        return self.kinds.get(token) or (ResourceKind() if self.open_ended else None)

    def standin(self, token: str) -> StandIn:
        """What stands in for the service of a type."""
        return self.standins.get(token, RECORDED_ONLY)
