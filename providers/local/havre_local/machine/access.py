"""What researchers and administrators connect with: settings, credentials, and Python objects."""

from __future__ import annotations

import datetime as dt
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from havre.errors import GuardError, InputError
from havre_local.machine.encryption import keys
from havre_local.machine.folder import (
    Folder,
    read_json,
    warehouse_of,
)
from havre_local.machine.members import credentials as people
from havre_local.machine.members import roles
from havre_local.machine.objects import gateway, parquet
from havre_local.machine.objects import zones as objectstore
from havre_local.machine.objects.parquet import Place
from havre_local.machine.postgresql import identities
from havre_local.machine.postgresql import server as postgres
from havre_local.machine.postgresql.roles import account_name
from havre_local.machine.postgresql.schemas import database_name, schema_name
from havre_local.machine.projects import (
    CREDENTIALS,
    PGPASS,
    SETTINGS,
    believed,
    give,
    given_without_master,
    lacking,
    shown,
    take_back,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg
    import pyarrow as pa
    import pyarrow.dataset

    from havre_local.machine.members.credentials import MemberCredential

RENEWED = (
    "Project %s: its password and its S3 secret were rotated. Earlier versions of Havre read them "
    "from %s, which may be its researchers'. Have them use the new ones there."
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProjectSettings:
    """How a project reaches the warehouse. Holds no secret."""

    project: str
    account: str
    database: str
    expires: dt.date
    zones: Mapping[str, str]
    """Buckets by zone."""
    environment: Mapping[str, str]
    """Environment variables for libpq and for AWS's clients; secrets stay in the files named."""
    ports: tuple[int, int]
    """Of the database and of the object store."""
    folder: Folder
    pgpass: Path
    credentials: Path
    members: tuple[str, ...] = ()
    """Pseudonyms of those who have credentials of their own."""

    def password(self) -> str:
        """Return the password of the project's role, empty without one.

        Raises:
            GuardError: others can have written it.
        """
        return identities.read_pgpass(self.folder, self.pgpass) or ""

    def secrets(self) -> dict[str, str]:
        """Return the secrets too, as environment variables, for programs that read no files."""
        known = objectstore.read_credentials(self.folder, self.credentials)
        access, secret = known or ("", "")
        return {
            "PGPASSWORD": self.password(),
            "AWS_ACCESS_KEY_ID": access,
            "AWS_SECRET_ACCESS_KEY": secret,
        }


def ensure_project(
    folder: Folder,
    project: str,
    *,
    database: str,
    zones: Mapping[str, str],
    expires: dt.date,
    members: Sequence[str] = (),
) -> str:
    """Give the project its role, its account and exactly the rights to `zones`.

    Args:
        folder: the data folder, its services running.
        project: the project's name.
        database: the database that it reads.
        zones: buckets by zone; the zones' schemas, where there are some, are read too.
        expires: the last day, UTC, of the authorisation; both stores refuse from then on.
        members: pseudonyms of those who may have a credential of their own; others are put out.

    Returns:
        The name of the role and of the account, the same in both stores.

    Raises:
        ProviderError: a store refused.
        RetryError: a store does not answer.
    """
    account = account_name(project)
    if given_without_master(folder, project):
        _log.warning(RENEWED, project, folder.project(project))
    # The record comes first, so that `remove_project` finds all that was begun.
    _write_settings(folder, project, database, zones, expires, members)
    schemas = [schema_name(zone) for zone in zones]
    identities.ensure_identity(folder, project, database, schemas, expires)
    objectstore.ensure_account(folder, project)
    for zone in objectstore.zones(folder):
        if zone.bucket in zones.values():
            objectstore.ensure_grants(folder, zone.bucket, account, expires)
        else:
            objectstore.revoke_grants(folder, zone.bucket, account)
    buckets = frozenset(zones.values())
    people.settle(
        folder, people.ProjectMembers(project, database, buckets, tuple(members), expires)
    )
    return account


def _write_settings(
    folder: Folder,
    project: str,
    database: str,
    zones: Mapping[str, str],
    expires: dt.date,
    members: Sequence[str],
) -> None:
    """Write all that a project's own account needs, which may read nothing but its folder."""
    content = {
        "database": database,
        "expires": expires.isoformat(),
        "members": sorted(members),
        "ports": [postgres.server_port(folder), gateway.server_port(folder)],
        "zones": dict(zones),
    }
    give(folder, project, SETTINGS, json.dumps(content).encode())


def remove_project(folder: Folder, project: str) -> None:
    """Take the project's role, account, rights and credentials away; none is fine.

    Raises:
        ProviderError: a store refused.
        RetryError: a store does not answer.
    """
    people.remove(folder, project)
    identities.remove_identity(folder, project)
    objectstore.delete_account(folder, project)
    take_back(folder, project, SETTINGS)


def project_exists(folder: Folder, project: str) -> bool:
    """Tell whether the project has been given access."""
    return folder.custody.exists(believed(folder, project) / SETTINGS)


def project_lacks(folder: Folder, project: str) -> list[str]:
    """Return the files that a project is given and that are missing, with the masters."""
    return lacking(folder, project)


def role_differs(
    folder: Folder,
    project: str,
    *,
    database: str,
    zones: Mapping[str, str],
    expires: dt.date,
    members: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return in what a project's role, and its members', differ from what `ensure_project` makes.

    Raises:
        RetryError: the database does not answer.
    """
    schemas = [schema_name(zone) for zone in zones]
    own = identities.differs(folder, project, database, schemas, expires)
    if own == ("no database",):
        return own
    others = roles.differ(folder, project, database, members)
    return (*own, *(f"role {name}" for name in others))


def grants_differ(
    folder: Folder, project: str, *, zones: Mapping[str, str], expires: dt.date
) -> tuple[str, ...]:
    """Return the buckets whose policy differs from what `ensure_project` makes of it.

    Raises:
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    return objectstore.grants_differ(folder, zones.values(), account_name(project), expires)


def member_credential(folder: Folder, project: str, member: str) -> MemberCredential:
    """Give a member of a project, by pseudonym, a credential of their own for hours.

    Raises:
        InputError: there is no such project, or no such member of it.
        GuardError: the project has ended.
        ProviderError: a store refused.
        RetryError: a store does not answer.
    """
    known = project_settings(folder, project)
    zones = frozenset(known.zones.values())
    into = people.ProjectMembers(project, known.database, zones, known.members, known.expires)
    return people.issue(folder, into, member)


def _not_deployed(folder: Folder, project: str) -> InputError:
    """What is said of a project that has no access: it had some once, or is not known at all."""
    names = sorted(folder.custody.names(folder.root / "projects"))
    if project in names:
        message = f"Project {project} has ended or was removed: it has no access any more"
        remedy = "If it goes on, extend its `expires` in the warehouse file, then run `havre up`."
        return InputError(message, remedy)
    there = ", ".join(each for each in names if project_exists(folder, each)) or "none"
    message = f"{folder.root} has no project {project!r}"
    return InputError(message, f"Name one that is deployed ({there}), or deploy it.")


def project_settings(folder: Folder, project: str) -> ProjectSettings:
    """Return how the project reaches the warehouse.

    Raises:
        GuardError: others can have written what is on record of it.
        InputError: the warehouse has no such project, or it has ended.
    """
    directory = believed(folder, project)
    if not project_exists(folder, project):
        raise _not_deployed(folder, project)
    content = read_json(folder, directory / SETTINGS)
    account = account_name(project)
    files = shown(folder, project)
    ports = tuple(content["ports"])
    libpq = postgres.settings_for(folder, content["database"], account, ports[0])
    return ProjectSettings(
        project=project,
        account=account,
        database=content["database"],
        expires=dt.date.fromisoformat(content["expires"]),
        zones=content["zones"],
        environment={
            **{_LIBPQ[name]: value for name, value in libpq.items()},
            "PGPASSFILE": str(files / PGPASS),
            "AWS_ENDPOINT_URL_S3": gateway.endpoint(folder, ports[1]),
            "AWS_REGION": gateway.REGION,
            "AWS_CA_BUNDLE": str(folder.authority),
            "AWS_SHARED_CREDENTIALS_FILE": str(files / CREDENTIALS),
        },
        ports=ports,
        folder=folder,
        pgpass=directory / PGPASS,
        credentials=directory / CREDENTIALS,
        members=tuple(content.get("members", ())),
    )


_LIBPQ = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}
"""Environment variables of libpq, by its connection parameters."""


@dataclass(frozen=True)
class Project:
    """A project's view of the warehouse: what it may read, and nothing else."""

    folder: Folder
    settings: ProjectSettings

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        """Return a connection to the database as the project's role.

        Raises:
            psycopg.OperationalError: refused, such as after the authorisation's end.
        """
        import psycopg

        known = self.settings
        libpq = postgres.settings_for(self.folder, known.database, known.account, known.ports[0])
        return psycopg.connect(
            password=known.password(),
            autocommit=autocommit,
            **libpq,  # type: ignore[arg-type]
        )

    def client(self) -> Any:
        """Return a boto3 S3 client as the project's account."""
        return gateway.client(self.folder, self._credentials(), self.settings.ports[1])

    def dataset(self, zone: str, prefix: str = "") -> pyarrow.dataset.Dataset:
        """Open the Parquet files of a zone as one Arrow dataset; see `parquet.open_dataset`.

        Raises:
            GuardError: the project does not read this zone, or its authorisation has ended.
            OSError: the object store refuses.
        """
        bucket = self.settings.zones.get(zone)
        if bucket is None or self.settings.expires < dt.datetime.now(dt.UTC).date():
            why = "cannot read" if bucket is None else "can no longer read"
            message = f"Project {self.settings.project} {why} zone {zone}"
            raise GuardError(message, "Add it to the warehouse file.")
        port = self.settings.ports[1]
        place = Place(self.folder, keys.zone_key(zone), bucket, port, *self._credentials())
        return parquet.open_dataset(place, prefix)

    def _credentials(self) -> tuple[str, str]:
        known = objectstore.read_credentials(self.folder, self.settings.credentials)
        if known is None:
            message = f"{self.settings.credentials}: the credentials are missing"
            raise InputError(message, "Deploy the warehouse again.")
        return known


@dataclass(frozen=True)
class Warehouse:
    """An administrator's view of the warehouse."""

    folder: Folder

    def connect(
        self, database: str | None = None, *, autocommit: bool = False
    ) -> psycopg.Connection[Any]:
        """Return a connection as the administrator; by default to the warehouse's database."""
        name = database or database_name(warehouse_of(self.folder))
        return postgres.admin_connection(self.folder, name, autocommit=autocommit)

    def client(self) -> Any:
        """Return a boto3 S3 client as the administrator."""
        return gateway.client(self.folder)

    def dataset(self, zone: str, prefix: str = "") -> pyarrow.dataset.Dataset:
        """Open the Parquet files of a zone as one Arrow dataset; see `parquet.open_dataset`."""
        return parquet.open_dataset(self._place(zone), prefix)

    def write_table(self, zone: str, path: str, table: pa.Table) -> None:
        """Write a table as an encrypted Parquet file of a zone; see `parquet.write_table`."""
        parquet.write_table(self._place(zone), path, table)

    def bucket(self, zone: str) -> str:
        """Return the bucket of a zone, named by the zone's or by the bucket's name.

        Raises:
            InputError: there is no such zone.
        """
        for known in objectstore.zones(self.folder):
            if zone in {known.name, known.bucket}:
                return known.bucket
        message = f"{self.folder.root} has no zone {zone!r}"
        raise InputError(message, "Name one that is deployed.")

    def _place(self, zone: str) -> Place:
        return table_place(self.folder, self.bucket(zone), zone)


def table_place(folder: Folder, bucket: str, zone: str = "") -> Place:
    """A zone as its administrator reaches it.

    Args:
        folder: of the warehouse.
        bucket: of the zone.
        zone: its name, where the bucket was made before buckets knew it.
    """
    known = objectstore.zone_of(folder, bucket)
    name = known.name if known and known.name else zone
    credentials = gateway.admin_credentials(folder)
    return Place(folder, keys.zone_key(name), bucket, gateway.server_port(folder), *credentials)


def open_project(data_dir: Path | str, project: str) -> Project:
    """Open the warehouse in `data_dir` as a project's researchers do.

    Zones' keys are given out for the project's own zones only. That check is a seat belt,
    not a wall: the keys are files of the account that runs the warehouse, and whoever works
    under that account can read them. Researchers who must be kept apart work under accounts
    of their own, with the database and the object store, which hold each project to its
    zones, and without the key files.

    Raises:
        InputError: no warehouse is there, or it has no such project.
    """
    folder = Folder(Path(data_dir))
    warehouse_of(folder)
    return Project(folder, project_settings(folder, project))


def open_warehouse(data_dir: Path | str) -> Warehouse:
    """Open the warehouse in `data_dir` as its administrator.

    Raises:
        InputError: no warehouse is there.
    """
    folder = Folder(Path(data_dir))
    warehouse_of(folder)
    return Warehouse(folder)
