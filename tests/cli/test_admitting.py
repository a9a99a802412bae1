"""`havre database admit`: whom it refuses, before anything is made."""

import datetime as dt
from pathlib import Path

import pytest

from havre.cli import main
from havre.cli.context import refuse_replacing
from havre.cli.machine.admitting import wanted_member
from havre.database.wanted import member_role, wanted
from havre.errors import ExitCode, InputError
from havre.spec.load import load
from tests.check.asked import EXAMPLES

TODAY = dt.date(2026, 11, 30)
PROJECT, MEMBER = "cohort-diabetes", "m-3f9c27d1"
SPEC = load(EXAMPLES["emc2"]).warehouse
OF_PROJECT = SPEC.projects[PROJECT].model_copy(update={"members": (MEMBER, "b@example.org")})
STAFFED = SPEC.model_copy(update={"projects": {**SPEC.projects, PROJECT: OF_PROJECT}})


def test_a_member_of_the_file_has_a_role_within_the_project() -> None:
    found = wanted_member(STAFFED, wanted(STAFFED, TODAY), PROJECT, MEMBER)
    assert (found.name, found.member) == (member_role(MEMBER, PROJECT), MEMBER)


@pytest.mark.parametrize(
    ("day", "project", "member", "said"),
    [
        (TODAY, PROJECT, "m-00000000", "m-00000000 is not a member"),
        (TODAY, "cohort-diabete", MEMBER, "Did you mean `cohort-diabetes`?"),
        (TODAY, PROJECT, "b@example.org", "not a pseudonym"),
        (TODAY, PROJECT, "", "not a pseudonym"),
        (dt.date(2099, 1, 1), PROJECT, MEMBER, f"project {PROJECT} ended on"),
    ],
)
def test_nobody_else_is_admitted_and_no_name_is_repeated(
    day: dt.date, project: str, member: str, said: str
) -> None:
    with pytest.raises(InputError) as caught:
        wanted_member(STAFFED, wanted(STAFFED, day), project, member)
    told = f"{caught.value} {caught.value.remedy}"
    assert said in told
    assert "b@example.org" not in told


def test_what_exists_is_left_alone(tmp_path: Path) -> None:
    for taken in (tmp_path, tmp_path / "link", tmp_path / "file"):
        if taken.name == "link":
            taken.symlink_to("nowhere")
        elif taken.name == "file":
            taken.write_text("another's")
        with pytest.raises(InputError, match="already exists"):
            refuse_replacing(taken)
    assert (tmp_path / "file").read_text() == "another's"


def test_a_local_warehouse_signs_members_in_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "run.json").write_text('{"warehouse": "emc2", "provider": "local"}')
    words = ("--project", PROJECT, "--member", MEMBER, "--out", str(tmp_path / "out"))
    told = ("database", "admit", str(EXAMPLES["emc2"]), *words, "--data-dir", str(tmp_path))
    assert main([*told]) == ExitCode.INPUT
    assert f"`havre connect {PROJECT} --as MEMBER`" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
