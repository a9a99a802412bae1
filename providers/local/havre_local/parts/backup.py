"""Backup: encrypted files of the data folder, kept at least as long as asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.provider.dynamic import Departure
from havre.provider.parts import BackupInputs, BackupOutputs
from havre_local.resources import BackupPolicy, Kind, Props, folder_of
from havre_local.sites import region

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.provider.context import Part
    from havre_local.machine.folder import Folder
    from havre_local.settings import LocalSettings

POLICY_FILE = "policy.json"


def _ensure(props: Props) -> dict[str, Any]:
    from havre_local.machine.folder import write_json

    folder = folder_of(props)
    folder.custody.make_folder(folder.backups)
    write_json(folder, folder.backups / POLICY_FILE, {"retention_days": props["retention_days"]})
    return {
        "location": str(folder.backups.relative_to(folder.root)),
        "holds_data": held(folder),
    }


def held(folder: Folder) -> bool:
    """Whether the data folder holds a backup."""
    names = folder.custody.names(folder.backups)
    return any((folder.backups / name).is_dir() for name in names)


def _remove(props: Props) -> None:
    folder = folder_of(props)
    folder.custody.remove(folder.backups / POLICY_FILE)


def _look(props: Props) -> dict[str, Any] | None:
    folder = folder_of(props)
    exists = (folder.backups / POLICY_FILE).exists()
    return {"holds_data": held(folder)} if exists else None


def _departures(props: Props) -> Iterator[Departure]:
    if _look(props) is None:
        yield Departure("the file backups/policy.json is missing: how long backups are kept")


POLICY = Kind(_ensure, _remove, _look, _departures)


def backup(part: Part[LocalSettings], inputs: BackupInputs) -> BackupOutputs:
    """The rules by which `havre backup` keeps and deletes backups."""
    policy = BackupPolicy(
        f"{part.name}-policy",
        {
            "data_dir": str(part.settings.data_dir),
            "retention_days": part.spec.database.backups.retention_days,
            "key": inputs.keys.backup,
            "database": inputs.database.name,
            "endpoint": inputs.zones.ready,
            "tags": part.tags,
        },
        part.guarded(),
    )
    return BackupOutputs(policy.location, region(part.primary))
