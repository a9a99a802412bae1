"""The recordings under `tests/engine/recorded` are what the real CLI does; states go both ways."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from havre.engine import Engine, StateStore
from havre.plan.values import Secret
from tests.engine.recorder import PACKAGE, PROJECT, STACK, STEPS, STYLES, Recorder, program
from tests.pulumi_cli.recording import PASSPHRASE, RECORDED, recorded, recording_stack
from tests.pulumi_cli.stack import Stack, pytestmark

__all__ = ["pytestmark"]

THINGS = next(step.things for step in STEPS if step.name == "update")
NAME = "first is made"


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A stack under the CLI, whose provider and program are the recorder's."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", PASSPHRASE)
    root = Path(tempfile.mkdtemp(prefix="havre-test-"))
    made = recording_stack(root, "handshake")
    made.environment["HAVRE_RECORD_THINGS"] = json.dumps(THINGS)
    yield made
    shutil.rmtree(root)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    store = StateStore(tmp_path / "data")
    store.create()
    return Engine(store, PROJECT, STACK, {PACKAGE: Recorder("handshake", lambda _: None)})


@pytest.mark.parametrize("style", STYLES)
def test_the_cli_still_calls_a_provider_as_recorded(style: str) -> None:
    now: dict[str, Any] = json.loads(json.dumps(recorded(style)))
    before = json.loads((RECORDED / f"{style}.json").read_text())
    assert now["calls"] == before["calls"]
    types = [each["type"] for each in before["state"]["deployment"]["resources"]]
    assert [each["type"] for each in now["state"]["deployment"]["resources"]] == types


def test_the_cli_takes_over_a_state_with_secrets_and_shows_them(
    recording: Stack, engine: Engine
) -> None:
    engine.up(lambda: program(THINGS))
    assert b"hush" not in engine.store.path.read_bytes()
    recording.run("stack", "import", "--file", str(engine.store.path))
    hidden = json.loads(recording.run("stack", "output", "--json").stdout)
    assert hidden[NAME] == "[secret]"
    shown = json.loads(recording.run("stack", "output", "--json", "--show-secrets").stdout)
    assert shown[NAME] == "well"
    exported = recording.run("stack", "export", "--show-secrets").stdout
    assert '\\"hush\\"' in exported
    recording.run("preview", "--expect-no-changes")


def test_the_engine_takes_over_a_state_with_secrets_of_the_cli(
    recording: Stack, engine: Engine
) -> None:
    recording.run("up", "--yes", "--skip-preview")
    engine.store.path.write_text(recording.run("stack", "export").stdout)
    resources = engine.store.load().resources
    assert resources[0].outputs[NAME] == Secret("well")
    assert engine.preview(lambda: program(THINGS)) == []
    assert engine.up(lambda: program(THINGS)) == []
    recording.run("stack", "import", "--file", str(engine.store.path))
    recording.run("preview", "--expect-no-changes")
