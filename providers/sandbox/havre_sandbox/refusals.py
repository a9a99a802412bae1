"""What a service refuses: rules over what is proposed and what exists.

A rule is a pure function: the same proposal in the same world is always answered the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from havre_sandbox.world import World


class Act(StrEnum):
    """What is done to a resource."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True)
class Proposed:
    """A change of one resource that a service is asked for.

    Attributes:
        token: type token.
        name: logical name, for messages.
        properties: inputs, with `UNKNOWN` and `Secret` of `havre.plan.values`; of a deletion,
            those that the resource has.
        act: what is done.
        id: identifier that the resource has, or would have; empty where it is not known yet.
        old: inputs that the resource has; None where it is made.
        variables: what the provider's configuration says, such as an account.
    """

    token: str
    name: str
    properties: Mapping[str, Any]
    act: Act = Act.CREATE
    id: str = ""
    old: Mapping[str, Any] | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    """Why a service refuses a change.

    Attributes:
        code: the service's own error code, or its HTTP status where no code is known.
        message: what is wrong, in our words; a full sentence, or several.
        property: dotted path of the input concerned; empty: of the whole resource.
    """

    code: str
    message: str
    property: str = ""

    def text(self) -> str:
        """The refusal in one line."""
        where = f"`{self.property}`: " if self.property else ""
        return f"{where}{self.message} ({self.code})"


Judge = Callable[[Proposed, "World"], Iterable[Refusal]]
"""What a rule does."""


@dataclass(frozen=True)
class Rule:
    """A rule, and the changes that it is about.

    Attributes:
        judge: gives the refusals; none where the service accepts.
        tokens: types that it is about; none: every type of its service.
        acts: changes that it is about.
        beforehand: whether it needs no world, and is asked before anything is done, with an empty
            one; values may be unknown then.
    """

    judge: Judge
    tokens: frozenset[str] = frozenset()
    acts: frozenset[Act] = frozenset({Act.CREATE, Act.UPDATE})
    beforehand: bool = False

    def concerns(self, proposed: Proposed) -> bool:
        """Whether the rule is about this change."""
        return proposed.act in self.acts and (not self.tokens or proposed.token in self.tokens)

    def __call__(self, proposed: Proposed, world: World) -> Iterable[Refusal]:
        """Ask the rule, whatever it is about."""
        return self.judge(proposed, world)


def rule(
    *tokens: str, acts: Iterable[Act] = (Act.CREATE, Act.UPDATE), beforehand: bool = False
) -> Callable[[Judge], Rule]:
    """Make a rule of a function.

    Args:
        tokens: types that it is about; none: every type of its service.
        acts: changes that it is about.
        beforehand: see `Rule`.
    """
    return lambda judge: Rule(judge, frozenset(tokens), frozenset(acts), beforehand)


def refusals(
    rules: Sequence[Rule], proposed: Proposed, world: World, *, beforehand: bool
) -> list[Refusal]:
    """What the rules of one moment refuse of a change, in their order.

    Args:
        rules: of the service.
        proposed: the change.
        world: what exists.
        beforehand: whether to ask the rules that need no world, or the others.
    """
    asked = (r for r in rules if r.beforehand is beforehand and r.concerns(proposed))
    return [found for each in asked for found in each(proposed, world)]
