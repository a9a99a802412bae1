"""Warehouses' machines for tests: real servers on 127.0.0.1, stopped by who started them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from havre.errors import MissingDependencyError
from havre_local.machine import access
from havre_local.machine.encryption import keys
from havre_local.machine.folder import Folder, prepare
from havre_local.machine.objects import gateway
from havre_local.machine.objects import zones as objectstore
from havre_local.machine.postgresql import schemas as database
from havre_local.machine.postgresql import server as postgres
from havre_local.machine.supervision import supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WAREHOUSE = "demo"
DATABASE = "demo"
ZONES = {"curated": "demo-curated", "landing": "demo-landing"}
PROJECT = "sleep-cohort"
EXPIRES = dt.date(2099, 12, 31)


@dataclass(frozen=True)
class Machine:
    """A warehouse's machine that runs."""

    folder: Folder

    @property
    def admin(self) -> access.Warehouse:
        return access.open_warehouse(self.folder.root)

    @property
    def project(self) -> access.Project:
        return access.open_project(self.folder.root, PROJECT)


def start(folder: Folder) -> None:
    """Start both stores; skip where their programs are not installed."""
    try:
        services = (gateway.ensure_gateway(folder), *postgres.ensure_cluster(folder))
    except MissingDependencyError as error:
        pytest.skip(str(error))
    supervisor.ensure_running(folder, *services)


def deploy(folder: Folder) -> Machine:
    """Set a small warehouse up: two zones, a database, a project that reads `curated`."""
    prepare(folder, WAREHOUSE)
    start(folder)
    for zone, bucket in ZONES.items():
        keys.ensure_key(folder, keys.zone_key(zone), rotation_days=365)
        objectstore.ensure_zone(folder, bucket, versions=True, immutable_days=0, name=zone)
    keys.ensure_key(folder, keys.BACKUP, rotation_days=30)
    with postgres.administering(folder) as connect:
        database.ensure_database(connect, DATABASE, ["pg_trgm"], list(ZONES))
    access.ensure_project(
        folder,
        PROJECT,
        database=DATABASE,
        zones={"curated": ZONES["curated"]},
        expires=EXPIRES,
    )
    return Machine(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """A prepared data folder; what a test starts in it is stopped."""
    made = Folder(tmp_path / "data")
    prepare(made, WAREHOUSE)
    yield made
    supervisor.stop(made)


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A warehouse's machine that all tests share; each uses names of its own."""
    # Below a folder of mode 0700: as root, PostgreSQL's account cannot reach it by its path.
    folder = Folder(tmp_path_factory.mktemp("shared") / "data")
    try:
        yield deploy(folder)
    finally:
        supervisor.stop(folder)


@pytest.fixture
def another_machine(tmp_path: Path) -> Iterator[Callable[[str], Machine]]:
    """Deploys further warehouses, by the name of their folder."""
    folders: list[Folder] = []

    def make(name: str) -> Machine:
        folders.append(Folder(tmp_path / name))
        return deploy(folders[-1])

    try:
        yield make
    finally:
        for folder in folders:
            supervisor.stop(folder)
