"""Stores of servers on this machine, which every process opens for itself, as workers do."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from havre.exit.objects.copying import Sides
    from havre.live.objects import LiveStore


@dataclass(frozen=True)
class Place:
    """A store, wherever it is opened.

    Attributes:
        kind: `azurite` or `versitygw`.
        port: of its server.
        name: of the bucket or container.
    """

    kind: str
    port: int
    name: str

    def __call__(self) -> LiveStore:
        return _opened(self)


@dataclass(frozen=True)
class Between:
    """Both stores of the zone."""

    source: Place
    target: Place

    def __call__(self) -> Sides:
        from havre.exit.objects.copying import Sides
        from havre.exit.objects.mapping import Rules

        target, now = self.target(), dt.datetime.now(dt.UTC)
        rules = Rules("zone curated", target.limits, target.abilities, now)
        return Sides(self.source(), target, rules)


@functools.cache
def _opened(place: Place) -> LiveStore:
    from havre.live.wrappers import retrying

    if place.kind == "azurite":
        from havre_azure.blobs import Container, ContainerStore
        from tests.live.azurite import EMULATED, AzuriteServer

        client = AzuriteServer(place.port).client(place.name)
        return ContainerStore(retrying(Container(client)), "zone curated", EMULATED)
    from havre.live.buckets import BucketStore
    from havre_local.live import LIMITS, UNVERSIONED
    from tests.live.gateways import S3Gateway

    bucket = S3Gateway(place.port).at(place.name)
    return BucketStore(retrying(bucket), "zone curated", UNVERSIONED, LIMITS, counted=True)
