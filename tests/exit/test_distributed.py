"""The same shards on the workers of a Dask scheduler: named with care, and killed without harm."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from havre.errors import InputError, MissingDependencyError
from havre.exit.journal import Journal
from havre.exit.objects.running import MovingZone, copy_zone, list_zone
from havre.exit.objects.verifying import differences, read_back, recorded
from havre.exit.records import write_ordered
from havre.exit.settings import Rates
from havre.exit.steps.zones import Crew
from havre.live.objects import Properties
from havre_conformance.stores import put
from tests.exit.places import Between, Place
from tests.live.gateways import gateway

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from havre.exit.objects.copying import KeyOutcome


@pytest.mark.parametrize(
    "scheduler",
    ["tcp://10.0.0.7:8786", "10.0.0.7:8786", "tcp://127.0.0.1.test:8786", "localhosts:1"],
)
def test_a_scheduler_without_tls_is_not_used_over_a_network(scheduler: str) -> None:
    with (
        Crew(Rates(scheduler=scheduler)) as crew,
        pytest.raises(InputError, match="without TLS"),
    ):
        crew.of(1, 1)


def test_where_dask_is_missing_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        Crew(Rates(scheduler="tcp://127.0.0.1:1")) as crew,
        pytest.raises(MissingDependencyError, match="distributed"),
    ):
        crew.of(1, 1)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Between]:
    with gateway(tmp_path, "--keep-alive") as server:
        found = [Place("versitygw", server.port, name) for name in ("source", "target")]
        for place in found:
            server.bucket(place.name)
        yield Between(*found)


@pytest.fixture
def scheduler() -> Iterator[str]:
    reason = "only the extra `dask` needs it: pip install havre[dask]"
    distributed = pytest.importorskip("distributed", reason=reason)
    quiet = {"dashboard_address": None, "threads_per_worker": 1, "silence_logs": 50}
    with distributed.LocalCluster(n_workers=2, processes=True, **quiet) as cluster:
        yield cluster.scheduler_address


def fill(between: Between, count: int) -> None:
    store = between.source()
    for number in range(count):
        bears = Properties({"content-type": "text/csv"}, {"n": str(number)})
        put(store, f"omop/{number:04}", str(number).encode() * 300, bears)


@pytest.mark.long
def test_workers_that_are_killed_change_nothing(
    scheduler: str, places: Between, tmp_path: Path
) -> None:
    from distributed import Client

    fill(places, 900)
    journal, zone = Journal(tmp_path / "journal.sqlite"), MovingZone("curated", places)
    seen = list_zone(journal, zone)
    killed: list[int] = []

    def kill(_: Sequence[KeyOutcome]) -> None:
        if len(killed) < 2:
            with Client(scheduler) as client:
                victim = next(iter(client.run(os.getpid).values()))
            killed.append(victim)
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)

    with Crew(Rates(scheduler=scheduler)) as crew:
        assert copy_zone(journal, zone, crew.of(1, 1), 2, kill) == []
        assert len(killed) == 2
        assert journal.counts("curated", seen).copied == 900
        source, target = tmp_path / "source.tsv", tmp_path / "target.tsv"
        back = read_back(places.target, crew.of(1, 1), 2)
        assert write_ordered(target, (each.line for each in back)) == 900
    write_ordered(source, (each.line for each in recorded(journal, "curated", seen)))
    assert [*differences(source, target)] == []
    assert [len([*versions]) for versions in [places.target().versions()]] == [900]
    journal.close()


@pytest.mark.long
def test_more_workers_than_share_the_rates_are_refused(scheduler: str) -> None:
    with (
        Crew(Rates(scheduler=scheduler, workers=1, requests=10)) as crew,
        pytest.raises(InputError, match="2 Dask workers would share rates that are made for 1"),
    ):
        crew.of(1, 1)
