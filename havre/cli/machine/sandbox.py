"""The services behind a sandbox, as `havre up`, `status` and `down` begin, show and stop them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from havre.cli import console
from havre.errors import GuardError, MissingDependencyError
from havre.provider import ServiceState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pydantic import BaseModel

    from havre.provider import Provider, ServiceStatus, StandIns

RecordedOnlyOption = Annotated[
    bool, typer.Option("--recorded-only", help="With --sandbox: run no services behind it.")
]
WITHOUT = "This sandbox is recorded only: no service runs behind its resources."
NEW_FOLDER = "Choose another folder with --data-dir."


@dataclass(frozen=True)
class Rehearsed:
    """How a sandbox is deployed.

    Attributes:
        settings: of the provider.
        services: what runs behind it, begun or to be begun; None: all of it is recorded only.
    """

    settings: BaseModel
    services: StandIns | None = None

    def begin(self) -> None:
        """Have its services follow what is recorded, those that stopped started again."""
        if self.services is not None:
            self.services.begin()
            self.services.start()

    def told(self) -> dict[str, Any]:
        """What runs and what is recorded only, for machines."""
        services = self.services.status() if self.services else ()
        return {
            "services": [service_values(each) for each in services],
            "recorded_only": list(self.services.recorded_only()) if self.services else ["all"],
        }


def rehearsed(
    provider: Provider,
    data_dir: Path,
    settings: BaseModel,
    warehouse: str,
    *,
    deployed: bool,
    recorded_only: bool,
) -> Rehearsed:
    """How the sandbox of a folder is deployed; nothing is made yet.

    Args:
        provider: whose resources are served.
        data_dir: the folder.
        settings: of the provider.
        warehouse: name of the warehouse.
        deployed: whether there is one already: what it is, it stays.
        recorded_only: whether no service is to run.

    Raises:
        GuardError: services run behind it, and none is to run.
        MissingDependencyError: a program that a service needs is not installed.
    """
    from havre.engine.sandbox import stand_ins

    found = stand_ins(provider, data_dir, settings, warehouse)
    begun = found is not None and found.begun
    if recorded_only and begun:
        message = f"{data_dir} contains a sandbox with services"
        raise GuardError(message, f"Nothing was changed. Leave --recorded-only out. {NEW_FOLDER}")
    if found is None or recorded_only or (deployed and not begun):
        return Rehearsed(settings)
    try:
        found.refuse_lacking()
    except MissingDependencyError as error:
        remedy = f"{error.remedy} Or add --recorded-only: no service runs then."
        raise MissingDependencyError(error.message, remedy) from error
    return Rehearsed(settings, found)


def stopped(services: Sequence[ServiceStatus]) -> list[str]:
    """Names of the services that do not run."""
    return [each.name for each in services if each.state is not ServiceState.RUNNING]


def service_values(status: ServiceStatus) -> dict[str, str]:
    """A service, for machines."""
    return {
        "name": status.name,
        "state": status.state.value,
        "endpoint": status.endpoint,
        "detail": status.detail,
    }


def show_services(how: Rehearsed) -> None:
    """Say where the services of a sandbox listen, and what is recorded only."""
    out = console.out()
    if how.services is None:
        out.print(WITHOUT)
        return
    listening = {each.endpoint: each.name for each in how.services.status() if each.endpoint}
    for endpoint, name in listening.items():
        out.print(console.inert(f"  {name:<14} listens on {endpoint}"))
    console.paragraph(f"recorded only: {', '.join(how.services.recorded_only())}")


def of_record(record: Mapping[str, Any], data_dir: Path) -> StandIns | None:
    """The services behind the sandbox of a folder; None: all of it is recorded only."""
    from havre.engine.sandbox import is_sandbox, recorded_stand_ins
    from havre.stack.standing import in_folder

    return recorded_stand_ins(in_folder(data_dir)) if is_sandbox(record) else None
