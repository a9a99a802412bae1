"""An exit between sandboxes by the commands, from its plan to the end of the source."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from havre.errors import InputError
from havre.exit.seal.reading import read_seal, rehearsal_of
from havre.exit.seal.verifying import Trust
from havre.exit.settings import ExitSide
from havre.exit.sides import reach
from havre.live.objects import Properties
from havre.provider import find
from havre.stack.standing import in_folder
from havre_conformance.specs import small
from tests.sandbox.commands import run

if TYPE_CHECKING:
    from pathlib import Path

    from havre.live.warehouse import Live

WHO = "who: A, why: it is a rehearsal, when: 2026-11-30"
EXIT = """\
name: leaving
level: {level}
source: {{data_dir: "{source}"}}
target: {{data_dir: "{target}"}}
controller: Example
host: Example host
decisions:
- {{property: backup, {who}}}
- {{property: audit logs, {who}}}
- {{property: modified, {who}}}
- {{property: role, {who}}}
"""


PAIRS = (("azure", "ovh"), ("ovh", "azure"))


def live(folder: Path) -> Live:
    return reach(ExitSide(data_dir=str(folder)), folder).live


def fill(folder: Path) -> None:
    """Objects with all that a store can keep of them, and a table."""
    reached = live(folder)
    outputs = in_folder(folder).outputs()
    store = reached.store(min(outputs.zones))
    store.write("patients/1", io.BytesIO(b"first"), Properties(metadata={"study": "a"}))
    store.write("patients/1", io.BytesIO(b"second"), Properties(tags={"kind": "image"}))
    store.write("patients/é 2", io.BytesIO(b""), Properties())
    with reached.database().connect(autocommit=True) as connection:
        connection.execute("CREATE ROLE analyst")
        connection.execute("CREATE TABLE patient(id int PRIMARY KEY, name text)")
        connection.execute("INSERT INTO patient VALUES (1, 'a'), (2, 'b')")
        connection.execute("GRANT SELECT ON patient TO analyst")
        connection.execute("SELECT lo_from_bytea(0, 'large')")


def begin(root: Path, source: Path, target: Path, level: str = "rehearsal") -> Path:
    folder = root / "exit"
    folder.mkdir(mode=0o700)
    text = EXIT.format(level=level, who=WHO, source=source, target=target)
    (folder / "exit.yaml").write_text(text)
    return folder


def up(folder: Path, provider: str, *words: str) -> None:
    spec = folder.parent / f"{provider}.yaml"
    spec.write_text(json.dumps(small(find(provider).sites)))
    sandbox = () if provider == "local" else ("--sandbox",)
    where = ("--provider", provider, "--data-dir", str(folder), "--yes")
    done = run("up", str(spec), *where, *sandbox, *words)
    assert done.returncode == 0, done.stderr


@pytest.mark.long
@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_warehouse_leaves_one_sandbox_for_another(
    source: str, target: str, tmp_path: Path
) -> None:
    here, there = tmp_path / "source", tmp_path / "target"
    try:
        up(here, source)
        up(there, target)
        fill(here)
        folder = begin(tmp_path, here, there)
        for step in ("plan", "copy", "freeze", "copy", "verify", "seal"):
            done = run("exit", step, str(folder))
            assert done.returncode == 0, (step, done.stdout, done.stderr)
        with live(there).database().connect() as connection:
            moved = connection.execute("SELECT count(*) FROM patient").fetchone()
        assert moved == (2,)
        for step in ("cut", "retire"):
            done = run("exit", step, str(folder), "--confirm", "suite")
            assert done.returncode in (0, 1), (step, done.stderr)
        check_seal(folder, source, target)
    finally:
        for each in (here, there):
            run("down", "--data-dir", str(each))


def check_seal(folder: Path, source: str, target: str) -> None:
    own = folder / "authorities" / "ca.pem"
    for name in ("seal", "retired"):
        info = (folder / name / "bag-info.txt").read_text()
        for side, provider in (("source", source), ("target", target)):
            assert (f"Exit-Sandbox: {side}\n" in info) is (provider != "local"), (name, side)
    found = read_seal(folder / "seal", Trust(own, own))
    assert found.why == ""
    assert found.sandbox
    assert not found.proves_exit
    seen = rehearsal_of(found)
    assert (seen.source, seen.target, seen.level) == (source, target, "rehearsal")
    assert "(sandbox)" in (folder / "seal" / "data" / "README.txt").read_text()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sandbox in which no service runs."""
    made = tmp_path_factory.mktemp("recorded") / "data"
    up(made, "ovh", "--recorded-only")
    return made


def test_a_sandbox_without_services_is_not_reached(recorded: Path) -> None:
    with pytest.raises(InputError, match="in which no service runs"):
        live(recorded)


def test_an_exported_state_of_a_sandbox_leads_to_no_cloud(recorded: Path, tmp_path: Path) -> None:
    exported = tmp_path / "state.json"
    exported.write_bytes((recorded / "state" / "stack.json").read_bytes())
    with pytest.raises(InputError, match="is a sandbox of ovh"):
        reach(ExitSide(state=str(exported)), tmp_path)


def test_an_exit_of_sandboxes_cannot_call_itself_real(recorded: Path, tmp_path: Path) -> None:
    exported = tmp_path / "state.json"
    exported.write_bytes((recorded / "state" / "stack.json").read_bytes())
    folder = begin(tmp_path, recorded, exported, "real")
    text = (folder / "exit.yaml").read_text()
    (folder / "exit.yaml").write_text(text.replace("target: {data_dir", "target: {state"))
    done = run("exit", "plan", str(folder))
    assert done.returncode == 2, done.stdout
    assert "a sandbox is its source and its target" in done.stderr
