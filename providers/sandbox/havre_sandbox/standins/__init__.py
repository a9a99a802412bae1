"""Services on this machine behind the resources of a sandbox: a stand-in follows what is recorded.

Where a type has none, the resource is recorded only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre_sandbox.world import Existing


class StandIn(Protocol):
    """What stands in for the service of a type. Every call can be made again without harm."""

    def made(self, existing: Existing, secrets: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make what a resource asks for.

        Args:
            existing: the resource, before it is recorded.
            secrets: its inputs that are secret, in clear, by dotted path.

        Returns:
            Outputs in place of those of the provider's table, such as an address.
        """
        ...

    def changed(
        self, old: Existing, new: Existing, secrets: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Change it; outputs as for `made`."""
        ...

    def removed(self, existing: Existing) -> None:
        """Remove it; one that is gone already is fine."""
        ...

    def read(self, existing: Existing) -> Mapping[str, Any] | None:
        """Inputs that differ from what is recorded, by name; None where it is gone."""
        ...


class _Recorded:
    """Nothing runs: the resource is recorded."""

    def made(self, _existing: Existing, _secrets: Mapping[str, Any]) -> Mapping[str, Any]:
        return {}

    def changed(
        self, _old: Existing, _new: Existing, _secrets: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        return {}

    def removed(self, _existing: Existing) -> None:
        pass

    def read(self, _existing: Existing) -> Mapping[str, Any] | None:
        return {}


RECORDED_ONLY: StandIn = _Recorded()
"""Of the types that nothing stands in for."""
