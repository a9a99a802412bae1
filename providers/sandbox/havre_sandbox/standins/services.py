"""The services behind a sandbox as Havre operates them: begun, started, stopped, reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from havre.provider.outputs import CertificateSource
from havre_local.machine.folder import HOST
from havre_local.operations import statuses
from havre_sandbox.standins.following import recorded_only

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from havre.live.warehouse import Live
    from havre.provider import ServiceStatus
    from havre.provider.outputs import Outputs, ZoneAddress
    from havre_sandbox import StandIn, WorldFolder
    from havre_sandbox.standins.machine import Machine


class FollowedServices(Protocol):
    """What a provider says of the services behind its sandbox."""

    def by_type(self) -> Mapping[str, StandIn]:
        """The stand-in of each type; all others are recorded only."""
        ...

    def refuse_lacking(self) -> None:
        """Refuse a machine that lacks a program: see `havre.provider.StandIns`."""
        ...

    def start(self, known: frozenset[str]) -> None:
        """Have services run that ran before.

        Args:
            known: names of the services that were ever started.
        """
        ...

    def endpoint(self, zone: ZoneAddress) -> str:
        """Where clients reach a zone on this machine."""
        ...

    def database_port(self) -> int:
        """Where clients reach the database on this machine."""
        ...

    def live(self, outputs: Outputs) -> Live:
        """Its stores and its database, by clients."""
        ...


@dataclass(frozen=True)
class SandboxServices:
    """Implements `havre.provider.StandIns` for the sandbox of a data folder.

    Attributes:
        machine: where the services are.
        world: what exists.
        followed: what the provider says of them.
    """

    machine: Machine
    world: WorldFolder
    followed: FollowedServices

    @property
    def begun(self) -> bool:
        """Whether they follow this sandbox."""
        return self.machine.standing

    def refuse_lacking(self) -> None:
        """Refuse a machine on which they cannot run."""
        self.followed.refuse_lacking()

    def begin(self) -> None:
        """Have them follow what the sandbox records."""
        self.machine.begin()

    def start(self) -> None:
        """Have every service run that ran before."""
        self.followed.start(self.machine.known)

    def stop(self) -> None:
        """Stop the services; data stay."""
        self.machine.stop()

    def status(self) -> Sequence[ServiceStatus]:
        """Every service, probed now."""
        return statuses(self.machine.folder)

    def recorded_only(self) -> Sequence[str]:
        """Types of what exists that no service stands behind."""
        followed = self.followed.by_type() if self.begun else ()
        return recorded_only(self.world.world(), followed)

    def here(self, outputs: Outputs) -> Outputs:
        """The same outputs, with addresses on this machine; nothing is copied elsewhere."""
        authority = CertificateSource(kind="file", location=str(self.machine.authority))
        zones = {
            name: zone.model_copy(
                update={
                    "endpoint": self.followed.endpoint(zone),
                    "authority": authority,
                    "recovery": None,
                }
            )
            for name, zone in outputs.zones.items()
        }
        port = self.followed.database_port()
        known = {"host": HOST, "port": port, "authority": authority, "recovery": None}
        database = outputs.database.model_copy(update=known)
        return outputs.model_copy(update={"zones": zones, "database": database})

    def live(self, outputs: Outputs) -> Live:
        """Its stores and its database, by clients."""
        return self.followed.live(outputs)


def services_of(
    folder: Path, warehouse: str, followed: Callable[[Machine], FollowedServices]
) -> SandboxServices:
    """The services behind the sandbox in a folder.

    Args:
        folder: of what exists in it; the services are beside it.
        warehouse: name of the warehouse.
        followed: what the provider says of the services of a machine.
    """
    from havre_sandbox.standins.machine import Machine
    from havre_sandbox.world import WorldFolder

    machine = Machine(folder.parent, warehouse)
    return SandboxServices(machine, WorldFolder(folder), followed(machine))
