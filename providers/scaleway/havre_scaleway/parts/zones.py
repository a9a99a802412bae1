"""Zones: one bucket each. Who may use it is said once projects have identities: see access."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from havre.provider.parts import ZonesInputs, ZonesOutputs, ZoneStore
from havre_scaleway import sites
from havre_scaleway.parts.buckets import Bucket, bucket

if TYPE_CHECKING:
    from havre.provider.context import Part
    from havre.provider.sites import Site
    from havre.spec.model import Zone
    from havre_scaleway.settings import ScalewaySettings


def zones(part: Part[ScalewaySettings], inputs: ZonesInputs) -> ZonesOutputs:
    """A bucket a zone."""
    made = {
        zone: bucket(part, zone_bucket(zone, asked, part.primary), inputs.keys.zones.get(zone))
        for zone, asked in part.spec.zones.items()
    }
    names = pulumi.Output.all(*(each.name for each in made.values()))
    url = sites.endpoint(part.primary)
    return ZonesOutputs(
        stores={
            zone: ZoneStore(
                bucket=each.name,
                endpoint=each.name.apply(lambda _: url),
                region=sites.region(part.primary),
                identifier=each.name,
            )
            for zone, each in made.items()
        },
        ready=names.apply(lambda _: ""),
    )


def zone_bucket(zone: str, asked: Zone, site: Site) -> Bucket:
    """The bucket of a zone."""
    return Bucket(
        key=zone,
        site=site,
        labels={"zone": zone, "purpose": asked.purpose.value},
        versions=asked.versions,
        locked_days=asked.immutable_days or None,
        version_days=_version_days(asked),
        expire_days=asked.expire_days,
    )


def _version_days(asked: Zone) -> int | None:
    """Days that an earlier version is kept, from its replacement; None: without end.

    There is no undeleting, so a version that goes takes with it what could be recovered. What
    expires leaves a version too, which then ends as well.
    """
    if asked.version_days is not None or asked.expire_days is None:
        return asked.version_days
    return max(asked.recoverable_days, 1)
