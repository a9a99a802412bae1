"""Keys: an existing OKMS domain, one key a zone, one for the database, one for the backups.

Neither buckets nor managed databases of OVHcloud take a customer's key (gaps). These keys
serve envelope encryption on the client: a data key is encrypted here before data are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_ovh import okms

from havre.provider.parts import KeysInputs, KeysOutputs
from havre_ovh.conventions.table import name

if TYPE_CHECKING:
    from havre.provider.context import Part
    from havre_ovh.settings import OvhSettings

BITS = 256
OPERATIONS = ("encrypt", "decrypt", "wrapKey", "unwrapKey")
"""What keys do: encrypt small data, and OKMS's own data keys. They are given for good."""
LONGEST_CREDENTIAL = 365
"""Days that a certificate of OKMS may live at most."""
PROVIDERS = "SSE-OMK"
"""What stands for a key where the provider holds them."""


def key_urn(settings: OvhSettings, key: str) -> str:
    """What an IAM policy names: a key of the domain."""
    return f"urn:v1:eu:resource:okms:{settings.okms_id}/serviceKey/{key}"


def keys(part: Part[OvhSettings], _inputs: KeysInputs) -> KeysOutputs:
    """One key a zone, and two more; none where the provider holds the keys."""
    if not part.own_keys:
        return KeysOutputs(pulumi.Output.from_input(PROVIDERS), {}, None, None)
    zones = {zone: _key(part, f"zone-{zone}") for zone in part.spec.zones}
    database, backup = _key(part, "database"), _key(part, "backup")
    _credential(part)
    return KeysOutputs(
        store=pulumi.Output.from_input(part.settings.okms_id or ""),
        zones=zones,
        database=database,
        backup=backup,
    )


def _key(part: Part[OvhSettings], purpose: str) -> pulumi.Output[str]:
    """A key; its name says where it lies, since only its domain knows."""
    made = okms.ServiceKey(
        f"{part.name}-{purpose}",
        okms_id=part.settings.okms_id,
        name=name(part.context, f"{part.name}-{purpose}"),
        type="oct",
        size=BITS,
        operations=list(OPERATIONS),
        opts=part.guarded(retain=True, fixed=["operations"]),
    )
    return made.id.apply(lambda key: key_urn(part.settings, key))


def _credential(part: Part[OvhSettings]) -> None:
    """The certificate of the administration's programs, renewed with the keys."""
    asked = part.settings.okms_credential
    if asked is None:
        return
    okms.Credential(
        f"{part.name}-credential",
        okms_id=part.settings.okms_id,
        name=name(part.context, f"{part.name}-credential"),
        # Another description makes another certificate: it never changes.
        description=f"Use of the keys; warehouse={part.named()}",
        identity_urns=list(asked.identities),
        csr=asked.csr,
        validity=min(part.spec.encryption.rotation_days, LONGEST_CREDENTIAL),
        opts=pulumi.ResourceOptions.merge(
            part.child(), pulumi.ResourceOptions(ignore_changes=["description"])
        ),
    )
