import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre.stack.standing import in_folder
from havre_local.machine.access import open_warehouse
from havre_local.machine.encryption import certificates
from havre_local.machine.objects.zones import zone_of
from havre_local.machine.postgresql import configuration, installation
from havre_local.machine.postgresql import server as postgres
from havre_local.machine.supervision import supervisor
from tests.waits import until
from tests.warehouse.conftest import Site
from tests.warehouse.objects import get, put

STAY = "two-years-later"


def test_a_file_becomes_a_warehouse_and_a_second_run_changes_nothing(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up() == 0
    text = capsys.readouterr().out
    assert "14 changes: 14 to create" in text
    assert f"chu-trial is deployed in {site.data_dir}" in text.replace("\n", " ")
    assert site.up() == 0
    assert capsys.readouterr().out.strip() == "No changes. chu-trial is up to date."
    assert main(site.command("status")) == 0


def test_a_requirement_that_is_not_applied_is_told_with_its_gap(
    standing: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    encryption = standing.spec.setdefault("encryption", {})
    before = encryption.get("keys", "customer")
    encryption["keys"] = "hsm"
    assert standing.up() == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "up to date" not in said
    assert f"Not applied: encryption.keys, hsm instead of {before}. " in said
    assert "This is a gap of local: encryption." in said
    assert standing.up() == 0
    assert "Not applied" not in capsys.readouterr().out, "it is told once"
    encryption["keys"] = before
    standing.spec["residency"]["operator_law"] = "any"
    assert standing.up("--json") == 0
    left = {each["field"]: each for each in json.loads(capsys.readouterr().out)["not_applied"]}
    assert left["encryption.keys"]["was"] == "hsm"
    assert left["residency.operator_law"]["control"] is None
    assert left["residency.operator_law"]["now"] == "any"


def test_a_project_added_or_removed_touches_nothing_else(
    standing: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    standing.spec["projects"][STAY] = {
        **standing.spec["projects"]["bed-occupancy"],
        "title": "Later",
    }
    assert standing.changes(capsys) == [("create", f"chu-trial-access-{STAY}")]
    del standing.spec["projects"][STAY]
    assert standing.changes(capsys) == [("delete", f"chu-trial-access-{STAY}")]
    assert main(standing.command("connect", STAY)) == ExitCode.INPUT
    assert f"Project {STAY} has ended or was removed" in capsys.readouterr().err


def test_a_zone_that_holds_data_cannot_leave_the_file_and_an_empty_one_can(
    standing: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    put(standing, "landing")
    landing = standing.spec["zones"].pop("landing")
    assert standing.up() == ExitCode.ENGINE
    assert (
        "chu-trial-zones-landing would be deleted, and it contains data" in capsys.readouterr().err
    )
    assert get(standing, "landing") == b"kept"
    standing.spec["zones"]["landing"] = landing
    standing.spec["zones"]["spare"] = {"purpose": "research", "recoverable_days": 1}
    assert standing.up() == 0
    del standing.spec["zones"]["spare"]
    changes = standing.changes(capsys)
    assert sorted(changes) == [
        ("delete", "chu-trial-database-schema-spare"),
        ("delete", "chu-trial-keys-zone-spare"),
        ("delete", "chu-trial-zones-spare"),
    ]
    assert zone_of(standing.folder, "chu-trial-staging-spare") is None
    assert get(standing, "landing") == b"kept"


def test_tables_with_rows_guard_their_zone_too(
    standing: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_warehouse(standing.data_dir).connect() as connection:
        connection.execute("CREATE TABLE landing.visit AS SELECT 1 AS id")
    del standing.spec["zones"]["landing"]
    assert standing.up() == ExitCode.ENGINE
    assert "chu-trial-database-schema-landing would be deleted" in capsys.readouterr().err
    with open_warehouse(standing.data_dir).connect() as connection:
        connection.execute("DROP TABLE landing.visit")


def test_a_stopped_warehouse_is_repaired_by_the_next_run(
    standing: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    put(standing, "curated")
    assert main(standing.command("down")) == 0
    assert main(standing.command("status")) == ExitCode.ENGINE
    repaired = standing.changes(capsys)  # the first repair starts all services: one may suffice
    assert repaired
    assert set(repaired) <= {
        ("update", "chu-trial-zones-store"),
        ("update", "chu-trial-database-server"),
    }
    assert get(standing, "curated") == b"kept"
    assert main(standing.command("status")) == 0


def kill_supervisor(site: Site) -> None:
    process = supervisor.running(site.folder)
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: supervisor.running(site.folder) is None)


def pids(site: Site) -> dict[str, int | None]:
    return {status.name: status.pid for status in supervisor.status(site.folder)}


def test_a_supervisor_killed_alone_is_told_and_started_again_and_no_service_is_touched(
    standing: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    before = pids(standing)
    kill_supervisor(standing)
    assert main(standing.command("status")) == ExitCode.ENGINE
    assert "supervisor" in capsys.readouterr().out
    assert standing.changes(capsys) != []
    assert pids(standing) == before
    assert main(standing.command("status")) == 0
    assert standing.changes(capsys) == []


def test_a_restart_is_told_by_process_and_count_and_not_by_the_former_end(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up() == 0
    before = pids(site)["object-store"]
    assert before is not None
    os.kill(before, signal.SIGKILL)
    until(lambda: pids(site)["object-store"] not in {None, before})
    until(lambda: main(site.command("status")) == 0)
    capsys.readouterr()
    assert main(site.command("status", "--json")) == 0
    told = json.loads(capsys.readouterr().out)["services"]
    (store,) = [service for service in told if service["name"] == "object-store"]
    assert store["detail"] == f"process {pids(site)['object-store']}, 1 restart"


def test_a_preview_and_a_look_start_nothing(
    standing: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    standing.spec["zones"]["spare"] = {"purpose": "research", "recoverable_days": 1}
    assert standing.up() == 0
    put(standing, "landing")
    assert main(standing.command("down")) == 0
    del standing.spec["zones"]["spare"]
    standing.write()
    assert main(standing.command("up", str(standing.file))) == ExitCode.INPUT  # nobody agrees
    text = " ".join(capsys.readouterr().out.split())
    assert (
        "chu-trial-zones-spare only if it contains no data: whether it contains data is not" in text
    )
    assert main(standing.command("status")) == ExitCode.ENGINE
    assert set(pids(standing).values()) == {None}
    assert standing.up() == 0
    assert get(standing, "landing") == b"kept"
    assert zone_of(standing.folder, "chu-trial-staging-spare") is None


def test_a_zone_of_a_stopped_warehouse_that_holds_data_is_kept_when_its_turn_comes(
    standing: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    put(standing, "landing")
    assert main(standing.command("down")) == 0
    del standing.spec["zones"]["landing"]
    assert standing.up() == ExitCode.ENGINE
    assert (
        "chu-trial-zones-landing would be deleted, and it contains data" in capsys.readouterr().err
    )
    assert get(standing, "landing") == b"kept"


@pytest.mark.parametrize(
    ("total", "free", "full"),
    [
        (100 * 2**30, 4 * 2**30, True),
        (100 * 2**30, 6 * 2**30, False),
        (10 * 2**30, 2**30 - 1, True),
        (10 * 2**30, 2**30, False),
    ],
)
def test_a_disk_that_is_nearly_full_is_a_warning(
    emc2: Site,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    total: int,
    free: int,
    full: bool,
) -> None:
    usage = SimpleNamespace(total=total, used=total - free, free=free)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)
    capsys.readouterr()
    assert main(emc2.command("status", "--json")) == 0
    (*_, told) = json.loads(capsys.readouterr().out).items()
    assert told[0] == "warnings"
    assert bool(told[1]) is full
    assert main(emc2.command("status")) == 0
    assert ("is nearly full" in " ".join(capsys.readouterr().err.split())) is full


def test_a_second_run_at_the_same_time_is_refused(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.write()
    first = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "havre",
            *site.command("up", str(site.file), "-p", "local", "--yes"),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        until(lambda: site.store.path.exists() or first.poll() is not None)
        assert first.poll() is None
        os.kill(first.pid, signal.SIGSTOP)
        assert site.up() == ExitCode.ENGINE
        assert f"another run is changing {site.data_dir} (process {first.pid})" in " ".join(
            capsys.readouterr().err.split()
        )
    finally:
        os.kill(first.pid, signal.SIGCONT)
        assert first.wait() == 0


def test_another_warehouse_does_not_take_over_a_folder(
    standing: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    standing.spec["name"] = "intruder"
    assert standing.up() == ExitCode.ENGINE
    assert "contains the warehouse `chu-trial`, not `intruder`" in capsys.readouterr().err


def test_nothing_is_applied_unless_somebody_agrees(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(site.command("up", str(site.file), "-p", "local")) == ExitCode.INPUT
    captured = capsys.readouterr()
    assert "14 changes" in captured.out
    assert "--yes" in captured.err
    assert not site.store.path.exists()


def test_a_damaged_state_is_refused_and_nothing_is_lost(
    standing: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    put(standing, "curated")
    whole = standing.store.path.read_bytes()
    standing.store.path.write_bytes(whole[:200])
    assert standing.up() == ExitCode.ENGINE
    assert "stack.json" in capsys.readouterr().err
    standing.store.path.write_bytes(whole)
    assert standing.changes(capsys) == []
    assert get(standing, "curated") == b"kept"


def test_json_of_up_and_status_is_for_machines(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(site.changes(capsys)) == 14
    assert main(site.command("status", "--json")) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["healthy"] is True
    assert {s["name"] for s in status["services"]} >= {"supervisor", "object-store", "postgresql"}


def test_destroying_needs_the_name_and_leaves_what_is_locked(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.spec["zones"]["curated"]["immutable_days"] = 3
    assert site.up() == 0
    put(site, "curated")
    put(site, "landing")
    assert main(site.command("down", "--destroy-data", "chu")) == ExitCode.ENGINE
    assert "not `chu`" in capsys.readouterr().err
    assert get(site, "landing") == b"kept"
    assert main(site.command("down", "--destroy-data", "chu-trial")) == 0
    text = capsys.readouterr().out
    assert "kept: zone curated contains 1 locked version, the last until" in text
    assert "note.txt" not in text
    kept = {r.name for r in site.store.load().resources if r.custom}
    assert kept == {
        "default",
        "chu-trial-network-folder",
        "chu-trial-audit-logs",
        "chu-trial-keys-zone-curated",
        "chu-trial-zones-store",
        "chu-trial-zones-curated",
    }
    assert site.up() == 0
    assert get(site, "curated") == b"kept"


def test_destroying_what_no_lock_keeps_leaves_nothing(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up() == 0
    put(site, "curated")
    capsys.readouterr()
    assert main(site.command("down", "--destroy-data", "chu-trial", "--json")) == 0
    assert len(json.loads(capsys.readouterr().out)["deleted"]) == 14
    assert not site.data_dir.exists()
    assert main(site.command("status")) == ExitCode.INPUT


def test_an_extension_that_is_not_here_is_refused_before_anything_is_made(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "extensions", lambda _: frozenset({"citext"}))
    site.spec["database"]["extensions"] = ["citext", "vector", "pg_trgm"]
    assert site.up() == ExitCode.ENGINE
    assert "lacks pg_trgm, vector" in " ".join(capsys.readouterr().err.split())
    assert not (site.data_dir / "havre.json").exists()


def test_a_certificate_near_its_end_is_renewed_by_the_next_run(
    standing: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = certificates.ensure_certificate(standing.folder, "object-store")
    monkeypatch.setattr(certificates, "RENEW_DAYS", 400)
    assert ("update", "chu-trial-zones-store") in standing.changes(capsys)
    monkeypatch.undo()
    after = certificates.ensure_certificate(standing.folder, "object-store")
    assert after.fingerprint != before.fingerprint
    assert standing.changes(capsys) == []
    put(standing, "curated")


def test_connect_says_that_a_stopped_warehouse_does_not_answer(
    standing: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(standing.command("down")) == 0
    capsys.readouterr()
    for words in ([], ["--json"], ["--export"], ["--show-secrets"]):
        assert main(standing.command("connect", "bed-occupancy", *words)) == ExitCode.ENGINE
        told = capsys.readouterr()
        assert told.out == ""
        assert "error: chu-trial is stopped\n" in told.err
        assert f"havre up FILE --data-dir {standing.data_dir}" in told.err
    assert standing.up() == 0
    assert main(standing.command("connect", "bed-occupancy")) == 0


def test_settings_that_an_earlier_havre_wrote_are_written_anew_by_the_next_run(
    standing: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def level() -> str:
        with open_warehouse(standing.data_dir).connect() as connection:
            return connection.execute("SHOW wal_level").fetchone()[0]

    today = configuration._settings

    def former(*words: Any) -> dict[str, str]:
        return {name: value for name, value in today(*words).items() if name != "wal_level"}

    with monkeypatch.context() as patched:
        patched.setattr(configuration, "_settings", former)
        supervisor.ensure_running(standing.folder, *postgres.ensure_cluster(standing.folder))
    assert level() == "replica"
    assert standing.changes(capsys) == [("update", "chu-trial-database-server")]
    assert level() == "logical"
    assert standing.changes(capsys) == []


def test_a_warehouse_that_is_started_again_keeps_the_settings_that_it_was_deployed_with(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up("--set", "country=FR") == 0
    assert main(site.command("down")) == 0
    capsys.readouterr()
    assert site.up() == 0
    assert "Settings kept from the last up: country=FR." in capsys.readouterr().err
    assert in_folder(site.data_dir).record()["settings"] == {"country": "FR"}
    assert site.up("--set", "country=") == 0
    assert "Settings dropped since the last up: country=FR." in capsys.readouterr().err
    assert in_folder(site.data_dir).record()["settings"] == {}
