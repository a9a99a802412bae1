"""`havre check --baseline` as a user runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from havre.cli import main
from havre.errors import ExitCode
from tests.ci.repository import EMC2

if TYPE_CHECKING:
    from pathlib import Path

FILE = str(EMC2 / "warehouse.yaml")
WORDS = ("check", FILE, "--provider", "ovh", "--as-of", "2026-11-23")


def base(folder: Path, *words: str) -> Path:
    file = folder / "base.json"
    assert main([*WORDS, *words, "--format", f"json={file}"]) == ExitCode.FINDINGS
    return file


def test_what_was_there_already_no_longer_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = base(tmp_path)
    assert main([*WORDS, "--baseline", str(file), "--format", "json"]) == ExitCode.OK

    document = json.loads(capsys.readouterr().out)
    former = json.loads(file.read_text())
    assert len(document["findings"]) == len(former["findings"])
    assert all(f["known"] for f in document["findings"] if f["outcome"] != "waived")
    assert document["summary"]["baseline"]["new"] == document["summary"]["baseline"]["gone"] == 0


def test_what_was_not_known_before_fails_neither_and_what_is_new_does(tmp_path: Path) -> None:
    file = base(tmp_path)
    document = json.loads(file.read_text())
    for outcome, code in (("unknown", ExitCode.NOT_EVALUATED), ("fail", ExitCode.FINDINGS)):
        left = list(document["findings"])
        left.remove(next(f for f in left if f["outcome"] == outcome))
        file.write_text(json.dumps({**document, "findings": left}))
        assert main([*WORDS, "--baseline", str(file)]) == code


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read: No such file"),
        ("{", "is not JSON"),
        ('{"findings": 1}', "has no list `findings`"),
        (
            json.dumps(
                {
                    "findings": [],
                    "summary": {"provider": "azure", "profile": "health", "controls": {}},
                }
            ),
            "the baseline is of azure",
        ),
    ],
)
def test_a_wrong_baseline_is_wrong_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, said: str
) -> None:
    file = tmp_path / "base.json"
    if text is not None:
        file.write_text(text)
    assert main([*WORDS, "--baseline", str(file)]) == ExitCode.INPUT
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
