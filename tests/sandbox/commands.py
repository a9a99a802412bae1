"""Commands about sandboxes, as a newcomer without an account gives them."""

import os
import subprocess
import sys
from pathlib import Path

from tests.sandbox.clouds import EXAMPLES

Done = subprocess.CompletedProcess[str]
FILE = str(EXAMPLES / "emc2" / "warehouse.yaml")


def run(*words: str) -> Done:
    secrets = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "HAVRE_DATA_DIR")
    given = {name: value for name, value in os.environ.items() if name not in secrets}
    command = [sys.executable, "-m", "havre", *words]
    return subprocess.run(command, env=given, capture_output=True, text=True, check=False)


def up(folder: Path, *words: str, provider: str = "ovh") -> Done:
    return run("up", FILE, "--provider", provider, "--data-dir", str(folder), "--yes", *words)
