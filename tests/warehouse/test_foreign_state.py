"""A state whose serialised providers are an attacker's: every command reads it as data."""

import base64
import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from havre.cli import main
from tests.warehouse.conftest import Site

PROJECT = "bed-occupancy"


class Made:
    """Unpickled, it makes a folder."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.mark),))


def test_no_command_runs_what_a_state_contains(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up() == 0
    mark = tmp_path / "mark"
    code = base64.b64encode(pickle.dumps(Made(mark))).decode()

    def poison() -> None:
        document = json.loads(site.store.path.read_text())
        found = [
            r for r in document["deployment"]["resources"] if "__provider" in r.get("inputs", {})
        ]
        assert len(found) >= 14
        for resource in found:
            resource["inputs"]["__provider"] = resource["outputs"]["__provider"] = code
        site.store.path.write_text(json.dumps(document))

    poison()
    state = ["--state", str(site.store.path)]
    for command in (
        site.command("status"),
        site.command("connect", PROJECT),
        site.command("backup"),
    ):
        assert main(command) == 0, command
        assert not mark.exists(), command
    for command in (["check", str(site.file), *state], ["connect", PROJECT, *state]):
        main(command)
        assert not mark.exists(), command
    assert site.changes(capsys) == []
    assert code not in site.store.path.read_text()
    poison()
    site.spec["projects"]["later"] = {**site.spec["projects"][PROJECT]}
    assert [operation for operation, _ in site.changes(capsys)] == ["create"]
    poison()
    assert main(site.command("down")) == 0
    assert main(site.command("down", "--destroy-data", site.spec["name"])) == 0
    assert not mark.exists()
    pickle.loads(base64.b64decode(code))  # noqa: S301 - the case's own: it is an attack indeed
    assert mark.is_dir()
