"""What the pack says of itself, and how it starts and ends."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pytest
from google.protobuf import json_format
from pulumi.runtime.proto import analyzer_pb2 as proto
from ruamel.yaml import YAML

from havre.policy.registry import installed_controls
from tests.pack.client import PACK, Client, refusal, running, start
from tests.pack.plans import plan_of, spec_of
from tests.waits import PATIENCE

OWN = '''
from havre.facts.stores import DataStore
from havre.policy import Profile, Severity, control, fails, plan_control

@control("own.named", DataStore, Profile.BASELINE, Severity.LOW, cites=("A 8.24",), remedy="Name.")
def named(store, case):
    """A store bears the name of a flower."""
    return fails("name", store.name, "a flower's")

@plan_control("own.broken", Profile.SOVEREIGN, Severity.LOW, cites=("A 8.24",), remedy="Mend it.")
def broken(case):
    """Never holds."""
    raise RuntimeError("hush")

def controls():
    return (named, broken)
'''


def test_every_control_is_a_policy_with_pulumis_own_metadata(client: Client) -> None:
    info = client.info()
    policies = {policy.name: policy for policy in info.policies}
    controls = {control.id: control for control in installed_controls()}
    assert set(policies) == {"havre", *controls}
    assert len(info.policies) == len(policies) > 40
    for name, control in controls.items():
        policy = policies[name]
        assert policy.policy_type == proto.POLICY_TYPE_STACK
        assert policy.enforcementLevel == proto.MANDATORY
        told = proto.PolicySeverity.Name(policy.severity).rpartition("_")[2].lower()
        assert told == control.severity.value
        assert name in policy.description
        assert control.title in policy.description
        assert policy.displayName == control.title
        assert policy.remediation_steps == control.remedy
        assert set(control.cites) <= set(policy.tags)
        assert policy.framework.reference in control.cites
        assert policy.framework.name
        assert policy.framework.specification


def test_the_configuration_is_described_by_a_schema(client: Client) -> None:
    (policy,) = (each for each in client.info().policies if each.name == "havre")
    schema = json_format.MessageToDict(policy.configSchema.properties)
    judged = {"spec", "provider", "profile", "waivers", "as_of", "allow_unknown"}
    assert set(schema) == {*judged, "seal", "seal_authority", "seal_tsa_authority"}
    assert schema["profile"]["enum"] == ["baseline", "health", "sovereign"]


def test_name_and_version_are_the_same_wherever_they_are_told(client: Client) -> None:
    definition = YAML(typ="safe").load((PACK / "PulumiPolicy.yaml").read_text())
    info = client.info()
    assert (info.name, info.version) == (definition["name"], definition["version"])
    assert info.version == version("havre-policies")
    assert definition["runtime"]["name"] == "python"
    assert definition["runtime"]["options"]["virtualenv"] == "../../.venv"


@contextmanager
def distribution(folder: Path, module: str) -> Iterator[dict[str, str]]:
    """A distribution of a user's own that registers controls; what a process needs to see it."""
    (folder / "own_controls.py").write_text(module)
    about = folder / "own_controls-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: own-controls\nVersion: 1.0\n")
    entry = "[havre.controls]\nown = own_controls:controls\n"
    (about / "entry_points.txt").write_text(entry)
    yield {"PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}
    shutil.rmtree(about)


def test_a_users_own_control_is_in_the_pack(tmp_path: Path) -> None:
    with distribution(tmp_path, OWN) as environment, running(environment) as client:
        assert {"own.named", "own.broken"} <= {policy.name for policy in client.info().policies}
        client.configure({"spec": str(spec_of("emc2")), "profile": "sovereign"})
        found = [
            d for d in client.of(plan_of("emc2", "azure")).diagnostics if "own" in d.policyName
        ]
        named = [d for d in found if d.policyName == "own.named"]
        (broken,) = (d for d in found if d.policyName == "own.broken")
    assert len(named) > 3
    assert all(d.urn and d.enforcementLevel == proto.MANDATORY for d in named)
    assert "the control itself failed (RuntimeError)" in broken.message
    assert "hush" not in broken.message
    assert broken.enforcementLevel == proto.MANDATORY


def test_a_fault_inside_fails_the_run_without_a_traceback(tmp_path: Path) -> None:
    module = f"{OWN}\nfrom havre.pack import verdicts\nverdicts.assess = lambda *_: 1 / 0\n"
    with distribution(tmp_path, module) as environment, running(environment) as client:
        client.configure({"spec": str(spec_of("emc2")), "profile": "sovereign"})
        text = refusal(lambda: client.of(plan_of("emc2", "azure")))
    assert "the policy pack failed (ZeroDivisionError); HAVRE_DEBUG=1 shows why" in text


@pytest.mark.parametrize(
    ("module", "message"),
    [
        ("import nowhere_at_all", "`own` in havre.controls cannot be loaded: ModuleNotFoundError"),
        ("def controls():\n    return (3,)\n", "`own` registers 3, which is not a control"),
    ],
)
def test_a_pack_whose_controls_cannot_be_loaded_does_not_start(
    tmp_path: Path, module: str, message: str
) -> None:
    with distribution(tmp_path, module) as environment:
        process = start(environment)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert out == ""
    assert message in err
    assert "Traceback" not in err


def test_the_pack_writes_its_port_and_nothing_else() -> None:
    process = start({})
    port = process.stdout.readline()
    process.terminate()
    out, err = process.communicate(timeout=PATIENCE)
    assert int(port) > 1023
    assert (out, err) == ("", "")


def test_the_definition_is_json_ready(client: Client) -> None:
    assert json.dumps(json_format.MessageToDict(client.info()))
