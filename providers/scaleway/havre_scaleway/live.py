"""A warehouse at Scaleway, reached by real clients: its buckets by S3, its database by libpq.

Credentials come from the environment, or from files named there, and go to addresses of Scaleway's
alone. What Scaleway's own S3 service does beyond its documentation is not proved: the abilities
are those that it documents.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from havre.capabilities import Support, Supported
from havre.errors import InputError
from havre.live import s3
from havre.live.buckets import BucketStore, versioned
from havre.live.calls import classed
from havre.live.credentials import SecretReference, refuse_elsewhere
from havre.live.database import LibpqDatabase, LibpqReader, reader_of
from havre.live.entry.invented import InventedKey
from havre.live.objects import Ability
from havre.live.wrappers import retrying
from havre.live.writing.writers import TokenLife, WritersByHand
from havre.provider import Measure
from havre.spec.rules import PRIVATE
from havre_scaleway import sites
from havre_scaleway.capabilities import LIMITS
from havre_scaleway.settings import NAME, S3_CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from havre.live.wrappers import StoreClient
    from havre.provider.outputs import Outputs, ZoneAddress

READER = (
    SecretReference("HAVRE_SCALEWAY_READER_ACCESS_KEY_ID"),
    SecretReference("HAVRE_SCALEWAY_READER_SECRET_ACCESS_KEY"),
)
"""API keys of an application whose rights are to read alone."""
DATABASE_USER = SecretReference("HAVRE_SCALEWAY_DATABASE_USER")
DATABASE_PASSWORD = SecretReference("HAVRE_SCALEWAY_DATABASE_PASSWORD")
DATABASE_READER_USER = SecretReference("HAVRE_SCALEWAY_DATABASE_READER_USER")
DATABASE_READER_PASSWORD = SecretReference("HAVRE_SCALEWAY_DATABASE_READER_PASSWORD")
"""The same of a user whose role only reads."""
DATABASE_AUTHORITY = "HAVRE_SCALEWAY_DATABASE_AUTHORITY"
"""Names the file with the certificate of the database's authority, which Scaleway's API tells."""
DATABASE_HOST = re.compile(r"[a-z0-9][a-z0-9.-]*\.(internal|rdb\.[a-z]{2}-[a-z]{3}\.scw\.cloud)")
"""Hosts of managed databases, in a private network and outside; else an address of the network."""

NATIVE = Supported(Support.NATIVE)
ABILITIES: Mapping[Ability, Supported] = {
    **dict.fromkeys(Ability, NATIVE),
    Ability.SNAPSHOTS: Supported(Support.ABSENT, "S3 has versions, and no snapshots"),
    Ability.DELETED: Supported(Support.ABSENT, "what is deleted for good is gone"),
    Ability.CREATE_ONLY: Supported(
        Support.UNKNOWN, "Scaleway's documentation does not say whether it honours If-None-Match"
    ),
}
"""What a bucket with a lock can do, by Scaleway's documentation."""
UNLOCKED = Supported(Support.ABSENT, "the bucket has no lock: set the zone's `immutable_days`")
UNVERSIONED = Supported(Support.ABSENT, "the bucket keeps no versions: set the zone's `versions`")
PARTS = 1000
"""Parts of an upload at most (Scaleway, Object Storage limits, 2025-04-02): a tenth of Amazon's."""
OBJECT_LIMITS = replace(
    s3.LIMITS,
    source=f"{s3.LIMITS.source}; {LIMITS[Measure.OBJECT_SIZE].evidence.source}",
    object_size=LIMITS[Measure.OBJECT_SIZE].value,
    parts=PARTS,
)
BY_HAND = (
    "Scaleway admits writers by the policy of each bucket, which an administrator changes: take "
    "out the setting `data_managers` and run an update (its guide Bucket policies, 2025-07-30)"
)
BACKUPS = (
    "Scaleway makes backups itself: it restores them into a server of its own, and a snapshot's "
    "contents are never given out"
)
TOKENS = TokenLife(
    dt.timedelta(days=7),
    "a signed URL lives 7 days at most (AWS CLI reference, s3 presign; read on 2026-11-30), "
    "and that Scaleway evaluates the bucket's policy at each call is not proved",
)


@dataclass(frozen=True)
class ScalewayLive:
    """Implements `havre.live.warehouse.Live` over the outputs of a stack."""

    outputs: Outputs

    def store(self, zone: str) -> BucketStore:
        """The bucket of a zone."""
        return self._store(zone, [SecretReference(name) for name in S3_CREDENTIALS])

    def reader(self, zone: str) -> BucketStore | Supported:
        """The same by the keys of a user that only reads."""
        lacking = [str(reference) for reference in READER if not reference.known()]
        if lacking:
            return Supported(Support.ABSENT, f"not set: {', '.join(lacking)}")
        return self._store(zone, READER)

    def _store(self, zone: str, keys: Sequence[SecretReference]) -> BucketStore:
        found = self.outputs.zone(zone)
        access, secret = (reference.read() for reference in keys)
        address = s3.Address(_endpoint(zone, found), found.region)
        bucket = retrying(s3.bucket(address, s3.Credentials(access, secret), found.bucket))
        name = f"zone {zone}"
        with classed(bucket, name):
            able = abilities(bucket)
        return BucketStore(bucket, name, able, OBJECT_LIMITS)

    def stranger(self) -> InventedKey:
        """A key that nobody was given."""

        def bucket(zone: str) -> tuple[s3.Address, str]:
            found = self.outputs.zone(zone)
            return s3.Address(_endpoint(zone, found), found.region), found.bucket

        return InventedKey(bucket)

    def cipher(self, zone: str) -> None:
        """Nothing is encrypted before it is stored."""
        self.outputs.zone(zone)

    def trail(self) -> Supported:
        """The logs stay where the provider keeps them."""
        return Supported(Support.ABSENT, "its Cockpit and the bucket of Audit Trail have the logs")

    def backups(self, came_from: str = "") -> Supported:  # noqa: ARG002 - of the contract
        """Backups are the provider's own, under its own keys."""
        return Supported(Support.ABSENT, BACKUPS)

    def zone_writers(self, zone: str) -> WritersByHand:
        """Who may write to a zone: only policies of buckets say, which are changed by hand."""
        return WritersByHand(f"zone {zone}", BY_HAND, TOKENS)

    def database(self) -> LibpqDatabase:
        """The database, with the rights of the user that the environment names."""
        known = self.outputs.database
        there = DATABASE_HOST.fullmatch(known.host) is not None or _inside(known.host)
        refuse_elsewhere("the database", known.host, "Scaleway", known=there)
        authority = os.environ.get(DATABASE_AUTHORITY, "")
        if not authority:
            message = f"{DATABASE_AUTHORITY} names no file with the database's authority"
            remedy = f"Write what Scaleway's API returns at {known.authority.location} to a file."
            raise InputError(message, remedy)
        user = DATABASE_USER.read()
        return LibpqDatabase(known.host, known.port, known.name, user, DATABASE_PASSWORD, authority)

    def database_reader(self) -> LibpqReader | Supported:
        """The same by a user whose role only reads."""
        return reader_of(self.database(), DATABASE_READER_USER, DATABASE_READER_PASSWORD)


def live(outputs: Outputs) -> ScalewayLive:
    """The warehouse that outputs describe.

    Raises:
        InputError: it is another provider's.
    """
    if outputs.provider != NAME:
        message = f"the outputs are of provider `{outputs.provider}`, not of `{NAME}`"
        raise InputError(message, "Name the stack of this warehouse.")
    return ScalewayLive(outputs)


def abilities(bucket: StoreClient) -> Mapping[Ability, Supported]:
    """What a bucket can do, as it is set up."""
    lacking: dict[Ability, Supported] = {}
    if not _locks(bucket):
        lacking |= {Ability.LOCK: UNLOCKED, Ability.HOLD: UNLOCKED}
    if not versioned(bucket):
        lacking |= {Ability.VERSIONS: UNVERSIONED, Ability.MARKERS: UNVERSIONED}
    return {**ABILITIES, **lacking}


def _locks(bucket: StoreClient) -> bool:
    """Whether objects of a bucket can be locked."""
    try:
        found = bucket.ask("get_object_lock_configuration")
    except Exception as error:
        known = bucket.failure(error)
        if known is None or known.code != "ObjectLockConfigurationNotFoundError":
            raise
        return False
    return bool(found["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled")


def _inside(host: str) -> bool:
    """Whether a host is an address of a private network, and not of this machine."""
    try:
        found = ip_address(host)
    except ValueError:
        return False
    return any(found in ip_network(block) for block in PRIVATE)


def _endpoint(zone: str, found: ZoneAddress) -> str:
    """The address of a zone, if it is that of its region at Scaleway."""
    known = {sites.endpoint(site): sites.region(site) for site in sites.SITES.values()}
    there = known.get(found.endpoint) == found.region
    refuse_elsewhere(f"zone {zone}", found.endpoint, "Scaleway", known=there)
    return found.endpoint
