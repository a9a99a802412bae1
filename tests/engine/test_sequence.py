"""The embedded engine calls a provider as the recorded Pulumi CLI did, step by step."""

import json
from pathlib import Path
from typing import Any

import pytest

from havre.engine import Engine, StateStore
from tests.engine.recorder import PACKAGE, PROJECT, STACK, STEPS, STYLES, Recorder, program

RECORDED = Path(__file__).parent / "recorded"
OF_THE_CLI = {
    "accepts_byte_string",
    "invoke_with_preview",
    "supports_refresh_before_update",
    "supports_views",
}
"""Abilities of the CLI that it tells of in a handshake, and that this engine does not have."""


def recorded(style: str) -> dict[str, list[dict[str, Any]]]:
    document = json.loads((RECORDED / f"{style}.json").read_text())
    return {
        name: [{key: call[key] for key in call.keys() - OF_THE_CLI} for call in calls]
        for name, calls in document["calls"].items()
    }


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StateStore:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "correct horse battery")
    made = StateStore(tmp_path / "data")
    made.create()
    return made


@pytest.mark.parametrize("style", STYLES)
def test_every_call_is_the_cli_s(store: StateStore, style: str) -> None:
    expected = recorded(style)
    assert set(expected) == {step.name for step in STEPS}
    for step in STEPS:
        calls: list[dict[str, Any]] = []
        engine = Engine(store, PROJECT, STACK, {PACKAGE: Recorder(style, calls.append)})
        if step.command == "destroy":
            engine.destroy()
        else:
            run = engine.preview if step.command == "preview" else engine.up
            run(lambda things=step.things: program(things))
        assert [call["method"] for call in calls] == [c["method"] for c in expected[step.name]]
        assert calls == expected[step.name], step.name


def test_the_recording_has_what_the_sequence_is_about() -> None:
    calls = [call for found in recorded("handshake").values() for call in found]
    assert {call["method"] for call in calls} == {
        "Handshake",
        "CheckConfig",
        "DiffConfig",
        "Configure",
        "Check",
        "Diff",
        "Create",
        "Update",
        "Delete",
    }
    assert any(call.get("preview") for call in calls)
    assert not any(call.get("preview") for each in recorded("plain").values() for call in each)
