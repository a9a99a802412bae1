"""`havre waiver`: what it lists, drafts and refuses."""

import json
from pathlib import Path

import pytest

from havre.cli import main
from havre.errors import ExitCode

EXAMPLE = Path(__file__).parents[2] / "examples" / "emc2"
FILE, WAIVERS = str(EXAMPLE / "warehouse.yaml"), str(EXAMPLE / "waivers.yaml")
ENTRY = """
  - control: audit.protected
    owner: Security officer
    reason: The archive is locked after the first deployment.
    decision: R-1
    expires: {}
"""


@pytest.fixture(autouse=True)
def _piped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The output goes to a pipe: a fault is a line."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def waivers(tmp_path: Path) -> Path:
    path = tmp_path / "waivers.yaml"
    days = ("2027-03-01", "2026-11-01", "2026-12-21")
    path.write_text("waivers:" + "".join(map(ENTRY.format, days)))
    return path


def test_waivers_are_listed_by_date_with_the_distance(
    waivers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["waiver", "list", str(waivers), "--as-of", "2026-11-23"]) == ExitCode.OK
    lines = capsys.readouterr().out.splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        "expires distance control provider owner decision",
        "2026-11-01 22 days ago audit.protected any Security officer R-1",
        "2026-12-21 in 28 days audit.protected any Security officer R-1",
        "2027-03-01 in 98 days audit.protected any Security officer R-1",
        f"{waivers}: 3 waivers, 1 expired on 2026-11-23",
    ]


def test_a_narrow_list_has_owner_and_decision_below_each_waiver(
    waivers: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["waiver", "list", str(waivers), "--as-of", "2026-11-23"]) == ExitCode.OK
    said = capsys.readouterr().out
    assert [" ".join(line.split()) for line in said.splitlines()[:2]] == [
        "2026-11-01 audit.protected any 22 days ago",
        "Security officer: R-1",
    ]
    assert said.count("R-1") == 3
    assert max(map(len, said.splitlines()[:-1])) <= 80


def test_waivers_are_listed_for_machines(waivers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["waiver", "list", str(waivers), "--as-of", "2026-11-23", "--json"]) == ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    assert told["as_of"] == "2026-11-23"
    found = [(each["expires"], each["days"], each["expired"]) for each in told["waivers"]]
    assert found == [
        ("2026-11-01", -22, True),
        ("2026-12-21", 28, False),
        ("2027-03-01", 98, False),
    ]
    assert {each["line"] for each in told["waivers"]} == {2, 8, 14}


def test_the_examples_waivers_are_valid_under_its_own_profile(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["waiver", "validate", WAIVERS, "--as-of", "2026-11-23"]) == ExitCode.OK
    assert capsys.readouterr().out == f"{WAIVERS}: valid: 41 waivers\n"


def test_every_error_of_a_file_is_told_with_its_line(
    waivers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = waivers.read_text().replace("2027-03-01", "2028-03-01")
    waivers.write_text(text.replace("audit.protected", "audit.protektd", 1))
    command = ["waiver", "validate", str(waivers), "--as-of", "2026-11-23"]
    assert main(command) == ExitCode.INPUT
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(
        f"{waivers}:2: waivers[0].control: there is no control `audit.protektd`"
    )
    assert lines[1].startswith(
        f"{waivers}:6: waivers[0].expires: the waiver of `audit.protektd` expires"
    )
    assert len(lines) == 2
    assert main([*command, "--json"]) == ExitCode.INPUT
    assert json.loads(capsys.readouterr().out) == {
        "valid": False,
        "problems": lines,
        "notes": [],
    }
    waivers.write_text(text)
    assert main([*command, "--profile", "baseline"]) == ExitCode.OK, "a longer one is its choice"


def test_waivers_that_have_expired_are_counted_where_a_file_is_valid(
    waivers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["waiver", "validate", str(waivers), "--as-of", "2026-11-23"]) == ExitCode.OK
    said = capsys.readouterr().out
    assert said == f"{waivers}: valid: 3 waivers, 1 expired on 2026-11-23\n"


@pytest.mark.parametrize(
    ("named", "near"), [("azuree", "azure"), ("ohv", "ovh"), ("scalway", "scaleway"), ("paper", "")]
)
def test_a_slip_in_a_providers_name_is_a_fault_and_another_provider_is_not(
    waivers: Path, named: str, near: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first = waivers.read_text().replace("    owner", f"    provider: {named}\n    owner", 1)
    waivers.write_text(first)
    wanted = ExitCode.INPUT if near else ExitCode.OK
    assert main(["waiver", "validate", str(waivers), "--as-of", "2026-11-23"]) == wanted
    assert ("waivers[0].provider: no such provider" in (said := capsys.readouterr().out)) == bool(
        near
    )
    assert not near or f"did you mean `{near}`?" in said
    absent = f"{waivers}:2: audit.protected: provider `{named}` is not installed here"
    assert (absent in said) is not bool(near)
    about = ["check", FILE, "-p", "local", "--as-of", "2026-11-23", "--fail-on", "never"]
    code = main([*about, "--allow-unknown", "--waivers", str(waivers)])
    assert (code == ExitCode.INPUT) is bool(near)


@pytest.mark.parametrize("day", ["9999-12-31", "0026-12-31"])
def test_an_absurd_date_is_refused(
    waivers: Path, day: str, capsys: pytest.CaptureFixture[str]
) -> None:
    waivers.write_text(waivers.read_text().replace("2026-12-21", day))
    for command in ("list", "validate"):
        assert main(["waiver", command, str(waivers)]) == ExitCode.INPUT
        told = "".join(capsys.readouterr())
        assert f"`{day}` is not between 2000-01-01 and 2100-12-31" in told


def test_the_warehouse_file_next_to_the_waivers_decides_the_profile(
    waivers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waivers.write_text(waivers.read_text().replace("2027-03-01", "2028-03-01"))
    command = ["waiver", "validate", str(waivers), "--as-of", "2026-11-23"]
    assert main(command) == ExitCode.INPUT, "without a warehouse file: health"
    warehouse = (EXAMPLE / "warehouse.yaml").read_text()
    (waivers.parent / "warehouse.yaml").write_text(
        warehouse.replace("health-pseudonymised", "internal")
    )
    assert main(command) == ExitCode.OK
    (waivers.parent / "warehouse.yaml").write_text("name: [")
    capsys.readouterr()
    assert main(command) == ExitCode.INPUT
    assert "warehouse.yaml:1" in capsys.readouterr().err


def test_a_check_refuses_a_waiver_that_lasts_too_long(
    waivers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waivers.write_text(waivers.read_text().replace("2027-03-01", "2028-03-01"))
    command = ["check", FILE, "-p", "local", "--waivers", str(waivers), "--as-of", "2026-11-23"]
    assert main(command) == ExitCode.INPUT
    told = capsys.readouterr()
    assert (
        f"{waivers}:6: waivers[0].expires: the waiver of `audit.protected` expires 2028-03-01"
        in told.err
    )
    assert told.out == ""
    assert main([*command, "--profile", "baseline", "--fail-on", "never"]) != ExitCode.INPUT


def test_a_draft_is_written_once_and_lets_a_check_pass_when_filled_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    none, path = tmp_path / "none.yaml", tmp_path / "draft.yaml"
    none.write_text("waivers: []\n")
    about = [FILE, "-p", "local", "--as-of", "2026-11-23"]
    draft = ["waiver", "draft", *about, "--waivers", str(none), "--output", str(path)]
    assert main(["check", *about, "--waivers", str(none)]) == ExitCode.FINDINGS
    assert main(draft) == ExitCode.OK
    assert f"havre waiver validate {path}" in capsys.readouterr().out
    assert main(["waiver", "validate", str(path)]) == ExitCode.INPUT
    assert main(["check", *about, "--waivers", str(path)]) == ExitCode.INPUT, "never half filled in"
    text = path.read_text()
    text = text.replace("reason: TODO", "reason: The board accepts it until the move.")
    text = text.replace("TODO", "Security officer, R-1")
    path.write_text(text)
    capsys.readouterr()
    assert main(draft) == ExitCode.INPUT
    assert "already exists and was not changed" in capsys.readouterr().err
    assert path.read_text() == text
    assert main(["check", *about, "--waivers", str(path)]) == ExitCode.OK
    again = ["waiver", "draft", *about, "--waivers", str(path)]
    capsys.readouterr()
    assert main(again) == ExitCode.OK
    told = capsys.readouterr()
    assert told.out == ""
    assert "No findings to waive" in told.err
    assert main([*draft, "--force"]) == ExitCode.OK
    assert "TODO" in path.read_text()


def test_the_schema_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["waiver", "schema"]) == ExitCode.OK
    shown = capsys.readouterr().out
    path = tmp_path / "s.json"
    assert main(["waiver", "schema", "--output", str(path)]) == ExitCode.OK
    assert json.loads(path.read_text()) == json.loads(shown)


SAID = ":x: [red]R-1[/] :warning: \\[a]"
"""What a program could take for an emoji, a colour or an escape."""


@pytest.mark.parametrize("columns", ["300", "80", None])
def test_no_text_of_a_file_is_interpreted(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    columns: str | None,
) -> None:
    path = tmp_path / "waivers.yaml"
    entry = ENTRY.format("2026-12-21").replace("R-1", json.dumps(SAID))
    path.write_text("waivers:" + entry.replace("Security officer", json.dumps(f"Ana {SAID}")))
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    assert main(["waiver", "list", str(path), "--as-of", "2026-11-23"]) == ExitCode.OK
    told = " ".join(capsys.readouterr().out.split())
    assert f"Ana {SAID}" in told
    assert told.count(SAID) == 2


def test_nor_is_any_of_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["waiver", "list", f"/nowhere/{SAID}.yaml"]) == ExitCode.INPUT
    assert SAID in " ".join(capsys.readouterr().err.split())
