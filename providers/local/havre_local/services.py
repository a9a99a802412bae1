"""Whether the services of a data folder answer: what their resources ask before a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from havre_local.machine.folder import Folder


def defined(folder: Folder, service: str) -> bool:
    """Whether a service was ever set up in the folder."""
    from havre_local.machine.services import definition_path

    return definition_path(folder, service).exists()


def answer(folder: Folder, service: str) -> bool:
    """Whether a service, and what stands in front of it, answers its probe now."""
    from havre_local.machine import supervisor

    states = [
        status.state
        for status in supervisor.status(folder)
        if status.name == service or status.name.startswith(f"{service}-")
    ]
    return bool(states) and all(state is supervisor.State.RUNNING for state in states)


def drifted(folder: Folder, service: str) -> bool:
    """Whether a service does not answer, or its certificate is to be renewed."""
    from havre_local.machine.certificates import renewal_due

    return not answer(folder, service) or renewal_due(folder, service)


def wake(folder: Folder) -> None:
    """Have every service that was ever set up run: who asks what a store holds needs it.

    Raises:
        RetryError: a service does not answer in time.
    """
    from havre_local.machine import supervisor
    from havre_local.machine.services import read_definitions

    definitions = read_definitions(folder)
    if not all(answer(folder, service.name) for service in definitions):
        supervisor.ensure_running(folder, *definitions)
