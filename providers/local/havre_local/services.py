"""Whether the services of a data folder answer: what their resources ask before a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from havre_local.machine.folder import Folder


def defined(folder: Folder, service: str) -> bool:
    """Whether a service was ever set up in the folder."""
    from havre_local.machine.supervision.services import definition_path

    return definition_path(folder, service).exists()


def answering(folder: Folder) -> frozenset[str]:
    """Names of the services that answer their probe now and that a supervisor watches."""
    from havre_local.machine.supervision import supervisor

    if supervisor.running(folder) is None:
        return frozenset()
    running = supervisor.State.RUNNING
    return frozenset(s.name for s in supervisor.status(folder) if s.state is running)


def answer(folder: Folder, service: str) -> bool:
    """Whether a service, and what stands in front of it, answers now and is watched."""
    from havre_local.machine.supervision.services import read_definitions

    names = {definition.name for definition in read_definitions(folder)}
    wanted = {name for name in names if name == service or name.startswith(f"{service}-")}
    return bool(wanted) and wanted <= answering(folder)


def drifted(folder: Folder, service: str) -> bool:
    """Whether a service does not answer or is not watched, or its certificate is to be renewed."""
    from havre_local.machine.encryption.certificates import renewal_due

    return not answer(folder, service) or renewal_due(folder, service)


def wake(folder: Folder) -> None:
    """Have every service that was ever set up run, for a command that works on the data.

    A preview or a look never calls it: they start nothing.

    Raises:
        RetryError: a service does not answer in time.
    """
    from havre_local.machine.supervision import supervisor
    from havre_local.machine.supervision.services import read_definitions

    definitions = read_definitions(folder)
    if not {definition.name for definition in definitions} <= answering(folder):
        supervisor.ensure_running(folder, *definitions)


def told(folder: Folder, service: str, look: Callable[[], bool]) -> bool | None:
    """What `look` tells of data in a service; None where it does not answer: nothing is started."""
    return look() if answer(folder, service) else None
