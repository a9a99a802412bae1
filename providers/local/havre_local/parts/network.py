"""Network: the loopback interface, and the authority that every client verifies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from havre.provider.dynamic import Departure
from havre.provider.parts import NetworkInputs, NetworkOutputs
from havre_local.resources import DataFolder, Kind, Props, folder_of
from havre_local.settings import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.provider.context import Part
    from havre_local.settings import LocalSettings

SEGMENTS = ("endpoints", "database", "compute", "administration")
LOOPBACK = "127.0.0.1"


def _ensure(props: Props) -> dict[str, Any]:
    from havre.stack.standing import write_record
    from havre_local.machine.encryption.certificates import ensure_authority
    from havre_local.machine.folder import prepare

    folder = folder_of(props)
    prepare(folder, props["warehouse"])
    write_record(folder.root, props["record"])
    return {"authority": str(ensure_authority(folder).relative_to(folder.root))}


def _remove(props: Props) -> None:
    """Delete what is left beside the engine's state: the warehouse is gone by now."""
    from havre_local.machine.supervision import supervisor

    folder = folder_of(props)
    supervisor.stop(folder)
    for path in map(folder.root.joinpath, folder.custody.names(folder.root)):
        if path == folder.state:
            continue
        if path.is_dir() and not path.is_symlink():
            folder.custody.remove_tree(path)
        else:
            folder.custody.remove(path)


def _look(props: Props) -> dict[str, Any] | None:
    return {} if folder_of(props).marker.exists() else None


def _departures(props: Props) -> Iterator[Departure]:
    from havre_local.machine.folder import lacking

    folder = folder_of(props)
    for file in (folder.marker, folder.authority):
        if not file.exists():
            yield Departure(f"the file {file.relative_to(folder.root)} is missing")
    for name in lacking(folder):
        yield Departure(f"the folder {name} is missing")


FOLDER = Kind(_ensure, _remove, _look, _departures, identity=("data_dir", "warehouse"))


def network(part: Part[LocalSettings], _inputs: NetworkInputs) -> NetworkOutputs:
    """The data folder with its authority; every segment is the loopback interface."""
    from havre.stack.program import record

    folder = DataFolder(
        f"{part.name}-folder",
        {
            "data_dir": str(part.settings.data_dir),
            "warehouse": part.spec.name,
            "record": record(part.spec, NAME, part.settings, pulumi.get_stack()),
            "tags": part.tags,
        },
        part.child(),
    )
    segments = {segment: folder.authority.apply(lambda _: LOOPBACK) for segment in SEGMENTS}
    return NetworkOutputs(identifier=folder.authority, segments=segments)
