"""The stack on clouds, under the real Pulumi CLI with plugins that answer by echo."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from havre.plan.previews import from_preview
from havre.plan.states import from_state
from tests.pulumi_cli.stack import PLUGINS, Stack, configure, pytestmark

__all__ = ["pytestmark"]


@pytest.mark.parametrize("provider", PLUGINS)
def test_preview_up_and_a_second_up_that_changes_nothing(
    stack: Stack,
    provider: str,
    tmp_path: Path,
) -> None:
    configure(stack, provider)
    planned = tmp_path / "preview.json"
    planned.write_text(stack.run("preview", "--json").stdout)
    stack.run("up", "--yes", "--skip-preview")
    stack.run("preview", "--expect-no-changes")
    exported = tmp_path / "state.json"
    exported.write_text(stack.run("stack", "export").stdout)
    before = {r.urn for r in from_preview(planned).resources if "providers" not in r.type}
    after = {r.urn for r in from_state(exported).resources if "providers" not in r.type}
    assert before == after


@pytest.mark.parametrize("provider", PLUGINS)
def test_a_missing_setting_is_told_before_anything_is_made(
    stack: Stack,
    provider: str,
) -> None:
    configure(stack, provider)
    file = stack.folder / "Pulumi.local.yaml"
    document: dict[str, Any] = json.loads(file.read_text())
    missing = next(iter(document["config"]["warehouse:settings"]))
    del document["config"]["warehouse:settings"][missing]
    file.write_text(json.dumps(document))
    done = stack.run("preview", check=False)
    assert done.returncode != 0
    assert f"`{missing}`: is missing" in " ".join((done.stdout + done.stderr).split())
    shutil.rmtree(stack.folder / "plugin")


def test_missing_s3_credentials_are_told_in_the_preview(stack: Stack) -> None:
    configure(stack, "ovh")
    file = stack.folder / "Pulumi.local.yaml"
    document: dict[str, Any] = json.loads(file.read_text())
    document["config"]["warehouse:settings"]["bucket_controls"] = True
    file.write_text(json.dumps(document))
    done = stack.run("preview", check=False)
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert "the environment lacks AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in said
    assert "Traceback" not in said
    given = {"AWS_ACCESS_KEY_ID": "admin", "AWS_SECRET_ACCESS_KEY": "not-a-real-secret"}
    stack.environment.update(given)
    assert stack.run("preview").returncode == 0
