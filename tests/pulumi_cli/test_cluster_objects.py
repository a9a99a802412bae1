"""Objects that isolate projects in a cluster, under the real CLI with plugins that echo."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from havre.assess.check import check
from havre.cli import main
from havre.policy.findings import Result
from tests.clouds import ECHOED
from tests.pulumi_cli.stack import PLUGINS, Stack, configure, pytestmark

__all__ = ["pytestmark"]

FILE = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"
CONTROL = "exposure.workload-isolation"
TYPES = {
    "kubernetes:core/v1:Namespace": 3,
    "kubernetes:core/v1:ServiceAccount": 6,
    "kubernetes:core/v1:ResourceQuota": 3,
    "kubernetes:core/v1:LimitRange": 3,
    "kubernetes:networking.k8s.io/v1:NetworkPolicy": 6,
}
"""Objects of the three projects of the example."""
SECRET = "not-a-real-token-of-the-kubeconfig"


def settle(stack: Stack, provider: str) -> None:
    """Deploy the warehouse without a context, as the first deployment does."""
    configure(stack, provider, "emc2", "kubernetes")
    stack.run("up", "--yes", "--skip-preview")


def name_context(stack: Stack, server: str = "") -> None:
    """Name a context that reaches the cluster, or another server."""
    outputs = json.loads(stack.run("stack", "output", "--json", "--show-secrets").stdout)
    server = server or f"https://{outputs['cluster']['endpoint']}"
    kubeconfig = stack.folder.parent / "kubeconfig"
    document = {
        "contexts": [{"name": "emc2", "context": {"cluster": "emc2", "user": "admin"}}],
        "clusters": [{"name": "emc2", "cluster": {"server": server}}],
        "users": [{"name": "admin", "user": {"token": SECRET}}],
    }
    kubeconfig.write_text(json.dumps(document))
    stack.environment["KUBECONFIG"] = str(kubeconfig)
    file = stack.folder / "Pulumi.local.yaml"
    config = yaml.safe_load(file.read_text())
    config["config"]["warehouse:settings"]["kubernetes_context"] = "emc2"
    file.write_text(json.dumps(config))


def said(result: Result) -> set[tuple[str, str]]:
    """What was found about isolation, by outcome."""
    findings = [each for each in result.findings if each.control == CONTROL]
    return {(each.kind.value, each.property) for each in findings}


def exported(stack: Stack, path: Path) -> list[dict[str, Any]]:
    path.write_text(stack.run("stack", "export").stdout)
    return json.loads(path.read_text())["deployment"]["resources"]


@pytest.mark.parametrize("provider", PLUGINS)
def test_objects_are_made_and_judged_the_same_from_every_source(
    stack: Stack, provider: str, tmp_path: Path
) -> None:
    settle(stack, provider)
    without = said(check(state=_state(stack, tmp_path)))
    name_context(stack)
    planned, pack = tmp_path / "preview.json", tmp_path / "pack"
    alone = Path(shutil.copy(FILE, tmp_path))  # without the waivers next to it, as a preview is
    planned.write_text(stack.run("preview", "--json", "--show-sames").stdout)
    assert main(["policy", "pack", str(pack)]) == 0
    stack.environment["HAVRE_SPEC"] = str(alone)
    judged = stack.run("preview", "--policy-pack", str(pack), check=False).stdout
    stack.run("up", "--yes", "--skip-preview")
    stack.run("preview", "--expect-no-changes")
    settings = {**ECHOED[provider], "kubernetes_context": "emc2"}
    offline = said(check(alone, provider, settings=settings))
    assert {name for _, name in without} - {name for _, name in offline} == {"isolated"}
    assert said(check(preview=planned)) == offline
    assert said(check(state=_state(stack, tmp_path))) == offline
    lines = judged.splitlines()
    about = [n for n, line in enumerate(lines) if CONTROL in line and "[" in line]
    assert "isolated namespace" not in "".join("".join(lines[n : n + 4]) for n in about)
    assert len(about) == len([name for _, name in offline if name])
    made = [r["type"] for r in exported(stack, tmp_path / "state.json")]
    assert {kind: made.count(kind) for kind in TYPES} == TYPES
    assert SECRET not in (tmp_path / "state.json").read_text() + planned.read_text()


def _state(stack: Stack, folder: Path) -> Path:
    exported(stack, folder / "state.json")
    return folder / "state.json"


@pytest.mark.parametrize("provider", PLUGINS)
def test_a_context_of_another_cluster_makes_nothing(
    stack: Stack, provider: str, tmp_path: Path
) -> None:
    settle(stack, provider)
    name_context(stack, "https://another.example.net")
    done = stack.run("up", "--yes", "--skip-preview", check=False)
    told = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert "context `emc2` reaches another.example.net, not this cluster" in told
    assert "Traceback" not in told
    assert SECRET not in told
    kinds = {r["type"] for r in exported(stack, tmp_path / "state.json")}
    assert not kinds & TYPES.keys()


def test_what_was_opened_in_the_cluster_fails_after_a_refresh(stack: Stack, tmp_path: Path) -> None:
    settle(stack, "ovh")
    name_context(stack)
    stack.run("up", "--yes", "--skip-preview")
    opened = {"spec": {"egress": [{}]}}
    table = {
        "replaced": {},
        "gone": [],
        "by_hand": {"emc2-cluster-cohort-diabetes-deny-all": opened},
    }
    (stack.folder / "plugin" / "table.json").write_text(json.dumps(table))
    stack.run("refresh", "--yes")
    found = check(state=_state(stack, tmp_path))
    (finding,) = [f for f in found.findings if f.control == CONTROL and f.property == "isolated"]
    assert finding.kind.value == "fail"
    assert "policy deny-all allows egress to any address" in str(finding.found)


def test_what_isolates_stays_in_the_cluster_once_nothing_names_it(
    stack: Stack, tmp_path: Path
) -> None:
    settle(stack, "ovh")
    name_context(stack)
    stack.run("up", "--yes", "--skip-preview")
    file = stack.folder / "Pulumi.local.yaml"
    config = yaml.safe_load(file.read_text())
    del config["config"]["warehouse:settings"]["kubernetes_context"]
    file.write_text(json.dumps(config))
    resources = exported(stack, tmp_path / "state.json")
    objects = [r for r in resources if r["type"] in TYPES]
    assert {r.get("retainOnDelete") for r in objects} == {True}
    assert not [r for r in objects if r.get("protect")]
    stack.run("up", "--yes", "--skip-preview")
    kinds = {r["type"] for r in exported(stack, tmp_path / "state.json")}
    assert not kinds & TYPES.keys()
