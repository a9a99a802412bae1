"""Keys: files of mode 0600 in versions, one key a zone and one for the backups."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING, Any

from havre.provider.dynamic import Departure
from havre.provider.parts import KeysInputs, KeysOutputs
from havre_local import services
from havre_local.parts.backup import held as backups_held
from havre_local.resources import Key, Kind, Props, folder_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.provider.context import Part
    from havre_local.settings import LocalSettings

BACKUP = "backup"
"""Name of the key of the backups, kept apart from zones' by its prefix."""


def zone_key(zone: str) -> str:
    """Name of a zone's key."""
    return f"zone-{zone}"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _ensure(props: Props) -> dict[str, Any]:
    from havre_local.machine.encryption import keys as machine

    folder = folder_of(props)
    key = machine.ensure_key(folder, props["name"], props["rotation_days"])
    if machine.due(key, _now()):
        key = machine.rotate_key(folder, props["name"])
    return {"reference": f"keys/{props['name']}", "version": key.current, **_look_data(props)}


def _look_data(props: Props) -> dict[str, Any]:
    """A key holds data as long as something is encrypted with it."""
    from havre_local.machine.objects import gateway
    from havre_local.machine.objects import zones as objectstore

    folder, bucket = folder_of(props), props["bucket"]
    if not bucket:
        return {"holds_data": backups_held(folder)}
    if objectstore.zone_of(folder, bucket) is None:
        return {"holds_data": False}
    held = partial(objectstore.zone_holds_data, folder, bucket)
    return {"holds_data": services.unless_stopped(folder, gateway.SERVICE, held)}


def _remove(props: Props) -> None:
    """Delete the key: the engine has asked before whether anything is encrypted with it."""
    folder = folder_of(props)
    folder.custody.remove_tree(folder.keys / props["name"], ignore_errors=True)


def _look(props: Props) -> dict[str, Any] | None:
    from havre_local.machine.encryption import keys as machine

    names = machine.key_names(folder_of(props))
    return _look_data(props) if props["name"] in names else None


def _departures(props: Props) -> Iterator[Departure]:
    from havre_local.machine.encryption import keys as machine

    folder, name = folder_of(props), props["name"]
    if name not in machine.key_names(folder):
        yield Departure(f"the key keys/{name} is missing")
    elif machine.due(found := machine.key_info(folder, name), _now()):
        since = f"version {found.current} is of {found.created.date()}"
        yield Departure(f"the key is due for rotation: {since}")


KEY = Kind(_ensure, _remove, _look, _departures, identity=("data_dir", "name"))


def keys(part: Part[LocalSettings], inputs: KeysInputs) -> KeysOutputs:
    """One key a zone and one for the backups; the database's files have none (a gap)."""
    spec = part.spec

    def make(key: str, bucket: str) -> Key:
        return Key(
            f"{part.name}-{key}",
            {
                "data_dir": str(part.settings.data_dir),
                "name": key,
                "bucket": bucket,
                "rotation_days": spec.encryption.rotation_days,
                "authority": inputs.network.identifier,
                "tags": part.tags,
            },
            part.guarded(),
        )

    zones = {zone: make(zone_key(zone), part.named(zone)) for zone in spec.zones}
    backup = make(BACKUP, "")
    return KeysOutputs(
        store=backup.reference.apply(lambda _: "keys"),
        zones={zone: key.reference for zone, key in zones.items()},
        database=None,
        backup=backup.reference,
    )
