"""The calls that the real CLI makes to a provider, and the state that it writes meanwhile.

`python -m tests.pulumi_cli.recording` writes `tests/engine/recorded` anew.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.engine.recorder import PACKAGE, PROJECT, STACK, STEPS, STYLES, Step
from tests.pulumi_cli.stack import ROOT, Stack, environment_in

RECORDED = ROOT / "tests" / "engine" / "recorded"
PASSPHRASE = "correct horse battery"
PROGRAM = """import json, os
from tests.engine.recorder import program
program(json.loads(os.environ["HAVRE_RECORD_THINGS"]))
"""


def recording_stack(root: Path, style: str) -> Stack:
    """A stack of the recorded program, whose provider notes its calls in `root/calls`."""
    folder = root / "stack"
    plugin = folder / "plugin"
    plugin.mkdir(parents=True)
    (root / "backend").mkdir()
    program = plugin / f"pulumi-resource-{PACKAGE}"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tests.engine.recorder "$@"\n')
    program.chmod(0o755)
    (plugin / "PulumiPlugin.yaml").write_text("runtime: python\n")
    (folder / "__main__.py").write_text(PROGRAM)
    definition = {
        "name": PROJECT,
        "runtime": {"name": "python", "options": {"virtualenv": sys.prefix}},
        "plugins": {"providers": [{"name": PACKAGE, "path": "./plugin"}]},
    }
    (folder / "Pulumi.yaml").write_text(json.dumps(definition))
    more = {
        "PYTHONPATH": str(ROOT),
        "HAVRE_RECORD": str(root / "calls"),
        "HAVRE_RECORD_STYLE": style,
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
    }
    stack = Stack(folder, environment_in(root) | more)
    stack.run("stack", "init", STACK)
    return stack


def _run(stack: Stack, step: Step) -> list[dict[str, Any]]:
    calls = stack.folder.parent / "calls"
    calls.write_text("")
    stack.environment["HAVRE_RECORD_THINGS"] = json.dumps(step.things)
    yes = [] if step.command == "preview" else ["--yes", "--skip-preview"]
    stack.run(step.command, "--parallel", "1", *yes)
    return [json.loads(line) for line in calls.read_text().splitlines()]


PLACES = ("created", "modified", "sourcePosition", "stackTrace")


def without_places(state: dict[str, Any]) -> dict[str, Any]:
    """A state without times and without this machine's paths."""
    resources = state["deployment"]["resources"]
    state["deployment"]["resources"] = [
        {key: value for key, value in each.items() if key not in PLACES} for each in resources
    ]
    return state


def recorded(style: str) -> dict[str, Any]:
    """The calls of every step, and the state as exported after the update."""
    root = Path(tempfile.mkdtemp(prefix="havre-test-"))
    try:
        stack = recording_stack(root, style)
        made: dict[str, Any] = {"calls": {}}
        for step in STEPS:
            made["calls"][step.name] = _run(stack, step)
            if step.name == "update":
                made["state"] = without_places(json.loads(stack.run("stack", "export").stdout))
        return made
    finally:
        shutil.rmtree(root)


def main() -> None:
    RECORDED.mkdir(exist_ok=True)
    for style in STYLES:
        text = json.dumps(recorded(style), indent=1, sort_keys=True) + "\n"
        (RECORDED / f"{style}.json").write_text(text)


if __name__ == "__main__":
    main()
