"""What ties a type of resource to a stand-in, and what is left to be recorded only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from havre_sandbox.world import Existing, World

Put = Callable[["Existing", Mapping[str, Any]], Mapping[str, Any]]
Drop = Callable[["Existing"], None]


def _kept(_existing: Existing) -> None:
    """Nothing goes with the resource."""


@dataclass(frozen=True)
class FollowingStandIn:
    """Implements `havre_sandbox.standins.StandIn` by two acts, each of which can be repeated.

    Attributes:
        put: makes or changes what a resource asks for.
        drop: removes it.
    """

    put: Put
    drop: Drop = _kept

    def made(self, existing: Existing, secrets: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make it."""
        return self.put(existing, secrets)

    def changed(
        self, _old: Existing, new: Existing, secrets: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Change it."""
        return self.put(new, secrets)

    def removed(self, existing: Existing) -> None:
        """Remove it."""
        self.drop(existing)

    def read(self, _existing: Existing) -> Mapping[str, Any] | None:
        """What is recorded is what it has."""
        return {}


def following(put: Callable[[Existing], None], drop: Drop = _kept) -> FollowingStandIn:
    """A stand-in whose resource has no secrets among its inputs, and no outputs of its own."""

    def putting(existing: Existing, _secrets: Mapping[str, Any]) -> Mapping[str, Any]:
        put(existing)
        return {}

    return FollowingStandIn(putting, drop)


def recorded_only(world: World, followed: Iterable[str]) -> tuple[str, ...]:
    """What exists and has no stand-in, such as `FlowLog (2)`, in the order of the alphabet.

    Args:
        world: what exists.
        followed: type tokens that have one.
    """
    known = frozenset(followed)
    found = Counter(
        each.token.rpartition(":")[2] for each in world.existing if each.token not in known
    )
    return tuple(
        f"{name} ({count})" if count > 1 else name for name, count in sorted(found.items())
    )
