"""`havre doctor` where a provider lists nothing: that is said, and never passes."""

import json
from pathlib import Path

import pytest

from havre.cli import main
from havre.errors import ExitCode

RECORDED = Path(__file__).parents[1] / "facts" / "recorded"


def test_where_nothing_can_be_listed_that_is_said_and_is_not_evaluated(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HAVRE_AZURE_MANAGEMENT_TOKEN", raising=False)
    state = str(RECORDED / "azure-state.json")
    assert main(["doctor", "--state", state]) == ExitCode.NOT_EVALUATED
    said = " ".join(capsys.readouterr().out.split())
    assert "NOT LISTED: resources: variable HAVRE_AZURE_MANAGEMENT_TOKEN is not set" in said
    assert "az resource list" in said
    assert main(["doctor", "--state", state, "--allow-unknown", "--json"]) == ExitCode.OK
    found = json.loads(capsys.readouterr().out)
    assert (found["listed"], found["departed"], len(found["unlisted"])) == ({}, [], 1)


@pytest.mark.parametrize("name", ["missing.json", "no-state.json"])
def test_a_file_that_is_no_state_is_told(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "no-state.json").write_text("{}")
    assert main(["doctor", "--state", str(tmp_path / name)]) == ExitCode.INPUT
    assert name in capsys.readouterr().err
