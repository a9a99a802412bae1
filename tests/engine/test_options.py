"""Every option of a resource is honoured as Pulumi does, or refused before anything is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pytest

from havre.errors import MissingDependencyError
from havre.evaluate import evaluate
from havre.plan.options import Options
from tests.engine.toy import calls

if TYPE_CHECKING:
    from pathlib import Path

    from havre.engine import Engine
    from tests.engine.conftest import Program

STACK = "urn:pulumi:test::library::pulumi:pulumi:Stack::library-test"


def test_the_old_goes_first_where_the_program_says_so(
    engine: Engine, one: Program, shelves: Path
) -> None:
    options = pulumi.ResourceOptions(delete_before_replace=True)
    engine.up(one(options))
    engine.up(one(options, label="other"))
    assert calls(shelves) == ["create only", "delete only", "create other"]


def test_the_new_comes_first_where_the_program_says_so_against_the_provider(
    engine: Engine, one: Program, shelves: Path
) -> None:
    options = pulumi.ResourceOptions(delete_before_replace=False)
    engine.up(one(options))
    engine.up(one(options, label="other", first_delete=True))
    assert calls(shelves) == ["create only", "create other", "delete only"]


def test_a_change_that_is_ignored_is_not_applied(
    engine: Engine, one: Program, shelves: Path
) -> None:
    engine.up(one(pulumi.ResourceOptions(), size=2))
    ignoring = pulumi.ResourceOptions(ignore_changes=["size", "needs"])
    assert engine.preview(one(ignoring, size=3, needs="a")) == []
    assert engine.up(one(ignoring, size=3, needs="a")) == []
    assert calls(shelves) == ["create only"]
    (change,) = engine.up(one(pulumi.ResourceOptions(), size=3))
    assert change.properties == ("size",)


def test_a_change_that_is_to_replace_replaces(engine: Engine, one: Program) -> None:
    options = pulumi.ResourceOptions(replace_on_changes=["size"])
    engine.up(one(options))
    assert [c.operation.value for c in engine.preview(one(options, size=2))] == ["replace"]
    assert [c.operation.value for c in engine.preview(one(options, needs="a"))] == ["update"]


REFUSED = [
    ({"aliases": [pulumi.Alias(name="once")]}, "aliases"),
    ({"additional_secret_outputs": ["place"]}, "additionalSecretOutputs"),
    ({"import_": "other"}, "import"),
    ({"ignore_changes": ["tags.a"]}, "ignoreChanges"),
    ({"replace_on_changes": ["*"]}, "replaceOnChanges"),
]


@pytest.mark.parametrize(("given", "name"), REFUSED)
def test_an_option_that_needs_pulumi_is_refused_before_anything_is_done(
    engine: Engine, one: Program, shelves: Path, given: dict, name: str
) -> None:
    program = one(pulumi.ResourceOptions(**given))
    for run in (engine.preview, engine.up):
        with pytest.raises(MissingDependencyError, match=f"only: .*{name}") as error:
            run(program)
        assert "Pulumi CLI" in error.value.remedy
    assert calls(shelves) == []


def test_what_is_deleted_with_another_is_refused(
    engine: Engine, one: Program, shelves: Path
) -> None:
    def program() -> None:
        room = pulumi.ComponentResource("toy:index:Room", "room")
        one(pulumi.ResourceOptions(deleted_with=room))()

    with pytest.raises(MissingDependencyError, match=r"only: .*deletedWith"):
        engine.up(program)
    assert calls(shelves) == []


def test_a_plan_keeps_all_options_that_pulumi_sends(one: Program) -> None:
    options = pulumi.ResourceOptions(
        delete_before_replace=True,
        ignore_changes=["a.b"],
        replace_on_changes=["c"],
        additional_secret_outputs=["place"],
        import_="other",
    )
    plan = evaluate(one(options), project="library", stack="test")
    (found,) = [each.options for each in plan.resources if each.name == "only"]
    assert found == Options(True, ("a.b",), ("c",), (), "", ("place",), "other")
