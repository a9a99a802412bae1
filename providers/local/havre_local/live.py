"""A warehouse on this machine, reached by real clients with its administrator's rights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.capabilities import Support, Supported
from havre.errors import InputError
from havre.live.buckets import BucketStore
from havre.live.objects import Ability
from havre.live.wrappers import retrying
from havre_local.machine.folder import Folder, warehouse_of
from havre_local.machine.objects import gateway
from havre_local.machine.objects.zones import zone_of
from havre_local.machine.postgresql import server

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from havre.live.objects import LiveStore
    from havre.provider.outputs import Outputs
    from havre_local.settings import LocalSettings

NATIVE = Supported(Support.NATIVE)
ONE_CALL = Supported(Support.ABSENT, "an object is written in one call, of 5 GiB at most")
UNLOCKED = Supported(Support.ABSENT, "the zone has no lock: set its `immutable_days`")
ABILITIES: Mapping[Ability, Supported] = {
    ability: ONE_CALL if ability is Ability.PARTS else NATIVE for ability in Ability
}
"""What versitygw can do in a zone with a lock."""
WITHOUT_LOCK: Mapping[Ability, Supported] = {
    **ABILITIES,
    Ability.LOCK: UNLOCKED,
    Ability.HOLD: UNLOCKED,
}
"""What it can do in any other: there it refuses locks and holds."""


@dataclass(frozen=True)
class LocalDatabase:
    """Implements `havre.live.warehouse.LiveDatabase` over a data folder."""

    folder: Folder
    name: str

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        """A connection of the administrator."""
        return server.admin_connection(self.folder, self.name, autocommit=autocommit)


@dataclass(frozen=True)
class LocalLive:
    """Implements `havre.live.warehouse.Live` over a data folder."""

    folder: Folder
    outputs: Outputs

    def store(self, zone: str) -> LiveStore:
        """The bucket of a zone."""
        found = self.outputs.zones.get(zone)
        if found is None:
            message = f"warehouse `{self.outputs.warehouse}` has no zone `{zone}`"
            raise InputError(message, f"Its zones: {', '.join(sorted(self.outputs.zones))}.")
        _refuse_elsewhere(f"zone {zone}", found.endpoint, gateway.endpoint(self.folder))
        stored = zone_of(self.folder, found.bucket)
        abilities = ABILITIES if stored and stored.immutable_days else WITHOUT_LOCK
        bucket = retrying(gateway.store(self.folder, found.bucket))
        return BucketStore(bucket, f"zone {zone}", abilities)

    def database(self) -> LocalDatabase:
        """The database."""
        known = self.outputs.database
        _refuse_elsewhere("the database", str(known.port), str(server.server_port(self.folder)))
        return LocalDatabase(self.folder, known.name)


def live(settings: LocalSettings, outputs: Outputs) -> LocalLive:
    """The warehouse that outputs describe, in the folder that settings name.

    Raises:
        InputError: the folder is of no warehouse, or of another one.
    """
    folder = Folder(settings.data_dir)
    found = warehouse_of(folder)
    if found != outputs.warehouse:
        message = f"{folder.root} is the folder of `{found}`, not of `{outputs.warehouse}`"
        raise InputError(message, "Name the folder of the warehouse with --data-dir DIR.")
    return LocalLive(folder, outputs)


def _refuse_elsewhere(what: str, told: str, here: str) -> None:
    """Refuse an address that is not of this machine: its credentials go nowhere else."""
    if told != here:
        message = f"{what}: the outputs lead to {told}, and this machine answers at {here}"
        raise InputError(message, "Run `havre up` once: outputs are written again.")
