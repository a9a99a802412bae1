"""Stack files: their keys, their names, and those of a program of one's own."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime.config import CONFIG, set_all_config

from havre.cli import main
from havre.errors import ExitCode
from havre.evaluate import evaluate
from havre.stack.deploy import deploy_from_config

EXAMPLE = Path(__file__).parents[2] / "examples" / "hospital" / "warehouse.yaml"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a warehouse file."""
    monkeypatch.chdir(tmp_path)
    Path("warehouse.yaml").write_bytes(EXAMPLE.read_bytes())


def write(name: str, *lines: str) -> str:
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in ("config:", *lines)))
    return name


def check(*words: str) -> int:
    return main(["check", "--only", "residency.data", *words])


SLIPS = [
    ("warehouse:settngs", "`warehouse:settngs` is unknown, did you mean `warehouse:settings`?"),
    ("warehouse:Settings", "`warehouse:Settings` is unknown, did you mean `warehouse:settings`?"),
    ("warehouse:country", "`warehouse:country` is unknown"),
    ("warehuse:settings", "`warehuse:settings` is unknown, did you mean `warehouse:settings`?"),
]


@pytest.mark.parametrize(("key", "said"), SLIPS)
@pytest.mark.parametrize(
    "words",
    [
        ("--stack-config", "Pulumi.local.yaml"),
        ("warehouse.yaml", "-p", "local", "--stack-config", "Pulumi.local.yaml"),
        (),
    ],
)
def test_a_key_that_would_be_ignored_is_a_fault_with_its_line(
    key: str, said: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    write("Pulumi.local.yaml", "  warehouse:provider: local", f"  {key}:", "    country: FR")
    assert check(*words) == ExitCode.INPUT
    shown = capsys.readouterr().err
    assert f"Pulumi.local.yaml:3: {said}" in shown
    assert "Known keys: `warehouse:spec`, `warehouse:provider`, `warehouse:settings`." in shown


def test_a_provider_that_is_misspelt_is_told_and_not_looked_for_elsewhere(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("Pulumi.local.yaml", "  warehouse:provder: local")
    assert check() == ExitCode.INPUT
    assert "did you mean `warehouse:provider`?" in capsys.readouterr().err


def test_keys_of_other_namespaces_are_nothing_to_havre() -> None:
    settings = ("  warehouse:settings:", "    country: FR")
    write(
        "Pulumi.local.yaml",
        *("  warehouse:provider: local", *settings, "  azure-native:location: francecentral"),
        "  another:settings: 3",
    )
    assert check() == ExitCode.OK


@pytest.mark.parametrize("name", ["prod.yaml", "Pulumi.yml", "stack/local.yaml"])
def test_a_stack_file_that_is_named_may_have_any_name(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(name, "  warehouse:provider: local", "  warehouse:settings:", "    country: FR")
    assert check("--stack-config", name) == ExitCode.OK
    assert "provider local" in capsys.readouterr().err
    Path(name).write_text("country: FR\n")
    assert check("--stack-config", name) == ExitCode.INPUT
    assert f"{name} has no mapping `config`" in capsys.readouterr().err
    Path(name).unlink()
    assert check("--stack-config", name) == ExitCode.INPUT
    assert f"{name} cannot be read" in capsys.readouterr().err


OWN = ("  own:provider: local", "  own:spec: ../warehouse.yaml", "  own:limit: 3")


@pytest.fixture
def program() -> str:
    """The stack file of a program of one's own, next to the project's."""
    file = write("own/Pulumi.local.yaml", *OWN, "  own:settings:", "    country: FR")
    Path("own/Pulumi.yaml").write_text("name: own\nruntime: python\n")
    return file


def test_the_stack_of_ones_own_program_is_read_by_the_name_of_its_project(
    program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("--stack-config", program) == ExitCode.OK
    assert "provider local" in capsys.readouterr().err
    assert check("warehouse.yaml", "-p", "local", "--stack-config", program) == ExitCode.OK


def test_a_slip_in_ones_own_stack_is_a_fault_and_a_key_of_its_own_is_none(
    program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(program, *OWN, "  own:settngs:", "    country: FR")
    assert check("--stack-config", program) == ExitCode.INPUT
    said = capsys.readouterr().err
    assert f"{program}:5: `own:settngs` is unknown, did you mean `own:settings`?" in said
    assert "Known keys: `own:spec`, `own:provider`, `own:settings`." in " ".join(said.split())
    write(program, *OWN)
    assert check("--stack-config", program) != ExitCode.INPUT


def test_without_its_project_the_message_says_how_it_is_read(
    program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("own/Pulumi.yaml").unlink()
    assert check("warehouse.yaml", "-p", "local", "--stack-config", program) == ExitCode.INPUT
    said = " ".join(capsys.readouterr().err.split())
    assert "it has no key `warehouse:...`" in said
    assert "is read by the project's name: keep it next to Pulumi.yaml" in said


@pytest.mark.parametrize(("key", "said"), SLIPS)
def test_pulumi_is_told_of_the_same_slips(key: str, said: str, tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "warehouse:spec": str(tmp_path / "warehouse.yaml"),
        "warehouse:provider": "local",
        key: json.dumps({"data_dir": str(tmp_path / "data")}),
    }

    def run() -> None:
        set_all_config(given)
        deploy_from_config()

    before = dict(CONFIG.get())
    with pytest.raises(pulumi.RunError) as caught:
        evaluate(run, project="warehouse", stack="local")
    set_all_config(before)
    assert said in str(caught.value)
