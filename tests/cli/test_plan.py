import json
import subprocess
import sys
from pathlib import Path

import pytest

import havre.provider
from havre.cli import main
from havre.errors import ExitCode
from tests.contract.toy_provider import Settings
from tests.waits import PATIENCE

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml")
STACKS = Path(__file__).parents[2] / "stacks" / "warehouse"
PAPER = "tests.contract.toy_provider:provider"


@pytest.fixture
def paper(registered, monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert "`shelf`: is missing" in capsys.readouterr().err


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
    "content",
    [
        *("", "[", "- a", "config: 3", "a: &a [*a]"),
        "config:\n  warehouse:settings: 3",
        "config:\n  another:settings:\n    shelf: b",
        "config:\n  warehouse:provider: card\n  warehouse:settings:\n    shelf: b",
    ],
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


@pytest.mark.parametrize("provider", ["azure", "ovh", "scaleway", "local"])
def test_the_stack_files_of_this_repository_are_read_as_they_are(
    capsys: pytest.CaptureFixture[str], provider: str
) -> None:
    file = STACKS / f"Pulumi.{provider}.yaml"
    words = ["plan", EXAMPLE, "-p", provider, "-f", "json", "--stack-config", str(file)]
    assert main(words) == 0
    text = capsys.readouterr().out
    assert json.loads(text)["provider"] == provider
    if provider == "local":
        assert str((STACKS / "../../demo-data").resolve()) in text


@pytest.mark.parametrize("provider", ["azure", "ovh", "scaleway"])
def test_their_settings_need_no_more_than_to_lose_their_marks(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, provider: str
) -> None:
    lines = (STACKS / f"Pulumi.{provider}.yaml").read_text().splitlines()
    told = [line.replace("  # ", "  ", 1).replace("  #", "  ", 1) for line in lines]
    file = tmp_path / "Pulumi.mine.yaml"
    file.write_text("\n".join(told))
    words = ["plan", EXAMPLE, "-p", provider, "-f", "json", "--stack-config", str(file)]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["placeholders"] == []


def test_sites_say_what_to_know_before_choosing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["providers"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    rows = [line for line in lines if line[:2] == ["fr-province", "FR"]]
    assert ["1", "francecentral", "restricted", "access:"] in [row[2:6] for row in rows]


@pytest.mark.usefixtures("paper")
def test_providers_are_compared_row_by_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["providers"]) == 0
    text = capsys.readouterr().out
    assert "hsm-key (absent): paper has no hardware" in text
    assert main(["providers", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["providers"]
    assert [site["name"] for site in found["sites"]] == ["fr-paris", "fr-province"]
    assert found["sites"][0] == {
        "name": "fr-paris",
        "country": "FR",
        "regions": {"shelf": "PARIS"},
        "zones": 1,
        "restrictions": [],
        "pair": None,
    }
    assert found["capabilities"]["hsm-key"]["support"] == "absent"


def test_a_broken_provider_is_shown_beside_the_others(
    registered,
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
    assert main(["plan", EXAMPLE, "-p", "local", "--details"]) == 0
    text = capsys.readouterr().out
    assert "26 resources on local" in text
    assert "Without effect here: network.egress" in text
    assert havre.provider.find("local").name == "local"


def _planned(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert main(["plan", EXAMPLE, "-p", "local", *options]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_plan_is_counted_by_part_and_shown_whole_with_details(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    machine = json.loads("\n".join(_planned(capsys, "--format", "json")))
    made = [each for each in machine["resources"] if each["custom"]]
    brief, whole = _planned(capsys), _planned(capsys, "--details")
    start = next(n for n, line in enumerate(brief) if line.startswith("part "))
    rows = [line.split() for line in brief[start + 1 : brief.index("", start)]]
    assert sum(int(row[1]) for row in rows) == len(made)
    assert sum(int(row[2]) for row in rows) == sum(each["protect"] for each in made)
    text = "\n".join(whole)
    assert [each["name"] for each in machine["resources"][1:] if each["name"] not in text] == []
    heads = [line.partition(": ")[0] for line in brief]
    assert len(heads) == len(set(heads) - {""}) + heads.count(""), "no gap is named twice"
    for gap in machine["gaps"]:
        named = [each for each in heads if each.startswith(f"{gap['capability']} (")]
        assert any(gap["control"] in each for each in named)
        assert f"Residual risk: {gap['risk']}" in text
        assert any(line.endswith(gap["reason"]) for line in brief)
    assert len(brief) < len(whole)


def test_a_plan_fits_a_terminal_and_is_not_wrapped_in_a_pipe(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    piped = _planned(capsys)
    assert max(map(len, piped)) > 80
    monkeypatch.setenv("COLUMNS", "80")
    shown = _planned(capsys)
    assert max(map(len, shown)) <= 80
    assert {word for line in piped for word in line.replace("):", ")").split()} == {
        word for line in shown for word in line.split()
    }


def test_an_unknown_provider_and_a_wrong_setting_are_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["plan", EXAMPLE, "-p", "lokal"]) == ExitCode.INPUT
    assert "Did you mean `local`?" in capsys.readouterr().err
    assert main(["plan", EXAMPLE, "-p", "local", "--set", "country"]) == ExitCode.INPUT
    assert "not of the form NAME=VALUE" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "hint"),
    [("France", "`FR`?"), ("be", "`BE`?"), ("UK", "`GB`?"), ("XX", "such as FR")],
)
def test_a_country_of_this_machine_that_is_none_is_told_with_the_one_that_is_meant(
    given: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", EXAMPLE, "-p", "local", "--set", f"country={given}"]) == ExitCode.INPUT
    said = capsys.readouterr().err
    assert "`country`: is not a country code (ISO 3166-1 alpha-2)" in said
    assert hint in said


def test_a_full_disk_is_no_fault_of_ours() -> None:
    command = [sys.executable, "-m", "havre", "policy", "list"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False
        )
    assert done.returncode == ExitCode.INPUT
    assert "the output cannot be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_plan_loads_nothing_that_judges_one() -> None:
    code = (
        "import sys\n"
        "from havre.cli import main\n"
        f"code = main(['plan', {EXAMPLE!r}, '-p', 'local', '-f', 'json'])\n"
        "rooms = {'.'.join(name.split('.')[:2]) for name in sys.modules}\n"
        "judging = {'havre.policy', 'havre.facts', 'havre.assess', 'havre_policies'} & rooms\n"
        "print(code, sorted(judging), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    assert done.stderr.splitlines()[-1] == "0 []"


@pytest.mark.parametrize(
    ("day", "projects", "said"),
    [
        ("2027-11-30", 3, []),
        ("2027-12-01", 3, ["`pharmaco-study` ends on 2027-12-31 (in 30 days)"]),
        ("2027-12-31", 3, ["`pharmaco-study` ends on 2027-12-31 (today)"]),
        ("2028-01-01", 2, ["`pharmaco-study` ended on 2027-12-31"]),
    ],
)
@pytest.mark.usefixtures("paper")
def test_the_end_of_a_project_is_announced(
    capsys: pytest.CaptureFixture[str], day: str, projects: int, said: list[str]
) -> None:
    found = plan(capsys, "--as-of", day)
    assert [text in warning for text in said for warning in found["warnings"]] == [True] * len(said)
    assert len(found["warnings"]) == len(said)
    assert len(found["outputs"]["projects"]) == projects
    assert main(["plan", EXAMPLE, "-p", "paper", "--as-of", day]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert all(each in text for each in said)


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("command", ["plan", "check"])
def test_a_setting_that_a_first_deployment_refuses_is_named_with_the_order(
    command: str, given: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without an account, nothing records whether the warehouse is deployed already."""
    words = ("--set", "lock_immutability=true") if given else ()
    main([command, str(EXAMPLE), "--provider", "azure", *words])
    shown = " ".join(capsys.readouterr().out.split())
    assert ("Then deploy without `lock_immutability` first" in shown) is given
