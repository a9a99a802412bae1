import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pulumi_cli.stack import Stack, initialised


@pytest.fixture
def stack() -> Iterator[Stack]:
    root = Path(tempfile.mkdtemp(prefix="havre-test-"))
    yield initialised(root)
    shutil.rmtree(root)
