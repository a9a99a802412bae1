"""Both clouds' stacks under the real Pulumi CLI, whose plugins are sandboxes on PATH."""

import json
import os
from pathlib import Path

import pytest

from havre.assess.check import plan_of
from havre.cli import main
from havre_sandbox.wrappers import write_plugins
from tests.clouds import ECHOED
from tests.pulumi_cli.stack import PLUGINS, Stack, pytestmark
from tests.warehouse.conftest import EXAMPLES

__all__ = ["pytestmark"]


def configure(stack: Stack, provider: str) -> Path:
    """Point the stack at a provider whose plugin is a sandbox; gives the sandbox's folder."""
    folder, world = stack.folder.parent / "plugins", stack.folder.parent / "world"
    settings = {name: str(value) for name, value in ECHOED[provider].items()}
    assert PLUGINS[provider] in write_plugins(folder, provider, world, settings)
    stack.environment["PATH"] = f"{folder}{os.pathsep}{stack.environment['PATH']}"
    config = {
        "warehouse:spec": str(EXAMPLES / "emc2" / "warehouse.yaml"),
        "warehouse:provider": provider,
        "warehouse:settings": ECHOED[provider],
    }
    (stack.folder / "Pulumi.local.yaml").write_text(json.dumps({"config": config}))
    return world


@pytest.mark.parametrize("provider", PLUGINS)
def test_it_stands_previews_empty_and_refuses_to_destroy_what_is_protected(
    stack: Stack, provider: str, tmp_path: Path
) -> None:
    world = configure(stack, provider)
    stack.run("up", "--yes", "--skip-preview")
    stack.run("preview", "--expect-no-changes")
    stack.run("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    exported = tmp_path / "state.json"
    exported.write_text(stack.run("stack", "export").stdout)
    plan, source = plan_of(None, exported)
    assert plan is not None
    assert source == "sandbox"
    made = [each for each in plan.resources if each.made]
    assert all(each.of_sandbox for each in made)
    assert len(list(world.glob("*.json"))) == len(made)
    needed = {urn for each in plan.resources for urn in each.dependencies}
    last = next(each.urn for each in reversed(made) if each.protect and each.urn not in needed)
    done = stack.run("destroy", "--yes", "--target", last, check=False)
    assert done.returncode != 0
    assert "protected" in done.stdout + done.stderr
    assert len(list(world.glob("*.json"))) == len(made)


def test_the_policy_pack_says_that_it_is_a_sandbox(stack: Stack) -> None:
    configure(stack, "ovh")
    pack = stack.folder.parent / "pack"
    assert main(["policy", "pack", str(pack)]) == 0
    done = stack.run("preview", "--policy-pack", str(pack), check=False)
    said = " ".join((done.stdout + done.stderr).split())
    assert "This is a sandbox on one machine. It is not evidence of a deployment on ovh" in said


def test_what_is_removed_by_hand_is_planned_again(stack: Stack) -> None:
    world = configure(stack, "ovh")
    stack.run("up", "--yes", "--skip-preview")
    next(world.glob("CloudSecurityGroup-*.json")).unlink()
    stack.run("refresh", "--yes", "--skip-preview")
    done = stack.run("preview", "--json")
    steps = [step["op"] for step in json.loads(done.stdout)["steps"] if step["op"] != "same"]
    assert steps == ["create"]


def test_a_policy_that_is_gone_stops_every_refresh_until_it_leaves_the_state(stack: Stack) -> None:
    world = configure(stack, "ovh")
    stack.run("up", "--yes", "--skip-preview")
    next(world.glob("Policy-emc2-access-cohort-diabetes-*.json")).unlink()
    for _ in range(2):
        done = stack.run("refresh", "--yes", "--skip-preview", check=False)
        assert done.returncode != 0
        assert "the read was answered with 404" in done.stdout + done.stderr
    exported = json.loads(stack.run("stack", "export").stdout)["deployment"]["resources"]
    (urn,) = [
        each["urn"]
        for each in exported
        if each["type"] == "ovh:Iam/policy:Policy" and "cohort-diabetes" in each["urn"]
    ]
    stack.run("state", "delete", urn, "--yes", "--force")
    stack.run("up", "--yes", "--skip-preview")
    stack.run("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    assert len(list(world.glob("Policy-emc2-access-cohort-diabetes-*.json"))) == 1


def test_a_refusal_is_shown_without_a_traceback_of_the_sandbox(stack: Stack) -> None:
    """The CLI ends the program by an interrupt, whose traceback Pulumi prints if it comes late."""
    configure(stack, "ovh")
    stack.run("up", "--yes", "--skip-preview")
    stack.run("stack", "init", "second")
    config = (stack.folder / "Pulumi.local.yaml").read_text()
    (stack.folder / "Pulumi.second.yaml").write_text(config)
    done = stack.run("up", "--yes", "--skip-preview", check=False)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "the sandbox refuses the create" in said
    assert "havre_sandbox/" not in said
    assert "havre.errors" not in said
