"""Records a preview and a state of each stack: needs the real Pulumi CLI."""

import gzip
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.clouds import SETTINGS
from tests.facts.recordings import FOLDER, RECORDED
from tests.pulumi_cli.stack import ROOT, Stack, configure, environment_in
from tests.warehouse.conftest import make

DROPPED = ("sourcePosition", "stackTrace", "created", "modified")


def without_places(value: object) -> object:
    """A document without what tells of the machine and the hour of its making."""
    if isinstance(value, dict):
        return {k: without_places(v) for k, v in value.items() if k not in DROPPED}
    return [without_places(inner) for inner in value] if isinstance(value, list) else value


def write(example: str, provider: str, source: str, text: str) -> None:
    """Keep the one part of a CLI's document that a plan is read from."""
    keep = {"preview": "steps", "state": "deployment"}[source]
    document = without_places({keep: json.loads(text)[keep]})
    written = json.dumps(document, indent=1, sort_keys=True) + "\n"
    name = f"{provider}-{source}.json"
    if (example, provider) in {("emc2", cloud) for cloud in SETTINGS}:
        (RECORDED / name).write_text(written)
    else:
        packed = gzip.compress(written.encode(), mtime=0)
        (RECORDED / f"{example}-{name}.gz").write_bytes(packed)


def stack_in(root: Path) -> Stack:
    """A copy of the stack's folder, with a backend of its own."""
    shutil.copytree(ROOT / "stacks" / "warehouse", root / "stack")
    definition = root / "stack" / "Pulumi.yaml"
    definition.write_text(definition.read_text().replace("../../.venv", sys.prefix))
    (root / "backend").mkdir()
    stack = Stack(root / "stack", environment_in(root))
    stack.run("stack", "init", "local")
    return stack


def record(example: str, provider: str) -> None:
    """Preview and deploy the stack of one provider in a folder of its own."""
    root = Path(tempfile.mkdtemp(prefix="havre-record-"))
    try:
        stack = stack_in(root)
        configure(stack, provider, example)
        write(example, provider, "preview", stack.run("preview", "--json").stdout)
        stack.run("up", "--yes", "--skip-preview")
        write(example, provider, "state", stack.run("stack", "export").stdout)
    finally:
        shutil.rmtree(root)


def record_here(example: str) -> None:
    """Likewise on this machine, where the warehouse stands until it is recorded."""
    root, sites = Path(tempfile.mkdtemp(prefix="havre-record-")), []
    try:
        stack, site = stack_in(root), make(sites, example)
        stack.configure(site)
        for source, words in (("preview", ["preview", "--json"]), ("state", ["stack", "export"])):
            told = stack.run(*words).stdout.replace(str(site.data_dir), FOLDER)
            write(example, "local", source, told)
            if source == "preview":
                stack.run("up", "--yes", "--skip-preview")
    finally:
        for site in sites:
            site.clean()
        shutil.rmtree(root)


if __name__ == "__main__":
    os.umask(0o022)
    RECORDED.mkdir(exist_ok=True)
    for example in sys.argv[1:] or ("emc2", "hospital"):
        for name in SETTINGS:
            record(example, name)
        record_here(example)
