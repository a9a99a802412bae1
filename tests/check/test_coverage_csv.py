"""`havre check --coverage-csv`: the results of requirements as a spreadsheet reads them."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

import havre
from havre.cli import main
from havre.errors import ExitCode
from havre.report.findings.words import COVERAGES

EXAMPLE = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"
ABOUT = ("check", str(EXAMPLE), "-p", "local", "--as-of", "2026-11-23")
RULES = """\
frameworks:
  - key: "=1+1"
    id: our-2026
    title: "@SUM(A1:A9)"
    binds: us
    headings:
      - id: 1
        title: "+33 1\\n=2"
        controls: [residency.data, audit.central]
        coverage: partly
        part: "-1 of it"
"""


def rows(path: Path) -> list[dict[str, str]]:
    text = path.read_bytes().decode()
    assert text.endswith("\r\n")
    return list(csv.DictReader(text.splitlines(keepends=True)))


def test_every_requirement_has_its_result_and_how_much_of_it_was_evaluated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "coverage.csv"
    main([*ABOUT, "--format", "json", "--coverage", "--coverage-csv", str(path)])
    told = json.loads(capsys.readouterr().out)
    result = havre.check(EXAMPLE, provider="local", as_of="2026-11-23")
    found = rows(path)
    words = {"unknown": "not evaluated", "not-applicable": "not applicable"}
    assert [
        (row["requirement"], row["title"], row["coverage"], row["result"], row["controls"].split())
        for row in found
    ] == [
        (
            f"{each['framework']} {each['id']}".strip(),
            *(
                each["title"],
                COVERAGES[each["coverage"]],
                words.get(each["verdict"], each["verdict"]),
            ),
            each["controls"],
        )
        for each in told["requirements"]
    ]
    columns = {
        "passed": "pass",
        "failed": "fail",
        "warnings": "warning",
        "waived": "waived",
        "not_evaluated": "unknown",
        "not_applicable": "not-applicable",
    }
    seen: Counter[str] = Counter()
    for row in found:
        counts = Counter(result.verdict(control) for control in row["controls"].split())
        assert {name: int(row[name]) for name in columns} == {
            name: counts[word] for name, word in columns.items()
        }
        evaluated = sum(counts[word] for word in ("pass", "fail", "warning", "waived"))
        assert int(row["controls_evaluated"]) == evaluated
        assert int(row["controls_in_profile"]) == counts.total()
        seen.update({name: counts[word] for name, word in columns.items()})
    assert len(+seen) >= 3, "nothing was counted"
    totals = {each["framework"]: each for each in told["frameworks"]}
    for row in found:
        total = totals[row["requirement"].split()[0]]
        assert int(row["requirements_evaluated"]) == total["evaluated"]
        assert row["requirements_in_framework"] == str(total["requirements"] or "")


def test_the_file_is_written_without_other_outputs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "coverage.csv"
    main([*ABOUT, "--quiet", "--coverage-csv", str(path)])
    assert capsys.readouterr().out == ""
    assert {row["framework"] for row in rows(path)} >= {"iso27001-2022"}
    main([*ABOUT, "--summary", "--coverage-csv", str(path)])
    assert "Frameworks" not in capsys.readouterr().out, "the table shows them with --coverage"


def test_a_large_framework_is_counted_in_one_line_unless_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hospital's report is no longer by the statements of a framework that nobody asked for."""
    path = tmp_path / "coverage.csv"
    main([*ABOUT, "--format", "table", "--coverage", "--coverage-csv", str(path)])
    lines = capsys.readouterr().out.splitlines()
    (first,) = (number for number, each in enumerate(lines) if each.strip().startswith("SATRE"))
    told = " ".join(" ".join(lines[first : first + 2]).split())
    assert "of 185 requirements evaluated" in told
    assert "(listed with --framework SATRE)" in told
    assert not [row for row in rows(path) if row["framework"] == "satre-2.0"]
    main([*ABOUT, "--format", "json", "--coverage"])
    told = json.loads(capsys.readouterr().out)
    counted = {each["framework"]: each["requirements"] for each in told["frameworks"]}
    assert (counted["SATRE"], counted["TEHDAS2"]) == (185, 119)
    assert not {"SATRE", "TEHDAS2", "DA", "DORA"} & {r["framework"] for r in told["requirements"]}


def test_a_framework_that_is_named_is_listed_without_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "coverage.csv"
    words = ("--framework", "satre", "--framework", "dora-2022")
    main([*ABOUT, "--format", "json", *words])
    told = json.loads(capsys.readouterr().out)
    assert {each["framework"] for each in told["requirements"]} == {"SATRE", "DORA"}
    assert len(told["requirements"]) == 185 + 5
    encrypted = next(each for each in told["requirements"] if each["id"] == "2.8.01")
    result = havre.check(EXAMPLE, provider="local", as_of="2026-11-23")
    assert encrypted["verdict"] == result.verdict("encryption.at-rest")
    main([*ABOUT, "--quiet", *words, "--coverage-csv", str(path)])
    assert {row["framework"] for row in rows(path)} == {"satre-2.0", "dora-2022"}
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_people_read_one_line_of_a_large_framework(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main([*ABOUT, "--format", form, "--coverage"])
    lines = capsys.readouterr().out.splitlines()
    assert len([each for each in lines if "of 185 requirements evaluated" in each]) == 1
    assert not [each for each in lines if "SATRE 2.8.01" in each]
    main([*ABOUT, "--format", form, "--framework", "satre"])
    text = capsys.readouterr().out
    assert "2.8.01" in text
    assert "10.1 Chiffrement" not in text


def test_no_cell_of_ones_own_framework_is_a_formula(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "authors" / "control.md"
    block = page.read_text().split('title="house/house_controls.py"\n')[1].split("```")[0]
    (tmp_path / "house_controls.py").write_text(block)
    (tmp_path / "frameworks.yaml").write_text(RULES)
    path = tmp_path / "coverage.csv"
    main([*ABOUT, "--quiet", "--controls", str(tmp_path), "--coverage-csv", str(path)])
    (row,) = (each for each in rows(path) if each["framework"] == "our-2026")
    assert row["requirement"] == "'=1+1 1"
    assert row["title"] == "'+33 1 =2"
    assert row["part"] == "'-1 of it"
    for each in rows(path):
        assert not any(value[:1] in tuple("=+-@\t\r") for value in each.values() if value)


def test_a_file_that_cannot_be_written_or_is_written_twice_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "none" / "coverage.csv"
    assert main([*ABOUT, "--quiet", "--coverage-csv", str(path)]) == ExitCode.INPUT
    assert "cannot be written" in capsys.readouterr().err
    same = str(tmp_path / "out")
    words = ("--format", f"json={same}", "--coverage-csv", same)
    assert main([*ABOUT, *words]) == ExitCode.INPUT
    assert "is written by --format too" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
