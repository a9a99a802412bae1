"""Every line fits the terminal; in a pipe a line is a finding, a reason or a requirement, whole."""

from __future__ import annotations

import re

import pytest

from havre.cli import main

COMMANDS = (
    ("policy", "list"),
    ("policy", "show", "encryption.at-rest"),
    ("policy", "coverage"),
    ("providers",),
    ("providers", "object-lock"),
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
