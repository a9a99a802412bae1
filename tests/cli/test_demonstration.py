"""The demonstration: what a newcomer reads first."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from types import ModuleType

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program, imported as it is run: its own folder is on the path."""
    monkeypatch.syspath_prepend(EXAMPLES)
    return importlib.import_module("demo")


@pytest.mark.parametrize("length", [1, 60, 109, 111, 300])
def test_a_refusal_is_shown_whole_and_fits(
    length: int, demo: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    reason = " ".join(["permission", "denied"] * 40)[:length].strip()

    said = f"{reason}\nof which a second line is left out"

    def attempt() -> NoReturn:
        raise PermissionError(said)

    demo.refused("reading another zone's tables", attempt, PermissionError)
    first, *shown = capsys.readouterr().out.splitlines()
    assert first == "   refused: reading another zone's tables"
    assert " ".join(" ".join(shown).split()) == reason
    assert max(map(len, shown)) <= 80


def test_what_is_not_refused_ends_the_demonstration(demo: ModuleType) -> None:
    with pytest.raises(SystemExit, match="this was possible and must not be: an open door"):
        demo.refused("an open door", lambda: None, PermissionError)


def test_a_command_that_ends_otherwise_than_expected_ends_the_demonstration(
    demo: ModuleType,
) -> None:
    assert demo.havre("validate", demo.FILE)
    with pytest.raises(SystemExit):
        demo.havre("validate", demo.FILE, code=1)
    with pytest.raises(SystemExit, match="nowhere"):
        demo.havre("plan", demo.FILE, "--provider", "nowhere")


def test_the_first_lines_of_the_day_after_say_what_expired(demo: ModuleType) -> None:
    asked = ("check", demo.FILE, "--provider", demo.LEFT, "--as-of")
    before = "\n".join(demo.havre(*asked, demo.LAST_DAY)[: demo.HEAD])
    after = "\n".join(demo.havre(*asked, demo.DAY_AFTER, code=1)[: demo.HEAD])
    assert "0 failed" in before
    assert "FAILED" in after
    assert "Expired waiver         jurisdiction.operator" in after
