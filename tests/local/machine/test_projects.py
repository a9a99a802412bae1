"""A project's folder may be its researchers': nothing in it is read with our rights."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from havre.errors import GuardError
from havre_local.machine import access
from tests.local.conftest import DATABASE, EXPIRES, ZONES, Machine

RESEARCHERS = 65_534
PROJECT = "given-away"
OTHER = "its-neighbour"
GIVEN = ("project.json", "pgpass", "aws-credentials")
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="giving a folder away takes root")


def ensure(machine: Machine, project: str = PROJECT) -> Path:
    zones = {"curated": ZONES["curated"]}
    access.ensure_project(machine.folder, project, database=DATABASE, zones=zones, expires=EXPIRES)
    return machine.folder.project(project)


@pytest.fixture
def given(machine: Machine) -> Iterator[Path]:
    """A project's folder, given to its researchers."""
    made = ensure(machine)
    for path in (made, *made.iterdir()):
        os.chown(path, RESEARCHERS, RESEARCHERS)
    yield made
    access.remove_project(machine.folder, PROJECT)
    access.remove_project(machine.folder, OTHER)
    for path in made.iterdir():
        path.unlink()
    made.rmdir()


def targets(machine: Machine) -> dict[str, Path]:
    """What a link in the folder would have us read: a secret, a neighbour's, a setting of it."""
    neighbour = ensure(machine, OTHER)
    superuser = machine.folder.secrets / "database-password"
    return {"the superuser": superuser, **{name: neighbour / name for name in GIVEN}}


LINKS = [(name, target) for target in ("the superuser", *GIVEN) for name in GIVEN]
OFTEN = {*((name, "the superuser") for name in GIVEN), *((name, name) for name in GIVEN)}
"""A link to the secret, and one to the neighbour's file of the same name, for every file."""


@AS_ROOT
@pytest.mark.parametrize(
    ("name", "target"),
    [pytest.param(*link, marks=() if link in OFTEN else pytest.mark.long) for link in LINKS],
)
def test_a_link_in_it_is_replaced_and_not_followed(
    machine: Machine, given: Path, name: str, target: str
) -> None:
    aim = targets(machine)[target]
    before, mine = aim.read_bytes(), (given / name).read_bytes()
    (given / "project.json").unlink()  # so that the next `up` repairs the project
    (given / name).unlink(missing_ok=True)
    (given / name).symlink_to(aim)
    ensure(machine)
    assert aim.read_bytes() == before
    assert aim.stat().st_uid == 0
    assert not (given / name).is_symlink()
    assert (given / name).read_bytes() == mine
    superuser = (machine.folder.secrets / "database-password").read_bytes()
    assert superuser not in b"".join(path.read_bytes() for path in given.iterdir())


@AS_ROOT
@pytest.mark.parametrize("name", ["pgpass", "aws-credentials"])
def test_a_secret_of_the_researchers_choice_is_not_taken_over(
    machine: Machine, given: Path, name: str
) -> None:
    settings = access.project_settings(machine.folder, PROJECT)
    known = settings.secrets()
    content = (given / name).read_text()
    for secret in (known["PGPASSWORD"], known["AWS_SECRET_ACCESS_KEY"]):
        content = content.replace(secret, "weak")
    (given / name).write_text(content)
    assert access.project_settings(machine.folder, PROJECT).secrets() == known
    ensure(machine)
    assert access.project_settings(machine.folder, PROJECT).secrets() == known
    assert "weak" not in (given / name).read_text()


@AS_ROOT
def test_settings_of_the_researchers_choice_are_not_read(machine: Machine, given: Path) -> None:
    before = access.project_settings(machine.folder, PROJECT)
    (given / "project.json").write_text('{"database": "x", "expires": "2999-01-01", "ports": [1]}')
    assert access.project_settings(machine.folder, PROJECT) == before


@AS_ROOT
def test_the_administrators_clients_are_pointed_to_no_file_of_the_researchers(
    machine: Machine, given: Path
) -> None:
    """A profile of AWS may name a program to run."""
    (given / "aws-credentials").write_text("[default]\ncredential_process = /bin/false\n")
    environment = access.project_settings(machine.folder, PROJECT).environment
    for name in ("PGPASSFILE", "AWS_SHARED_CREDENTIALS_FILE"):
        assert Path(environment[name]).is_file()
        assert not Path(environment[name]).is_relative_to(given)


@AS_ROOT
def test_a_folder_without_masters_is_given_new_secrets(
    machine: Machine, given: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = access.project_settings(machine.folder, PROJECT).secrets()
    masters = machine.folder.secrets / "projects" / PROJECT
    for path in masters.iterdir():
        path.unlink()
    masters.rmdir()
    with pytest.raises(GuardError, match="belongs to"):
        access.project_settings(machine.folder, PROJECT)
    ensure(machine)
    new = access.project_settings(machine.folder, PROJECT).secrets()
    assert new["PGPASSWORD"] != old["PGPASSWORD"]
    assert new["AWS_SECRET_ACCESS_KEY"] != old["AWS_SECRET_ACCESS_KEY"]
    assert [PROJECT in record.getMessage() for record in caplog.records] == [True]
    assert new["PGPASSWORD"] in (given / "pgpass").read_text()
    access.open_project(machine.folder.root, PROJECT).connect().close()
