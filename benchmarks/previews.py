"""Times `pulumi preview` of a plain program, of ours, and of ours with the policy pack, in turn.

The plain program declares the same warehouse as a program of a user's own would: it sends every
alias that the SDK lists, and Python collects garbage while it runs. Needs the real Pulumi CLI;
prints seconds of each run as JSON. The providers' plugins answer by echo, so no cloud is waited
for: a real preview takes longer.
"""

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.pulumi_cli.stack import ROOT, Stack, configure, environment_in

PLAIN = '''"""The warehouse of the stack's configuration, declared as anybody would."""

from pathlib import Path

import pulumi

from havre.stack.program import deploy, read_settings
from havre.provider import find
from havre.spec.load import load

config = pulumi.Config()
provider = find(config.require("provider"))
settings = read_settings(provider, config.get_object("settings") or {})
deploy(load(Path(config.require("spec"))).warehouse, provider, settings)
'''


def copied(source: Path, target: Path, definition: str) -> None:
    """A copy of a folder, to run in this process's virtual environment."""
    shutil.copytree(source, target)
    file = target / definition
    file.write_text(file.read_text().replace("../../.venv", sys.prefix))


def prepared(root: Path, provider: str) -> Stack:
    """A stack that was never deployed, in a folder and with a backend of its own."""
    copied(ROOT / "stacks" / "warehouse", root / "stack", "Pulumi.yaml")
    (root / "backend").mkdir()
    stack = Stack(root / "stack", environment_in(root))
    stack.run("stack", "init", "local")
    configure(stack, provider)
    return stack


def timed(stack: Stack, *words: str) -> float:
    """Seconds of one preview, whatever the pack says of it."""
    began = time.perf_counter()
    stack.run("preview", *words, check=not words)
    return round(time.perf_counter() - began, 3)


def in_turn(root: Path, provider: str, runs: int) -> dict[str, list[float]]:
    """Seconds of each kind of preview, after one of each to warm up."""
    for kind in ("plain", "ours"):
        (root / kind).mkdir()
    plain, ours = (prepared(root / kind, provider) for kind in ("plain", "ours"))
    (plain.folder / "__main__.py").write_text(PLAIN)
    copied(ROOT / "policies" / "pack", root / "pack", "PulumiPolicy.yaml")
    kinds = {
        "plain": lambda: timed(plain),
        "ours": lambda: timed(ours),
        "with the pack": lambda: timed(ours, "--policy-pack", str(root / "pack")),
    }
    found: dict[str, list[float]] = {kind: [] for kind in kinds}
    for number in range(runs + 1):
        for kind, preview in kinds.items():
            took = preview()
            if number:
                found[kind].append(took)
    return found


def main() -> None:
    """Run each preview `RUNS` times."""
    runs, provider = int(sys.argv[1]), sys.argv[2]
    root = Path(tempfile.mkdtemp(prefix="havre-bench-"))
    try:
        print(json.dumps(in_turn(root, provider, runs)))
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
