"""Every line fits the terminal; in a pipe a line is a finding, a reason or a requirement, whole."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from havre.cli import console, main
from havre.cli.leaving.telling import following, line
from havre.cli.warehouse import show_status
from havre.errors import ExitCode, InputError
from havre.provider import ServiceState, ServiceStatus

EXAMPLES = Path(__file__).parents[2] / "examples"

COMMANDS = (
    ("policy", "list"),
    ("policy", "show", "encryption.at-rest"),
    ("policy", "coverage"),
    ("providers",),
    ("providers", "object-lock"),
    ("compare", "examples/hospital/warehouse.yaml", "-p", "local", "-p", "azure"),
    ("waiver", "list", "examples/emc2/waivers.yaml"),
    ("plan", "examples/emc2/warehouse.yaml", "-p", "azure", "--details"),
    ("plan", "examples/emc2/warehouse.yaml", "-p", "ovh"),
)


def shown(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> list[str]:
    """What a command prints, as lines."""
    assert main([*words]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_line_fits_eighty_columns(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    wide = [line for line in shown(capsys, words) if len(line) > 80]
    assert wide == []


@pytest.mark.parametrize("words", [("policy", "coverage"), ("providers",)], ids=" ".join)
def test_a_pipe_has_one_line_for_each_paragraph_and_the_same_words(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    piped = shown(capsys, words)
    monkeypatch.setenv("COLUMNS", "80")
    folded = shown(capsys, words)
    assert max(map(len, piped)) > 80
    assert len(folded) > len(piped)
    assert set(re.findall(r"[\w.-]+", " ".join(folded))) == set(
        re.findall(r"[\w.-]+", " ".join(piped))
    )


BROKEN = """\
nme: a-warehouse-whose-name-is-so-long-that-no-line-of-eighty-columns-has-room-for-it
environment: productive
organisation: {name: CHU, country: France, contact: nobody-at-all-who-could-be-reached-by-mail}
residency: {countries: [Belgium, fr], operator_law: the-law-of-some-country-somewhere}
"""
WAIVERS = """\
waivers:
- control: audit.protektd
  owner: the security officer of the hospital
  reason: short
  decision: none
  expires: 2099-12-31
- control: nothing-that-is-known-under-this-name-or-under-any-other.control
  ownr: nobody
"""


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files that are wrong in many ways, on a terminal of eighty columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    Path("warehouse.yaml").write_text(BROKEN)
    Path("waivers.yaml").write_text(WAIVERS)
    return tmp_path


def too_wide(text: str) -> list[str]:
    """Lines of more than eighty columns that could have been broken: no id is ever cut."""
    wide = [line for line in text.splitlines() if len(line) > 80]
    return [line for line in wide if len(line.split()) > 1]


@pytest.mark.usefixtures("faulty")
@pytest.mark.parametrize("words", [("validate",), ("waiver", "validate")], ids=" ".join)
def test_every_fault_of_a_file_fits_too(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["--profile", "health"] if words[0] == "waiver" else []
    assert main([*words, *more]) == ExitCode.INPUT
    folded = capsys.readouterr().out
    assert too_wide(folded) == []
    monkeypatch.delenv("COLUMNS")
    assert main([*words, *more]) == ExitCode.INPUT
    piped = capsys.readouterr().out
    assert too_wide(piped) != []
    assert len(piped.splitlines()) < len(folded.splitlines())
    assert folded.split() == piped.split(), "the same words, none of them cut"


@pytest.mark.parametrize("details", [(), ("--details",)], ids=["", "details"])
@pytest.mark.usefixtures("faulty")
def test_consequences_fit_too(
    details: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = (EXAMPLES / "emc2" / "warehouse.yaml").read_text()
    Path("then.yaml").write_text(example)
    Path("now.yaml").write_text(example.replace("name: emc2", "name: emc2-of-another-name"))
    words = ["plan", "now.yaml", "-p", "azure", "--against", "then.yaml", *details]
    assert main(words) == ExitCode.FINDINGS
    folded = capsys.readouterr().out
    assert too_wide(folded) == []
    monkeypatch.delenv("COLUMNS")
    assert main(words) == ExitCode.FINDINGS
    piped = capsys.readouterr().out
    assert too_wide(piped) != []
    assert folded.split() == piped.split()


@pytest.mark.usefixtures("faulty")
@pytest.mark.parametrize("provider", ["azure", "ovh", "scaleway", "local"])
def test_comments_of_a_draft_fit_and_its_ids_are_whole(
    provider: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(EXAMPLES / "hospital" / "warehouse.yaml")
    assert main(["waiver", "draft", file, "-p", provider]) == ExitCode.OK
    wide = too_wide(capsys.readouterr().out)
    assert [line for line in wide if not line.startswith('      - "')] == []


def test_what_departs_from_a_state_fits_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    state = str(EXAMPLES.parent / "tests" / "facts" / "recorded" / "azure-state.json")
    assert main(["doctor", "--state", state]) == ExitCode.NOT_EVALUATED
    folded = capsys.readouterr().out
    assert "NOT LISTED: " in folded
    assert too_wide(folded) == []


def test_no_line_of_a_status_ends_in_spaces(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    services = [
        ServiceStatus("database", ServiceState.RUNNING, "127.0.0.1:5432", "long: [detail]"),
        ServiceStatus("object-store", ServiceState.STOPPED, "127.0.0.1:9000"),
    ]
    show_status("w", tmp_path, services)
    _, head, *rows = capsys.readouterr().out.splitlines()
    assert [line for line in (head, *rows) if line != line.rstrip()] == []
    for word, each in (("service", "object-store"), ("state", "stopped"), ("detail", "long: [d")):
        assert {line.index(each) for line in rows if each in line} == {head.index(word)}


def test_a_long_detail_of_a_status_goes_on_below_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    detail = "restarts services that crash; start it: `havre up` and then look at it again"
    services = [
        ServiceStatus("supervisor", ServiceState.STOPPED, "", detail),
        ServiceStatus("postgresql-tls", ServiceState.RUNNING, "127.0.0.1:26650"),
    ]
    monkeypatch.setenv("COLUMNS", "80")
    show_status("w", tmp_path, services)
    _, head, *rows = capsys.readouterr().out.splitlines()
    assert too_wide("\n".join((head, *rows))) == []
    column = head.index("detail")
    assert " ".join(row[column:].strip() for row in rows if row[column:].strip()) == detail
    monkeypatch.delenv("COLUMNS")
    show_status("w", tmp_path, services)
    assert [row for row in capsys.readouterr().out.splitlines() if row.endswith(detail)]


LONG = "a word and another, " * 12


@pytest.mark.parametrize("indent", ["", "  "])
def test_a_line_of_an_exit_fits_and_its_identifiers_are_whole(
    indent: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "emc2-production-zone-curated-" + "x" * 60
    text = f"{indent}kept: zone {name}: {LONG}end"
    monkeypatch.setenv("COLUMNS", "80")
    line(text)
    lines = capsys.readouterr().out.splitlines()
    assert too_wide("\n".join(lines)) == []
    assert any(name in each for each in lines)
    assert {len(each) - len(each.lstrip()) for each in lines[1:]} == {len(indent) + 2}
    assert " ".join(lines).split() == text.split()
    monkeypatch.delenv("COLUMNS")
    line(text)
    assert capsys.readouterr().out == f"{text}\n"


def test_a_command_that_is_next_is_never_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    following("havre exit copy exit")
    long = "havre exit copy " + "/a/long/folder" * 8 + " --max-requests 5"
    following(long)
    assert capsys.readouterr().out.splitlines() == [
        "Next: havre exit copy exit",
        "Next:",
        f"  {long}",
    ]


def test_what_was_taken_fits_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    file = tmp_path / "a folder with a long name, and more words, so that no line has room for it"
    file.mkdir()
    warehouse = file / "warehouse.yaml"
    warehouse.write_text((EXAMPLES / "emc2" / "warehouse.yaml").read_text())
    (file / "waivers.yaml").write_text((EXAMPLES / "emc2" / "waivers.yaml").read_text())
    main(["check", str(warehouse), "-p", "azure", "--summary", "--as-of", "2026-11-30"])
    lines = capsys.readouterr().err.splitlines()
    assert any(each.startswith("Using waivers") for each in lines)
    assert too_wide("\n".join(lines)) == []


def test_an_error_and_its_remedy_fit_a_terminal_and_lose_no_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    error = InputError(f"{LONG}end of the message\n/a/file.yaml:3: {LONG}", f"{LONG}end")
    console.show_error(error)
    lines = capsys.readouterr().err.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("error: a word")
    assert [line for line in lines if line.startswith("/a/file.yaml:3: ")]
    assert " ".join(" ".join(lines).split()) == " ".join(
        f"error: {error.message} {error.remedy}".split()
    )


def test_a_warning_fits_a_terminal_and_loses_no_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    console.warn(LONG.strip())
    lines = capsys.readouterr().err.splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(" ".join(lines).split()) == f"warning: {LONG.strip()}"


def test_a_pipe_has_the_whole_error_on_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    console.show_error(InputError(LONG.strip(), LONG.strip()))
    assert capsys.readouterr().err.splitlines() == [f"error: {LONG.strip()}", f"  {LONG.strip()}"]


def test_what_a_partial_check_says_fits_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("check", str(EXAMPLES / "hospital" / "warehouse.yaml"), "-p", "local", "-q")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    main([*words, "--only", "residency.data"])
    lines = [line for line in capsys.readouterr().err.splitlines() if line]
    assert any(line.lstrip().startswith("Partial check:") for line in lines)
    assert max(map(len, lines)) <= 80
