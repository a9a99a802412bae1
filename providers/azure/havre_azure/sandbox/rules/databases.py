"""PostgreSQL servers: parameters, extensions, where a server stands, and what it cannot undo."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads annotations at run time
from collections.abc import Mapping  # noqa: TC003 - likewise
from functools import cache
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from havre.documents.shipped import read_shipped
from havre_azure.capabilities import DATA
from havre_azure.sandbox.rules.codes import refusal
from havre_azure.sandbox.rules.identifiers import beside, parent
from havre_azure.sandbox.rules.names import SERVER
from havre_azure.sandbox.rules.networks import undelegated
from havre_azure.sandbox.rules.removal import LINK
from havre_sandbox.reading import number, text
from havre_sandbox.refusals import Act, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import World

PARAMETER = "azure-native:dbforpostgresql:Configuration"
SERVICE = "Microsoft.DBforPostgreSQL/flexibleServers"
BACKUP_DAYS = (7, 35)
"""Days of backups of a server (Azure documentation, backup and restore)."""
SIZES = frozenset({32, 64, 128, 256, 512, 1024, 2048, 4095, 4096, 8192, 16384, 32767})
"""GiB of a server on Premium SSD (Azure documentation, storage)."""
ON_OR_OFF = frozenset({"on", "off"})


class ServerParameters(BaseModel):
    """What a server accepts as parameters and extensions: see the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    read_on: dt.date
    families: tuple[str, ...]
    extensions: frozenset[str]
    preloaded: frozenset[str]
    truth: frozenset[str]
    names: frozenset[str]
    since: Mapping[int, frozenset[str]]
    until: Mapping[int, frozenset[str]]
    values: Mapping[str, frozenset[str]]

    def has(self, name: str, version: int) -> bool:
        """Whether a server of a major version has a parameter."""
        if any(name in later and version < since for since, later in self.since.items()):
            return False
        ended = any(name in former and version <= until for until, former in self.until.items())
        return ended or name in self.names or name.partition(".")[0] in self.families

    def refused(self, name: str, value: str) -> list[str]:
        """The parts of a value that a parameter does not take."""
        parts = [part.strip().lower() for part in value.split(",") if part.strip()]
        taken = {
            "azure.extensions": self.extensions,
            "shared_preload_libraries": self.preloaded,
            **dict.fromkeys(self.truth, ON_OR_OFF),
        }
        if name in self.values:
            return [] if value in self.values[name] else [value]
        return [part for part in parts if part not in taken.get(name, {part})]


@cache
def parameters() -> ServerParameters:
    """The parameters of the data file."""
    return read_shipped(DATA / "server-parameters.toml", ServerParameters)


@rule(PARAMETER)
def exists(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A server of a version has the parameter."""
    named = text(proposed.properties, "serverName")
    server = world.find(beside(proposed, SERVICE, named))
    version = text(server.properties, "version") if server else ""
    name = text(proposed.properties, "configurationName")
    if version.isdigit() and name and not parameters().has(name, int(version)):
        message = f"PostgreSQL {version} has no parameter `{name}`."
        yield refusal("parameter-missing", message, "configurationName")


@rule(PARAMETER, beforehand=True)
def valued(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A parameter takes the value."""
    name = text(proposed.properties, "configurationName")
    for part in parameters().refused(name, text(proposed.properties, "value")):
        yield refusal("parameter-value", f"`{name}` does not take `{part}`.", "value")


@rule(SERVER, beforehand=True)
def kept(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Backups are kept for so many days."""
    low, high = BACKUP_DAYS
    days = number(proposed.properties, "backup.backupRetentionDays")
    if days is not None and not low <= days <= high:
        message = f"Backups are kept for {low} to {high} days, not {days:g}."
        yield refusal("parameter-value", message, "backup.backupRetentionDays")


@rule(SERVER, beforehand=True)
def sized(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A disk has one of the sizes of its type."""
    size = number(proposed.properties, "storage.storageSizeGB")
    premium = text(proposed.properties, "storage.type") in ("", "Premium_LRS")
    if size is not None and premium and size not in SIZES:
        listed = ", ".join(map(str, sorted(SIZES)))
        message = f"A disk has one of {listed} GiB, not {size:g}."
        yield refusal("parameter-value", message, "storage.storageSizeGB")


@rule(SERVER, beforehand=True)
def standing_by(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A standby of another zone is in another zone, and not of a burstable size."""
    mode, zone = (
        text(proposed.properties, path)
        for path in ("highAvailability.mode", "highAvailability.standbyAvailabilityZone")
    )
    own = text(proposed.properties, "availabilityZone")
    if mode == "ZoneRedundant" and own and own == zone:
        message = f"The standby is in zone {zone}, as the server is. Choose another zone."
        yield refusal("parameter-value", message, "highAvailability.standbyAvailabilityZone")
    burstable = text(proposed.properties, "sku.tier") == "Burstable"
    if burstable and mode in ("ZoneRedundant", "SameZone"):
        message = "A Burstable server has no standby. Choose another tier."
        yield refusal("parameter-value", message, "highAvailability.mode")


@rule(SERVER, acts=(Act.CREATE,))
def housed(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A server within a network stands in a subnet that is delegated to it."""
    yield from undelegated(proposed, world, "network.delegatedSubnetResourceId", SERVICE)


@rule(SERVER, acts=(Act.CREATE,))
def named(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """The network of a server is linked to the DNS zone of its name."""
    path = "network.privateDnsZoneArmResourceId"
    zone = world.find(text(proposed.properties, path))
    subnet = text(proposed.properties, "network.delegatedSubnetResourceId")
    if zone is None or not subnet:
        return
    links = [each for each in world.below(zone.id) if each.token == LINK]
    linked = {text(each.properties, "virtualNetwork.id").casefold() for each in links}
    if parent(subnet).casefold() not in linked:
        message = "The DNS zone is not linked to the server's network. Link it first."
        yield refusal("zone-unlinked", message, path)


@rule(SERVER, acts=(Act.UPDATE,))
def upgraded(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A version is never lowered."""
    was, now = text(proposed.old or {}, "version"), text(proposed.properties, "version")
    if was.isdigit() and now.isdigit() and int(now) < int(was):
        yield refusal("parameter-value", f"Version {was} cannot become {now}.", "version")


RULES = (exists, valued, kept, sized, standing_by, housed, named, upgraded)
