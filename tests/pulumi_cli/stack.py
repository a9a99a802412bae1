"""A copy of the stack's folder under the real Pulumi CLI, and plugins that answer by echo."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clouds import ECHOED
from tests.warehouse.conftest import EXAMPLES, Site

ROOT = Path(__file__).parents[2]
NEEDS = ("pulumi", "pulumi-language-python", "pulumi-resource-pulumi-python")
MISSING = [program for program in NEEDS if shutil.which(program) is None]

pytestmark = [
    pytest.mark.pulumi_cli,
    pytest.mark.skipif(bool(MISSING), reason=f"not on PATH: {', '.join(MISSING)}"),
]

PLUGINS = {"azure": "azure-native", "ovh": "ovh", "scaleway": "scaleway"}
ECHO = Path(__file__).parent / "echo_plugin.py"


@dataclass
class Stack:
    """A copy of the stack's folder with a backend of its own."""

    folder: Path
    environment: dict[str, str]

    def run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["pulumi", *words, "--non-interactive"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def configure(self, site: Site) -> None:
        config = {
            "warehouse:spec": str(site.file),
            "warehouse:provider": "local",
            "warehouse:settings": {"data_dir": str(site.data_dir)},
        }
        (self.folder / "Pulumi.local.yaml").write_text(json.dumps({"config": config}))


def environment_in(root: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PULUMI_HOME": str(root / "home"),
        "PULUMI_BACKEND_URL": f"file://{root / 'backend'}",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",  # none is missing that is used
    }


def initialised(root: Path) -> Stack:
    """A copy of the stack's folder in a folder, with a backend of its own there."""
    shutil.copytree(ROOT / "stacks" / "warehouse", root / "stack")
    definition = root / "stack" / "Pulumi.yaml"
    text = definition.read_text()
    assert "virtualenv: ../../.venv" in text
    definition.write_text(text.replace("../../.venv", sys.prefix))
    (root / "backend").mkdir()
    made = Stack(root / "stack", environment_in(root))
    made.run("stack", "init", "local")
    return made


def configure(stack: Stack, provider: str, example: str = "emc2", *others: str) -> None:
    """Point the stack at a provider whose plugin is an echo, with those of other packages."""
    folder = stack.folder / "plugin"
    folder.mkdir()
    definition = stack.folder / "Pulumi.yaml"
    lines = [definition.read_text(), "plugins:\n  providers:\n"]
    for package in (PLUGINS[provider], *others):
        program = folder / f"pulumi-resource-{package}"
        program.write_text(
            f'#!/bin/sh\nECHO_TABLE="{folder}/table.json"\n'
            f'export ECHO_TABLE\nexec "{sys.executable}" "{ECHO}" "$@"\n'
        )
        program.chmod(0o755)
        lines.append(f"    - name: {package}\n      path: ./plugin\n")
    (folder / "PulumiPlugin.yaml").write_text("runtime: python\n")
    definition.write_text("".join(lines))
    config = {
        "warehouse:spec": str(EXAMPLES / example / "warehouse.yaml"),
        "warehouse:provider": provider,
        "warehouse:settings": ECHOED[provider],
    }
    (stack.folder / "Pulumi.local.yaml").write_text(json.dumps({"config": config}))
