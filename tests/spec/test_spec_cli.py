from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from havre import __version__
from havre.cli import main
from havre.errors import ExitCode
from havre.spec.load import load
from havre.spec.model import Classification
from havre.spec.schema import schema

ANSWERS = (
    *("--classification", "personal", "--environment", "development"),
    *("--country", "FR", "--operator-law", "any"),
)


@pytest.fixture(autouse=True)
def _piped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The output goes to a pipe: a fault is a line."""
    monkeypatch.delenv("COLUMNS", raising=False)


class Terminal(io.StringIO):
    """What a person types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def broken(tmp_path: Path, base: str) -> Path:
    path = tmp_path / "broken.yaml"
    path.write_text(base.replace("size: m", "size: mm").replace("nodes: 3", "nodes: 0"))
    return path


def test_init_then_validate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", *ANSWERS]) == ExitCode.OK
    assert (
        capsys.readouterr().out
        == "warehouse.yaml: written. Put your organisation and contact in it.\n"
        "Then: havre validate warehouse.yaml\n"
    )
    assert main(["validate"]) == ExitCode.OK
    expected = "warehouse.yaml: valid: warehouse my-warehouse, 4 zones, 0 projects\n"
    assert capsys.readouterr().out == expected


def test_init_names_the_warehouse(tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    assert main(["init", str(path), "--name", "null", *ANSWERS]) == ExitCode.OK
    assert load(path).warehouse.name == "null"
    assert "havre validate w.yaml" in path.read_text()


def test_init_keeps_what_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "w.yaml"
    path.write_text("mine")
    assert main(["init", str(path), *ANSWERS]) == ExitCode.INPUT
    assert path.read_text() == "mine"
    assert "already exists and was not changed" in capsys.readouterr().err
    assert main(["init", str(path), "--force", *ANSWERS]) == ExitCode.OK
    assert load(path).warehouse.name == "my-warehouse"


@pytest.mark.parametrize("name", ["A b", "x", "name: evil", "a\nb: c", "--x", ""])
def test_init_refuses_a_bad_name(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "w.yaml"
    assert main(["init", str(path), f"--name={name}", *ANSWERS]) == ExitCode.INPUT
    assert not path.exists()
    assert "wanted a name of 2 to 20" in capsys.readouterr().err


def test_init_in_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "none" / "w.yaml"), *ANSWERS]) == ExitCode.INPUT
    assert "cannot be written: No such file or directory" in capsys.readouterr().err


def test_validate_tells_all_of_every_file(
    broken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], examples: list[Path]
) -> None:
    none = tmp_path / "none.yaml"
    assert main(["validate", str(broken), str(examples[0]), str(none)]) == ExitCode.INPUT
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        f"{broken}:33:3: database.size: found 'mm'; wanted one of s, m, l, xl; did you mean `m`?",
        f"{broken}:36:3: cluster.nodes: found 0; wanted a whole number from 1 to 100",
        f"{examples[0]}: valid: warehouse emc2, 6 zones, 3 projects",
        f"{none}:1:1: found no such file; wanted a warehouse; `havre init` writes one",
    ]
    assert captured.err == ""


def test_validate_for_machines(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(broken), "--json"]) == ExitCode.INPUT
    answer = json.loads(capsys.readouterr().out)
    assert answer["valid"] is False
    assert answer["problems"][0] == {
        "file": str(broken),
        "line": 33,
        "column": 3,
        "path": "database.size",
        "found": "'mm'",
        "wanted": "one of s, m, l, xl",
        "hint": "did you mean `m`?",
    }
    assert len(answer["problems"]) == 2


def test_validate_for_machines_valid(
    capsys: pytest.CaptureFixture[str], examples: list[Path]
) -> None:
    assert main(["validate", "--json", *map(str, examples)]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out) == {"valid": True, "problems": []}


def test_a_hostile_file_name_is_inert(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "a\x07b\nc\u202e.yaml"]) == ExitCode.INPUT
    assert capsys.readouterr().out.startswith("a\\x07b\\nc\\u202e.yaml:1:1: found no such file;")


def test_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out) == schema()
    path = tmp_path / "s.json"
    assert main(["schema", "--output", str(path)]) == ExitCode.OK
    assert json.loads(path.read_text()) == schema()


@pytest.mark.parametrize(
    "arguments", [["validate", "--jsn"], ["nothing"], ["init", "a", "b"], ["schema", "-o"], []]
)
def test_usage_errors_are_the_users(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == ExitCode.INPUT
    captured = capsys.readouterr()
    assert "fault of Havre" not in captured.err
    assert "--help" in captured.err


@pytest.mark.parametrize("command", ["init", "validate", "schema"])
def test_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == ExitCode.OK
    assert f"Example: havre {command}" in " ".join(capsys.readouterr().out.split())


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == ExitCode.OK
    assert capsys.readouterr().out == f"havre {__version__}\n"


def test_validating_loads_neither_pulumi_nor_rich(examples: list[Path]) -> None:
    program = (
        "import sys; from havre.cli import main; code = main(['validate', sys.argv[1]]); "
        "print(code, *({'pulumi', 'rich', 'grpc'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, examples[0]], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "0"


def test_run_as_a_module(examples: list[Path]) -> None:
    command = [sys.executable, "-m", "havre", "validate", str(examples[0])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_a_provider_refuses_is_told_with_its_line(
    tmp_path: Path, base: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "w.yaml"
    text = base.replace("rotation_days: 365", "rotation_days: 3")
    path.write_text(re.sub(r"address_space: \S+", "address_space: 172.30.0.0/16", text, count=1))
    assert main(["validate", str(path)]) == ExitCode.OK
    capsys.readouterr()
    assert main(["validate", str(path), "--provider", "azure", "--json"]) == ExitCode.INPUT
    problems = json.loads(capsys.readouterr().out)["problems"]
    lines = path.read_text().splitlines()
    assert [problem["path"] for problem in problems] == [
        "encryption.rotation_days",
        "network.address_space",
    ]
    assert "rotation_days: 3" in lines[problems[0]["line"] - 1]
    assert "address_space" in lines[problems[1]["line"] - 1]


def test_a_setting_that_does_not_fit_the_file_is_told_too(
    tmp_path: Path, base: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "w.yaml"
    path.write_text(base)
    words = ["validate", str(path), "--provider", "ovh", "--set", "registry_region=WAW"]
    assert main(words) == ExitCode.INPUT
    out = capsys.readouterr().out
    assert out.startswith(f"{path}:1:1: settings.registry_region: found `registry_region` WAW")
    assert main(["validate", str(path), "--provider", "ovh"]) == ExitCode.OK


def test_a_broken_file_is_told_without_asking_the_provider(
    broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", str(broken), "--provider", "azure"]) == ExitCode.INPUT
    assert "found 'mm'" in capsys.readouterr().out


def test_init_asks_at_a_terminal_and_proposes_what_health_data_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "w.yaml"
    monkeypatch.setattr("sys.stdin", Terminal("\n\n\n\n"))
    assert main(["init", str(path)]) == ExitCode.OK
    asked = capsys.readouterr().out
    for default in ("[health-pseudonymised]", "[production]", "[FR]", "[eu]"):
        assert default in asked
    spec = load(path).warehouse
    assert (spec.classification, spec.environment) == ("health-pseudonymised", "production")
    assert spec.residency.qualifications == ("hds",)
    assert spec.exit is not None, "a health warehouse needs an exit"


def test_init_asks_again_until_an_answer_is_valid_and_not_for_what_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "w.yaml"
    monkeypatch.setattr("sys.stdin", Terminal("healthy\ninternal\nde, fr\n"))
    flags = ("--environment", "staging", "--operator-law", "eea")
    assert main(["init", str(path), *flags]) == ExitCode.OK
    assert "`healthy` is not one of them." in capsys.readouterr().out
    spec = load(path).warehouse
    assert (spec.classification, spec.environment) == ("internal", "staging")
    assert spec.residency.countries == ("DE", "FR")
    assert spec.sites.primary.startswith("de-")
    assert spec.residency.operator_law == "eea"


def test_init_asks_again_for_a_country_and_keeps_the_other_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "w.yaml"
    monkeypatch.setattr("sys.stdin", Terminal("internal\nstaging\nFrancia\nfr\neea\n"))
    assert main(["init", str(path)]) == ExitCode.OK
    told = "Francia: not a country code (ISO 3166-1 alpha-2). Use the two letters"
    assert told in capsys.readouterr().out
    assert load(path).warehouse.residency.countries == ("FR",)


def test_questions_of_init_fit_eighty_columns_and_say_how_countries_are_separated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("\n\n\n\n"))
    assert main(["init", str(tmp_path / "w.yaml")]) == ExitCode.OK
    asked = capsys.readouterr().out.partition(str(tmp_path))[0]
    questions = [part for line in asked.splitlines() for part in re.split(r"(?<=\]: )", line)]
    assert [each for each in questions if len(each) > 80] == []
    (countries,) = [each for each in questions if each.startswith("Countries")]
    assert "separated by spaces" in countries
    for each in Classification:
        assert each.value in asked


@pytest.mark.parametrize("value", ['"1.0"', "1.0", "1", "TLSv1.1", '"1.1"'])
def test_a_version_of_tls_that_is_not_secure_is_told_why(
    value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "warehouse.yaml"
    text = (Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml").read_text()
    file.write_text(text.replace('tls: "1.2"', f"tls: {value}"))
    assert main(["validate", str(file)]) == ExitCode.INPUT
    said = capsys.readouterr().out
    assert 'wanted one of "1.2", "1.3"; TLS 1.0 and 1.1 are no longer secure' in said
    assert "did you mean" not in said


@pytest.mark.parametrize("day", ["9999-12-31", "0201-01-01"])
def test_an_absurd_day_is_refused(
    day: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "warehouse.yaml"
    text = (Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml").read_text()
    file.write_text(text.replace("expires: 2027-12-31", f"expires: {day}", 1))
    assert main(["validate", str(file)]) == ExitCode.INPUT
    assert "between 2000 and 2100" in capsys.readouterr().out


def test_init_names_every_option_that_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--classification", "secret", "--environment", "live", "--country", "Francia"]
    command = ["init", str(tmp_path / "w.yaml"), *given, "--operator-law", "us"]
    assert main(command) == ExitCode.INPUT
    said = capsys.readouterr().err
    assert all(wrong in said for wrong in ("secret", "live", "Francia", "operator-law us"))


@pytest.mark.parametrize("left_out", range(0, len(ANSWERS), 2))
def test_init_without_a_terminal_names_the_flags_that_are_missing(
    tmp_path: Path, left_out: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path, flag = tmp_path / "w.yaml", ANSWERS[left_out]
    given = [*ANSWERS[:left_out], *ANSWERS[left_out + 2 :]]
    assert main(["init", str(path), *given]) == ExitCode.INPUT
    assert f"Cannot ask for {flag}: not a terminal" in capsys.readouterr().err
    assert not path.exists()


@pytest.mark.parametrize(
    ("flag", "value", "said"),
    [
        ("--classification", "helth-pseudonymised", "Did you mean `health-pseudonymised`?"),
        ("--environment", "prod", "Did you mean `production`?"),
        ("--operator-law", "us", "not one of any, eea, eu"),
        ("--country", "UK", "Did you mean `GB`?"),
        ("--country", "France", "--country France: not a country code (ISO 3166-1 alpha-2)"),
        ("--country", "belgium", "Did you mean `BE`?"),
        ("--country", "Belgique-sur-mer", "Use the two letters of a country, such as FR."),
    ],
)
def test_init_refuses_an_answer_that_is_none(
    tmp_path: Path, flag: str, value: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "w.yaml"
    place = ANSWERS.index(flag) + 1
    given = [*ANSWERS[:place], value, *ANSWERS[place + 1 :]]
    assert main(["init", str(path), *given]) == ExitCode.INPUT
    assert said in capsys.readouterr().err
    assert not path.exists()


def test_a_stack_file_names_the_provider_whose_settings_it_has(
    tmp_path: Path, base: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path, stack = tmp_path / "w.yaml", tmp_path / "Pulumi.ovh.yaml"
    path.write_text(base)
    words = ["validate", str(path), "--stack-config", str(stack)]
    stack.write_text("config:\n  warehouse:provider: ovh\n  warehouse:settings: {nothing: 1}\n")
    assert main(words) == ExitCode.INPUT
    assert "nothing" in capsys.readouterr().err
    stack.write_text(
        "config:\n  warehouse:provider: ovh\n  warehouse:settings: {registry_region: WAW}\n"
    )
    assert main(words) == ExitCode.INPUT
    assert "settings.registry_region" in capsys.readouterr().out
    stack.write_text("config:\n  warehouse:provider: ovh\n")
    assert main(words) == ExitCode.OK


@pytest.mark.parametrize("named", ["--set", "--stack-config"])
def test_a_setting_without_a_provider_is_refused(
    named: str, tmp_path: Path, base: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path, stack = tmp_path / "w.yaml", tmp_path / "Pulumi.test.yaml"
    path.write_text(base)
    stack.write_text("config:\n  warehouse:settings: {}\n")
    value = "a=b" if named == "--set" else str(stack)
    assert main(["validate", str(path), named, value]) == ExitCode.INPUT
    assert "--provider PROVIDER" in capsys.readouterr().err


def test_a_project_that_has_ended_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (Path(__file__).parents[2] / "examples" / "hospital" / "warehouse.yaml").read_text()
    file = tmp_path / "warehouse.yaml"
    file.write_text(re.sub(r"expires: \d{4}-\d\d-\d\d", "expires: 2020-12-31", text))
    assert main(["validate", str(file)]) == ExitCode.OK
    said = " ".join(capsys.readouterr().err.split())
    line = 1 + next(i for i, row in enumerate(file.read_text().splitlines()) if "2020" in row)
    place = f"warning: {file}:{line}:5: projects.bed-occupancy.expires: "
    assert f"{place}Project `bed-occupancy` ended on 2020-12-31. It is given no access" in said
