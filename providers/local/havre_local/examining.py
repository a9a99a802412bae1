"""What this machine has in a warehouse's folder, held against its state."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.database.wanted import member_role
from havre.errors import InputError
from havre.plan.replacing import HOLDS_DATA
from havre.plan.values import bare
from havre.provider.dynamic import deviating
from havre.provider.operations import Deviating, Deviation, Examination
from havre_local import services
from havre_local.resources import (
    RESOURCES,
    Database,
    DatabaseServer,
    DataFolder,
    Key,
    ObjectStore,
    ProjectAccess,
    Schema,
    Zone,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from havre.plan import Plan
    from havre_local.machine.folder import Folder
    from havre_local.resources import MachineResource

AGAIN = "Run `havre up`: it creates it again."
RESTORE = "Run `havre up`: it creates it again, empty. Restore its content from a backup."
UNREADABLE = (
    "What it encrypted cannot be read with a new key. Restore the keys from their export:"
    " `havre restore --keys FILE`."
)
DIFFERS = "Run `havre up`: it sets it again as the state says."
FOREIGN = "Put it into the warehouse file and run `havre up`, or remove it if it contains no data."
STOPPED = "{}: the service is stopped. Run `havre up`, then `havre doctor` again."
_DATABASES = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
_SCHEMAS = """SELECT nspname FROM pg_namespace
    WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'public')"""
_ROLES = "SELECT rolname FROM pg_roles WHERE rolcanlogin AND NOT rolsuper"


def examine(plan: Plan) -> Examination:
    """List what the folder's services and the folder have, and compare it with the state.

    Args:
        plan: what the state amounts to.

    Raises:
        InputError: the state names no folder, or one that is not here.
        HavreError: a service refused.
    """
    folder = _folder(plan)
    listed: dict[str, int] = {}
    departed: list[Deviating] = []
    unlisted: list[str] = []
    lost: set[str] = set()
    for kind, service, known, there in _lists(folder, plan):
        if service and not services.answer(folder, service):
            unlisted.append(STOPPED.format(kind))
            continue
        found = set(there())
        listed[kind] = len(found)
        foreign = sorted(found - set(known))
        departed += [Deviating(Deviation.OUTSIDE, kind, name, FOREIGN) for name in foreign]
        lost |= _lost(plan, kind, found)
    looked_at = [each for each in RESOURCES if not _stopped(folder, each)]
    departed += [_told(each, lost) for each in deviating(looked_at, plan, AGAIN)]
    return Examination(listed, tuple(departed), tuple(unlisted))


NAMED: Mapping[str, tuple[type[MachineResource], str]] = MappingProxyType(
    {
        "bucket": (Zone, "bucket"),
        "database": (Database, "name"),
        "schema": (Schema, "name"),
        "key": (Key, "name"),
    }
)
"""By what is listed: its resource, and the input that names it there."""


def _lost(plan: Plan, kind: str, found: Collection[str]) -> set[str]:
    """The resources of a kind that is listed which are not there, by their names in the state."""
    if kind not in NAMED:
        return set()
    resource, name = NAMED[kind]
    token = resource.token()
    alike = [each for each in plan.resources if each.type == token]
    return {each.name for each in alike if str(bare(each.inputs[name])) not in found}


def _told(each: Deviating, lost: Collection[str]) -> Deviating:
    """How a resource departs, and what to do: one that is gone is made again, without content."""
    gone = each.how is Deviation.GONE or each.name in lost
    if not gone:
        return replace(each, remedy=DIFFERS)
    (kind,) = (one for one in RESOURCES if one.__name__ == each.kind)
    content = RESTORE if HOLDS_DATA in kind.OUTPUTS else AGAIN
    return replace(each, how=Deviation.GONE, remedy=UNREADABLE if kind is Key else content)


def _stopped(folder: Folder, kind: type[MachineResource]) -> bool:
    """Whether a service stands still that resources of a kind are in: nothing is known of them."""
    from havre_local.machine.objects import gateway
    from havre_local.machine.postgresql import server as postgres

    needed = {
        gateway.SERVICE: (ObjectStore, Zone, ProjectAccess),
        postgres.SERVICE: (DatabaseServer, Database, Schema, ProjectAccess),
    }
    return any(kind in kinds and not services.answer(folder, it) for it, kinds in needed.items())


def _folder(plan: Plan) -> Folder:
    """The data folder that the state names.

    Raises:
        InputError: it names none, or it is not here.
    """
    from havre_local.machine.folder import Folder

    places = _inputs(plan, DataFolder, "data_dir")
    if len(places) == 1 and Path(places[0]).is_dir():
        return Folder(Path(places[0]))
    message = (
        f"the state names {places[0] if places else 'no folder'}, which is not on this machine"
    )
    raise InputError(message, "Run `havre doctor --data-dir DIR` where the folder is.")


def _inputs(plan: Plan, kind: type[MachineResource], name: str) -> list[str]:
    """An input of all resources of a kind."""
    token = kind.token()
    return [str(bare(r.inputs[name])) for r in plan.resources if r.type == token]


def _lists(
    folder: Folder, plan: Plan
) -> Iterator[tuple[str, str, Iterable[str], Callable[[], Iterable[str]]]]:
    """What is listed: its kind, its service, the names that the state has, and those there are."""
    from havre_local.machine.encryption import keys
    from havre_local.machine.objects import gateway, zones
    from havre_local.machine.postgresql import roles
    from havre_local.machine.postgresql import server as postgres

    connect = postgres.administrator(folder)

    def asked(query: str, *database: str) -> Callable[[], list[str]]:
        def rows() -> list[str]:
            with connect(*database, autocommit=True) as connection:
                return [row[0] for row in connection.execute(query)]

        return rows

    projects = _inputs(plan, ProjectAccess, "project")
    named = [*(roles.account_name(project) for project in projects), *_members(plan)]
    accounts = [*(zones.account_name(project) for project in projects), *_members(plan)]
    store = gateway.SERVICE if _inputs(plan, ObjectStore, "data_dir") else ""
    yield "bucket", store, _inputs(plan, Zone, "bucket"), lambda: zones.bucket_names(folder)
    yield (
        *("account of the object store", store, accounts),
        lambda: gateway.known_accounts(folder),
    )
    yield "database", postgres.SERVICE, _inputs(plan, Database, "name"), asked(_DATABASES)
    names = _inputs(plan, Database, "name")

    def schemas() -> list[str]:
        there = set(asked(_DATABASES)()) & set(names)
        return [each for name in sorted(there) for each in asked(_SCHEMAS, name)()]

    yield "schema", postgres.SERVICE, _inputs(plan, Schema, "name"), schemas
    yield "role", postgres.SERVICE, [*named, roles.READER], asked(_ROLES)
    yield "key", "", _inputs(plan, Key, "name"), lambda: keys.key_names(folder)
    yield "project folder", "", projects, lambda: _folders(folder)


def _members(plan: Plan) -> list[str]:
    """Names of the roles and accounts that members of projects may have."""
    token = ProjectAccess.token()
    return [
        member_role(str(member), str(bare(each.inputs["project"])))
        for each in plan.resources
        if each.type == token
        for member in bare(each.inputs.get("members", ()))
    ]


def _folders(folder: Folder) -> list[str]:
    """Names of the folders of projects."""
    parent = folder.root / "projects"
    return [*folder.custody.names(parent)]
