"""`havre plan --against`: what a plan would do to what is deployed."""

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from havre.cli import main
from havre.errors import ExitCode
from havre.provider import find
from havre_conformance import specs
from tests.changes.asked import STACKS, standing


def written(path: Path, document: dict[str, Any]) -> Path:
    YAML().dump(document, path)
    return path


def ran(provider: str, now: Path, then: Path, *words: str) -> int:
    given = [f"--set={k}={v}" for k, v in STACKS[provider].items()]
    folder = ("--data-dir", "/srv/warehouse")
    return main(["plan", str(now), "-p", provider, "--against", str(then), *given, *folder, *words])


@pytest.fixture
def document() -> dict[str, Any]:
    return standing(find("local").sites)


def test_nothing_changes(tmp_path: Path, document: dict[str, Any], capsys: Any) -> None:
    file = written(tmp_path / "a.yaml", document)
    assert ran("local", file, file) == ExitCode.OK
    assert capsys.readouterr().out == "No changes.\n"


def test_a_harmless_change_is_told(
    tmp_path: Path, document: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    then = written(tmp_path / "a.yaml", document)
    now = written(tmp_path / "b.yaml", specs.changed(document, "audit.retention_days", 400))
    assert ran("local", now, then) == ExitCode.OK
    assert capsys.readouterr().out == "in place: 1 LogStore\n"


def test_data_that_would_be_lost_fails_loudly(
    tmp_path: Path, document: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    then = written(tmp_path / "a.yaml", document)
    now = written(tmp_path / "b.yaml", specs.changed(document, "zones.logs", None))
    assert ran("local", now, then) == ExitCode.FINDINGS
    said = capsys.readouterr().out
    assert (
        "REFUSED (DATA): suite-zones-logs (Zone): it would be removed, but it is protected" in said
    )
    assert ran("local", now, then, "--format", "json") == ExitCode.FINDINGS
    found = json.loads(capsys.readouterr().out)
    assert found["grave"] == 2
    assert {each["type"].rpartition(":")[2] for each in found["changes"]} == {*("Key", "Zone")}


def test_an_identity_that_would_be_replaced_fails_and_names_the_cause(
    tmp_path: Path, document: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    document["protection"] = {"deletion": False}
    then = written(tmp_path / "a.yaml", document)
    state = tmp_path / "state.json"
    from havre.provider.dynamic import PROVIDER_KEY
    from tests.changes.matrix import Standing

    resources = [
        {
            "urn": r.urn,
            "type": r.type,
            "custom": r.custom,
            "id": "x",
            "inputs": {
                k: ("/srv/former" if k == "data_dir" else v)
                for k, v in r.as_dict()["inputs"].items()
                if k != PROVIDER_KEY
            },
            "parent": r.parent,
        }
        for r in Standing("local").plan(document, STACKS["local"]).resources
    ]
    state.write_text(json.dumps({"version": 3, "deployment": {"resources": resources}}))
    unnamed = ["plan", str(then), "-p", "local", "--against", str(state)]
    assert main(unnamed) == ExitCode.OK, "the folder is the state's own"
    assert "would be lost" not in capsys.readouterr().out
    assert ran("local", then, state) == ExitCode.FINDINGS
    said = capsys.readouterr().out
    assert "REPLACED (IDENTITY): suite-access-sleep (ProjectAccess): data_dir" in said
    assert "REPLACED (DATA): suite-zones-curated (Zone): data_dir" in said


def test_what_fails_half_way_names_the_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = standing(find("ovh").sites)
    then = written(tmp_path / "a.yaml", document)
    now = written(tmp_path / "b.yaml", specs.changed(document, "database.version", 15))
    given = {**STACKS["ovh"]}
    assert ran("ovh", now, then) == ExitCode.FINDINGS, given
    said = " ".join(capsys.readouterr().out.split())
    assert "FAILS DURING THE UPDATE (DATA): suite-database" in said
    assert ": it can only grow" in said
    assert "Instead: Deploy a second warehouse" in said


def test_a_state_names_its_provider(capsys: pytest.CaptureFixture[str]) -> None:
    root = Path(__file__).parents[2]
    file = str(root / "examples" / "emc2" / "warehouse.yaml")
    state = str(root / "tests" / "facts" / "recorded" / "azure-state.json")
    words = ["plan", file, "--against", state, "--format", "json"]
    code = main(words)
    told = capsys.readouterr()
    assert "Using provider azure." in told.err
    assert main([*words, "-p", "azure"]) == code != ExitCode.INPUT
    assert capsys.readouterr().out == told.out


@pytest.mark.parametrize("name", ["missing.yaml", "missing.json"])
def test_a_file_that_is_not_there_is_told(
    name: str, tmp_path: Path, document: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path / "a.yaml", document)
    assert ran("local", file, tmp_path / name) == ExitCode.INPUT
    assert name in capsys.readouterr().err


def test_a_graph_cannot_show_changes(
    tmp_path: Path, document: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path / "a.yaml", document)
    assert ran("local", file, file, "--format", "dot") == ExitCode.INPUT
    assert "--format table" in capsys.readouterr().err


def stored(path: Path, provider: str, document: dict[str, Any], **instead: Any) -> Path:
    """A state of what is planned; `instead`: by type of resource, inputs that it was made with."""
    from tests.changes.matrix import Standing

    resources = [
        {
            "urn": r.urn,
            "type": r.type,
            "custom": r.custom,
            **({"id": "x"} if r.custom else {}),
            "inputs": {**r.as_dict()["inputs"], **instead.get(r.type.rpartition(":")[2], {})},
            "parent": r.parent,
            "protect": r.protect,
            "dependencies": list(r.dependencies),
            "propertyDependencies": {k: list(v) for k, v in r.property_dependencies.items()},
        }
        for r in Standing(provider).plan(document, STACKS[provider]).resources
    ]
    path.write_text(json.dumps({"version": 3, "deployment": {"resources": resources}}))
    return path


FEWER = {"operations": ["encrypt", "decrypt"]}


def test_keys_that_were_made_with_fewer_operations_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They keep them for good: OKMS makes no data keys with them, and no update gives it back."""
    document = standing(find("ovh").sites)
    now = written(tmp_path / "a.yaml", document)
    state = stored(tmp_path / "state.json", "ovh", document, ServiceKey=FEWER)
    assert ran("ovh", now, state) == ExitCode.OK
    said = " ".join(capsys.readouterr().out.split())
    assert "kept as it is: 5 ServiceKey" in said
    assert "operations of 5 ServiceKey" in said
    assert "Instead: Objects stay readable only with the key that encrypted them." in said
    assert ran("ovh", now, state, "--format", "json") == ExitCode.OK
    kept = [c for c in json.loads(capsys.readouterr().out)["changes"] if c["kept"]]
    assert {(c["doing"], *c["kept"]) for c in kept} == {("kept as it is", "operations")}
    assert ran("ovh", now, stored(state, "ovh", document)) == ExitCode.OK
    assert capsys.readouterr().out == "No changes.\n"
