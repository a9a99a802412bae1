"""Every message to the letter, with its line and column; the table is broken.yaml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from havre.documents.problems import SpecError
from havre.errors import ExitCode
from havre.spec.load import loads


@dataclass(frozen=True)
class Case:
    case: str
    expect: str
    text: str = ""
    changes: tuple[str, ...] = ()

    def broken(self, base: str) -> str:
        if not self.changes:
            return self.text
        for old, new in zip(self.changes[::2], self.changes[1::2], strict=True):
            assert base.count(old) == 1, old
            base = base.replace(old, new)
        return base


def cases() -> list[Case]:
    path = Path(__file__).parent / "broken.yaml"
    rows = YAML(typ="safe", pure=True).load(path)
    return [Case(**{**row, "changes": tuple(row.get("changes", ()))}) for row in rows]


def told(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        loads(text, "f.yaml")
    assert caught.value.exit_code == ExitCode.INPUT
    return str(caught.value)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.case)
def test_message(case: Case, base: str) -> None:
    expected = [f"f.yaml:{line}" for line in case.expect.splitlines()]
    assert told(case.broken(base)).splitlines() == expected


def test_base_is_valid(base: str) -> None:
    assert loads(base, "f").warehouse.name == "alpha"


def test_a_long_number_is_not_repeated(base: str) -> None:
    assert "a number that is too long" in told(base.replace("days: 365", "days: " + "9" * 5000, 1))


def test_text_of_a_file_is_never_repeated_at_length(base: str) -> None:
    for old in ("alpha", "personal", "fr-paris", "size: m", "curated", "2030-12-31"):
        for problem in told(base.replace(old, "zq" * 500, 1)).splitlines():
            assert problem.count("zq") <= 60, problem


@pytest.mark.parametrize(
    "members",
    ["[q zx, q zx]", "q zx", "[q-zx, q-zx]", "q-zx", "[{qzx: 1}]", "{qzx: 1}", '["qzx\\n"]'],
)
def test_members_are_never_repeated(base: str, members: str) -> None:
    message = told(base.replace("[ann@example.org, bob@example.org]", members))
    assert not re.search(r"q.?zx", message)


def test_problems_stand_in_reading_order(base: str) -> None:
    text = base.replace("version: 17", "version: 1").replace("name: alpha", "name: A")
    with pytest.raises(SpecError) as caught:
        loads(text.replace("provider: local", "provider: X"), "f")
    assert [problem.line for problem in caught.value.problems] == [1, 32, 51]
