"""`havre policy`: controls listed, shown, mapped to frameworks, and tested by their users."""

import json
import re
from pathlib import Path

import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre.policy.registry import installed_controls
from tests.facts.recordings import RECORDED

ACCOUNT = """
provider: azure
resources:
  - type: azure-native:storage:StorageAccount
    name: data
    protect: true
    inputs: {{location: {location}, sku: {{name: Standard_ZRS}}}}
"""
HERE = ACCOUNT.format(location="francecentral")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["policy", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def folder(root: Path, control: str = "residency.data", **files: str) -> Path:
    """A folder of tests; a name's `_` is written as `-`."""
    (root / control).mkdir(parents=True)
    for name, text in files.items():
        (root / control / f"{name.replace('_', '-')}.yaml").write_text(text)
    return root


def good(root: Path) -> Path:
    away = ACCOUNT.format(location="eastus") + "on: [data]\n"
    return folder(root, pass_here=ACCOUNT.format(location="francecentral"), fail_away=away)


def test_every_control_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "list", "--json")
    listed = [each["id"] for each in json.loads(out)["controls"]]
    assert listed == [control.id for control in installed_controls()]
    _, table, _ = run(capsys, "list")
    assert all(identifier in table for identifier in listed)


def test_a_control_is_shown_with_the_words_of_every_provider(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = run(capsys, "show", "continuity.state")
    assert code == ExitCode.OK
    assert "hideObjects" in out or "hide_objects" in out
    assert "contributes to:" in out
    code, _, err = run(capsys, "show", "continuity.stat")
    assert code == ExitCode.INPUT
    assert "Did you mean `continuity.state`?" in err


def test_coverage_names_every_heading_and_claims_no_compliance(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, out, _ = run(capsys, "coverage", "SNC", "--json")
    headings = [each for each in json.loads(out)["requirements"] if each["id"]]
    assert len(headings) == 92
    mapped = {each["id"] for each in headings if each["controls"]}
    assert {"19.2", "19.3", "19.4", "19.6"} <= mapped
    assert len(mapped) == 40
    _, text, _ = run(capsys, "coverage", "SNC")
    assert "contribute to it" in text
    assert not re.search(r"(?<!,)\n  [^ ,]+ contribute to it\n", text)
    assert not re.search(r"\((partly|organisational|evidenced)\)$", text, re.MULTILINE)
    assert re.search(r"\(partial evidence\)$", text, re.MULTILINE)
    assert not re.search(r"^[A-Z]+ [^\d(]+\(.* evidence\)$", text, re.MULTILINE), "a framework"
    assert "compl" not in text.lower().replace("complete", "")
    assert run(capsys, "coverage", "NOPE")[0] == ExitCode.INPUT


def test_ones_own_tests_pass(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, "test", str(good(tmp_path)), "--json")
    assert code == ExitCode.OK
    tests = {each["name"]: each for each in json.loads(out)["tests"]}
    assert tests["residency.data/pass-here.yaml"]["ok"]
    assert "eastus" in tests["residency.data/fail-away.yaml"]["said"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pass_away", ACCOUNT.format(location="eastus")),
        ("fail_here", ACCOUNT.format(location="francecentral")),
        ("fail_other", ACCOUNT.format(location="eastus") + "on: [another]\n"),
    ],
)
def test_a_test_that_does_not_hold_fails(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, text: str
) -> None:
    root = good(tmp_path)
    (root / "residency.data" / f"{name.replace('_', '-')}.yaml").write_text(text)
    code, out, _ = run(capsys, "test", str(root))
    assert code == ExitCode.FINDINGS
    assert "3 tests, 1 failed" in out


def test_a_plan_may_come_from_the_pulumi_cli_or_a_warehouse(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    state = f"provider: azure\nstate: {RECORDED / 'azure-state.json'}\n"
    own = "provider: local\n"
    root = folder(tmp_path, "exposure.public-storage", pass_state=state, pass_own=own)
    public = ACCOUNT.format(location="francecentral").replace(
        "sku:", "allowBlobPublicAccess: true, sku:"
    )
    (root / "exposure.public-storage" / "fail-public.yaml").write_text(public)
    code, out, err = run(capsys, "test", str(root))
    assert (code, err) == (ExitCode.OK, ""), out


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "needs at least one pass-*.yaml and one fail-*.yaml"),
        ({"pass_a": ACCOUNT}, "needs at least one pass-*.yaml and one fail-*.yaml"),
        ({"pass_a": "[", "fail_a": "["}, "never closed"),
        ({"pass_a": "provider: 3", "fail_a": "provider: 3"}, "provider"),
        ({"pass_a": "provider: x", "fail_a": "provider: x"}, "is not installed"),
        ({"pass_a": "provider: azure\nstate: no", "fail_a": HERE}, "cannot be read"),
    ],
)
def test_what_is_wrong_with_ones_own_tests_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, files: dict[str, str], said: str
) -> None:
    code, out, err = run(capsys, "test", str(folder(tmp_path, **files)))
    assert code in {ExitCode.INPUT, ExitCode.ENGINE}
    assert said in err
    assert "Traceback" not in out + err


def test_a_folder_that_is_no_controls_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(capsys, "test", str(tmp_path / "none"))[0] == ExitCode.INPUT
    assert run(capsys, "test", str(tmp_path))[0] == ExitCode.INPUT
    (tmp_path / "residency.dat").mkdir()
    code, _, err = run(capsys, "test", str(tmp_path))
    assert code == ExitCode.INPUT
    assert "Did you mean `residency.data`?" in err
