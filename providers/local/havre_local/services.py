"""Whether the services of a data folder answer: what their resources ask before a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.errors import StateError
from havre.provider.dynamic import Departure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from havre_local.machine.folder import Folder
    from havre_local.machine.supervision.services import Service


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
    found = frozenset(s.name for s in supervisor.status(folder) if s.state is running)
    return found & supervisor.watched(folder)


def answer(folder: Folder, service: str) -> bool:
    """Whether a service, and what stands in front of it, answers now and is watched."""
    from havre_local.machine.supervision.services import names as defined_names

    names = defined_names(folder)
    wanted = {name for name in names if _of(name, service)}
    return bool(wanted) and wanted <= answering(folder)


def departures(folder: Folder, service: str) -> Iterator[Departure]:
    """Why a service must be set up again.

    It does not answer, is not watched, could not be started again since its program has moved,
    or its certificate is to be renewed.
    """
    from havre_local.machine.encryption.certificates import renewal_due
    from havre_local.machine.supervision import supervisor
    from havre_local.machine.supervision.services import names as defined_names

    names = {name for name in defined_names(folder) if _of(name, service)} or {service}
    for name in sorted(names - answering(folder)):
        yield Departure(f"the service `{name}` does not answer or is not supervised", started=True)
    for name, file in supervisor.moved_programs(folder).items():
        if _of(name, service):
            yield Departure(f"the program of the service `{name}` is missing: {file}")
    if renewal_due(folder, service):
        yield Departure(
            f"the certificate certificates/{service}.pem is missing, or due for renewal"
        )


def _of(name: str, service: str) -> bool:
    """Whether the service `name` is `service`, or stands in front of it."""
    return name == service or name.startswith(f"{service}-")


def wake(folder: Folder) -> None:
    """Have every service that was ever set up run, for a command that works on the data.

    A preview or a look never calls it: they start nothing. What is run is made from code.

    Raises:
        RetryError: a service does not answer in time.
        StateError: an earlier Havre set the services up.
    """
    from havre_local.machine.objects import gateway
    from havre_local.machine.postgresql import server as postgres
    from havre_local.machine.supervision import supervisor
    from havre_local.machine.supervision.services import read_definitions

    known = {found.name: found for found in read_definitions(folder)}
    if known.keys() <= answering(folder):
        return
    wanted: list[Service] = []
    if gateway.SERVICE in known:
        wanted.append(gateway.ensure_gateway(folder))
    if postgres.SERVICE in known:
        minimum = known[postgres.SERVICE].tls_minimum
        if not minimum:
            message = f"an earlier version of Havre set up the services of {folder.root}"
            raise StateError(message, "Run `havre up` with the warehouse's file.")
        wanted += postgres.ensure_cluster(folder, tls_minimum=minimum)
    supervisor.ensure_running(folder, *wanted)


def unseen(folder: Folder, service: str) -> list[Departure]:
    """That nothing can be seen of what a service has while it does not answer."""
    if answer(folder, service):
        return []
    return [Departure(f"its rights are not visible while the service `{service}` is stopped")]


def unless_stopped(folder: Folder, service: str, look: Callable[[], bool]) -> bool | None:
    """What `look` tells of data in a service; None where it does not answer: nothing is started."""
    return look() if answer(folder, service) else None
