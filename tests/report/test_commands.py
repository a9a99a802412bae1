"""What is read by runners of CI as commands never stands in a log as one."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from havre.cli.console import plain
from havre.report.findings import Format, render
from havre.text import as_json, inert, parted
from tests.report.samples import RESULT

COMMANDS = [
    "##[error]x",
    "##[stop-commands]x",
    "a ##[add-mask]x",
    "##vso[task.setvariable variable=x]y",
    "##VSO[task.complete result=Succeeded;]",
    "##teamcity[buildStatus status='SUCCESS']",
    "::error::x",
    "  ::stop-commands::x",
    "a\n::set-output name=x::y",
    "\u00a0::error::x",
    "\u3000::error::x",
    "section_start:1:x\r\x1b[0Kx",
    "\x1b]0;x\x07",
]
READ = re.compile(r"(?im)##\w*\[|^\s*::|\r|\x1b")
"""What GitHub, Azure DevOps, TeamCity and GitLab look for; GitHub trims white space first."""


@pytest.mark.parametrize("text", COMMANDS)
def test_a_message_holds_no_command(text: str) -> None:
    assert READ.search(text)
    for shown in (plain(text), inert(text), plain(plain(text)), as_json({"x": text})):
        assert not READ.search(shown)
    assert json.loads(as_json({"x": text})) == {"x": text}


@given(st.lists(st.sampled_from(["#", "##", "[", "::", ":", " ", "\n", "a", "vso", "\t"])))
def test_no_words_together_make_a_command(words: list[str]) -> None:
    shown = parted("".join(words))
    assert not READ.search(shown)
    assert parted(shown) == shown


@pytest.mark.parametrize("width", range(40, 60))
def test_wrapping_brings_no_command_to_the_beginning_of_a_line(width: int) -> None:
    words = " ".join(f"{'x' * length} ::error::y" for length in range(20, 60))
    findings = tuple(replace(f, found=words, remedy=words) for f in RESULT.findings)
    shown = render(replace(RESULT, findings=findings), Format.TABLE, width=width)
    assert "error::y" in shown
    assert not READ.search(shown)
