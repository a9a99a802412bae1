"""Every command of README and documentation is run, and prints what is shown."""

import sys
from typing import Any

import pytest

from tests.docs.blocks import agrees, answers, read_page, script
from tests.docs.conftest import ROOT, Tries, environment, pages, read, shell

MOST_NOT_RUN = 16
"""Blocks that need what no test has; more would be a habit."""


SELDOM = {
    "docs/compare.md": "README.md compares the same two, and tests/compare holds what is printed",
    "docs/authors/provider.md": "its suite is that of tests/conformance/test_paper.py",
    "docs/security/waivers.md": "checks of one warehouse stand in docs/security/check.md too",
}
"""Pages that are run before a release alone, since what takes long in them is run elsewhere."""


def tried(name: str) -> Any:
    """A page with commands, as a parameter."""
    return pytest.param(name, marks=pytest.mark.long if name in SELDOM else ())


def test_pages_that_are_seldom_run_are_there() -> None:
    assert {name for name in pages() if read(name).commands} > SELDOM.keys()


@pytest.mark.parametrize("page", [tried(name) for name in pages() if read(name).commands])
def test_commands_do_what_the_page_says(page: str, tries: Tries) -> None:
    found = tries[page]
    for number, command in enumerate(read(page).commands):
        code, lines = found.get(number, (-1, ["the shell ended before"]))
        told = f"{page}:{command.line}: {command.text}\n" + "\n".join(lines)
        assert code == command.code, f"exit code {code}, not {command.code}: {told}"
        shown = "\n".join(command.shown)
        assert not shown or agrees(command.shown, lines), f"{told}\n--- is shown as\n{shown}"


def test_what_is_not_run_says_why() -> None:
    found = [(name, block) for name in pages() for block in read(name).blocks if block.not_run]
    for name, block in found:
        sys.stdout.write(f"{name}:{block.line}: {block.not_run}\n")  # pytest -rP shows it
        assert block.not_run.startswith("it "), f"{name}:{block.line} gives no reason"
        assert len(block.not_run.split()) > 3
    assert len(found) <= MOST_NOT_RUN


def test_every_page_is_read_to_its_end() -> None:
    for name in pages():
        marked = (ROOT / name).read_text().count("<!-- not run:")
        assert marked == sum(bool(block.not_run) for block in read(name).blocks), name


@pytest.mark.parametrize(
    ("shown", "real", "agree"),
    [
        (["a"], ["a"], True),
        (["a"], ["a", "b"], False),
        (["a", "..."], ["a", "b", "c"], True),
        (["...", "c"], ["a", "b", "c"], True),
        (["...", "b", "...", "e"], ["a", "b", "c", "b", "e"], True),
        (["...", "b"], ["a", "b", "c"], False),
        (["a ... c"], ["a b c"], True),
        (["a ... c"], ["a b d"], False),
        (["a.c"], ["abc"], False),
        (["a", "..."], ["a"], True),
    ],
)
def test_what_agrees(shown: list[str], real: list[str], agree: bool) -> None:
    assert agrees(tuple(shown), real) is agree


def test_a_command_and_its_exit_code_are_read() -> None:
    text = "<!-- needs: true -->\n\n```console\n$ one \\\n    two  # exit 3\nout\n\n$ three\n```\n"
    (block,) = read_page(text).blocks
    first, second = block.commands
    assert (first.text, first.code, first.shown) == ("one \\\n    two ", 3, ("out",))
    assert (second.text, second.code, second.line, block.needs) == ("three", 0, 8, "true")


def test_a_reason_belongs_to_the_next_block_alone() -> None:
    text = "<!-- not run: it needs x y -->\n```sh\na\n```\n\n```sh\nb\n```\n"
    first, second = read_page(text).blocks
    assert first.not_run
    assert not second.not_run
    broken = script([second]).replace("eval b", "eval 'exit 4'")
    assert answers(shell(broken, ROOT, environment())) == {}
