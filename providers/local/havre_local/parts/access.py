"""Access: one identity a project, in both stores, with exactly the project's zones."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING, Any

from havre.provider.dynamic import Departure
from havre.provider.parts import AccessInputs, AccessOutputs
from havre_local import services
from havre_local.resources import Kind, ProjectAccess, Props, folder_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre.provider.context import Part
    from havre_local.settings import LocalSettings


def _ensure(props: Props) -> dict[str, Any]:
    from havre_local.machine import access as machine

    identity = machine.ensure_project(
        folder_of(props),
        props["project"],
        database=props["database"],
        zones=dict(props["zones"]),
        expires=dt.date.fromisoformat(props["expires"]),
        members=props.get("members", ()),
    )
    return {"identity": identity}


def _remove(props: Props) -> None:
    from havre_local.machine import access as machine

    machine.remove_project(folder_of(props), props["project"])


def _look(props: Props) -> dict[str, Any] | None:
    from havre_local.machine import access as machine

    return {} if machine.project_exists(folder_of(props), props["project"]) else None


def _departures(props: Props) -> Iterator[Departure]:
    from havre_local.machine import access as machine
    from havre_local.machine.objects import zones as objectstore
    from havre_local.machine.postgresql import server as postgres

    folder, project = folder_of(props), props["project"]
    if missing := machine.project_lacks(folder, project):
        yield from (Departure(f"the file {name} is missing") for name in missing)
        return
    zones, expires = dict(props["zones"]), dt.date.fromisoformat(props["expires"])
    role = partial(
        machine.role_differs,
        folder,
        project,
        database=props["database"],
        zones=zones,
        expires=expires,
        members=props.get("members", ()),
    )
    grants = partial(machine.grants_differ, folder, project, zones=zones, expires=expires)
    # What cannot be looked at is set again, when its store is there.
    yield from services.unseen(folder, postgres.SERVICE) or (
        Departure(f"the database role of the project: {each}") for each in role()
    )
    yield from services.unseen(folder, objectstore.SERVICE) or (
        *(Departure(f"the policy of the bucket `{each}` differs") for each in grants()),
        *(Departure(f"the account `{each}` differs") for each in _accounts(props, zones)),
    )


def _accounts(props: Props, zones: Mapping[str, str]) -> tuple[str, ...]:
    """Accounts of members who have left, or that have other rights than their project."""
    from havre_local.machine.members.credentials import differ

    return differ(
        folder_of(props), props["project"], props.get("members", ()), list(zones.values())
    )


PROJECT = Kind(_ensure, _remove, _look, _departures, identity=("data_dir", "project"))


def access(part: Part[LocalSettings], inputs: AccessInputs) -> AccessOutputs:
    """An identity a project; of its members only pseudonyms reach the state."""
    projects = {
        project: ProjectAccess(
            f"{part.name}-{project}",
            {
                "data_dir": str(part.settings.data_dir),
                "project": project,
                "zones": {zone: inputs.zones.stores[zone].bucket for zone in asked.zones},
                "database": inputs.database.name,
                "expires": asked.expires.isoformat(),
                "authorisation": asked.authorisation,
                **({"members": list(asked.pseudonyms)} if asked.pseudonyms else {}),
                "tags": {**part.tags, "project": project},
            },
            part.child(),
        )
        for project, asked in part.projects.items()
    }
    return AccessOutputs(projects={name: made.identity for name, made in projects.items()})
