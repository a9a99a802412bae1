"""`havre up --sandbox` with services behind it: they are started, stopped, killed and resumed."""

from __future__ import annotations

import io
import json
import os
import signal
from typing import TYPE_CHECKING

import pytest

from havre.engine.sandbox import reached_here, recorded_stand_ins
from havre.live.objects import Properties
from havre.stack.standing import in_folder
from tests.sandbox.commands import FILE, run, up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from havre.live.warehouse import Live


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("served") / "data"
    done = up(made, "--sandbox")
    assert done.returncode == 0, done.stderr
    assert "sandbox-s3     listens on 127.0.0.1:" in done.stdout
    assert "recorded only: APIOAuth2Client" in done.stdout.replace("\n", " ")
    try:
        yield made
    finally:
        run("down", "--data-dir", str(made))


def live(folder: Path) -> Live:
    found = in_folder(folder)
    return reached_here(found, found.outputs())[1]


def states(folder: Path) -> dict[str, str]:
    done = run("status", "--data-dir", str(folder), "--json")
    told = json.loads(done.stdout)
    assert told["healthy"] is (done.returncode == 0)
    return {each["name"]: each["state"] for each in told["services"]}


def test_its_services_run_and_a_second_up_changes_nothing(folder: Path) -> None:
    assert set(states(folder).values()) == {"running"}
    done = up(folder, "--sandbox")
    assert "No changes. emc2 is up to date." in done.stdout
    assert "started" not in done.stdout


def test_outputs_lead_to_this_machine_alone(folder: Path) -> None:
    found = in_folder(folder)
    told, _ = reached_here(found, found.outputs())
    places = {zone.endpoint for zone in told.zones.values()} | {told.database.host}
    assert all("127.0.0.1" in place for place in places)


def test_what_was_written_is_there_after_a_stop(folder: Path) -> None:
    live(folder).store("landing").write("before", io.BytesIO(b"content"), Properties())
    done = run("down", "--data-dir", str(folder))
    assert "Stopped. Data kept in" in done.stdout
    assert set(states(folder).values()) == {"stopped"}
    done = up(folder, "--sandbox")
    assert "No changes" in done.stdout
    assert "Its services were started." in done.stdout
    store = live(folder).store("landing")
    assert [b"".join(store.read(each)) for each in store.versions("before")] == [b"content"]


def test_services_that_were_killed_are_started_again(folder: Path) -> None:
    services = recorded_stand_ins(in_folder(folder))
    assert services
    live(folder).store("landing").write("killed", io.BytesIO(b"content"), Properties())
    killed = [each.detail.split()[1].rstrip(",") for each in services.status()]
    for process in killed:  # the supervisor first: nobody starts the others again
        os.kill(int(process), signal.SIGKILL)
    done = up(folder, "--sandbox")
    assert "No changes" in done.stdout, done.stderr
    assert set(states(folder).values()) == {"running"}
    store = live(folder).store("landing")
    assert [b"".join(store.read(each)) for each in store.versions("killed")] == [b"content"]
    with live(folder).database().connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_it_stays_what_it_is(folder: Path) -> None:
    done = up(folder, "--sandbox", "--recorded-only")
    assert done.returncode == 4
    assert "contains a sandbox with services" in done.stderr


def test_recorded_only_is_about_sandboxes(tmp_path: Path) -> None:
    done = up(tmp_path / "data", "--recorded-only", provider="local")
    assert done.returncode == 2
    assert "--recorded-only is about sandboxes" in done.stderr


def test_a_machine_without_a_server_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAVRE_AZURITE", str(tmp_path))
    done = up(tmp_path / "data", "--sandbox", provider="azure")
    assert done.returncode == 4
    assert "Azurite 3.35.0 (found: none) is not installed" in done.stderr
    assert "--recorded-only" in done.stderr
    assert not (tmp_path / "data" / "sandbox").exists()


def test_what_only_a_machine_of_ones_own_does_is_refused(folder: Path) -> None:
    for words in (("backup",), ("connect", "cohort-diabetes")):
        done = run(*words, "--data-dir", str(folder))
        assert done.returncode == 2, words
        assert f"`havre {words[0]}` does not work with a sandbox" in done.stderr
    done = run("up", FILE, "--provider", "local", "--data-dir", str(folder), "--yes")
    assert done.returncode == 4
