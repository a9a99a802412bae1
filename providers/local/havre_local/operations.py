"""What an administrator does with a warehouse that stands on this machine."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from havre.errors import InputError
from havre.provider import (
    BackupIdentity,
    BackupSummary,
    Kept,
    ProjectConnection,
    RecordSummary,
    ServiceState,
    ServiceStatus,
)
from havre_local import services
from havre_local.machine.projects import CREDENTIALS, PGPASS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from havre_local.machine.folder import Folder
    from havre_local.machine.supervision import supervisor
    from havre_local.settings import LocalSettings

RESTARTS = "restarts services that crash; start it: `havre up`"
"""What to know of a supervisor that does not run."""


def _service(status: supervisor.ServiceStatus) -> ServiceStatus:
    """A service in the words of the contract: its process, its restarts, and what is wrong."""
    process = f"process {status.pid}" if status.pid else ""
    plural = "restart" if status.restarts == 1 else "restarts"
    restarts = f"{status.restarts} {plural}" if status.restarts else ""
    told = ", ".join(filter(None, (process, restarts, status.detail)))
    state = ServiceState(status.state.value)
    return ServiceStatus(status.name, state, f"127.0.0.1:{status.port}", told)


def statuses(folder: Folder) -> Sequence[ServiceStatus]:
    """Every service of a folder, and the supervisor above them, probed now."""
    from havre_local.machine.supervision import supervisor

    process = supervisor.running(folder)
    state = ServiceState.RUNNING if process else ServiceState.STOPPED
    detail = f"process {process.pid}" if process else RESTARTS
    above = ServiceStatus("supervisor", state, "", detail)
    return [above, *map(_service, supervisor.status(folder))]


@dataclass(frozen=True)
class LocalOperations:
    """Implements `havre.provider.Operations` over a data folder."""

    settings: LocalSettings

    @property
    def folder(self) -> Folder:
        """The data folder."""
        from havre_local.machine.folder import Folder

        return Folder(self.settings.data_dir)

    def status(self) -> Sequence[ServiceStatus]:
        """Every service, and the supervisor above them, probed now."""
        return statuses(self.folder)

    def stop(self) -> None:
        """Stop the services; data stay."""
        from havre_local.machine.supervision import supervisor

        supervisor.stop(self.folder)

    def connect(self, project: str) -> ProjectConnection:
        """What researchers of `project` need; secrets stay in files of mode 0600."""
        from havre_local.machine import access
        from havre_local.machine.postgresql.schemas import schema_name

        found = access.project_settings(self.folder, project)
        return ProjectConnection(
            project=project,
            environment={
                "HAVRE_DATA_DIR": str(self.folder.root),
                "HAVRE_PROJECT": project,
                **found.environment,
            },
            zones=found.zones,
            schemas={zone: schema_name(zone) for zone in found.zones},
            secrets=found.secrets,
        )

    def sign_in(self, project: str, member: str) -> ProjectConnection:
        """What a member needs, with credentials of their own for hours; former ones end."""
        from havre_local.machine import access

        found = access.member_credential(self.folder, project, member)
        shared = self.connect(project)
        files = {
            "PGUSER": found.identity,
            "PGPASSFILE": str(found.files / PGPASS),
            "AWS_SHARED_CREDENTIALS_FILE": str(found.files / CREDENTIALS),
        }
        return replace(
            shared,
            environment={**shared.environment, **files},
            secrets=lambda: found.secrets,
            member=member,
            until=found.until,
        )

    def backup(self) -> BackupSummary:
        """Back up database and zones, read all of it back, and let old backups go."""
        from havre_local.machine.backups.reading import read_contents
        from havre_local.machine.backups.writing import backup, prune
        from havre_local.machine.folder import read_json

        folder, now = self.folder, dt.datetime.now(dt.UTC)
        services.wake(folder)
        info = backup(folder, now)
        contents = read_contents(folder, info.path)  # verified already
        policy = read_json(folder, folder.backups / "policy.json")
        prune(folder, policy["retention_days"], now)
        return BackupSummary(
            path=info.path,
            created=info.created,
            objects=sum(zone["count"] for zone in contents.zones),
            rows=sum(contents.rows.values()),
            size=info.size,
            number=contents.number,
        )

    def restore(
        self,
        backup: Path,
        keys: Path,
        passphrase: str,
        agree: Callable[[BackupIdentity], None],
    ) -> BackupSummary:
        """Load a backup into this warehouse, which must be empty, and compare what is there."""
        from havre_local.machine.backups import restoring
        from havre_local.machine.backups.described import read_info

        services.wake(self.folder)
        found = restoring.restore(backup, self.folder, keys, passphrase, agree)
        return BackupSummary(
            path=backup,
            created=found.created,
            objects=found.versions,
            rows=sum(found.rows.values()),
            size=read_info(backup).size,
            number=found.number,
        )

    def verify_record(self, head: str) -> RecordSummary:
        """Check the record of the services' logs, and the heads that were kept of it."""
        from havre_local.machine.backups.reading import record_heads
        from havre_local.machine.record import chain, collector

        custody = self.folder.custody
        known_here = chain.read_head(custody, collector.head_path(self.folder))
        kept = [known_here] if known_here else []
        number, _, digest = head.partition(":")
        if head:
            if not number.isdecimal() or len(digest) != len(chain.START):
                message = f"{head!r} is not a number and a digest, such as 42:0b1c..."
                raise InputError(message, "Give what `havre logs verify` has shown.")
            kept.append(chain.Head(int(number), digest))
        heads = record_heads(self.folder)
        kept += [known for known in heads.values() if known]
        found = chain.verify(custody, collector.directory(self.folder), *kept)
        found.faults += [
            f"backup {name} cannot be read: the head that it has is not compared"
            for name, known in heads.items()
            if known is None
        ]
        last = f"{found.head.number}:{found.head.digest}"
        return RecordSummary(found.first, found.head.number, last, tuple(found.faults))

    def export_keys(self, target: Path, passphrase: str) -> BackupIdentity | None:
        """Write all keys to `target`, encrypted under `passphrase`; return the latest backup."""
        from havre_local.machine.backups import latest
        from havre_local.machine.encryption import keys

        keys.export_keys(self.folder, target, passphrase)
        return latest.identity(self.folder)

    def adopt(self, former: Path) -> Mapping[int, int]:
        """Forget what belongs to `former`: its processes, and its ports if it is still there."""
        from havre_local.machine.folder import Folder
        from havre_local.machine.moving import adopt

        return adopt(self.folder, Folder(former))

    def destroy(self) -> Sequence[Kept]:
        """Delete database, backups and every object version that no lock protects."""
        from havre_local.machine.folder import warehouse_of
        from havre_local.machine.objects import zones as objectstore
        from havre_local.machine.postgresql import schemas as database
        from havre_local.machine.postgresql.server import administering

        folder = self.folder
        services.wake(folder)
        kept = [
            Kept(zone.name or zone.bucket, locked.key, locked.until)
            for zone in objectstore.zones(folder)
            for locked in objectstore.destroy_zone(folder, zone.bucket)
        ]
        with administering(folder) as connect:
            database.drop_database(connect, database.database_name(warehouse_of(folder)))
        for name in folder.custody.names(folder.backups):
            if (folder.backups / name).is_dir():
                folder.custody.remove_tree(folder.backups / name)
        return kept
