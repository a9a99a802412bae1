"""Keys: an existing OKMS domain, one key a zone, one for the database, one for the backups.

Neither buckets nor managed databases of OVHcloud take a customer's key (gaps). These keys
serve envelope encryption on the client: a data key is encrypted here before data are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_ovh import okms

from havre.provider.parts import KeysInputs, KeysOutputs, component
from havre_ovh import resources as shared

if TYPE_CHECKING:
    from havre_ovh.settings import OvhSettings

BITS = 256
OPERATIONS = ("encrypt", "decrypt")
LONGEST_CREDENTIAL = 365
"""Days that a certificate of OKMS may live at most."""
PROVIDERS = "SSE-OMK"
"""What stands for a key where the provider holds them."""


def key_urn(settings: OvhSettings, key: str) -> str:
    """What an IAM policy names: a key of the domain."""
    return f"urn:v1:eu:resource:okms:{settings.okms_id}/serviceKey/{key}"


def keys(
    settings: OvhSettings, name: str, inputs: KeysInputs, opts: pulumi.ResourceOptions
) -> KeysOutputs:
    """One key a zone, and two more; none where the provider holds the keys."""
    common = inputs.common
    scope = shared.Scope(settings, common, name, component("havre:ovh:Keys", name, opts))
    if not shared.own_keys(common):
        scope.part.register_outputs({})
        return KeysOutputs(pulumi.Output.from_input(PROVIDERS), {}, None, None)
    zones = {zone: _key(scope, f"zone-{zone}") for zone in common.spec.zones}
    database, backup = _key(scope, "database"), _key(scope, "backup")
    _credential(scope)
    scope.part.register_outputs({})
    return KeysOutputs(
        store=pulumi.Output.from_input(settings.okms_id or ""),
        zones=zones,
        database=database,
        backup=backup,
    )


def _key(scope: shared.Scope, purpose: str) -> pulumi.Output[str]:
    """A key; its name says where it lies, since only its domain knows."""
    place = shared.okms_region(scope.settings, scope.common)
    made = okms.ServiceKey(
        f"{scope.name}-{purpose}",
        okms_id=scope.settings.okms_id,
        name=f"{scope.common.name(purpose)}.{place}",
        type="oct",
        size=BITS,
        operations=list(OPERATIONS),
        opts=scope.guarded(),
    )
    return made.id.apply(lambda key: key_urn(scope.settings, key))


def _credential(scope: shared.Scope) -> None:
    """The certificate of the administration's programs, renewed with the keys."""
    asked = scope.settings.okms_credential
    if asked is None:
        return
    okms.Credential(
        f"{scope.name}-credential",
        okms_id=scope.settings.okms_id,
        name=scope.common.name("keys", limit=50),
        description=shared.describe(scope.common, "Use of the keys")[:200],
        identity_urns=list(asked.identities),
        csr=asked.csr,
        validity=min(scope.common.spec.encryption.rotation_days, LONGEST_CREDENTIAL),
        opts=scope.below(),
    )
