"""What was proved to be gone stays proved: no later run of `retire` says less than the first."""

from __future__ import annotations

from dataclasses import asdict
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from havre.errors import GuardError
from havre.exit.folder import ExitStep, opened
from havre.exit.steps.ending import foreseeing, retire
from havre.exit.steps.ending.ways import URLS
from havre.exit.steps.results import RetireResult, ThingRetired, TryMade

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BEFORE = (
    ExitStep.PLAN, ExitStep.COPY, ExitStep.FREEZE, ExitStep.COPY, ExitStep.VERIFY, ExitStep.SEAL,
    ExitStep.CUT,
)  # fmt: skip
FILE = """\
name: trial
source: {data_dir: ../a}
target: {data_dir: ../b}
controller: A hospital
host: A host SAS
"""
NOBODY: Any = SimpleNamespace()
"""Who signs: nobody is asked."""


class TriedAgainError(Exception):
    """The source was tried once more."""


@pytest.fixture
def exit_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An exit whose source was cut; signed URLs of it are kept."""
    root = tmp_path / "exit"
    root.mkdir(mode=0o700)
    (root / "exit.yaml").write_text(FILE)
    with opened(root) as folder:
        for step in BEFORE:
            folder.end(folder.begin(step), {})
    (root / URLS).write_text("{}")
    ways = SimpleNamespace(outputs=SimpleNamespace(warehouse="cohorts"))

    def again(*_: object) -> None:
        raise TriedAgainError

    for module in (retire, foreseeing):
        monkeypatch.setattr(module, "recalled", lambda _folder: ways)
        monkeypatch.setattr(module, "terms_now", again)
    monkeypatch.setattr(retire.GoneFound, "of", again)
    return root


def ended(root: Path, event: str, left: str = "", *, sealed: bool = True) -> RetireResult:
    """A run of `retire` that was recorded, and its result."""
    seal = root / f"retired-{event}"
    if sealed:
        seal.mkdir()
    thing = ThingRetired("zone curated", "2027-01-01", None, ("a lock", "a notice"), "", "gone")
    made = TryMade("zone curated", "signed URL", "ab12", "refused", "403", "answers")
    result = RetireResult(event, (thing,), ("havre down",), str(seal), left, (made,))
    with opened(root) as folder:
        folder.end(folder.begin(ExitStep.RETIRE), result, left)
    return result


def prove(root: Path, name: str = "cohorts") -> RetireResult:
    with opened(root) as folder:
        return retire.prove_gone(folder, name, NOBODY)


def test_a_second_proof_gives_back_the_first_and_deletes_what_a_killed_run_left(
    exit_folder: Path,
) -> None:
    first = ended(exit_folder, "gone")
    assert prove(exit_folder) == first
    assert not (exit_folder / URLS).exists()
    with opened(exit_folder) as folder:
        assert foreseeing.foresee_gone(folder, None, None).result == first
        run = folder.last(ExitStep.RETIRE)
    assert run is not None
    assert run.result["tries"] == [asdict(each) for each in first.tries]


def test_a_second_proof_is_of_the_same_warehouse(exit_folder: Path) -> None:
    ended(exit_folder, "gone")
    with pytest.raises(GuardError, match="`other` was named"):
        prove(exit_folder, "other")
    assert (exit_folder / URLS).exists()


@pytest.mark.parametrize(
    ("event", "left", "sealed"),
    [("scheduled", "", True), ("gone", "zone curated answers", True), ("gone", "", False)],
)
def test_what_is_not_proved_is_tried_again(
    exit_folder: Path, event: str, left: str, sealed: bool
) -> None:
    ended(exit_folder, event, left, sealed=sealed)
    with pytest.raises(TriedAgainError):
        prove(exit_folder)
    assert (exit_folder / URLS).exists()


@pytest.mark.parametrize("act", [retire.schedule, foreseeing.foresee_retire])
def test_the_end_of_what_is_gone_is_not_scheduled_again(
    exit_folder: Path, act: Callable[..., object]
) -> None:
    ended(exit_folder, "gone")
    words = (NOBODY, NOBODY) if act is foreseeing.foresee_retire else ("cohorts", NOBODY)
    with opened(exit_folder) as folder, pytest.raises(GuardError, match="gone already"):
        act(folder, *words)
