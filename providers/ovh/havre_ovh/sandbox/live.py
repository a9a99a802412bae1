"""A warehouse in a sandbox of OVHcloud, reached by the clients that reach OVHcloud itself.

Names of buckets and of the database are those of the outputs; the addresses are this machine's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.live import s3
from havre.live.buckets import BucketStore
from havre.live.calls import classed
from havre.live.entry.invented import InventedKey
from havre.live.wrappers import retrying
from havre_local.live import LIMITS
from havre_ovh.live import OvhLive, abilities
from havre_ovh.sandbox.standins import OvhStandIns, owner_key
from havre_sandbox.standins.postgres.entry import RoleReader, administered, own_roles
from havre_sandbox.standins.s3.writers import PolicyWriters

if TYPE_CHECKING:
    from havre.capabilities import Supported
    from havre.provider.outputs import Outputs
    from havre_local.live import LocalDatabase
    from havre_sandbox.standins.machine import Machine

READER = "sandbox-reader"
"""The user that reads everything and writes nothing, for whoever reads back."""
READS = {
    "Effect": "Allow",
    "Action": ["s3:Get*", "s3:List*"],
    "Resource": ["*"],
}


@dataclass(frozen=True)
class OvhSandboxLive:
    """Implements `havre.live.warehouse.Live` over the stand-ins of a sandbox.

    Attributes:
        outputs: of the stack.
        machine: where the stand-ins are.
    """

    outputs: Outputs
    machine: Machine

    def store(self, zone: str) -> BucketStore:
        """The bucket of a zone, by the user who owns it."""
        owner = OvhStandIns(self.machine).store.owner(self.outputs.zone(zone).bucket)
        return self._store(zone, owner_key(owner))

    def reader(self, zone: str) -> BucketStore:
        """The same by a user that only reads."""
        store = OvhStandIns(self.machine).store
        store.put_user(READER)
        store.put_policy(READER, json.dumps({"Statement": [READS]}))
        store.put_key(READER, READER)
        return self._store(zone, READER)

    def _store(self, zone: str, access: str) -> BucketStore:
        found, store = self.outputs.zone(zone), OvhStandIns(self.machine).store
        address = store.address(found.region)
        bucket = retrying(s3.bucket(address, store.credentials(access), found.bucket))
        name = f"zone {zone}"
        with classed(bucket, name):
            able = abilities(bucket)
        return BucketStore(bucket, name, able, LIMITS, ordered=True, counted=True)

    def stranger(self) -> InventedKey:
        """A key that nobody was given."""
        store = OvhStandIns(self.machine).store

        def bucket(zone: str) -> tuple[s3.Address, str]:
            found = self.outputs.zone(zone)
            return store.address(found.region), found.bucket

        return InventedKey(bucket)

    def cipher(self, zone: str) -> None:
        """Nothing is encrypted before it is stored."""
        OvhLive(self.outputs).cipher(zone)

    def trail(self) -> Supported:
        """As at OVHcloud."""
        return OvhLive(self.outputs).trail()

    def backups(self, came_from: str = "") -> Supported:
        """As at OVHcloud."""
        return OvhLive(self.outputs).backups(came_from)

    def zone_writers(self, zone: str) -> PolicyWriters:
        """Who may write to a zone: a sandbox has its control plane on this machine."""
        store = OvhStandIns(self.machine).store
        return PolicyWriters(store, self.outputs.zone(zone).bucket, f"zone {zone}")

    def database(self) -> LocalDatabase:
        """The database, by an administrator who is no superuser."""
        return administered(OvhStandIns(self.machine).postgres, self.outputs.database.name)

    def database_reader(self) -> RoleReader:
        """The same by a role that only reads."""
        return RoleReader(OvhStandIns(self.machine).postgres, self.outputs.database.name)

    def vendor_roles(self) -> dict[str, str]:
        """Roles that no user has made: see `havre.live.warehouse.vendor_roles`."""
        return own_roles(OvhStandIns(self.machine).postgres)
