"""What an administrator does with a warehouse that stands on a machine of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from havre.live.warehouse import Live
    from havre.provider.outputs import Outputs


class ServiceState(StrEnum):
    """What a service of a running warehouse does."""

    RUNNING = "running"
    STOPPED = "stopped"
    RESTARTING = "restarting"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True)
class ServiceStatus:
    """A service, as probed now."""

    name: str
    state: ServiceState
    endpoint: str
    detail: str = ""


@dataclass(frozen=True)
class ProjectConnection:
    """What a researcher's programs need to reach a project's data.

    Attributes:
        project: name of the project.
        environment: variables for psql, AWS-compatible clients and this toolkit; secrets are
            in files that they name.
        zones: bucket by zone.
        schemas: database schema by zone.
        secrets: the secrets themselves, read only when asked for.
        member: pseudonym of the member whose credentials these are; empty: the project's.
        until: when these credentials end, UTC; None: with the project.
    """

    project: str
    environment: Mapping[str, str]
    zones: Mapping[str, str]
    schemas: Mapping[str, str]
    secrets: Callable[[], Mapping[str, str]]
    member: str = ""
    until: dt.datetime | None = None


@dataclass(frozen=True)
class BackupIdentity:
    """Which backup one is.

    Attributes:
        name: the name that its folder was given.
        warehouse: name of the warehouse that it is of.
        created: when, UTC.
        number: grows with each backup of a warehouse; 0: written before backups had one.
        authenticated: whether only a holder of its key can have written all of this.
        latest: number of the latest backup that this warehouse knows of; 0: none.
    """

    name: str
    warehouse: str
    created: dt.datetime
    number: int
    authenticated: bool = True
    latest: int = 0


@dataclass(frozen=True)
class BackupSummary:
    """A backup that was written and read back.

    Attributes:
        path: where it lies.
        created: when, UTC.
        objects: object versions held.
        rows: rows of all tables held.
        size: bytes on disk.
        number: as in `BackupIdentity`.
    """

    path: Path
    created: dt.datetime
    objects: int
    rows: int
    size: int
    number: int = 0


@dataclass(frozen=True)
class Kept:
    """An object version that its lock keeps from destruction."""

    zone: str
    key: str
    until: dt.datetime | None


@dataclass(frozen=True)
class RecordSummary:
    """What a check of the record of all logs found.

    Attributes:
        first: number of its first line.
        last: number of its last line.
        head: number and SHA-256 of its last line, to be kept in another place.
        faults: where it was changed or cut off; none if it holds.
    """

    first: int
    last: int
    head: str
    faults: tuple[str, ...]


class Deviation(StrEnum):
    """How a thing departs from the state."""

    OUTSIDE = "not in the state"
    GONE = "in the state, and gone"
    DIFFERS = "not as the state says"


@dataclass(frozen=True)
class Deviating:
    """A thing that departs from the state.

    Attributes:
        how: how it does.
        kind: what it is, such as `bucket`.
        name: its name at the provider, or in the state.
        remedy: what to do about it.
        differences: in what it differs, in words; empty: only that it does is known.
    """

    how: Deviation
    kind: str
    name: str
    remedy: str
    differences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Examination:
    """What a provider has under a warehouse's name, held against its state.

    Attributes:
        listed: what was listed, each kind with how many were found.
        departed: what departs from the state.
        unlisted: what could not be listed, each with the reason and where to look instead.
    """

    listed: Mapping[str, int]
    departed: tuple[Deviating, ...] = ()
    unlisted: tuple[str, ...] = ()


class StandIns(Protocol):
    """Services on this machine behind the resources of a sandbox, which follow what it records.

    Every member raises `havre.errors.HavreError` with a remedy where it cannot.
    """

    @property
    def begun(self) -> bool:
        """Whether they follow this sandbox; otherwise all of it is recorded only."""
        ...

    def refuse_lacking(self) -> None:
        """Refuse a machine on which they cannot run.

        Raises:
            MissingDependencyError: a program that they need is not installed.
        """
        ...

    def begin(self) -> None:
        """Have them follow what the sandbox records from now on; nothing is started yet."""
        ...

    def start(self) -> None:
        """Have every service run that its resources need, and wait until each answers."""
        ...

    def stop(self) -> None:
        """Stop the services; data stay."""
        ...

    def status(self) -> Sequence[ServiceStatus]:
        """Every service, probed now."""
        ...

    def recorded_only(self) -> Sequence[str]:
        """Types of what exists that no service stands behind, such as `FlowLog (2)`."""
        ...

    def here(self, outputs: Outputs) -> Outputs:
        """Outputs of the sandbox, with addresses on this machine in place of the provider's."""
        ...

    def live(self, outputs: Outputs) -> Live:
        """Its stores and its database, by clients; with outputs as `here` gives them."""
        ...


@runtime_checkable
class MemberOperations(Protocol):
    """What operations may offer besides: credentials of a member's own."""

    def sign_in(self, project: str, member: str) -> ProjectConnection:
        """What a member of a project needs, with new credentials that end within a day.

        Args:
            project: name of the project.
            member: pseudonym of the member; see `havre.spec.model.is_pseudonym`.

        Raises:
            InputError: there is no such project, or no such member of it.
            GuardError: the project has ended.
        """
        ...


class Operations(Protocol):
    """What an administrator does with a warehouse that stands.

    Every member raises `havre.errors.HavreError` with a remedy where it cannot.
    """

    def status(self) -> Sequence[ServiceStatus]:
        """Every service, probed now."""
        ...

    def connect(self, project: str) -> ProjectConnection:
        """What researchers of `project` need."""
        ...

    def backup(self) -> BackupSummary:
        """Write a backup and read it back."""
        ...

    def restore(
        self,
        backup: Path,
        keys: Path,
        passphrase: str,
        agree: Callable[[BackupIdentity], None],
    ) -> BackupSummary:
        """Load a backup into this warehouse, which must be empty, and verify it.

        Args:
            backup: where it lies.
            keys: the key export.
            passphrase: its passphrase.
            agree: called before anything is loaded; raises where it is not the backup wanted.
        """
        ...

    def verify_record(self, head: str) -> RecordSummary:
        """Check the record of all logs.

        Args:
            head: what an earlier check gave as its head, or an empty string.
        """
        ...

    def export_keys(self, target: Path, passphrase: str) -> BackupIdentity | None:
        """Write all keys to `target`, encrypted under `passphrase`.

        Returns:
            The latest backup, to be noted beside the keys; None without one.
        """
        ...

    def stop(self) -> None:
        """Stop the services; data stay."""
        ...

    def adopt(self, former: Path) -> Mapping[int, int]:
        """Use a folder that was copied or moved from `former`, which is left alone.

        Returns:
            The ports that changed: the new by the former.
        """
        ...

    def destroy(self) -> Sequence[Kept]:
        """Delete all data that no lock protects; return what was kept."""
        ...
