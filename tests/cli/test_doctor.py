"""`havre doctor` where a provider lists nothing: that is said, and never passes."""

import json
from pathlib import Path

import pytest

from havre.cli import main
from havre.errors import ExitCode

RECORDED = Path(__file__).parents[1] / "facts" / "recorded"


def test_a_provider_that_lists_nothing_is_not_evaluated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    state = str(RECORDED / "azure-state.json")
    assert main(["doctor", "--state", state]) == ExitCode.NOT_EVALUATED
    said = " ".join(capsys.readouterr().out.split())
    assert "NOT LISTED: The SDK for deployments cannot list what Azure has" in said
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
