"""Zones: one bucket each, with versions and lock, on an S3 service over TLS."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from havre.provider.dynamic import Departure
from havre.provider.parts import Authority, ZonesInputs, ZonesOutputs, ZoneStore
from havre_local import services
from havre_local.resources import Kind, ObjectStore, Props, Zone, folder_of
from havre_local.sites import S3_REGION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.provider.context import Part
    from havre_local.machine.objects.zones import StoredZone
    from havre_local.settings import LocalSettings


def _ensure_store(props: Props) -> dict[str, Any]:
    from havre_local.machine.objects import gateway
    from havre_local.machine.supervision import supervisor

    folder = folder_of(props)
    supervisor.ensure_running(folder, gateway.ensure_gateway(folder))
    return {"endpoint": gateway.endpoint(folder)}


def _remove_store(props: Props) -> None:
    from havre_local.machine.objects import gateway
    from havre_local.machine.supervision import supervisor

    folder = folder_of(props)
    supervisor.remove(folder, gateway.SERVICE)
    folder.custody.remove_tree(folder.objects, ignore_errors=True)


def _look_store(props: Props) -> dict[str, Any] | None:
    from havre_local.machine.objects import gateway

    folder = folder_of(props)
    made = services.defined(folder, gateway.SERVICE)
    return {"endpoint": gateway.endpoint(folder)} if made else None


def _store_departures(props: Props) -> Iterator[Departure]:
    from havre_local.machine.objects import gateway

    folder = folder_of(props)
    yield from services.departures(folder, gateway.SERVICE)
    if gateway.acts_as_root(folder):
        yield Departure("the files of the object store belong to root, not to its own account")


STORE = Kind(_ensure_store, _remove_store, _look_store, _store_departures)


def _ensure_zone(props: Props) -> dict[str, Any]:
    from havre_local.machine.objects import zones as machine

    folder = folder_of(props)
    machine.ensure_zone(
        folder,
        props["bucket"],
        versions=props["versions"],
        immutable_days=props["immutable_days"],
        name=props["zone"],
    )
    return {"holds_data": machine.zone_holds_data(folder, props["bucket"])}


def _remove_zone(props: Props) -> None:
    from havre_local.machine.objects import zones as machine

    machine.delete_zone(folder_of(props), props["bucket"])


def _look_zone(props: Props) -> dict[str, Any] | None:
    from havre_local.machine.objects import gateway
    from havre_local.machine.objects import zones as machine

    folder, bucket = folder_of(props), props["bucket"]
    if machine.zone_of(folder, bucket) is None:
        return None
    held = partial(machine.zone_holds_data, folder, bucket)
    found: dict[str, Any] = {"holds_data": services.unless_stopped(folder, gateway.SERVICE, held)}
    served = _served(props)
    if served is not None:
        found |= {"versions": served.versions, "immutable_days": served.immutable_days}
    return found


def _served(props: Props) -> StoredZone | None:
    """The bucket as the store has it; None where it has none, or is stopped."""
    from havre_local.machine.objects import gateway
    from havre_local.machine.objects import zones as machine

    folder = folder_of(props)
    if not services.answer(folder, gateway.SERVICE):
        return None
    return machine.served_zone(folder, props["bucket"], props["immutable_days"])


def _zone_departures(props: Props) -> Iterator[Departure]:
    """Whether the bucket is gone or kept otherwise; of a stopped store nothing is known."""
    from havre_local.machine.objects import gateway

    if not services.answer(folder_of(props), gateway.SERVICE):
        return
    served = _served(props)
    if served is None:
        yield Departure(f"the bucket `{props['bucket']}` is missing")
        return
    for name, now in (("versions", served.versions), ("immutable_days", served.immutable_days)):
        if now != props[name]:
            yield Departure(f"{name} of the bucket: {now}, not {props[name]}")


ZONE = Kind(_ensure_zone, _remove_zone, _look_zone, _zone_departures, ("data_dir", "bucket"))


def zones(part: Part[LocalSettings], inputs: ZonesInputs) -> ZonesOutputs:
    """The S3 service and one bucket a zone."""
    store = ObjectStore(
        f"{part.name}-store",
        {
            "data_dir": str(part.settings.data_dir),
            "authority": inputs.network.identifier,
            "logs": inputs.audit.sink,
            "tags": part.tags,
        },
        part.child(),
    )
    made = {
        zone: Zone(
            f"{part.name}-{zone}",
            {
                "data_dir": str(part.settings.data_dir),
                "zone": zone,
                "bucket": part.named(zone),
                "purpose": asked.purpose.value,
                "versions": asked.versions,
                "immutable_days": asked.immutable_days,
                "key": inputs.keys.zones[zone],
                "endpoint": store.endpoint,
                "tags": part.tags,
            },
            part.guarded(),
        )
        for zone, asked in part.spec.zones.items()
    }
    return ZonesOutputs(
        stores={zone: _address(found, store, inputs) for zone, found in made.items()},
        ready=store.endpoint,
    )


def _address(zone: Zone, store: ObjectStore, inputs: ZonesInputs) -> ZoneStore:
    """Where clients find a zone; its identifier is that of a zone made today, old or not."""
    return ZoneStore(
        bucket=zone.bucket,
        endpoint=store.endpoint,
        region=S3_REGION,
        identifier=zone.bucket.apply(lambda bucket: f"zone/{bucket}"),
        authority=Authority("file", inputs.network.identifier),
    )
