"""No secret of a run is found in state, logs, arguments of processes or output."""

import base64
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from havre.cli import main
from havre_local.machine.access import open_project
from havre_local.machine.encryption.keys import key_names, read_key
from tests.warehouse.conftest import Site


def secrets_of(site: Site) -> dict[str, bytes]:
    """Every secret that the data folder holds, by where it is."""
    folder = site.folder
    files = (path for path in folder.secrets.iterdir() if path.is_file())
    found = {str(path): path.read_bytes() for path in files}
    for project in site.spec["projects"]:
        for name, value in open_project(site.data_dir, project).settings.secrets().items():
            if name != "AWS_ACCESS_KEY_ID":
                found[f"{project}/{name}"] = value.encode()
    for name in key_names(folder):
        material = read_key(folder, name, 1)
        found[f"{name}/raw"] = material
        found[f"{name}/hex"] = material.hex().encode()
        found[f"{name}/base64"] = base64.b64encode(material).rstrip(b"=")
    for path in folder.certificates.glob("*"):
        match = re.search(rb"PRIVATE KEY-----\n([^\n]+)\n", path.read_bytes())
        if match:
            found[str(path)] = match[1]
    return found


def arguments_of_all_processes() -> bytes:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes())
        except OSError:
            continue
    return b"\n".join(lines)


def where(secrets: dict[str, bytes], haystacks: dict[str, bytes]) -> list[str]:
    return [
        f"{secret} in {place}"
        for place, content in haystacks.items()
        for secret, value in secrets.items()
        if value in content
    ]


@pytest.fixture(scope="module")
def used(emc2: Site) -> dict[str, bytes]:
    """Everything that a run and its use leave behind, but where secrets belong."""
    printed = b""
    for words in (
        ("up", str(emc2.file), "--yes"),
        ("plan", str(emc2.file), "--provider", "local", "--format", "json"),
        ("status", "--json"),
        ("connect", "cohort-diabetes"),
        ("connect", "cohort-diabetes", "--json"),
        ("connect", "cohort-diabetes", "--export"),
        ("backup",),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "havre", *emc2.command(*words)],
            capture_output=True,
            check=True,
            env={**os.environ, "HAVRE_DEBUG": "1"},
        )
        printed += done.stdout + done.stderr
    project = open_project(emc2.data_dir, "cohort-diabetes")
    with project.connect() as connection:
        connection.execute("SELECT 1")
    project.client().list_objects_v2(Bucket=project.settings.zones["curated"])
    found = {
        str(path): path.read_bytes()
        for part in (emc2.folder.state, emc2.folder.logs, emc2.folder.run, emc2.folder.backups)
        for path in part.rglob("*")
        if path.is_file()
    }
    return {**found, "output": printed, "arguments": arguments_of_all_processes()}


def test_no_secret_leaks(emc2: Site, used: dict[str, bytes]) -> None:
    secrets = secrets_of(emc2)
    assert len(secrets) >= 25
    assert all(len(value) >= 16 for value in secrets.values())
    assert where(secrets, used) == []


def test_no_member_of_a_project_reaches_state_or_output(emc2: Site, used: dict[str, bytes]) -> None:
    members = {
        member: member.encode() for p in emc2.spec["projects"].values() for member in p["members"]
    }
    assert members
    assert where(members, used) == []


def test_the_search_finds_what_is_there(emc2: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(emc2.command("connect", "cohort-diabetes", "--show-secrets")) == 0
    printed = {"output": capsys.readouterr().out.encode()}
    assert len(where(secrets_of(emc2), printed)) == 2


def test_files_with_secrets_are_for_their_owner_alone(emc2: Site) -> None:
    folder = emc2.folder
    open_to_others = [
        str(path)
        for part in (
            folder.secrets,
            folder.keys,
            folder.state,
            folder.logs,
            folder.root / "projects",
        )
        for path in part.rglob("*")
        if path.is_file() and path.stat().st_mode & 0o077
    ]
    assert open_to_others == []
    keys = [p for p in folder.certificates.iterdir() if b"PRIVATE KEY" in p.read_bytes()]
    assert keys
    assert all(not path.stat().st_mode & 0o077 for path in keys)
