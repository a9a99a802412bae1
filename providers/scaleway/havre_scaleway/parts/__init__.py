"""The builders of a warehouse's parts, one module each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from havre.provider.parts import Parts


def parts() -> Parts:
    """Every builder; a builder and its module have one name, so none is imported above."""
    from havre.provider.parts import Parts
    from havre_scaleway.parts.access import access
    from havre_scaleway.parts.audit import audit
    from havre_scaleway.parts.backup import backup
    from havre_scaleway.parts.cluster import cluster
    from havre_scaleway.parts.database import database
    from havre_scaleway.parts.keys import keys
    from havre_scaleway.parts.network import network
    from havre_scaleway.parts.registry import registry
    from havre_scaleway.parts.zones import zones

    return Parts(
        network=network,
        keys=keys,
        audit=audit,
        zones=zones,
        database=database,
        registry=registry,
        cluster=cluster,
        access=access,
        backup=backup,
    )
