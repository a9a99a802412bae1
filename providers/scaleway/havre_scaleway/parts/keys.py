"""Keys: one a zone, one for the database's dumps, one for the backups, in Key Manager.

Buckets are encrypted with them. Managed databases take none (a gap). The plugin sends only a key's
name, tags and rotation when it is updated; all else is given for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumiverse_scaleway import keymanager

from havre.provider.parts import KeysInputs, KeysOutputs
from havre.spec.model import KeyProtection
from havre_scaleway import resources as shared
from havre_scaleway import sites
from havre_scaleway.conventions.table import name

if TYPE_CHECKING:
    from havre.provider.context import Part
    from havre.provider.sites import Site
    from havre_scaleway.settings import ScalewaySettings

HOURS_A_DAY = 24
LONGEST_ROTATION = 365
"""Days after which a key renews itself at the latest (terraform-provider-scaleway, 2026-08-21)."""
PROVIDERS = "SSE-ONE"
"""What stands for a key where the provider holds them."""


def keys(part: Part[ScalewaySettings], _inputs: KeysInputs) -> KeysOutputs:
    """One key a zone, and two more; none where the provider holds the keys."""
    store = pulumi.Output.from_input(part.settings.project_id)
    if not part.own_keys:
        return KeysOutputs(pulumi.Output.from_input(PROVIDERS), {}, None, None)
    away = shared.recovery(part.context) or part.primary
    zones = {zone: named(part, key(part, f"zone-{zone}")) for zone in part.spec.zones}
    database, backup = key(part, "database"), key(part, "backup", away)
    return KeysOutputs(
        store=store,
        zones=zones,
        database=database.id,
        backup=named(part, backup),
    )


def key(
    part: Part[ScalewaySettings], purpose: str, site: Site | None = None, *, guarded: bool = True
) -> keymanager.Key:
    """A symmetric key that renews itself, where what it encrypts is."""
    asked, label = part.spec.encryption, f"{part.name}-{purpose}"
    days = min(asked.rotation_days, LONGEST_ROTATION)
    return keymanager.Key(
        label,
        name=name(part.context, label),
        description=shared.describe(part.context, f"Key of {purpose}"),
        project_id=part.settings.project_id,
        region=sites.region(site or part.primary),
        usage="symmetric_encryption",
        algorithm="aes_256_gcm",
        origin="scaleway_kms",
        protection_level="hsm" if asked.keys is KeyProtection.HSM else None,
        rotation_policy=keymanager.KeyRotationPolicyArgs(rotation_period=f"{days * HOURS_A_DAY}h"),
        unprotected=not guarded or not part.spec.protection.deletion,
        tags=shared.tag_list(part.context, purpose=purpose),
        opts=part.guarded(retain=True) if guarded else part.child(),
    )


def named(part: Part[ScalewaySettings], made: keymanager.Key) -> pulumi.Output[str]:
    """A key as buckets name it: see the setting `bucket_key_form`."""
    form = part.settings.bucket_key_form
    if form == "name":
        return made.name
    return made.id if form == "regional-id" else made.id.apply(_bare)


def _bare(identifier: str) -> str:
    """An identifier without the region before it."""
    return identifier.rpartition("/")[2]
