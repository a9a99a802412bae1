"""`havre probe` of sandboxes: stand-ins are probed, and what is only recorded is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.facts.recordings import RECORDED
from tests.sandbox.commands import FILE, run, up

SERVICES = {
    "ovh": (),
    "scaleway": ("--keep", "_rdb_superadmin", "--keep", "rdb_admin_group"),
    "azure": (),
}
"""Providers, and what names the roles of the service itself."""
ONE_IN_CI = [
    each if each == "ovh" else pytest.param(each, marks=pytest.mark.long) for each in SERVICES
]
STANDING = {
    *("tls.object-store", "tls.database", "plain-text.object-store", "plain-text.database"),
    *("certificate.object-store", "certificate.database"),
    *("stranger.anonymous", "stranger.invented-key"),
}
RECORDED_ONLY = {
    *("address.object-store", "address.database", "backup.age", "backup.readable"),
    *("key.rotation", "log.shows-probe"),
}


def probed(*words: str) -> tuple[int, dict[str, Any]]:
    done = run("probe", FILE, "--rate", "500", "--json", *words)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, found


def outcomes(found: dict[str, Any]) -> dict[str, set[str]]:
    told: dict[str, set[str]] = {}
    for each in found["probes"]:
        told.setdefault(each["probe"], set()).add(each["outcome"])
    return told


def admitted(provider: str, folder: Path, *at: str) -> None:
    """A member logs in with what an administrator has handed over, and reads nothing else."""
    import psycopg

    people, project = folder / "people.yaml", "pharmaco-study"
    text = Path(FILE).read_text()
    people.write_text(text.replace("c.petit@institute.example", "m-3f9c27d1"))
    whom = ("--project", project, "--member", "m-3f9c27d1", "--out", str(folder / "out"))
    done = run("database", "admit", str(people), *whom, *at, "--json")
    if provider == "azure":
        assert (done.returncode, (folder / "out").exists()) == (2, False)
        assert "Microsoft Entra ID only" in done.stderr
        return
    told = json.loads(done.stdout)
    file = Path(told["file"])
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().strip().rpartition(":")[2] not in done.stdout + done.stderr
    where = {"host": told["host"], "port": told["port"], "dbname": told["database"]}
    with psycopg.connect(**where, user=told["role"], passfile=str(file)) as session:
        assert session.execute("SELECT session_user").fetchone() == (told["role"],)
    again = run("database", "admit", str(people), *whom, *at)
    assert again.returncode == 2
    assert "already exists" in again.stderr


@pytest.mark.parametrize("provider", ONE_IN_CI)
def test_a_sandbox_is_probed_as_far_as_it_stands(provider: str, tmp_path: Path) -> None:
    keep, folder = SERVICES[provider], tmp_path / "data"
    made = up(folder, "--sandbox", provider=provider)
    assert made.returncode == 0, made.stderr
    at = ("--data-dir", str(folder))
    try:
        code, found = probed(*at, *keep)
        assert code == 1, "no role is in its database yet"
        applied = run("database", "apply", FILE, *at, *keep, "--yes")
        assert applied.returncode in {0, 1}, applied.stderr
        code, found = probed(*at, *keep, "--out", str(tmp_path / "seen.json"))
        state = str(folder / "state" / "stack.json")
        seen = ("--probes", str(tmp_path / "seen.json"), "--format", "json")
        of_sandbox = run("check", "--state", state, *seen)
        of_cloud = run("check", FILE, "--provider", provider, *seen)
        admitted(provider, tmp_path, *at)
    finally:
        run("down", *at)
    assert found["sandbox"] is True
    assert code == 3, "something is only recorded"
    told = outcomes(found)
    assert {name for name in STANDING if told[name] == {"promised, seen"}} == STANDING
    assert told["database.roles"] == {"promised, seen"}
    reasons = {each["told"] for each in found["probes"] if each["probe"] in RECORDED_ONLY}
    assert {each.partition(",")[0] for each in reasons} == {"not probed: recorded only"}
    assert json.loads(of_sandbox.stdout)["probes"]["sandbox"] is True
    assert of_cloud.returncode == 2
    assert "of a sandbox, which is not evidence" in " ".join(of_cloud.stderr.split())


def test_a_state_without_credentials_is_not_evaluated_and_never_passes(tmp_path: Path) -> None:
    text = (RECORDED / "azure-state.json").read_text()
    state = tmp_path / "state.json"
    state.write_text(text.replace("windows.net", "invalid").replace("azure.com", "invalid"))
    code, found = probed("--state", str(state))
    assert code == 3
    assert {outcome for each in outcomes(found).values() for outcome in each} == {"not evaluated"}
    reasons = " ".join(each["told"] for each in found["probes"])
    assert "which is not an address of Azure" in reasons
    assert "does not resolve here" in reasons
