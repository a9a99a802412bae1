"""Audit: the services' own logs, kept in one folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.provider.dynamic import Departure
from havre.provider.parts import AuditInputs, AuditOutputs
from havre_local.resources import Kind, LogStore, Props, folder_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.provider.context import Part
    from havre_local.settings import LocalSettings


def _ensure(props: Props) -> dict[str, Any]:
    from havre_local.machine.folder import write_json

    folder = folder_of(props)
    folder.custody.make_folder(folder.logs)
    write_json(folder, folder.logs / "policy.json", {"retention_days": props["retention_days"]})
    return {"location": str(folder.logs.relative_to(folder.root)), "holds_data": False}


def _remove(props: Props) -> None:
    """Logs go with the data folder; forgetting the policy loses none."""
    folder = folder_of(props)
    folder.custody.remove(folder.logs / "policy.json")


def _look(props: Props) -> dict[str, Any] | None:
    return {"holds_data": False} if folder_of(props).logs.is_dir() else None


def _departures(props: Props) -> Iterator[Departure]:
    if not (folder_of(props).logs / "policy.json").exists():
        yield Departure("the file logs/policy.json is missing: how long logs are kept")


LOGS = Kind(_ensure, _remove, _look, _departures)


def audit(part: Part[LocalSettings], inputs: AuditInputs) -> AuditOutputs:
    """One folder for the logs of every service, kept at least as long as asked."""
    logs = LogStore(
        f"{part.name}-logs",
        {
            "data_dir": str(part.settings.data_dir),
            "retention_days": part.spec.audit.retention_days,
            "authority": inputs.network.identifier,
            "tags": part.tags,
        },
        part.guarded(),
    )
    return AuditOutputs(sink=logs.location)
