"""The stack of `stacks/warehouse` under the real Pulumi CLI, on this machine."""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from havre.cli import main
from havre.provider.outputs import read_outputs
from tests.pulumi_cli.stack import ROOT, Stack, environment_in, pytestmark
from tests.warehouse.conftest import EXAMPLES, Site, make

__all__ = ["pytestmark"]


@pytest.fixture
def site() -> Iterator[Site]:
    sites: list[Site] = []
    yield make(sites, "hospital")
    for made in sites:
        made.clean()


def test_up_builds_the_warehouse_and_a_second_preview_changes_nothing(
    stack: Stack, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.configure(site)
    assert "23 to create" in stack.run("preview").stdout
    assert not site.data_dir.exists()
    stack.run("up", "--yes", "--skip-preview")
    stack.run("preview", "--expect-no-changes")
    assert main(site.command("status")) == 0
    assert main(site.command("connect", "bed-occupancy", "--json")) == 0
    capsys.readouterr()
    outputs = json.loads(stack.run("stack", "output", "--json").stdout)
    told = read_outputs(outputs)
    assert told.zones["curated"].bucket == "chu-trial-staging-curated"
    assert told.database.port > 0


def test_the_cli_takes_over_the_embedded_state_and_finds_nothing_to_change(
    stack: Stack, site: Site
) -> None:
    assert site.up() == 0
    stack.configure(site)
    stack.run("stack", "import", "--file", str(site.store.path))
    stack.run("preview", "--expect-no-changes")
    site.spec["projects"]["later"] = {**site.spec["projects"]["bed-occupancy"]}
    site.write()
    assert "1 to create" in stack.run("preview").stdout


def test_the_embedded_engine_takes_over_from_the_cli(
    stack: Stack, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.configure(site)
    stack.run("up", "--yes", "--skip-preview")
    exported = json.loads(stack.run("stack", "export").stdout)
    site.store.path.write_text(json.dumps(exported))
    assert site.changes(capsys) == []


def test_the_plan_offline_is_the_plan_of_the_cli(
    stack: Stack, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.configure(site)
    steps = json.loads(stack.run("preview", "--json").stdout)["steps"]
    told = {s["urn"]: s["newState"] for s in steps if "providers" not in s["newState"]["type"]}
    assert (
        main(site.command("plan", str(site.file), "--provider", "local", "--format", "json")) == 0
    )
    planned = {r["urn"]: r for r in json.loads(capsys.readouterr().out)["resources"]}
    assert set(planned) == set(told)
    for urn, state in told.items():
        mine = planned[urn]
        known = {k: v for k, v in mine["inputs"].items() if v != {"unknown": True}}
        theirs = {k: v for k, v in state.get("inputs", {}).items() if k in known}
        assert theirs == known, urn
        assert sorted(state.get("dependencies") or []) == mine["dependencies"]
        assert bool(state.get("protect")) == mine["protect"]


def test_protected_data_is_not_destroyed(stack: Stack, site: Site) -> None:
    stack.configure(site)
    stack.run("up", "--yes", "--skip-preview")
    done = stack.run("destroy", "--yes", check=False)
    assert done.returncode != 0
    assert "cannot be deleted" in done.stdout + done.stderr
    assert main(site.command("status")) == 0


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "the configuration lacks `warehouse:spec`, `warehouse:provider`"),
        ({"warehouse:provider": "local"}, "the configuration lacks `warehouse:spec`"),
        (
            {
                "warehouse:spec": str(EXAMPLES / "hospital" / "warehouse.yaml"),
                "warehouse:provider": "nowhere",
            },
            "provider `nowhere` is not installed",
        ),
        (
            {
                "warehouse:spec": str(EXAMPLES / "hospital" / "warehouse.yaml"),
                "warehouse:provider": "local",
            },
            "Settings for local: `data_dir`: is missing",
        ),
    ],
)
def test_a_wrong_configuration_is_told_before_anything_is_made(
    stack: Stack, config: dict, message: str
) -> None:
    (stack.folder / "Pulumi.local.yaml").write_text(json.dumps({"config": config}))
    done = stack.run("preview", check=False)
    assert done.returncode != 0
    text = " ".join((done.stdout + done.stderr).split())
    assert message in text
    assert "Traceback" not in text


def test_a_warehouse_inside_a_program_of_a_users_own(site: Site) -> None:
    root = Path(tempfile.mkdtemp(prefix="havre-test-"))
    shutil.copytree(ROOT / "examples" / "existing-program", root / "stack")
    definition = root / "stack" / "Pulumi.yaml"
    definition.write_text(definition.read_text().replace("../../.venv", sys.prefix))
    (root / "backend").mkdir()
    own = Stack(root / "stack", environment_in(root))
    site.write()
    config = {
        "hospital-platform:spec": str(site.file),
        "hospital-platform:provider": "local",
        "hospital-platform:settings": {"data_dir": str(site.data_dir)},
    }
    try:
        own.run("stack", "init", "local")
        (own.folder / "Pulumi.local.yaml").write_text(json.dumps({"config": config}))
        own.run("up", "--yes", "--skip-preview")
        own.run("preview", "--expect-no-changes")
        assert main(site.command("status")) == 0
    finally:
        shutil.rmtree(root)
