"""The folder of an exit: one process at a time, and each step after those that it needs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from havre.errors import GuardError, InputError, StateError
from havre.exit.folder import JOURNAL, ExitFolder, ExitStep, looked_at, opened, tried
from tests.warehouse.everything import folder_of

FILE = "name: trial\nlevel: rehearsal\nsource: {data_dir: ../a}\ntarget: {data_dir: ../b}\n"
FILE += "controller: A hospital\nhost: A host SAS\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "exit"
    folder.mkdir(mode=0o700)
    (folder / "exit.yaml").write_text(FILE)
    return folder


@pytest.fixture
def folder(root: Path) -> Iterator[ExitFolder]:
    with opened(root) as found:
        yield found


def ran(folder: ExitFolder, *steps: str, left: str = "") -> None:
    for step in steps:
        folder.end(folder.begin(ExitStep(step)), {}, left)


def refusal(folder: ExitFolder, step: str) -> str:
    with pytest.raises(GuardError) as caught:
        folder.begin(ExitStep(step))
    return str(caught.value)


@pytest.mark.parametrize(
    ("step", "before"),
    [
        *(("copy", "plan"), ("freeze", "copy"), ("verify", "copy"), ("seal", "verify")),
        *(("cut", "freeze"), ("retire", "cut")),
    ],
)
def test_a_step_waits_for_the_one_before(folder: ExitFolder, step: str, before: str) -> None:
    assert f"`{before}` has not run" in refusal(folder, step)


def test_steps_in_their_order_run(folder: ExitFolder) -> None:
    ran(folder, "plan", "copy", "copy", "verify", "copy", "verify", "seal")
    last = folder.last(ExitStep.SEAL)
    assert last is not None
    assert last.turn == 7


def test_what_was_cut_off_holds_back_what_comes_after(root: Path) -> None:
    with opened(root) as folder:
        ran(folder, "plan")
        folder.begin(ExitStep.COPY)
    with opened(root) as folder:
        assert "`copy` was cut off" in refusal(folder, "verify")
        ran(folder, "copy", "verify")


def test_what_is_left_holds_back_what_comes_after(folder: ExitFolder) -> None:
    ran(folder, "plan", left="2 losses are not decided")
    assert "2 losses are not decided" in refusal(folder, "copy")


def test_a_later_copy_makes_a_verification_worthless(folder: ExitFolder) -> None:
    ran(folder, "plan", "copy", "verify", "copy")
    assert "`copy` has run since `verify`" in refusal(folder, "seal")
    ran(folder, "verify", "seal")


WHOLE = ("plan", "copy", "freeze", "copy", "verify", "seal", "cut", "retire")


def test_what_comes_next_is_told(folder: ExitFolder) -> None:
    for step in WHOLE:
        assert folder.following() == step
        ran(folder, step)
    assert folder.following() is None


def test_a_freeze_that_is_not_complete_comes_next(folder: ExitFolder) -> None:
    ran(folder, "plan", "copy")
    ran(folder, "freeze", left="wait until tomorrow")
    assert folder.following() == "freeze"
    ran(folder, "freeze")
    assert folder.following() == "copy"


def test_what_is_frozen_is_copied_and_verified_once_more(folder: ExitFolder) -> None:
    ran(folder, "plan", "copy", "verify", "seal", "freeze")
    assert folder.following() == "copy"
    assert "`freeze` has run since `copy`" in refusal(folder, "verify")
    ran(folder, "copy")
    assert "`copy` has run since `verify`" in refusal(folder, "seal")
    assert "`verify` has run since `seal`" in (ran(folder, "verify") or refusal(folder, "cut"))
    ran(folder, "seal", "cut")


def test_a_seal_of_before_the_freeze_opens_no_cut(folder: ExitFolder) -> None:
    ran(folder, "plan", "copy", "verify", "seal", "freeze", "copy", "verify")
    assert "`verify` has run since `seal`" in refusal(folder, "cut")


@pytest.mark.parametrize("step", ["plan", "copy", "freeze", "verify", "seal"])
def test_nothing_goes_back_behind_a_cut_that_was_begun(folder: ExitFolder, step: str) -> None:
    ran(folder, *WHOLE[:6])
    folder.begin(ExitStep.CUT)
    assert "`cut` was started" in refusal(folder, step)
    ran(folder, "cut", "retire")


def test_what_was_thawed_counts_as_never_frozen(folder: ExitFolder) -> None:
    ran(folder, *WHOLE[:6])
    folder.undo(ExitStep.FREEZE)
    assert "`freeze` has not run" in refusal(folder, "cut")
    assert folder.following() == "freeze"


def test_a_real_exit_is_verified_in_the_freeze_alone(root: Path) -> None:
    file = root / "exit.yaml"
    file.write_text(file.read_text().replace("level: rehearsal\n", ""))
    with opened(root) as folder:
        ran(folder, "plan", "copy")
        assert "`freeze` has not run" in refusal(folder, "verify")
        ran(folder, "freeze", "copy", "verify", "seal")
        folder.undo(ExitStep.FREEZE)
        assert "`freeze` has not run" in refusal(folder, "seal")


def test_a_refusal_names_the_command_that_comes_first(folder: ExitFolder) -> None:
    with pytest.raises(GuardError) as caught:
        folder.begin(ExitStep.COPY)
    assert caught.value.remedy == f"Run `havre exit plan {folder.root}` first."


def test_what_a_step_found_is_kept(root: Path) -> None:
    with opened(root) as folder:
        folder.end(folder.begin(ExitStep.PLAN), {"objects": 3})
    with opened(root) as folder:
        last = folder.last(ExitStep.PLAN)
        assert last is not None
        assert (last.result, last.left) == ({"objects": 3}, "")
        assert last.ended is not None
        assert last.begun <= last.ended


def test_two_processes_do_not_work_on_one_exit(root: Path, folder: ExitFolder) -> None:
    with pytest.raises(GuardError, match="another process"), opened(root):
        pass
    assert folder.last(ExitStep.PLAN) is None


def test_a_folder_without_its_file_is_none_of_an_exit(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"contains no exit\.yaml"), opened(tmp_path):
        pass


def test_a_folder_where_others_write_is_refused(root: Path) -> None:
    os.chmod(root, 0o777)  # noqa: S103, PTH101 - what a careless user does
    with pytest.raises(GuardError), opened(root):
        pass


def test_an_exit_that_another_process_works_on_is_looked_at(root: Path, folder: ExitFolder) -> None:
    begun = folder.begin(ExitStep.PLAN)
    with looked_at(root) as seen:
        assert (seen.busy, seen.last(ExitStep.PLAN)) == (True, begun)
        folder.end(begun, {"objects": 3})
        last = seen.last(ExitStep.PLAN)
        assert last is not None
        assert last.result == {"objects": 3}


def test_an_exit_that_nobody_works_on_is_not_busy(root: Path) -> None:
    with looked_at(root) as seen:
        assert (seen.busy, seen.last(ExitStep.PLAN)) == (False, None)


@pytest.mark.parametrize("begun", [False, True], ids=["new", "begun"])
def test_a_step_that_is_only_tried_leaves_no_trace(root: Path, *, begun: bool) -> None:
    if begun:
        with opened(root) as folder:
            ran(folder, "plan")
    before = folder_of(root)
    with tried(root) as trial:
        assert (trial.last(ExitStep.PLAN) is not None) == begun
        ran(trial, "plan", "copy")
        trial.journal.record("writers of database a", "{}")
        assert trial.scratch is not None
        assert root not in trial.scratch.parents
        kept = trial.scratch
    assert not kept.exists()
    assert folder_of(root) == before


def test_what_a_killed_run_recorded_is_tried_as_well(root: Path, tmp_path: Path) -> None:
    with opened(root) as folder:
        ran(folder, "plan", "copy")
        for path in root.glob(f"{JOURNAL}*"):  # as the kill leaves them
            (tmp_path / path.name).write_bytes(path.read_bytes())
    for path in root.glob(f"{JOURNAL}*"):
        path.unlink()
    assert (tmp_path / f"{JOURNAL}-wal").stat().st_size > 0
    for path in tmp_path.glob(f"{JOURNAL}*"):
        (root / path.name).write_bytes(path.read_bytes())
    before = folder_of(root)
    with tried(root) as trial:
        assert trial.ended(ExitStep.COPY) is not None
    assert folder_of(root) == before


def test_nothing_is_tried_while_another_process_works(root: Path) -> None:
    with (
        opened(root),
        pytest.raises(GuardError, match="another process works"),
        tried(root),
    ):
        pass
    with pytest.raises(InputError, match="not the folder of an exit"), tried(root / "evidence"):
        pass


def test_a_full_disk_is_told_with_the_file_and_what_to_do(root: Path) -> None:
    with pytest.raises(StateError) as caught, opened(root) as folder:  # noqa: PT012
        folder.journal._rows.execute("pragma max_page_count = 20")
        folder.journal.record("large", "x" * 2**20)
    assert f"{root / JOURNAL} cannot be read or written: database or disk is full" in str(
        caught.value
    )
    assert "run the same step again" in caught.value.remedy
    with opened(root) as folder:
        folder.journal.record("large", "x" * 2**20)
        assert len(folder.journal.fact("large")) == 2**20
