"""`havre compare` as a user runs it."""

import json
from datetime import date
from pathlib import Path

import jsonschema
import pytest

import havre.report
from havre.cli import main
from havre.cli.compare import SettingsGiven, compared
from havre.compare import Comparison
from havre.errors import ExitCode
from havre.report.comparison import render
from havre.report.comparison.brief import gaps_by_severity
from tests.check.asked import EXAMPLES

EMC2 = str(EXAMPLES["emc2"])
WORDS = ("compare", EMC2, "--as-of", "2026-11-23")
THREE = ("-p", "azure", "-p", "ovh", "-p", "local")
SCHEMA = Path(havre.report.__file__).parent / "comparison.schema.json"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main([*WORDS, *words]) == ExitCode.OK
    return capsys.readouterr().out


def test_json_follows_its_published_schema(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(run(capsys, *THREE, "--format", "json"))
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    assert list(document["sides"]) == ["azure", "ovh", "local"]


def found() -> Comparison:
    """A comparison of two providers, made anew."""
    return compared(
        EXAMPLES["emc2"],
        ["ovh", "local"],
        date(2026, 11, 23),
        None,
        SettingsGiven(data_dir=Path("/data")),
    )


def test_the_same_input_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # each evaluates its plans
    one, two = found(), found()
    for form in ("table", "markdown", "json"):
        assert render(one, form) == render(two, form)


def test_the_table_fits_a_hundred_columns(capsys: pytest.CaptureFixture[str]) -> None:
    table = run(capsys, *THREE, "--details")
    assert max(len(line) for line in table.splitlines()) <= 100
    for heading in (
        "Data location",
        "Controls with different results",
        "Capabilities that differ",
        "Gaps on ovh",
        "An exit from azure to ovh would meet",
    ):
        assert heading in table


def test_the_table_folds_on_a_narrow_terminal() -> None:
    narrow = render(found(), "table", width=60)
    assert max(len(line) for line in narrow.splitlines()) <= 60
    assert "  ovh" in narrow


@pytest.mark.parametrize(("count", "columns", "most"), [(2, 80, 110), (2, 100, 100), (3, 120, 150)])
def test_a_terminal_shows_what_differs_on_a_hundred_lines(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    columns: int,
    most: int,
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    brief = run(capsys, *THREE[: 2 * count])
    lines = brief.splitlines()
    assert len(lines) <= most
    assert max(map(len, lines)) <= columns
    whole = run(capsys, *THREE[: 2 * count], "--details")
    assert len(whole.splitlines()) > 4 * len(lines)
    assert "--details" in brief


def test_in_brief_everything_that_differs_is_named_and_gaps_are_counted() -> None:
    of = found()
    brief = " ".join(render(of, "table", width=80, details=False).split())
    told = [row.control for row in of.controls if row.differs]
    told += [row.capability for row in of.capabilities if row.differs]
    assert len(told) > 30
    assert [name for name in told if f" {name}" not in brief] == []
    counts = gaps_by_severity(of)
    for number, side in enumerate(of.sides):
        assert sum(int(row.cells[number].text) for row in counts.rows) == len(side.gaps)
    for row in of.exits:
        assert f"from {row.source} to {row.target}: " in brief


def test_a_pipe_gets_all_of_the_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = run(capsys, *THREE[:4], "--details")
    file = tmp_path / "out.txt"
    run(capsys, *THREE[:4], "-o", str(file))
    monkeypatch.delenv("COLUMNS")
    assert run(capsys, *THREE[:4]) == whole == file.read_text()


def test_markdown_fits_a_comment(capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, *THREE, "--format", "markdown")
    assert len(text) < 65_536
    assert "### Data location" in text
    assert "<details>" in text


def test_an_output_goes_to_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    assert run(capsys, "-p", "ovh", "-p", "local", "-f", "json", "-o", str(file)) == ""
    assert json.loads(file.read_text())["warehouse"] == "emc2"


@pytest.mark.parametrize(
    "words",
    [
        ("-p", "ovh"),
        ("-p", "ovh", "-p", "ovh"),
        ("-p", "azure", "-p", "ovh", "-p", "local", "-p", "a", "-p", "b"),
        ("-p", "ovh", "-p", "nowhere"),
        ("-p", "ovh", "-p", "local", "-o", "/missing/out.html"),
    ],
)
def test_wrong_words_are_told(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert main([*WORDS, *words]) == ExitCode.INPUT
    said = capsys.readouterr()
    assert said.err.removeprefix(f"Using waivers {Path(EMC2).parent}/waivers.yaml.\n").startswith(
        "error: "
    )
    assert "Traceback" not in said.err


def test_a_page_tells_legal_access_as_a_check_does() -> None:
    from html import unescape

    from havre.report.findings.words import access

    comparison = found()
    page = unescape(render(comparison, "html"))
    for side in comparison.sides:
        assert f">{access(side.provider.operator)}<" in page


CERTIFIED = "jurisdiction.hds"


def hds(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    """What the comparison says of the certificate, by side."""
    document = json.loads(run(capsys, "-p", "azure", "-p", "ovh", "--format", "json", *words))
    (row,) = (each for each in document["controls"] if each["control"] == CERTIFIED)
    found: dict[str, object] = row["sides"]
    return found


def test_settings_change_what_they_change_in_a_check(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    stack = tmp_path / "Pulumi.ovh.yaml"
    stack.write_text(
        "config:\n  warehouse:provider: ovh\n  warehouse:settings:\n    hds_certified: true\n"
    )
    ways = (
        ("--set", "hds_certified=true"),
        ("--set", "ovh.hds_certified=true"),
        ("--stack-config", str(stack)),
    )
    before, *after = hds(capsys), *(hds(capsys, *words) for words in ways)
    assert all(each == after[0] for each in after)
    assert before["ovh"] != after[0]["ovh"]
    assert before["azure"] == after[0]["azure"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "hds_certifed=true"), "no setting of azure, ovh, local"),
        (("--set", "azure.hds_certified=true"), "no setting of azure, ovh, local"),
        (("--set", "hds_certified"), "not of the form NAME=VALUE"),
        (("--stack-config", "stacks/warehouse/Pulumi.scaleway.yaml"), "is a stack on scaleway"),
    ],
)
def test_a_setting_of_no_side_is_wrong_input(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert main([*WORDS, *THREE, *words]) == ExitCode.INPUT
    assert said in capsys.readouterr().err
