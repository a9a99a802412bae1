import json
import os
import subprocess
import sys
from pathlib import Path

import pulumi
import pytest

from havre.errors import HavreError, InputError
from havre.evaluate import evaluate
from havre.plan.values import UNKNOWN
from havre.report.plan import as_dot, as_json, tree


class Thing(pulumi.CustomResource):
    size: pulumi.Output[int]
    told: pulumi.Output[str]

    def __init__(self, name: str, props: dict, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("toy:index:Thing", name, {"told": None, **props}, opts)


def program() -> None:
    room = pulumi.ComponentResource("toy:index:Room", "room")
    inside = pulumi.ResourceOptions(parent=room)
    first = Thing("first", {"size": 3}, inside)
    Thing(
        "second",
        {"size": first.size, "told": first.told, "hush": pulumi.Output.secret("pssst")},
        pulumi.ResourceOptions(
            parent=room, protect=True, aliases=[pulumi.Alias(name="once")], retain_on_delete=True
        ),
    )
    inner = pulumi.ComponentResource("toy:index:Cupboard", "inner", opts=inside)
    Thing("third", {"size": 1}, pulumi.ResourceOptions(parent=inner, depends_on=[first]))
    pulumi.log.warn("mind the step")
    pulumi.export("told", first.told)
    pulumi.export("size", first.size)


@pytest.fixture
def plan():
    return evaluate(program, project="library", stack="test", provider="toy")


def test_every_resource_has_its_urn_in_dependency_order(plan) -> None:
    assert [r.urn for r in plan.resources] == [
        "urn:pulumi:test::library::pulumi:pulumi:Stack::library-test",
        "urn:pulumi:test::library::toy:index:Room::room",
        "urn:pulumi:test::library::toy:index:Room$toy:index:Thing::first",
        "urn:pulumi:test::library::toy:index:Room$toy:index:Thing::second",
        "urn:pulumi:test::library::toy:index:Room$toy:index:Cupboard::inner",
        "urn:pulumi:test::library::toy:index:Room$toy:index:Cupboard$toy:index:Thing::third",
    ]


def test_relations_hold_while_values_are_unknown(plan) -> None:
    first, second, third = (
        next(r for r in plan.resources if r.name == n) for n in ("first", "second", "third")
    )
    assert second.inputs["told"] is UNKNOWN
    assert second.inputs["size"] == 3
    assert second.property_dependencies == {"size": (first.urn,), "told": (first.urn,)}
    assert second.protect
    assert second.retain_on_delete
    assert third.dependencies == (first.urn,)
    assert third.property_dependencies == {}


def test_outputs_and_warnings_are_kept(plan) -> None:
    assert plan.outputs == {"told": UNKNOWN, "size": 3}
    assert plan.warnings == ("mind the step",)


def test_two_evaluations_are_the_same(plan) -> None:
    again = evaluate(program, project="library", stack="test", provider="toy")
    assert as_json(plan) == as_json(again)


def test_json_shows_no_secret_and_says_what_is_unknown(plan) -> None:
    text = as_json(plan)
    assert "pssst" not in text
    second = next(r for r in json.loads(text)["resources"] if r["name"] == "second")
    assert second["inputs"] == {
        "size": 3,
        "told": {"unknown": True},
        "hush": {"secret": True},
    }


def test_tree_and_graph_hold_every_resource(plan) -> None:
    assert [(depth, r.name) for depth, r in tree(plan)] == [
        (0, "room"),
        (1, "first"),
        (1, "second"),
        (1, "inner"),
        (2, "third"),
    ]
    dot = as_dot(plan)
    assert dot.count("shape=box") == 3
    assert dot.count("style=dotted") == 5


def test_names_cannot_break_the_graph() -> None:
    def hostile() -> None:
        Thing('a"];\n evil [label="', {"size": 1})

    dot = as_dot(evaluate(hostile, project="library", stack="test"))
    assert "\n evil" not in dot
    assert dot.count("\n") == 5


def test_an_error_of_the_program_reaches_the_caller_as_it_is() -> None:
    def broken() -> None:
        Thing("first", {"size": 1})
        message = "the file is wrong"
        raise InputError(message)

    with pytest.raises(InputError, match="the file is wrong"):
        evaluate(broken, project="library", stack="test")


def test_a_call_that_only_a_provider_can_answer_is_refused() -> None:
    def asks() -> None:
        pulumi.runtime.invoke("toy:index:getThing", {})

    with pytest.raises(HavreError, match=r"`toy:index:getThing`, which only its provider"):
        evaluate(asks, project="library", stack="test")


def test_two_processes_write_the_same_plan() -> None:
    """What a hash seed decides must not show."""
    example = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"
    command = [sys.executable, "-m", "havre", "plan", str(example), "-p", "local", "-f", "json"]
    written = {
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(written) == 1


def test_two_resources_of_one_name_are_refused_as_pulumi_does() -> None:
    def twins() -> None:
        Thing("first", {"size": 1})
        Thing("first", {"size": 2})

    with pytest.raises(InputError, match="two resources of the type `toy:index:Thing`") as found:
        evaluate(twins, project="library", stack="test", provider="toy")
    assert "`first`" in str(found.value)
    assert found.value.remedy
