"""Zones: one bucket each, with versions and lock, on an S3 service over TLS."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pulumi

from havre.provider.parts import Authority, ZonesInputs, ZonesOutputs, ZoneStore, component
from havre_local import services
from havre_local.resources import Kind, ObjectStore, Props, Zone, folder_of
from havre_local.sites import S3_REGION

if TYPE_CHECKING:
    from havre_local.settings import LocalSettings


def _ensure_store(props: Props) -> dict[str, Any]:
    from havre_local.machine.objects import gateway
    from havre_local.machine.supervision import supervisor

    folder = folder_of(props)
    supervisor.ensure_running(folder, gateway.ensure_gateway(folder))
    return {"endpoint": gateway.endpoint(folder)}


def _remove_store(props: Props) -> None:
    import shutil

    from havre_local.machine.objects import gateway
    from havre_local.machine.supervision import supervisor

    folder = folder_of(props)
    supervisor.remove(folder, gateway.SERVICE)
    shutil.rmtree(folder.objects, ignore_errors=True)


def _look_store(props: Props) -> dict[str, Any] | None:
    from havre_local.machine.objects import gateway

    folder = folder_of(props)
    made = services.defined(folder, gateway.SERVICE)
    return {"endpoint": gateway.endpoint(folder)} if made else None


def _store_drifted(props: Props) -> bool:
    from havre_local.machine.objects import gateway

    return services.drifted(folder_of(props), gateway.SERVICE)


STORE = Kind(_ensure_store, _remove_store, _look_store, _store_drifted)


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
    return {"holds_data": services.told(folder, gateway.SERVICE, held)}


ZONE = Kind(_ensure_zone, _remove_zone, _look_zone, identity=("data_dir", "bucket"))


def zones(
    settings: LocalSettings, name: str, inputs: ZonesInputs, opts: pulumi.ResourceOptions
) -> ZonesOutputs:
    """The S3 service and one bucket a zone."""
    part = component("havre:local:Zones", name, opts)
    common = inputs.common
    store = ObjectStore(
        f"{name}-store",
        {
            "data_dir": str(settings.data_dir),
            "authority": inputs.network.identifier,
            "logs": inputs.audit.sink,
            "tags": dict(common.tags),
        },
        pulumi.ResourceOptions(parent=part),
    )
    made = {
        zone: Zone(
            f"{name}-{zone}",
            {
                "data_dir": str(settings.data_dir),
                "zone": zone,
                "bucket": common.name(zone),
                "purpose": asked.purpose.value,
                "versions": asked.versions,
                "immutable_days": asked.immutable_days,
                "key": inputs.keys.zones[zone],
                "endpoint": store.endpoint,
                "tags": dict(common.tags),
            },
            pulumi.ResourceOptions(parent=part, protect=common.spec.protection.deletion),
        )
        for zone, asked in common.spec.zones.items()
    }
    part.register_outputs({})
    return ZonesOutputs(
        stores={zone: _told(found, store, inputs) for zone, found in made.items()},
        ready=store.endpoint,
    )


def _told(zone: Zone, store: ObjectStore, inputs: ZonesInputs) -> ZoneStore:
    """Where clients find a zone; its identifier is that of a zone made today, old or not."""
    return ZoneStore(
        bucket=zone.bucket,
        endpoint=store.endpoint,
        region=S3_REGION,
        identifier=zone.bucket.apply(lambda bucket: f"zone/{bucket}"),
        authority=Authority("file", inputs.network.identifier),
    )
