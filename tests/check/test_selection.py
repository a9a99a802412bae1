"""A check of some controls only, and of one's own: what is left out is said and never a pass."""

import json
import os
import re
from pathlib import Path

import jsonschema
import pytest

import havre.report
from havre.cli import main
from havre.errors import ExitCode
from havre.policy.registry import installed_controls

EXAMPLES = Path(__file__).parents[2] / "examples"
EMC2 = str(EXAMPLES / "emc2" / "warehouse.yaml")
ABOUT = ("check", EMC2, "-p", "azure", "--as-of", "2026-11-23")
SCHEMA = Path(havre.report.__file__).parent / "findings.schema.json"
PAGE = Path(__file__).parents[2] / "docs" / "authors" / "control.md"


def checked(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[dict, str]:
    main([*ABOUT, "--format", "json", *words])
    told = capsys.readouterr()
    return json.loads(told.out), told.err


def test_only_what_is_selected_is_evaluated_and_the_rest_is_listed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole, said = checked(capsys)
    assert "left_out" not in whole["summary"]
    assert "Partial check" not in said
    due = sum(whole["summary"]["controls"].values())
    for words, kept in (
        (("--only", "residency.data"), {"residency.data"}),
        (("--only", "residency.data", "--only", "jurisdiction.operator"), None),
        (("--skip", "jurisdiction.operator"), None),
        (("--severity", "critical"), None),
        (("--severity", "high", "--skip", "residency.data"), None),
    ):
        part, said = checked(capsys, *words)
        jsonschema.validate(part, json.loads(SCHEMA.read_text()))
        left, evaluated = part["summary"]["left_out"], sum(part["summary"]["controls"].values())
        assert len(left) + evaluated == due
        assert f"Partial check: {len(left)} of {due} controls" in said
        found = {each["control"] for each in part["findings"]}
        assert not found & set(left), "neither findings nor gaps of what is left out"
        assert found <= {each["control"] for each in whole["findings"]}
        if kept:
            assert evaluated == len(kept)
            assert found <= kept


def test_severities_below_the_one_named_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    part, _ = checked(capsys, "--severity", "high")
    severities = {control.id: control.severity.value for control in installed_controls()}
    assert {severities[name] for name in part["summary"]["left_out"]} <= {"medium", "low"}
    assert {each["severity"] for each in part["findings"]} <= {"critical", "high"}


@pytest.mark.parametrize("form", ["table", "markdown", "html", "sarif", "junit", "gitlab", "oscal"])
def test_a_partial_check_never_reads_as_one_that_passed(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "out"
    words = [*ABOUT, "--only", "residency.data", "--format", f"{form}={file}"]
    assert main(words) == ExitCode.OK
    assert "Partial check" in capsys.readouterr().err
    if form in {"table", "markdown", "html"}:
        text = " ".join(re.sub(r"<[^>]+>", " ", file.read_text()).split())
        assert "PARTIAL" in text
        assert not re.search(r"(?<!PARTIAL: )\bPASSED\b", text)
        assert "left out" in text


@pytest.mark.parametrize("profile", ["baseline", "health"])
def test_a_lower_profile_counts_the_controls_that_the_file_requires_beyond_it(
    profile: str, capsys: pytest.CaptureFixture[str]
) -> None:
    full, _ = checked(capsys)
    part, _ = checked(capsys, "--profile", profile)
    below = sum(full["summary"]["controls"].values()) - sum(part["summary"]["controls"].values())
    main([*ABOUT, "--summary", "--profile", profile])
    shown = " ".join(capsys.readouterr().out.split())
    assert ("Lower profile" in shown) is (below > 0)
    told = f"{below} controls were not evaluated; the warehouse file requires profile health"
    assert (told in shown) is (below > 0)


@pytest.mark.parametrize("option", ["--only", "--skip"])
def test_an_unknown_control_is_refused_with_the_nearest(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*ABOUT, option, "residency.dta"]) == ExitCode.INPUT
    assert "Did you mean `residency.data`?" in capsys.readouterr().err


def test_a_check_of_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--only", "residency.data", "--skip", "residency.data")
    assert main([*ABOUT, *words]) == ExitCode.INPUT
    assert "No control is left to evaluate" in capsys.readouterr().err


def test_quiet_shows_nothing_but_writes_files_and_keeps_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "r.json"
    assert main([*ABOUT, "--quiet"]) == ExitCode.OK
    assert capsys.readouterr() == ("", "")
    assert main([*ABOUT, "-q", "--format", f"json={file}", "--as-of", "2026-12-22"]) == 1
    assert capsys.readouterr() == ("", "")
    assert json.loads(file.read_text())["findings"]
    main([*ABOUT, "--quiet", "--skip", "residency.data"])
    assert "Partial check: 1 of" in capsys.readouterr().err, "never silent about what is left out"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """The folder of the page that explains it."""
    blocks = re.findall(r'```\w+ title="house/([\w.]+)"\n(.*?)```', PAGE.read_text(), re.DOTALL)
    folder = tmp_path / "house"
    folder.mkdir()
    for name, text in blocks:
        if name != "pyproject.toml":
            (folder / name).write_text(text)
    return folder


HOSPITAL = str(EXAMPLES / "hospital" / "warehouse.yaml")


def own(folder: Path, *words: str) -> list[str]:
    about = ["check", HOSPITAL, "-p", "ovh", "--controls", str(folder), "--format", "json"]
    return [*about, "--only", "house.curated-lock", *words]


def test_controls_of_a_folder_are_evaluated_and_contribute_to_its_framework(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(own(house, "--coverage")) == ExitCode.FINDINGS
    told = json.loads(capsys.readouterr().out)
    assert {each["control"] for each in told["findings"]} == {"house.curated-lock"}
    field = {"where": "warehouse-file", "name": "zones.curated.immutable_days"}
    assert [each["fix"] for each in told["findings"]] == [field] * len(told["findings"])
    (mine,) = [each for each in told["requirements"] if each["framework"] == "OUR"]
    assert (mine["id"], mine["verdict"]) == ("1", "fail")
    assert main(["policy", "list", "--controls", str(house), "--family", "house"]) == 0
    assert "1 of " in capsys.readouterr().out
    words = ["policy", "coverage", "--framework", "house-rules-2026", "--controls", str(house)]
    assert main(words) == 0
    assert "OUR 1 Curated data is locked" in capsys.readouterr().out
    assert main(["policy", "show", "house.curated-lock"]) == ExitCode.INPUT, (
        "only where it is named"
    )


@pytest.mark.parametrize("code", [0, 1, "None"])
@pytest.mark.parametrize("place", ["module", "control"])
def test_a_control_that_exits_never_ends_the_check(
    house: Path, place: str, code: object, capsys: pytest.CaptureFixture[str]
) -> None:
    file = house / "house_controls.py"
    text, leave = file.read_text(), f"raise SystemExit({code})\n"
    inside = re.sub(
        r"^( +)(?:return|yield)\b.*\n", rf"\1{leave}", text, count=1, flags=re.MULTILINE
    )
    assert inside != text
    file.write_text(inside if place == "control" else text + leave)
    ended = main(own(house))
    captured = capsys.readouterr()
    if place == "module":
        assert ended == ExitCode.INPUT
        assert "cannot be run: SystemExit" in captured.err
        return
    assert ended == ExitCode.FINDINGS
    found = json.loads(captured.out)["findings"]
    assert any("the control itself failed (SystemExit)" in each["found"] for each in found)


LAST = r"    return require\(.*"


@pytest.mark.parametrize(
    ("instead", "said", "marked"),
    [
        ('    raise KeyError("zone")', "the control itself failed (KeyError) at ", "raise"),
        ("    return {}[store.zone]", "the control itself failed (KeyError) at ", "{}"),
        ("    return True", "the control returned True at ", "@control("),
        ("    pass", "the control returned None at ", "@control("),
        ('    return "yes"', "the control returned a str at ", "@control("),
    ],
    ids=["raises", "raises inside", "true", "nothing", "text"],
)
def test_a_control_at_fault_is_fixed_in_its_own_file(
    house: Path,
    instead: str,
    said: str,
    marked: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(house.parent)
    file = house / "house_controls.py"
    file.write_text(re.sub(LAST, instead, file.read_text()))
    lines = file.read_text().splitlines()
    place = f"house/house_controls.py:{1 + next(i for i, x in enumerate(lines) if marked in x)}"
    assert main(own(Path("house"))) == ExitCode.FINDINGS
    found = json.loads(capsys.readouterr().out)["findings"]
    wrong = [each for each in found if said in each["found"]]
    assert wrong
    for each in wrong:
        assert each["fix"] == {"where": "control", "name": place}
        assert "{file}:{line}".format(**each["location"]) == place
        assert place in each["found"]
        assert ("Verdict" in each["wanted"]) is ("returned" in said)
    table = own(Path("house"))
    table[table.index("json")] = "table"
    main(table)
    assert f"control {place}" in " ".join(capsys.readouterr().out.split()).lower()


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("A 8.13", "A 8.133", "cites `A 8.133`, which no framework has, did you mean `A 8.13`?"),
        ("A 8.13", "ISO 8.13", "which no framework has (known: "),
        ('"curated", "immutable_days"', '"curated", "imutable_days"', "mean `immutable_days`?"),
        ('"zones", "curated"', '"zone", "curated"', "no section `zone`, did you mean `zones`?"),
    ],
    ids=["heading", "framework", "field", "section"],
)
def test_a_control_that_names_what_is_not_there_is_refused_with_what_is_known(
    house: Path, was: str, now: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = house / "house_controls.py"
    file.write_text(file.read_text().replace(was, now))
    assert main(own(house)) == ExitCode.INPUT
    told = capsys.readouterr()
    assert said in told.err
    assert re.search(r"house_controls\.py:\d+: `house.curated-lock`: ", told.err)
    assert told.out == ""


def test_a_control_may_cite_a_framework_of_the_same_folder(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = house / "house_controls.py"
    file.write_text(file.read_text().replace("A 8.13", "OUR 1"))
    assert main(own(house)) == ExitCode.FINDINGS
    assert json.loads(capsys.readouterr().out)["findings"]


@pytest.mark.parametrize("name", ["house_controls.py", "frameworks.yaml", "."])
def test_a_folder_that_others_can_write_is_not_run(
    house: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (house / "house_controls.py").write_text("raise SystemExit('it was run')\n")
    if name == "frameworks.yaml":
        (house / "house_controls.py").write_text(
            re.findall(r'title="house/house_controls.py"\n(.*?)```', PAGE.read_text(), re.DOTALL)[0]
        )
    os.chmod(house / name, 0o777)  # noqa: PTH101, S103 - what is tested
    assert main(own(house, "--coverage")) == ExitCode.INPUT
    assert "others can write it" in capsys.readouterr().err


def test_a_link_in_a_folder_of_controls_is_not_followed(
    house: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (house / "house_controls.py").rename(tmp_path / "elsewhere.py")
    (house / "house_controls.py").symlink_to(tmp_path / "elsewhere.py")
    assert main(own(house)) == ExitCode.INPUT
    assert "it is a link" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def broken(:\n", "cannot be run: SyntaxError"),
        ("import nothing_of_that_name\n", "cannot be run: ModuleNotFoundError"),
        ("1 / 0\n", "cannot be run: ZeroDivisionError"),
        ("x = 1\n", "contains no controls"),
        ("from havre_policies.residency import *\n", "is a control of"),
    ],
)
def test_a_folder_whose_code_is_wrong_is_told(
    house: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (house / "house_controls.py").write_text(text)
    assert main(own(house)) == ExitCode.INPUT
    told = capsys.readouterr()
    assert said in told.err
    assert "Traceback" not in told.err
    assert told.out == ""


def test_a_folder_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(own(tmp_path / "none")) == ExitCode.INPUT
    assert "is not a folder" in capsys.readouterr().err


def test_a_framework_that_is_installed_is_not_replaced(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = house / "frameworks.yaml"
    path.write_text(path.read_text().replace("key: OUR", "key: SNC"))
    assert main(own(house, "--coverage")) == ExitCode.INPUT
    assert "the framework SNC is installed already" in capsys.readouterr().err


def test_messages_of_a_check_in_french_are_french(capsys: pytest.CaptureFixture[str]) -> None:
    preview = Path(__file__).parents[1] / "facts" / "recorded" / "azure-preview.json"
    words = ["check", "--preview", str(preview), "--only", "residency.data", "--lang", "fr"]
    main(words)
    said = capsys.readouterr().err
    assert "Contrôle partiel\xa0: " in said
    assert "contrôles sur" in said
    assert "du profil health ont été laissés de côté (--only, --skip ou --severity)." in said
    assert "Pas de fichier de dérogations\xa0: aucune n'est appliquée." in said
    assert "Partial" not in said
    assert "applied" not in said
