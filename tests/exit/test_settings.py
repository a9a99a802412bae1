"""exit.yaml: what it says is understood, and what is wrong with it is named by its line."""

import datetime as dt
from pathlib import Path

import pytest

from havre.errors import InputError
from havre.exit.ledger import LossDecision
from havre.exit.settings import read_exit

WHOLE = """\
name: emc2-2026
source: {data_dir: ../azure}
target:
  state: target.json
  stack: Pulumi.prod.yaml
zones: {curated: gold}
decisions:
  - property: tier
    scope: zone curated
    who: Director of research
    why: The target has one tier.
    when: 2026-11-29
rates: {requests: 300}
controller: A hospital
host: A host SAS
"""


def written(folder: Path, text: str) -> Path:
    (folder / "exit.yaml").write_text(text)
    return folder


def test_what_it_says_is_understood(tmp_path: Path) -> None:
    found = read_exit(written(tmp_path / ".", WHOLE))
    assert (found.name, found.level, found.zones) == ("emc2-2026", "real", {"curated": "gold"})
    assert found.decisions == (
        LossDecision(
            "zone curated",
            "all",
            "tier",
            "Director of research",
            "The target has one tier.",
            dt.date(2026, 11, 29),
        ),
    )
    assert found.rates.requests == 300


@pytest.mark.parametrize(
    ("text", "method", "roles"),
    [
        ("", "dump", {}),
        ("database: none\n", "none", {}),
        ("database: {method: dump, roles: {a: b, c: ''}}\n", "dump", {"a": "b", "c": ""}),
    ],
)
def test_how_the_database_goes(
    tmp_path: Path, text: str, method: str, roles: dict[str, str]
) -> None:
    found = read_exit(written(tmp_path / ".", WHOLE + text)).database
    assert (found.method, found.roles) == (method, roles)


@pytest.mark.parametrize(
    "text",
    ["nothing", "{method: copy}", "{rules: {}}", "3"],
)
def test_a_way_that_there_is_not_is_named_by_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=f"exit.yaml:{len(WHOLE.splitlines()) + 1}"):
        read_exit(written(tmp_path / ".", WHOLE + f"database: {text}\n"))


def test_paths_lead_from_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "exit"
    folder.mkdir()
    found = read_exit(written(folder, WHOLE))
    source, target = found.source.standing(folder), found.target.standing(folder)
    assert source.data_dir == tmp_path / "azure"
    assert target.data_dir is None
    assert target.state_file == folder / "target.json"


@pytest.mark.parametrize(
    ("change", "line", "told"),
    [
        (("name: emc2-2026", "name: EMC2 !"), 1, "name"),
        (("{data_dir: ../azure}", "{data_dir: a, state: b}"), 2, "either data_dir or state"),
        (("{data_dir: ../azure}", "{}"), 2, "either data_dir or state"),
        (("  state: target.json\n", ""), 3, "either data_dir or state"),
        (("when: 2026-11-29", "when: 20261129"), 12, "when"),
        (("    who: Director of research\n", ""), 8, "who"),
        (("requests: 300", "requests: 0"), 13, "requests"),
        (("property: tier", "propety: tier"), 8, "propety"),
        (("zones: {", "zone: {"), 6, "zone"),
    ],
)
def test_what_is_wrong_is_named_by_its_line(
    tmp_path: Path, change: tuple[str, str], line: int, told: str
) -> None:
    folder = written(tmp_path, WHOLE.replace(*change))
    with pytest.raises(InputError) as caught:
        read_exit(folder)
    assert f"exit.yaml:{line}: " in str(caught.value)
    assert told in str(caught.value)


def test_no_file_is_told_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"exit\.yaml"):
        read_exit(tmp_path)
