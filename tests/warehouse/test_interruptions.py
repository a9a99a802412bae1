"""`kill -9` at every step of `up`: the next run finishes, with nothing lost or doubled."""

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from havre.cli import main
from havre.engine.servicer import Client
from havre_local.machine.access import open_warehouse
from tests.warehouse.conftest import Site
from tests.warehouse.objects import get, put


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _around(method: str, *, after: bool, nth: int = 1) -> Callable[[], None]:
    """A fault: death just before, or just after, a provider's nth call of `method`."""

    def inject() -> None:
        whole, calls = getattr(Client, method), []

        def fatal(self: Client, *args: Any) -> Any:
            calls.append(args)
            if len(calls) == nth and not after:
                die()
            result = whole(self, *args)
            if len(calls) == nth:
                die()
            return result

        setattr(Client, method, fatal)

    return inject


def _in_writing(nth: int) -> Callable[[], None]:
    """A fault: death with the nth new state written beside the old one."""

    def inject() -> None:
        whole, writes = Path.replace, []

        def fatal(self: Path, target: Path) -> Path:
            if target.name == "stack.json":
                writes.append(target)
                if len(writes) == nth:
                    die()
            return whole(self, target)

        Path.replace = fatal  # type: ignore[method-assign]

    return inject


# The second of its kind: what the run before left half-made is finished first, so that every
# run gets one step further and every step is interrupted in turn.
FAULTS = {
    "before it is created": _around("create", after=False, nth=2),
    "after it is created": _around("create", after=True, nth=2),
    "while its beginning is recorded": _in_writing(3),
    "while its end is recorded": _in_writing(4),
}


def up_and_die(site: Site, inject: Callable[[], None]) -> bool:
    """Run `up` in a process of its own with a fault; tell whether it was killed."""
    site.write()
    child = os.fork()
    if child == 0:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, 1)
        os.dup2(devnull, 2)
        inject()
        os._exit(main(site.command("up", str(site.file), "-p", "local", "--yes")))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False


def processes(site: Site) -> list[str]:
    """Names of the services and supervisors that run for this data folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "pid"]):
        words = process.info["cmdline"] or []
        with contextlib.suppress(OSError):
            words = [*words, str(Path(f"/proc/{process.info['pid']}/fd/3").readlink())]
        if words and any(str(site.data_dir) in word for word in words):
            found.append(
                Path(words[0]).name if "supervisor" not in " ".join(words) else "supervisor"
            )
    return sorted(found)


def check_whole(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The warehouse is as a run without interruption leaves it."""
    assert site.changes(capsys) == []
    state = site.store.load()
    assert state.pending == []
    names = [r.name for r in state.resources]
    assert len(names) == len(set(names)) == 24
    assert sum(r.custom for r in state.resources) == 15
    assert main(site.command("status")) == 0
    assert processes(site).count("supervisor") == 1
    assert processes(site).count("versitygw") == 1
    buckets = open_warehouse(site.data_dir).client().list_buckets()["Buckets"]
    assert sorted(b["Name"] for b in buckets) == [
        "chu-trial-staging-curated",
        "chu-trial-staging-landing",
    ]
    assert [p.name for p in site.store.folder.iterdir() if p.name.startswith(".stack")] == []


OFTEN = "after it is created"
"""The fault that is in every run: each takes as many runs as there are steps."""


@pytest.mark.parametrize(
    "when", [pytest.param(w, marks=() if w == OFTEN else pytest.mark.long) for w in FAULTS]
)
def test_a_run_killed_at_any_creation_is_finished_by_the_next(
    site: Site, capsys: pytest.CaptureFixture[str], when: str
) -> None:
    runs = 1
    while up_and_die(site, FAULTS[when]):
        runs += 1
        assert runs < 40
    assert runs >= 8
    put(site, "curated")
    check_whole(site, capsys)
    assert get(site, "curated") == b"kept"


@pytest.mark.long
@pytest.mark.parametrize("after", [False, True])
def test_a_run_killed_at_any_repair_or_deletion_is_finished_by_the_next(
    site: Site, capsys: pytest.CaptureFixture[str], after: bool
) -> None:
    site.spec["zones"]["spare"] = {"purpose": "research", "recoverable_days": 1}
    site.spec["projects"]["later"] = {**site.spec["projects"]["bed-occupancy"]}
    assert site.up() == 0
    put(site, "curated")
    assert main(site.command("down")) == 0
    assert up_and_die(site, _around("update", after=after))
    up_and_die(site, _around("update", after=after))  # the first repair may have mended both
    assert site.up() == 0
    del site.spec["zones"]["spare"]
    del site.spec["projects"]["later"]
    assert up_and_die(site, _around("delete", after=after))
    runs = 1
    while up_and_die(site, _around("delete", after=after, nth=2)):
        runs += 1
    assert runs >= 3
    assert site.up() == 0
    check_whole(site, capsys)
    assert get(site, "curated") == b"kept"


def test_an_orphaned_creation_of_something_dropped_since_is_cleared_away(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up() == 0
    site.spec["zones"]["spare"] = {"purpose": "research", "recoverable_days": 1}

    def inject() -> None:
        whole = Client.create

        def fatal(self: Client, urn: str, *args: Any, **options: Any) -> Any:
            made = whole(self, urn, *args, **options)
            if urn.endswith("zones-spare"):
                die()
            return made

        Client.create = fatal  # type: ignore[method-assign]

    assert up_and_die(site, inject)
    del site.spec["zones"]["spare"]
    assert site.up() == 0
    check_whole(site, capsys)
