"""Times `pulumi preview` with and without the policy pack; needs the real Pulumi CLI.

Prints seconds of each run as JSON. The providers' plugins answer by echo, so no cloud is waited
for: a real preview takes longer.
"""

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.pulumi_cli.test_cloud_stacks import configure
from tests.pulumi_cli.test_local_stack import ROOT, Stack, environment_in


def prepared(root: Path, provider: str) -> tuple[Stack, Path]:
    """A stack that was never deployed, and the pack, both in a folder of their own."""
    for source, name, file in (
        (ROOT / "stacks" / "warehouse", "stack", "Pulumi.yaml"),
        (ROOT / "policies" / "pack", "pack", "PulumiPolicy.yaml"),
    ):
        shutil.copytree(source, root / name)
        definition = root / name / file
        definition.write_text(definition.read_text().replace("../../.venv", sys.prefix))
    (root / "backend").mkdir()
    stack = Stack(root / "stack", environment_in(root))
    stack.run("stack", "init", "local")
    configure(stack, provider)
    return stack, root / "pack"


def timed(stack: Stack, *words: str) -> float:
    """Seconds of one preview, whatever the pack says of it."""
    began = time.perf_counter()
    stack.run("preview", *words, check=False)
    return round(time.perf_counter() - began, 3)


def main() -> None:
    """Run each preview `RUNS` times, in turn, after one to warm up."""
    runs, provider = int(sys.argv[1]), sys.argv[2]
    root = Path(tempfile.mkdtemp(prefix="havre-bench-"))
    try:
        stack, pack = prepared(root, provider)
        timed(stack)
        found: dict[str, list[float]] = {"without": [], "with": []}
        for _ in range(runs):
            found["without"].append(timed(stack))
            found["with"].append(timed(stack, "--policy-pack", str(pack)))
        print(json.dumps(found))
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
