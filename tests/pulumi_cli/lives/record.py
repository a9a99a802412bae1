"""Records what the real CLI writes of every way that a resource's life goes on or ends.

Run as `python tests/pulumi_cli/lives/record.py [NAME …]`, with `pulumi` on PATH.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RECORDED = HERE.parents[1] / "plan" / "recorded"
PROJECT = """name: lives
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: {prefix}
plugins:
  providers:
    - name: azure-native
      path: ./plugin
"""
PREFIX = "azure-native"
URN = "urn:pulumi:dev::lives::azure-native:{}::{}"
DROPPED = ("sourcePosition", "stackTrace", "created", "modified", "time", "magic", "prelude")
ALL = ("--show-sames",)

Resource = dict[str, Any]


def group(name: str = "group", **options: Any) -> Resource:
    inputs = {"resourceGroupName": f"rg-{name}", "location": "francecentral"}
    kind = f"{PREFIX}:resources:ResourceGroup"
    return {"type": kind, "name": name, "inputs": inputs, "options": options}


def account(name: str = "curated", where: str = "francecentral", **options: Any) -> Resource:
    """A storage account; `fails` among the options says how."""
    fails = options.pop("fails", "")
    inputs = {"accountName": name, "resourceGroupName": "rg-group", "location": where}
    inputs |= {"kind": "StorageV2", "sku": {"name": "Standard_ZRS"}}
    inputs |= {"havreFails": fails} if fails else {}
    kind = f"{PREFIX}:storage:StorageAccount"
    return {"type": kind, "name": name, "inputs": inputs, "options": options}


def vault(name: str = "vault", **options: Any) -> Resource:
    inputs = {"vaultName": name, "resourceGroupName": "rg-group"}
    kind = f"{PREFIX}:keyvault:Vault"
    return {"type": kind, "name": name, "inputs": inputs, "options": options}


@dataclass(frozen=True)
class Life:
    """A stack as it stands, the program that follows, and the command that is recorded.

    Attributes:
        name: of the recorded file.
        before: what is deployed; empty for nothing.
        after: what the program then asks for.
        words: the command that writes JSON.
        failing: whether a deployment of `after` is tried first, which fails.
        edit: a command on the state before, such as `state taint URN`.
        environment: more variables for the command.
    """

    name: str
    before: tuple[Resource, ...]
    after: tuple[Resource, ...]
    words: tuple[str, ...] = ("preview", "--json", *ALL)
    failing: bool = False
    edit: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


REPLACED: dict[str, Any] = {"replace_on_changes": ["location"]}
STOOD = (group(), account(**REPLACED), vault())
MOVED = (group(), account(where="francesouth", **REPLACED), vault())
FIRST = {**REPLACED, "delete_before_replace": True}
PREVIEW = ("preview", "--json")
ACCOUNT = URN.format("storage:StorageAccount", "curated")
VAULT = URN.format("keyvault:Vault", "vault")
STEPS = "--show-replacement-steps"
EXPORT = ("stack", "export")

LIVES = (
    Life("create", (), STOOD),
    Life("same", STOOD, STOOD),
    Life("same-left-out", STOOD, STOOD, PREVIEW),
    Life("replace", STOOD, MOVED),
    Life("replace-left-out", STOOD, MOVED, PREVIEW),
    Life("replace-in-steps", STOOD, MOVED, (*PREVIEW, STEPS, *ALL)),
    Life("replace-in-steps-left-out", STOOD, MOVED, (*PREVIEW, STEPS)),
    Life(
        "replace-deleted-first",
        (group(), account(**FIRST), vault()),
        (group(), account(where="francesouth", **FIRST), vault()),
        (*PREVIEW, STEPS, *ALL),
    ),
    Life("replace-asked", STOOD, STOOD, (*PREVIEW, "--replace", ACCOUNT, *ALL)),
    Life("replace-tainted", STOOD, STOOD, edit=("state", "taint", ACCOUNT, "--yes")),
    Life("delete", STOOD, (group(), vault())),
    Life("delete-left-out", STOOD, (group(), vault()), PREVIEW),
    Life(
        "delete-retained",
        (group(), account(retain_on_delete=True), vault()),
        (group(), vault()),
    ),
    Life(
        "replace-retained",
        (group(), account(retain_on_delete=True, **REPLACED), vault()),
        (group(), account(where="francesouth", retain_on_delete=True, **REPLACED), vault()),
    ),
    Life(
        "replace-retained-in-steps",
        (group(), account(retain_on_delete=True, **REPLACED), vault()),
        (group(), account(where="francesouth", retain_on_delete=True, **REPLACED), vault()),
        (*PREVIEW, STEPS, *ALL),
    ),
    Life(
        "delete-with-group",
        (group(), account(deleted_with="group"), vault()),
        (vault(),),
    ),
    Life("delete-protected", (group(), account(protect=True), vault()), (group(), vault())),
    Life("destroy", STOOD, STOOD, ("destroy", "--preview-only", "--json", *ALL)),
    Life("read", (), (group(), account(get="/id/curated"), vault())),
    Life(
        "read-same",
        (group(), account(get="/id/curated"), vault()),
        (group(), account(get="/id/curated"), vault()),
        (*PREVIEW, "--show-reads", *ALL),
    ),
    Life(
        "read-discarded",
        (group(), account(get="/id/curated"), vault()),
        (group(), vault()),
    ),
    Life(
        "read-becomes-managed",
        (group(), account(get="/id/curated"), vault()),
        (group(), account(), vault()),
        (*PREVIEW, STEPS, *ALL),
    ),
    Life(
        "managed-becomes-read",
        STOOD,
        (group(), account(get="/id/curated"), vault()),
        (*PREVIEW, STEPS, *ALL),
    ),
    Life("import", (group(), vault()), (group(), account(import_="/id/curated"), vault())),
    Life(
        "import-replacement",
        STOOD,
        (group(), account(import_="/id/another"), vault()),
        (*PREVIEW, *ALL),
    ),
    Life(
        "import-replacement-in-steps",
        STOOD,
        (group(), account(import_="/id/another"), vault()),
        (*PREVIEW, STEPS, *ALL),
    ),
    Life("refresh", STOOD, STOOD, (*PREVIEW, "--refresh", *ALL)),
    Life(
        "refresh-gone",
        (group(), account(fails="gone"), vault()),
        (group(), account(fails="gone"), vault()),
        (*PREVIEW, "--refresh", *ALL),
    ),
    Life(
        "refresh-gone-forgotten",
        (group(), account(fails="gone"), vault()),
        (group(), vault()),
        (*PREVIEW, "--refresh", *ALL),
    ),
    Life(
        "refresh-gone-alone",
        (group(), account(fails="gone"), vault()),
        (group(), account(fails="gone"), vault()),
        ("refresh", "--preview-only", "--json", *ALL),
    ),
    Life(
        "target-new", (), STOOD, (*PREVIEW, "--target", URN.format("keyvault:Vault", "vault"), *ALL)
    ),
    Life("refresh-alone", STOOD, STOOD, ("refresh", "--preview-only", "--json", *ALL)),
    Life("target", STOOD, MOVED, (*PREVIEW, "--target", ACCOUNT, *ALL)),
    Life(
        "target-vault",
        STOOD,
        MOVED,
        (*PREVIEW, "--target", URN.format("keyvault:Vault", "vault"), *ALL),
    ),
    Life("exclude", STOOD, MOVED, (*PREVIEW, "--exclude", ACCOUNT, *ALL)),
    Life(
        "pending-replacement",
        (group(), account(**FIRST), vault()),
        (group(), account(where="francesouth", fails="create", **FIRST), vault()),
        failing=True,
    ),
    Life(
        "pending-replacement-given-up",
        (group(), account(**FIRST), vault()),
        (group(), account(where="francesouth", fails="create", **FIRST), vault()),
        ("destroy", "--preview-only", "--json", *ALL),
        failing=True,
    ),
    Life("renamed", STOOD, (group(), account("fresh", aliases=[ACCOUNT], **REPLACED), vault())),
    Life(
        "group-left",
        ({"type": "group:of:Two", "name": "two"}, group(), account(parent="two"), vault()),
        (group(), vault()),
    ),
    Life("diff", STOOD, MOVED, (*PREVIEW, "--diff", *ALL)),
    Life(
        "events",
        STOOD,
        MOVED,
        (*PREVIEW, *ALL),
        environment=(("PULUMI_ENABLE_STREAMING_JSON_PREVIEW", "true"),),
    ),
    Life("state", STOOD, STOOD, EXPORT),
    Life("state-tainted", STOOD, STOOD, EXPORT, edit=("state", "taint", ACCOUNT, "--yes")),
    Life("state-retained", (group(), account(retain_on_delete=True)), (), EXPORT),
    Life("state-read", (group(), account(get="/id/curated")), (), EXPORT),
    Life("state-protected", (group(), account(protect=True)), (), EXPORT),
    Life(
        "state-pending-replacement",
        (group(), account(**FIRST), vault()),
        (group(), account(where="francesouth", fails="create", **FIRST), vault()),
        EXPORT,
        failing=True,
    ),
    Life("state-init-failed", (), (group(), account(fails="init")), EXPORT, failing=True),
    Life("state-interrupted", (), (group(), account(fails="slow")), EXPORT, failing=True),
)


def without_places(value: Any) -> Any:
    """A document without what tells of the machine and the hour of its making."""
    if isinstance(value, dict):
        return {k: without_places(v) for k, v in value.items() if k not in DROPPED}
    return [without_places(inner) for inner in value] if isinstance(value, list) else value


class Stack:
    """A project of its own, with a backend in its folder."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "stack"
        plugin = self.folder / "plugin"
        plugin.mkdir(parents=True)
        (root / "backend").mkdir()
        program = plugin / "pulumi-resource-azure-native"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{HERE / "plugin.py"}" "$@"\n')
        program.chmod(0o755)
        (plugin / "PulumiPlugin.yaml").write_text("runtime: python\n")
        (self.folder / "Pulumi.yaml").write_text(PROJECT.format(prefix=sys.prefix))
        shutil.copy(HERE / "program.py", self.folder / "__main__.py")
        self.environment = {
            **os.environ,
            "PULUMI_HOME": str(root / "home"),
            "PULUMI_BACKEND_URL": f"file://{root / 'backend'}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "LIFE": str(self.folder / "life.json"),
        }

    def ask(self, resources: tuple[Resource, ...]) -> None:
        (self.folder / "life.json").write_text(json.dumps(resources))

    def command(self, *words: str, **environment: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["pulumi", *words, "--non-interactive"],
            cwd=self.folder,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, check: bool = True, **environment: str) -> str:
        process = self.command(*words, **environment)
        out, err = process.communicate()
        if check and process.returncode:
            sys.exit(f"pulumi {' '.join(words)}: {out}{err}")
        return out

    def interrupted(self) -> None:
        """An update that is killed while it creates."""
        process = self.command("up", "--yes", "--skip-preview")
        time.sleep(15)
        os.killpg(process.pid, 9)
        process.communicate()
        self.run("cancel", "--yes")


def record(life: Life) -> str:
    """The text that the command writes."""
    root = Path(tempfile.mkdtemp(prefix="havre-life-"))
    try:
        stack = Stack(root)
        stack.run("stack", "init", "dev")
        if life.before:
            stack.ask(life.before)
            stack.run("up", "--yes", "--skip-preview")
        stack.ask(life.after)
        if life.name.endswith("interrupted"):
            stack.interrupted()
        elif life.failing:
            stack.run("up", "--yes", "--skip-preview", check=False)
        if life.edit:
            stack.run(*life.edit)
        text = stack.run(*life.words, check=False, **dict(life.environment))
        return re.sub(re.escape(str(root)), "/lives", text)
    finally:
        shutil.rmtree(root)


def main(names: list[str]) -> None:
    """Record every life, or those named."""
    RECORDED.mkdir(exist_ok=True)
    for life in LIVES:
        if names and life.name not in names:
            continue
        text = record(life)
        try:
            written = json.dumps(without_places(json.loads(text)), indent=1, sort_keys=True)
        except ValueError:
            written = text.rstrip()
        (RECORDED / f"{life.name}.json").write_text(written + "\n")
        sys.stdout.write(f"{life.name}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
