"""A warehouse on this machine, reached by real clients with its administrator's rights."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from havre.capabilities import Support, Supported
from havre.errors import InputError, RetryError
from havre.live import s3
from havre.live.buckets import BucketStore, versioned
from havre.live.calls import classed
from havre.live.database import login_refused
from havre.live.encrypted.drills import KeyAge
from havre.live.entry.invented import InventedKey
from havre.live.objects import Ability, RefusedError
from havre.live.wrappers import retrying
from havre.live.writing.policies import BucketWriters
from havre_local.machine.access import open_project, table_place
from havre_local.machine.backups.handover import MachineBackups
from havre_local.machine.encryption import keys
from havre_local.machine.folder import Folder, warehouse_of
from havre_local.machine.objects import gateway
from havre_local.machine.objects.readers import ensure_reader
from havre_local.machine.objects.recoding import TableCipher
from havre_local.machine.objects.zones import served_zone, zone_of
from havre_local.machine.postgresql import installation, programs, server
from havre_local.machine.postgresql.roles import READER
from havre_local.machine.readers import reading
from havre_local.machine.record.trail import RecordTrail

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    import psycopg

    from havre.live.objects import LiveStore
    from havre.live.warehouse import LibpqClient
    from havre.live.wrappers import StoreClient
    from havre.live.writing.writers import WriterControl
    from havre.provider.outputs import Outputs
    from havre_local.settings import LocalSettings

NATIVE = Supported(Support.NATIVE)
UNLOCKED = Supported(Support.ABSENT, "the zone has no lock: set its `immutable_days`")
ABILITIES: Mapping[Ability, Supported] = {
    **dict.fromkeys(Ability, NATIVE),
    Ability.SNAPSHOTS: Supported(Support.ABSENT, "S3 has versions, and no snapshots"),
    Ability.DELETED: Supported(Support.ABSENT, "what is deleted for good is gone"),
    Ability.TIER: Supported(Support.ABSENT, "there is one tier: the disk of this machine"),
}
"""What versitygw can do in a zone with a lock."""
WITHOUT_LOCK: Mapping[Ability, Supported] = {
    **ABILITIES,
    Ability.LOCK: UNLOCKED,
    Ability.HOLD: UNLOCKED,
}
"""What it can do in any other: there it refuses locks and holds."""
UNVERSIONED: Mapping[Ability, Supported] = {
    **WITHOUT_LOCK,
    **dict.fromkeys(
        (Ability.VERSIONS, Ability.MARKERS),
        Supported(Support.ABSENT, "the zone keeps no versions: set its `versions`"),
    ),
}
"""What it can do where no earlier version was ever kept."""
LIMITS = replace(
    s3.LIMITS,
    source="versitygw 1.8.0, its behaviour; read on 2026-11-29",
    paths=True,
    name_bytes=229,
    refused="".join(chr(code) for code in range(32) if chr(code) not in "\t\n\r"),
)
"""A key is a path of its folder, and its list is XML, which has no control characters."""

PASSES_BY = {
    gateway.ADMINISTRATOR: "the store's administrator, whose calls no policy evaluates: "
    "`havre` itself, and anyone who reads its secret on this machine"
}


@dataclass(frozen=True)
class LocalDatabase:
    """Implements `havre.live.warehouse.LiveDatabase` over a data folder.

    Attributes:
        folder: the data folder.
        name: of the database.
        reader: libpq's settings of a role that only reads, with its password; None: the
            administrator's.
    """

    folder: Folder
    name: str
    reader: Mapping[str, str] | None = field(default=None, repr=False)

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        """A connection of the administrator, or of the reader."""
        return server.connected(self.folder, self._settings(), autocommit=autocommit)

    def client(self) -> AbstractContextManager[LibpqClient]:
        """What PostgreSQL's programs need: its socket where they have no TLS to come with."""
        return programs.client_of(self.folder, self._settings())

    def _settings(self) -> Mapping[str, str]:
        return self.reader or server.admin_settings(self.folder, self.name)

    def show_way(self, way: Mapping[str, str]) -> Mapping[str, str]:
        """What the server connects with to reach another: over TLS, with a file for its secret."""
        return server.show_way(self.folder, way)

    def forget_way(self) -> None:
        """Take the way to another server away."""
        server.forget_way(self.folder)

    @property
    def binaries(self) -> Path:
        """The programs that came with the server, as it runs now."""
        return installation.find(server.existing_major(self.folder)).binaries


@dataclass(frozen=True)
class LocalProject:
    """Implements `havre.live.entry.accounts.ProjectEntry` by the credentials of a project.

    Attributes:
        folder: of the warehouse.
        name: of the project.
        buckets: by zone, of all zones.
    """

    folder: Folder
    name: str
    buckets: Mapping[str, str] = field(default_factory=dict)

    def read(self, zone: str) -> None:
        """Ask for one object of a bucket, by the project's account."""
        bucket = self._bucket(zone)
        with classed(bucket, f"project {self.name}, zone {zone}"):
            bucket.ask("list_objects_v2", MaxKeys=1)

    def write(self, zone: str) -> None:
        """Send an empty part of an upload that does not exist: nothing is stored."""
        bucket, nowhere = self._bucket(zone), "00000000-0000-4000-8000-000000000000"
        with classed(bucket, f"project {self.name}, zone {zone}"):
            bucket.ask("upload_part", Key="havre-probe", PartNumber=1, UploadId=nowhere, Body=b"")

    def _bucket(self, zone: str) -> s3.Bucket:
        known = open_project(self.folder.root, self.name)
        return s3.Bucket(known.client(), {**self.buckets, **known.settings.zones}[zone])

    def log_in(self) -> None:
        """Log in by the project's role."""
        import psycopg

        known = open_project(self.folder.root, self.name)
        try:
            known.connect().close()
        except psycopg.OperationalError as error:
            refused = login_refused(str(error))
            what = "is refused by the server" if refused else "is not answered"
            message = f"project {self.name}: its login {what}"
            raise (RefusedError if refused else RetryError)(message, "See its log.") from None


@dataclass(frozen=True)
class PassingReader:
    """Implements `havre.live.warehouse.DatabaseReader` by a role that is made where it is opened.

    Attributes:
        database: that it reads.
    """

    database: LocalDatabase

    @property
    def role(self) -> str:
        """The role's name."""
        return READER

    @property
    def standing(self) -> bool:
        """It does not: it is made for two days at most."""
        return False

    @contextmanager
    def opened(self) -> Iterator[LocalDatabase]:
        """The database as the role reaches it; the role is gone after the context."""
        with reading(self.database.folder, self.database.name) as settings:
            yield replace(self.database, reader=settings)


@dataclass(frozen=True)
class LocalLive:
    """Implements `havre.live.warehouse.Live` over a data folder."""

    folder: Folder
    outputs: Outputs

    def store(self, zone: str) -> LiveStore:
        """The bucket of a zone."""
        return self._store(zone, gateway.admin_credentials(self.folder))

    def reader(self, zone: str) -> LiveStore:
        """The same by an account that reads every version and writes nothing."""
        return self._store(zone, ensure_reader(self.folder, self.outputs.zone(zone).bucket))

    def _store(self, zone: str, credentials: tuple[str, str]) -> LiveStore:
        bucket, named = self._bucket(zone, credentials)
        stored = zone_of(self.folder, named)
        locking = stored is not None and bool(stored.immutable_days)
        abilities = ABILITIES if locking else WITHOUT_LOCK if versioned(bucket) else UNVERSIONED
        name = f"zone {zone}"
        return BucketStore(bucket, name, abilities, LIMITS, ordered=True, counted=True)

    def locked_by_rule(self, zone: str) -> bool:
        """Whether a rule locks a version that is not stamped with an end yet."""
        found = served_zone(self.folder, self.outputs.zone(zone).bucket, 1)
        return found is not None and bool(found.immutable_days)

    def cipher(self, zone: str) -> TableCipher:
        """What encrypts the tables of a zone."""
        return TableCipher(table_place(self.folder, self.outputs.zone(zone).bucket, zone))

    def trail(self) -> RecordTrail:
        """The record of what every service has logged."""
        return RecordTrail(self.folder)

    def backups(self, came_from: str = "") -> MachineBackups:
        """The backups that `havre backup` wrote, or those that came from another warehouse."""
        return MachineBackups(self.folder, came_from)

    def zone_writers(self, zone: str) -> WriterControl:
        """Who may write to a zone: the bucket's policy denies it to all but the administrator."""
        bucket, named = self._bucket(zone, gateway.admin_credentials(self.folder))
        return BucketWriters(bucket, named, f"zone {zone}", untaken=PASSES_BY)

    def project(self, name: str) -> LocalProject:
        """A project's way in, by the credentials that its members are given."""
        buckets = {zone: found.bucket for zone, found in self.outputs.zones.items()}
        return LocalProject(self.folder, name, buckets)

    def stranger(self) -> InventedKey:
        """A key that nobody was given."""

        def bucket(zone: str) -> tuple[s3.Address, str]:
            found = self.outputs.zone(zone)
            _refuse_elsewhere(f"zone {zone}", found.endpoint, gateway.endpoint(self.folder))
            return _address(self.folder), found.bucket

        return InventedKey(bucket)

    def key_versions(self) -> tuple[KeyAge, ...]:
        """The current version of every key that is not retired."""
        found = (keys.key_info(self.folder, name) for name in keys.key_names(self.folder))
        return tuple(KeyAge(k.reference, k.created) for k in found if k.retired is None)

    def _bucket(self, zone: str, credentials: tuple[str, str]) -> tuple[StoreClient, str]:
        """The bucket of a zone, with its name."""
        found = self.outputs.zone(zone)
        _refuse_elsewhere(f"zone {zone}", found.endpoint, gateway.endpoint(self.folder))
        return retrying(_connected(self.folder, credentials, found.bucket)), found.bucket

    def database(self) -> LocalDatabase:
        """The database."""
        known = self.outputs.database
        _refuse_elsewhere("the database", str(known.port), str(server.server_port(self.folder)))
        return LocalDatabase(self.folder, known.name)

    def database_reader(self) -> PassingReader:
        """The same by a role that reads everything and writes nothing."""
        return PassingReader(self.database())


def live(settings: LocalSettings, outputs: Outputs) -> LocalLive:
    """The warehouse that outputs describe, in the folder that settings name.

    Raises:
        InputError: the folder is of no warehouse, or of another one.
    """
    folder = Folder(settings.data_dir)
    found = warehouse_of(folder)
    if found != outputs.warehouse:
        message = f"{folder.root} is the folder of `{found}`, not of `{outputs.warehouse}`"
        raise InputError(message, "Name the folder of the warehouse with --data-dir DIR.")
    return LocalLive(folder, outputs)


def _connected(folder: Folder, credentials: tuple[str, str], bucket: str) -> s3.Bucket:
    """A bucket of the store with an account's rights, and no retries of its own."""
    return s3.bucket(_address(folder), s3.Credentials(*credentials), bucket)


def _address(folder: Folder) -> s3.Address:
    """Where the store is."""
    return s3.Address(
        gateway.endpoint(folder), gateway.REGION, authority=str(folder.authority), direct=True
    )


def _refuse_elsewhere(what: str, told: str, here: str) -> None:
    """Refuse an address that is not of this machine: its credentials go nowhere else."""
    if told != here:
        message = f"{what}: the outputs lead to {told}, and this machine answers at {here}"
        raise InputError(message, "Run `havre up` once: outputs are written again.")
