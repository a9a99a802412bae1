import json
from pathlib import Path

import pytest

import havre.provider
from havre.cli import main
from havre.errors import ExitCode
from tests.contract.test_discovery import registered  # noqa: F401 - a fixture
from tests.contract.toy_provider import Settings

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml")
PAPER = "tests.contract.toy_provider:provider"


@pytest.fixture
def paper(registered, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    registered(paper=PAPER)
    monkeypatch.setattr(Settings.model_fields["shelf"], "examples", ["a"])


def plan(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    assert main(["plan", EXAMPLE, "-p", "paper", "-f", "json", *words]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("paper")
def test_what_is_missing_is_a_named_placeholder(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan(capsys)["placeholders"] == ["shelf"]
    assert plan(capsys, "--set", "shelf=b")["placeholders"] == []
    assert main(["plan", EXAMPLE, "-p", "paper"]) == 0
    assert "placeholders for settings not given: shelf" in capsys.readouterr().out


@pytest.mark.usefixtures("paper")
def test_up_takes_no_placeholder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["up", EXAMPLE, "-p", "paper", "--yes", "--data-dir", str(tmp_path / "data")]
    assert main(words) == ExitCode.INPUT
    assert "`shelf`: Field required" in capsys.readouterr().err


@pytest.mark.usefixtures("paper")
def test_a_stack_file_gives_settings_but_no_encrypted_ones(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "Pulumi.paper.yaml"
    file.write_text("config:\n  warehouse:settings:\n    shelf: b\n")
    assert plan(capsys, "--stack-config", str(file))["placeholders"] == []
    file.write_text("config:\n  warehouse:settings:\n    shelf:\n      secure: v1:abc\n")
    assert plan(capsys, "--stack-config", str(file))["placeholders"] == ["shelf"]
    file.write_text("config:\n  warehouse:settings:\n    shelf: b\n    copies: x\n")
    words = ["plan", EXAMPLE, "-p", "paper", "--stack-config", str(file)]
    assert main(words) == ExitCode.INPUT
    assert "`copies`" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content", ["", "[", "- a", "config: 3", "config:\n  warehouse:settings: 3", "a: &a [*a]"]
)
@pytest.mark.usefixtures("paper")
def test_a_file_that_is_no_stack_file_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str
) -> None:
    file = tmp_path / "Pulumi.paper.yaml"
    file.write_text(content)
    words = ["plan", EXAMPLE, "-p", "paper", "--stack-config", str(file)]
    assert main(words) == ExitCode.INPUT
    assert str(file) in capsys.readouterr().err
    assert main([*words[:-1], str(tmp_path / "nowhere")]) == ExitCode.INPUT


@pytest.mark.usefixtures("paper")
def test_providers_are_compared_row_by_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["providers"]) == 0
    text = capsys.readouterr().out
    assert "hsm-key (absent): paper has no hardware" in text
    assert main(["providers", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["providers"]
    assert found["sites"] == ["fr-paris", "fr-province"]
    assert found["capabilities"]["hsm-key"]["support"] == "absent"


def test_a_broken_provider_is_shown_beside_the_others(
    registered,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    registered(broken="tests.contract.nowhere:provider", paper=PAPER)
    assert main(["providers"]) == 0
    captured = capsys.readouterr()
    assert "paper" in captured.out
    assert "broken: broken" in captured.err
    registered()
    assert main(["providers"]) == 0
    assert "No provider is installed" in capsys.readouterr().out


def test_formats_for_graph_tools_and_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", EXAMPLE, "-p", "local", "--format", "dot"]) == 0
    assert capsys.readouterr().out.startswith("digraph plan {")
    assert main(["plan", EXAMPLE, "-p", "local"]) == 0
    text = capsys.readouterr().out
    assert "26 resources on local" in text
    assert "without effect here: network.egress" in text
    assert havre.provider.find("local").name == "local"


def test_an_unknown_provider_and_a_wrong_setting_are_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["plan", EXAMPLE, "-p", "lokal"]) == ExitCode.ENGINE
    assert "Did you mean `local`?" in capsys.readouterr().err
    assert main(["plan", EXAMPLE, "-p", "local", "--set", "country"]) == ExitCode.INPUT
    assert "not of the form NAME=VALUE" in capsys.readouterr().err
    assert main(["plan", EXAMPLE, "-p", "local", "--set", "country=France"]) == ExitCode.INPUT
    assert "`country`" in capsys.readouterr().err
