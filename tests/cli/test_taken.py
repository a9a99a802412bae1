"""What a command takes from its folder, and what it refuses to guess."""

import json
import textwrap
from pathlib import Path

import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre.stack.standing import record_path, write_record

EXAMPLE = Path(__file__).parents[2] / "examples" / "emc2"
DAY = ("--as-of", "2026-11-23")
PREVIEW = Path(__file__).parents[1] / "facts" / "recorded" / "azure-preview.json"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the example's file, and no warehouse in the home of data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("havre.cli.context.data_home", lambda: tmp_path / "home")
    (tmp_path / "warehouse.yaml").write_bytes((EXAMPLE / "warehouse.yaml").read_bytes())
    return tmp_path


def stack(folder: Path, name: str, provider: str, **more: object) -> Path:
    path = folder / f"Pulumi.{name}.yaml"
    config = {"warehouse:provider": provider, **{f"warehouse:{k}": v for k, v in more.items()}}
    path.write_text(json.dumps({"config": config}))
    return path


def planned(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, str]:
    """The provider of the plan that is shown, and what is said of what was taken."""
    assert main(["plan", "--format", "json", *words]) == 0
    told = capsys.readouterr()
    return json.loads(told.out)["provider"], told.err


def test_the_only_stack_file_names_provider_and_settings(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(folder, "prod", "local", settings={"country": "FR"})
    (folder / "Pulumi.other.yaml").write_text("config:\n  another:key: 1\n")
    (folder / "Pulumi.broken.yaml").write_text("[")
    provider, said = planned(capsys)
    assert provider == "local"
    assert "file warehouse.yaml, provider local, settings from Pulumi.prod.yaml" in said
    words = ["check", *DAY, "--format", "json", "--fail-on", "never", "--allow-unknown"]
    assert main(words) == 0
    text = capsys.readouterr().out
    assert "country not known" not in text, "the stack's settings are used"


def test_a_warehouse_that_is_deployed_in_the_data_folder_names_the_provider(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = folder / "data"
    record_path(data).parent.mkdir(parents=True, mode=0o700)
    write_record(data, {"provider": "local", "warehouse": "emc2", "stack": "local"})
    assert planned(capsys, "--data-dir", str(data))[0] == "local"
    stack(folder, "a", "azure")
    assert main(["plan", "--data-dir", str(data)]) == ExitCode.INPUT
    assert "names azure, local" in capsys.readouterr().err


def test_a_data_folder_that_is_named_decides_among_stack_files(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = folder / "data"
    record_path(data).parent.mkdir(parents=True, mode=0o700)
    write_record(data, {"provider": "local", "warehouse": "emc2", "stack": "local"})
    stack(folder, "a", "azure")
    stack(folder, "b", "local", settings={"country": "FR"})
    stack(folder, "c", "ovh")
    provider, said = planned(capsys, "--data-dir", str(data))
    assert provider == "local"
    assert "settings from Pulumi.b.yaml" in said
    assert main(["plan"]) == ExitCode.INPUT
    assert "names azure, local, ovh" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["up", "plan", "check"])
def test_without_one_answer_nothing_is_guessed(
    folder: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command]) == ExitCode.INPUT
    said = capsys.readouterr().err
    assert "Missing --provider: neither a stack file nor a data folder names one" in said
    assert "--provider PROVIDER (installed: azure, local, ovh" in " ".join(said.split())
    assert ("nothing was deployed" in said) is (command == "up")
    stack(folder, "a", "azure")
    stack(folder, "o", "ovh")
    assert main([command]) == ExitCode.INPUT
    assert "names azure, ovh (Pulumi.a.yaml, Pulumi.o.yaml)" in capsys.readouterr().err
    (folder / "warehouse.yaml").unlink()
    assert main([command, "--provider", "local"]) == ExitCode.INPUT
    assert "Missing FILE: there is no warehouse.yaml in this folder" in capsys.readouterr().err
    assert not (folder / "home").exists()


def test_a_stack_file_names_the_warehouse_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "stack").mkdir()
    (folder / "warehouse.yaml").rename(folder / "own.yaml")
    for each in ("azure", "local"):
        stack(folder, each, each, spec="own.yaml")
    provider, said = planned(capsys, "--provider", "local")
    assert provider == "local"
    assert "file own.yaml, settings from Pulumi.local.yaml" in said


def test_a_stack_of_another_file_is_not_taken(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(folder, "other", "azure", spec="other.yaml")
    stack(folder, "own", "local", spec="warehouse.yaml")
    assert planned(capsys)[0] == "local"


def test_what_is_named_is_not_replaced_by_what_is_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(folder, "prod", "azure")
    provider, said = planned(capsys, str(EXAMPLE / "warehouse.yaml"), "--provider", "local")
    assert provider == "local"
    assert said == ""


def test_the_waivers_file_that_is_taken_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["check", "-p", "azure", *DAY]
    assert main(words) == ExitCode.FINDINGS
    assert "waivers" not in capsys.readouterr().err
    (folder / "waivers.yaml").write_bytes((EXAMPLE / "waivers.yaml").read_bytes())
    assert main(words) == ExitCode.OK
    assert "Using file warehouse.yaml, waivers waivers.yaml." in capsys.readouterr().err
    assert main([*words, "--waivers", "waivers.yaml"]) == ExitCode.OK
    assert "waivers.yaml" not in capsys.readouterr().err.replace("warehouse.yaml", "")


@pytest.mark.usefixtures("folder")
def test_a_preview_without_a_file_says_that_no_waivers_are_applied(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["check", "--preview", str(PREVIEW), *DAY]
    assert main(words) == ExitCode.FINDINGS
    assert "No waivers file: none applied." in capsys.readouterr().err
    main([*words, "--waivers", str(EXAMPLE / "waivers.yaml")])
    assert "none applied" not in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check", "plan", "up", "validate"])
@pytest.mark.usefixtures("folder")
def test_two_providers_are_compared_and_not_checked(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [command, "warehouse.yaml", "-p", "azure", "-p", "ovh"]
    assert main(words) == ExitCode.INPUT
    said = " ".join(capsys.readouterr().err.split())
    assert "evaluates one provider, not 2" in said
    if command != "validate":
        assert "havre compare warehouse.yaml --provider azure --provider ovh" in said
    assert main(["plan", "warehouse.yaml", "-p", "local", "-p", "local"]) == 0, "once named twice"


@pytest.mark.parametrize("provider", ["azure", "ovh"])
def test_up_says_at_once_that_a_cloud_needs_the_pulumi_cli(
    folder: Path, provider: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", "--provider", provider, "--yes"]) == ExitCode.ENGINE
    said = capsys.readouterr().err
    assert f"cannot deploy on {provider}: that needs the Pulumi CLI" in said
    assert "To rehearse it on this machine without an account, add --sandbox." in said
    assert "missing" not in said
    assert not (folder / "home").exists()


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command says that is refused, on one line."""
    assert main(list(words)) == ExitCode.INPUT
    said = " ".join(capsys.readouterr().err.split())
    assert "Missing --provider: neither" not in said, "a stack file names one"
    return said


@pytest.mark.parametrize("named", [True, False])
def test_a_file_that_does_not_exist_is_told_with_the_stack_file_that_names_it(
    folder: Path, named: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    path = stack(folder, "prod", "local", spec="nothere.yaml")
    more = ("--stack-config", path.name) if named else ()
    if not named:
        (folder / "warehouse.yaml").unlink()
    said = refused(capsys, "plan", *more)
    assert "nothere.yaml: no such file (named by `warehouse:spec` in Pulumi.prod.yaml)" in said


def test_a_stack_file_and_another_file_are_both_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "deploy").mkdir()
    path = stack(folder / "deploy", "prod", "local", spec="../warehouse.yaml")
    (folder / "own.yaml").write_bytes((folder / "warehouse.yaml").read_bytes())
    words = ("--stack-config", str(path))
    said = refused(capsys, "plan", "own.yaml", *words)
    assert f"{path} is a stack file of {path.parent}/../warehouse.yaml" in said
    assert "you named own.yaml" in said
    assert planned(capsys, "own.yaml", "--provider", "local", *words)[0] == "local"


def test_the_file_of_a_stack_file_that_is_named_goes_before_the_folder_s(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "deploy").mkdir()
    path = stack(folder / "deploy", "prod", "local", spec="own.yaml")
    (folder / "deploy" / "own.yaml").write_bytes((folder / "warehouse.yaml").read_bytes())
    (folder / "warehouse.yaml").write_text("version: 1\n")
    provider, said = planned(capsys, "--stack-config", str(path))
    assert provider == "local"
    assert "deploy/own.yaml" in said


def test_a_stack_file_of_another_file_in_the_folder_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack(folder, "other", "azure", spec="other.yaml")
    said = refused(capsys, "up")
    assert "no stack file is of warehouse.yaml: Pulumi.other.yaml is of other.yaml" in said
    assert "nothing was deployed" in said


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("named", [(), ("warehouse.yaml", "-p", "azure")], ids=["taken", "named"])
def test_a_summary_fits_a_screen_with_what_was_taken_above_it(
    named: tuple[str, ...],
    language: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    stack(folder, "prod", "azure")
    (folder / "waivers.yaml").write_bytes((EXAMPLE / "waivers.yaml").read_bytes())
    main(["check", *named, "--summary", "--lang", language, *DAY])
    told = capsys.readouterr()
    above = [line for each in told.err.splitlines() for line in textwrap.wrap(each, 80)]
    lines = [*above, *told.out.splitlines()]
    assert "waivers.yaml" in told.err
    assert len(lines) <= 24
    assert [line for line in lines if len(line) > 80] == []


@pytest.mark.parametrize("deployed", [True, False])
def test_a_check_says_that_it_reads_settings_only_of_what_is_deployed(
    folder: Path, capsys: pytest.CaptureFixture[str], *, deployed: bool
) -> None:
    state = folder / "data" / "state" / "stack.json"
    if deployed:
        state.parent.mkdir(parents=True, mode=0o700)
        state.write_text("{}")
    words = ["warehouse.yaml", "-p", "local", *DAY, "--data-dir", str(folder / "data")]
    main(["check", *words, "--only", "residency.data"])
    said = " ".join(capsys.readouterr().err.split())
    assert ("Only settings were read from" in said) is deployed
    assert (f"--state{state}" in said.replace(" ", "")) is deployed
