"""What a service of the machine may do once it was taken over: as little as it needs."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from havre.errors import GuardError, InputError
from havre_local.machine import accounts, rights
from havre_local.machine.objects import gateway
from havre_local.machine.objects import zones as objectstore
from havre_local.machine.supervision import supervisor
from tests.local.attackers import acting
from tests.local.conftest import Machine, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from havre_local.machine.folder import Folder

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")
SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
MAY_EMPTY_THE_BOUNDING_SET = 1 << 8
OPEN = {"havre.json", "certificates/ca.pem"}
OWN = {
    "database": ("database/",),
    "object-store/data": tuple(
        f"object-store/{part}/" for part in ("data", "versions", "accounts", "run")
    ),
}
"""What the account may read that a part of the data folder belongs to."""
KEPT_FROM_ALL = (
    "secrets",
    "keys",
    "backups",
    "logs",
    "logs/record",
    "state",
    "run",
    "run/services",
)


def told(pid: int | str) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def with_children(pid: int) -> list[int]:
    found = [pid]
    for task in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int((task / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found += with_children(int(task.name))
    return found


def test_no_service_has_a_right_of_root_left(machine: Machine) -> None:
    services = [s for s in supervisor.status(machine.folder) if s.pid is not None]
    assert {gateway.SERVICE, "postgresql", "postgresql-tls"} >= {s.name for s in services}
    emptied = int(told("self")["CapEff"], 16) & MAY_EMPTY_THE_BOUNDING_SET
    for service in services:
        assert service.pid is not None
        for pid in with_children(service.pid):
            found = told(pid)
            uids, gids = set(found["Uid"].split()), set(found["Gid"].split())
            assert len(uids) == len(gids) == 1, service.name
            assert "0" not in uids | gids | set(found["Groups"].split()), service.name
            sets = {name: int(found[name], 16) for name in SETS if emptied or name != "CapBnd"}
            assert sets == dict.fromkeys(sets, 0), service.name
            assert found["NoNewPrivs"] == "1", service.name
            limits = Path(f"/proc/{pid}/limits").read_text()
            (core,) = (line for line in limits.splitlines() if line.startswith("Max core file"))
            assert core.split()[4:6] == ["0", "0"], service.name


def test_the_stores_of_objects_and_of_tables_act_as_different_accounts(machine: Machine) -> None:
    owners = {part: (machine.folder.root / part).stat().st_uid for part in OWN}
    pids = {s.name: s.pid for s in supervisor.status(machine.folder)}
    acting_as = {name: int(told(pid or 0)["Uid"].split()[0]) for name, pid in pids.items()}
    assert acting_as[gateway.SERVICE] == owners["object-store/data"]
    assert acting_as["postgresql"] == owners["database"]
    assert len({0, *owners.values()}) == 3


@pytest.fixture
def planted(machine: Machine) -> Iterator[list[Path]]:
    """A file in each folder that no service's account reads, whatever else is in it."""
    made = [machine.folder.root / name / "planted" for name in KEPT_FROM_ALL]
    for path in made:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        machine.folder.custody.write(path, b"secret")
    yield made
    for path in made:
        path.unlink()


def opened(root: Path, names: list[str], account: str) -> set[str]:
    """The files below `root` that the account opens; it stands in the folder already."""
    here = os.open(root, os.O_RDONLY)
    with tempfile.TemporaryFile("w+") as answer:

        def attempt() -> object:
            rights.become(account)
            os.fchdir(here)
            found = []
            for name in names:
                with contextlib.suppress(OSError):
                    os.close(os.open(name, os.O_RDONLY | os.O_NONBLOCK))
                    found.append(name)
            json.dump(found, answer)
            answer.flush()
            return True

        with acting(attempt):
            pass
        answer.seek(0)
        os.close(here)
        return set(json.load(answer))


@pytest.mark.parametrize("part", OWN)
def test_a_services_account_opens_its_own_files_and_no_other(
    machine: Machine, planted: list[Path], part: str
) -> None:
    root = machine.folder.root
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    names = [path.relative_to(root).as_posix() for path in files]
    found = opened(root, names, (root / part).owner())
    own = {name for name in names if name.startswith(OWN[part])}
    assert found - own == OPEN
    assert own & found
    assert {path.relative_to(root).as_posix() for path in planted} <= set(names)


@pytest.mark.parametrize("part", OWN)
def test_a_services_account_writes_nowhere_else(machine: Machine, part: str) -> None:
    root = machine.folder.root
    here = os.open(root, os.O_RDONLY)
    names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_dir()]

    def attempt() -> object:
        rights.become((root / part).owner())
        os.fchdir(here)
        return [
            name
            for name in [".", "object-store", *names]
            if os.access(name, os.W_OK) and not f"{name}/".startswith(OWN[part])
        ] == [] or None

    with acting(attempt):
        pass
    os.close(here)
    assert names


def give_back(folder: Folder, *parts: str) -> None:
    """Make parts of the store root's again, as a former Havre left them."""
    for part in parts:
        top = folder.objects / part
        for path in (top, *top.rglob("*")):
            os.chown(path, 0, 0)


def owners(folder: Folder) -> set[int]:
    parts = [folder.objects / part for part in ("data", "versions", "accounts")]
    return {path.lstat().st_uid for part in parts for path in (part, *part.rglob("*"))}


def put(folder: Folder) -> None:
    objectstore.ensure_zone(folder, "demo-landing", versions=True, immutable_days=0, name="landing")
    for number in range(3):
        body = str(number).encode()
        gateway.client(folder).put_object(Bucket="demo-landing", Key="a/b/note", Body=body)


def versions(folder: Folder) -> int:
    s3 = gateway.client(folder)
    found = s3.list_object_versions(Bucket="demo-landing")["Versions"]
    bodies = {s3.get_object(Bucket="demo-landing", Key="a/b/note")["Body"].read()}
    return len(found) if bodies == {b"2"} else 0


def as_former(folder: Folder) -> None:
    """A store that runs as root, on files of root's."""
    service = gateway.ensure_gateway(folder)
    give_back(folder, "data", "versions", "accounts", "run")
    argv = tuple(word for word in service.argv if not word.startswith("--account="))
    supervisor.ensure_running(folder, replace(service, argv=argv))
    put(folder)


LEFT: dict[str, Callable[[Folder], None]] = {
    "running": lambda _: None,
    "stopped": supervisor.stop,
    "killed while it was given": lambda folder: (
        supervisor.stop(folder),
        gateway.ensure_gateway(folder),
        os.chown(folder.objects / "data", 0, 0),
        os.chown(folder.objects / "data/demo-landing", 0, 0),
        give_back(folder, "versions"),
    )[0],
}


@pytest.mark.parametrize("leave", LEFT.values(), ids=LEFT.keys())
def test_a_former_store_is_given_to_its_account_and_goes_on(
    folder: Folder, leave: Callable[[Folder], None]
) -> None:
    start(folder)
    as_former(folder)
    assert owners(folder) == {0}
    leave(folder)
    assert gateway.acts_as_root(folder)
    supervisor.ensure_running(folder, gateway.ensure_gateway(folder))
    assert not gateway.acts_as_root(folder)
    assert versions(folder) == 3
    put(folder)
    assert 0 not in owners(folder)
    assert len(owners(folder)) == 1


def test_a_link_in_a_former_store_is_refused_and_followed_by_nobody(folder: Folder) -> None:
    gateway.ensure_gateway(folder)
    give_back(folder, "data")
    target = folder.secrets / gateway._SECRET
    (folder.objects / "data/bucket").symlink_to(target)
    with pytest.raises(GuardError, match="it is a link"):
        gateway.ensure_gateway(folder)
    assert target.stat().st_uid == 0
    assert gateway.acts_as_root(folder)


def test_a_socket_that_a_copy_of_a_running_store_left_is_removed(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(folder)
    as_former(folder)
    supervisor.stop(folder)
    left = folder.objects / "run/gateway.socket"
    monkeypatch.chdir(left.parent)  # a path of a socket has 108 bytes at most
    with socket.socket(socket.AF_UNIX) as former:
        former.bind(left.name)
        give_back(folder, "run")
    supervisor.ensure_running(folder, gateway.ensure_gateway(folder))
    assert left.stat().st_uid != 0
    assert versions(folder) == 3


def test_a_socket_on_which_a_process_listens_is_kept_and_refused(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.ensure_gateway(folder)
    give_back(folder, "run")
    left = folder.objects / "run/gateway.socket"
    monkeypatch.chdir(left.parent)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(left.name)
        other.listen()
        with pytest.raises(GuardError, match="a process still listens on it"):
            gateway.ensure_gateway(folder)
        assert left.exists()
    gateway.ensure_gateway(folder)
    assert not left.exists()


def test_only_a_socket_is_removed(folder: Folder) -> None:
    gateway.ensure_gateway(folder)
    give_back(folder, "run")
    left = folder.objects / "run/gateway.socket"
    left.symlink_to(folder.secrets / gateway._SECRET)
    with pytest.raises(GuardError, match="it is a link"):
        gateway.ensure_gateway(folder)
    assert left.is_symlink()


@pytest.fixture
def hidden() -> Iterator[Path]:
    """Versitygw in a folder that root alone enters, below one that all do."""
    place = Path(tempfile.mkdtemp(prefix="havre-test-"))
    place.chmod(0o755)
    (place / "closed").mkdir(mode=0o700)
    yield Path(shutil.copy2(gateway.find_program(), place / "closed" / "versitygw"))
    shutil.rmtree(place)


def test_a_program_out_of_reach_is_copied_once(
    hidden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = hidden.parents[1] / "cache"
    monkeypatch.setattr(accounts, "CACHE", cache)
    copy = accounts.reachable(hidden, "nobody")
    assert copy.is_relative_to(cache)
    made = copy.stat()
    assert accounts.reachable(hidden, "nobody") == copy
    assert copy.stat() == made
    assert accounts.reachable(copy, "nobody") == copy


def test_a_cache_out_of_reach_is_an_error(hidden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "CACHE", hidden.parent / "cache")
    with pytest.raises(InputError, match="nobody cannot run"):
        accounts.reachable(hidden, "nobody")
