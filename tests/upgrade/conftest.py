"""A warehouse of the former code, set down on this machine as an upgrade finds it."""

import shutil
from collections.abc import Iterator

import pytest

from havre.errors import MissingDependencyError
from havre_local.machine import access
from havre_local.machine.backups import reading, restoring
from havre_local.machine.folder import Folder, _free_port
from havre_local.machine.postgresql import identities, schemas
from havre_local.machine.postgresql import server as postgres
from havre_local.machine.supervision import supervisor
from tests.upgrade.former import Former, unpack
from tests.warehouse.conftest import Site, make


def free_ports() -> dict[str, int]:
    store = _free_port(set())
    return {"object-store": store, "postgresql": _free_port({store})}


def fill_database(former: Former) -> None:
    """Make the database's own files, which the archive lacks, from the recorded backup."""
    folder = Folder(former.data_dir)
    supervisor.ensure_running(folder, *postgres.ensure_cluster(folder))
    contents = reading.read_contents(folder, former.backup)
    with postgres.administering(folder) as connect:
        schemas.ensure_database(connect, contents.database, (), ("landing", "curated"))
    restoring._restore_database(folder, former.backup, contents)
    found = access.project_settings(folder, "bed-occupancy")
    identities.ensure_identity(
        folder,
        found.project,
        found.database,
        [*map(schemas.schema_name, found.zones)],
        found.expires,
    )
    supervisor.stop(folder)


@pytest.fixture
def site() -> Iterator[Site]:
    """An empty folder, whose services are stopped afterwards."""
    sites: list[Site] = []
    yield make(sites, "hospital")
    for made in sites:
        made.clean()


@pytest.fixture
def former(site: Site) -> Former:
    """The recorded warehouse, stopped, with the definitions of services that were recorded."""
    found = unpack(site.root, free_ports())
    site.spec = found.spec
    services = site.folder.run / "services"
    recorded = services.rename(site.root / "services")
    services.mkdir()
    try:
        fill_database(found)
    except MissingDependencyError as error:
        pytest.skip(str(error))
    shutil.rmtree(services)
    recorded.rename(services)
    return found


@pytest.fixture
def other(former: Former) -> Iterator[Site]:
    """A second folder for the same file."""
    sites: list[Site] = []
    found = make(sites, "hospital")
    found.spec = former.spec
    yield found
    found.clean()
