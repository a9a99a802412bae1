"""`havre policy list` and `coverage`: filters, totals, names that the field knows, CSV."""

import csv
import io
import json
from pathlib import Path

import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre.policy import Profile, Severity
from havre.policy.frameworks import installed_frameworks
from havre.policy.registry import installed_controls
from havre.report.findings.spreadsheet import cell
from tests.check.asked import EXAMPLES


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict]:
    assert main(["policy", "list", "--json", *words]) == 0
    return json.loads(capsys.readouterr().out)["controls"]


def test_controls_are_filtered_by_profile_severity_and_family(
    capsys: pytest.CaptureFixture[str],
) -> None:
    every = installed_controls()
    assert len(listed(capsys)) == len(every)
    for severity in Severity:
        found = listed(capsys, "--severity", severity.value)
        assert {each["severity"] for each in found} == {severity.value}
    baseline = {each["id"] for each in listed(capsys, "--profile", "baseline")}
    assert baseline == {each.id for each in every if each.profile is Profile.BASELINE}
    assert len(listed(capsys, "--profile", "sovereign")) == len(every), "it includes the others"
    found = listed(capsys, "--family", "residency", "--profile", "health")
    assert {each["id"].split(".")[0] for each in found} == {"residency"}


def test_a_list_ends_with_totals(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "list"]) == 0
    number = len(installed_controls())
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(f"{number} controls: ")
    assert sum(int(part.split()[0]) for part in last.split(": ")[1].split(", ")) == number
    assert main(["policy", "list", "--severity", "critical"]) == 0
    few = sum(each.severity is Severity.CRITICAL for each in installed_controls())
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"{few} of {number} controls: {few} critical"


def test_an_unknown_family_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "list", "--family", "residncy"]) == ExitCode.INPUT
    assert "Did you mean `residency`?" in capsys.readouterr().err.replace("did", "Did")


@pytest.mark.parametrize("framework", installed_frameworks().items, ids=lambda each: each.key)
def test_a_framework_is_found_by_the_name_that_the_field_knows(
    framework, capsys: pytest.CaptureFixture[str]
) -> None:
    assert framework.id, "every framework has one"
    told = []
    for words in (["--framework", framework.id], ["--framework", framework.key], [framework.key]):
        assert main(["policy", "coverage", "--json", *words]) == 0
        told.append(json.loads(capsys.readouterr().out)["requirements"])
    assert told[0] == told[1] == told[2]
    assert {each["framework"] for each in told[0]} == {framework.key}


def test_a_name_is_known_in_small_letters(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "coverage", "--framework", "satre", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["requirements"]) == 185
    (framework,) = told["frameworks"]
    assert framework["framework"] == "SATRE"
    assert framework["text"]["licence"] == "CC BY 4.0"


@pytest.mark.parametrize("form", ["table", "markdown", "html", "json", "csv", "oscal"])
def test_coverage_is_written_in_every_form_to_a_file(
    form: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    path = tmp_path / "out"
    words = ["policy", "coverage", "--framework", "tehdas2-m7.4-draft", "--format", form]
    assert main([*words, "-o", str(path)]) == 0
    assert capsys.readouterr().out == ""
    assert main(words) == 0
    assert path.read_bytes().decode() == capsys.readouterr().out
    assert "OPR-5" in path.read_text()


@pytest.mark.parametrize("words", [("--csv", "--format", "html"), ("--json", "--csv")])
def test_two_forms_exclude_each_other(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "coverage", "SNC", *words]) == ExitCode.INPUT
    told = capsys.readouterr()
    assert told.out == ""
    assert "exclude each other" in told.err


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        ("secnumcloud", "secnumcloud-3.2"),
        ("ISO27001", "iso27001-2022"),
        ("cnil-eds", "cnil-eds-2021"),
        ("data-act", "data-act-2023"),
        ("dora", "dora-2022"),
        ("gdpr", "gdpr-2016"),
    ],
)
def test_a_framework_is_known_without_its_version(
    short: str, whole: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for name in (short, whole):
        assert main(["policy", "coverage", "--framework", name, "--json"]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert len(json.loads(told[0])["frameworks"]) == 1


@pytest.mark.parametrize("flag", [("--coverage",), ("--framework", "hds")])
def test_a_summary_shows_no_frameworks(
    flag: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("check", str(EXAMPLES["emc2"]), "--provider", "local", "--summary", *flag)
    assert main([*words]) == ExitCode.INPUT
    assert f"--summary has no frameworks: {flag[0]} does not apply" in capsys.readouterr().err


def test_an_unknown_framework_is_refused_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["policy", "coverage", "--framework", "iso27001-2023"]) == ExitCode.INPUT
    assert "Did you mean `iso27001-2022`?" in capsys.readouterr().err
    assert main(["policy", "coverage", "--csv", "--json"]) == ExitCode.INPUT


@pytest.mark.parametrize(
    "words",
    [("coverage", "--framework", ""), ("coverage", ""), ("list", "--family", "")],
    ids=["option", "argument", "family"],
)
def test_an_empty_name_does_not_stand_for_all(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", *words]) == ExitCode.INPUT
    told = capsys.readouterr()
    assert told.out == ""
    assert "There are " in told.err


def test_the_french_name_of_a_framework_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "coverage", "RGPD"]) == 0
    french = capsys.readouterr().out
    assert main(["policy", "coverage", "GDPR"]) == 0
    assert french == capsys.readouterr().out


def test_coverage_is_written_as_csv(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "coverage", "--framework", "iso27001-2022", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    (framework,) = [each for each in installed_frameworks().items if each.key == "A"]
    assert [row["requirement"] for row in rows] == [
        f"A {heading.id}".strip() for heading in framework.headings
    ]
    assert {row["framework"] for row in rows} == {"iso27001-2022"}
    held = [row for row in rows if row["controls"]]
    assert held
    assert all(row["part"] for row in held)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", " =1", "\t=1", "\n=1", "＝1"])  # noqa: RUF001
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text)[0] not in "=+-@\t\r\n"
    assert cell("plain, text") == "plain, text"
