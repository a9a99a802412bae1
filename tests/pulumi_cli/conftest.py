import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pulumi_cli.stack import ROOT, Stack, environment_in


@pytest.fixture
def stack() -> Iterator[Stack]:
    root = Path(tempfile.mkdtemp(prefix="havre-test-"))
    shutil.copytree(ROOT / "stacks" / "warehouse", root / "stack")
    definition = root / "stack" / "Pulumi.yaml"
    text = definition.read_text()
    assert "virtualenv: ../../.venv" in text
    definition.write_text(text.replace("../../.venv", sys.prefix))
    (root / "backend").mkdir()
    made = Stack(root / "stack", environment_in(root))
    made.run("stack", "init", "local")
    yield made
    shutil.rmtree(root)
