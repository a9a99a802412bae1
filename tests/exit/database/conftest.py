"""Two servers for every test of a database's exit, and two databases of theirs for each test."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from havre.errors import MissingDependencyError
from havre_local.machine.postgresql import installation
from tests.exit.database.servers import Server, running

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def servers() -> Iterator[tuple[Server, Server]]:
    """A source and a target of the same version."""
    try:
        found = installation.find()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    with running(found) as source, running(found) as target:
        yield source, target


@pytest.fixture(scope="session")
def older() -> Iterator[Server]:
    """A server of PostgreSQL 15, as a distribution has it: with ICU and contrib."""
    binaries = Path("/usr/lib/postgresql/15/bin")
    if not (binaries / "initdb").is_file():
        pytest.skip("PostgreSQL 15 is not installed in /usr/lib/postgresql/15")
    with running(installation.Installation(binaries, "15", tls=True)) as server:
        yield server


@pytest.fixture
def source(servers: tuple[Server, Server]) -> Server:
    """An empty database of the source; it goes with its server."""
    return servers[0].database(f"left_{secrets.token_hex(4)}")


@pytest.fixture
def target(servers: tuple[Server, Server]) -> Server:
    """An empty database of the target; it goes with its server."""
    return servers[1].database(f"kept_{secrets.token_hex(4)}")
