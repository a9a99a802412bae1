"""Records a preview and a state of each cloud stack: needs the real Pulumi CLI."""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.clouds import SETTINGS
from tests.facts.recordings import RECORDED
from tests.pulumi_cli.stack import ROOT, Stack, configure, environment_in

DROPPED = ("sourcePosition", "stackTrace", "created", "modified")


def without_places(value: object) -> object:
    """A document without what tells of the machine and the hour of its making."""
    if isinstance(value, dict):
        return {k: without_places(v) for k, v in value.items() if k not in DROPPED}
    return [without_places(inner) for inner in value] if isinstance(value, list) else value


def write(name: str, text: str, keep: str) -> None:
    """Keep the one part of a CLI's document that a plan is read from."""
    document = without_places({keep: json.loads(text)[keep]})
    (RECORDED / name).write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


def record(provider: str) -> None:
    """Preview and deploy the stack of one provider in a folder of its own."""
    root = Path(tempfile.mkdtemp(prefix="havre-record-"))
    try:
        shutil.copytree(ROOT / "stacks" / "warehouse", root / "stack")
        definition = root / "stack" / "Pulumi.yaml"
        definition.write_text(definition.read_text().replace("../../.venv", sys.prefix))
        (root / "backend").mkdir()
        stack = Stack(root / "stack", environment_in(root))
        stack.run("stack", "init", "local")
        configure(stack, provider)
        write(f"{provider}-preview.json", stack.run("preview", "--json").stdout, "steps")
        stack.run("up", "--yes", "--skip-preview")
        write(f"{provider}-state.json", stack.run("stack", "export").stdout, "deployment")
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    os.umask(0o022)
    RECORDED.mkdir(exist_ok=True)
    for name in SETTINGS:
        record(name)
