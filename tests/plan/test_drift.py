"""What differs between what was made and what a refresh saw, field by field."""

from dataclasses import replace
from typing import Any

import pytest

from havre.errors import InputError
from havre.plan import Plan, PlannedResource
from havre.plan.drift import ABSENT, Deviance, differences, drifts, replaced
from havre.plan.values import UNKNOWN, Secret


def told(was: Any, now: Any) -> list[tuple[str, Any, Any]]:
    return [(d.path, d.was, d.now) for d in differences({"p": was}, {"p": now})]


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (1, 2, [("p", 1, 2)]),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [("p.a.b", 1, 2)]),
        ({"a": 1}, {"a": 1, "b": 2}, [("p.b", ABSENT, 2)]),
        ({"a": 1, "b": 2}, {"a": 1}, [("p.b", 2, ABSENT)]),
        (["x", "y"], ["y", "x"], []),
        (["x"], ["x", "z"], [("p", ABSENT, "z")]),
        (["x", "z"], ["x"], [("p", "z", ABSENT)]),
        ([{"name": "r", "ok": 1}], [{"name": "r", "ok": 2}], [("p[r].ok", 1, 2)]),
        (
            [{"name": "r"}, {"name": "s"}],
            [{"name": "new"}, {"name": "s"}, {"name": "r"}],
            [("p[new]", ABSENT, {"name": "new"})],
        ),
        ([{"ip": "10.0.0.0/8"}], [], [("p[10.0.0.0/8]", {"ip": "10.0.0.0/8"}, ABSENT)]),
        (
            [{"block": "a"}],
            [{"block": "a"}, {"block": "b"}],
            [("p[b]", ABSENT, {"block": "b"})],
        ),
        ('{"a": [1]}', '{"a":[1]}', []),
        ('{"a": ["x"]}', '{"a": ["x", "*"]}', [("p.a", ABSENT, "*")]),
        ("{not json", "{nor this", [("p", "{not json", "{nor this")]),
        (True, "true", []),
        (7, "7", []),
        ("Enabled", "enabled", [("p", "Enabled", "enabled")]),
        (None, "", []),
        ({}, None, []),
        (False, None, [("p", False, None)]),
        (UNKNOWN, 3, []),
        ([{"id": UNKNOWN}], [{"id": "x"}, {"id": "y"}], []),
        ({"a": UNKNOWN, "b": 1}, {"a": 5, "b": 2}, [("p.b", 1, 2)]),
    ],
)
def test_a_difference_is_told_by_its_field(was: Any, now: Any, expected: Any) -> None:
    assert told(was, now) == expected


def test_what_a_plugin_sets_by_itself_is_no_difference() -> None:
    assert differences({"a": 1}, {"a": 1, "b": 2, "__defaults": ["b"]}) == ()
    inner = {"x": {"b": 2, "__defaults": ["b"]}}
    assert differences({"x": {}}, inner) == ()
    assert [d.path for d in differences({"a": 1, "b": 3}, {"a": 1, "b": 2, "__defaults": ["b"]})]


def test_a_secret_is_marked_and_one_that_cannot_be_read_is_no_difference() -> None:
    (found,) = differences({"p": Secret("old")}, {"p": Secret("new")})
    assert found.secret
    assert "old" not in repr(found.whole)
    assert differences({"p": Secret(UNKNOWN)}, {"p": Secret("new")}) == ()
    (element,) = differences({"p": [{"name": "a"}]}, {"p": [{"name": "a"}, Secret({"name": "b"})]})
    assert element.secret


def resource(name: str, kind: str = "c:index:Thing", **inputs: Any) -> PlannedResource:
    urn = f"urn:pulumi:s::p::{kind}::{name}"
    outputs = inputs.pop("outputs", dict(inputs))
    return PlannedResource(urn, kind, name, True, inputs, outputs=outputs)


def plan(*resources: PlannedResource) -> Plan:
    return Plan("toy", resources)


MADE = plan(resource("a", size=1, tags={"x": "y"}), resource("b", words=["r", "w"]))


def found(now: Plan, planned: Plan = MADE, last: Plan | None = MADE) -> set[tuple[str, str, str]]:
    return {(d.deviance.value, d.resource.name, d.path) for d in drifts(planned, now, last).drifts}


def test_what_comes_goes_and_changes_is_told_apart() -> None:
    now = plan(resource("a", size=2, tags={"x": "z"}), resource("c"))
    assert found(now) == {
        ("changed", "a", "size"),
        ("changed", "a", "tags.x"),
        ("gone", "b", ""),
        ("not in the plan", "c", ""),
    }
    labels = [d.path for d in drifts(MADE, now, MADE).drifts if d.label]
    assert labels == ["tags.x"]
    assert found(MADE) == set()


def test_another_name_of_stack_and_project_is_no_drift() -> None:
    moved = [replace(r, urn=r.urn.replace(":s::p:", ":other::q:")) for r in MADE.resources]
    assert found(plan(*moved)) == set()


def test_what_the_file_asks_and_nobody_deployed_is_no_drift() -> None:
    asked = plan(resource("a", size=5, tags={"x": "y"}), *MADE.resources[1:], resource("new"))
    told = drifts(asked, MADE, MADE)
    assert told.drifts == ()
    assert told.waiting == ("a", "new")
    assert told.told_apart
    together = drifts(asked, MADE)
    assert {(d.deviance, d.resource.name) for d in together.drifts} == {
        (Deviance.CHANGED, "a"),
        (Deviance.GONE, "new"),
    }
    assert not together.told_apart


def test_removal_of_protection_is_drift() -> None:
    made = plan(replace(resource("a"), protect=True))
    assert found(plan(resource("a")), made, made) == {("changed", "a", "protect")}


def test_a_change_that_only_the_outputs_tell_is_found() -> None:
    now = plan(replace(MADE.resources[0], outputs={"size": 9, "etag": 4}), MADE.resources[1])
    assert found(now) == {("changed", "a", "size")}
    (drift,) = drifts(MADE, now, MADE).drifts
    assert replaced(now, drift).resources[0].outputs["size"] == 1


def test_an_element_that_a_plugin_put_in_the_place_of_another_is_told_once() -> None:
    """Inputs after a refresh are filled place by place; the outputs tell what is there."""
    made = plan(resource("a", words=["r", "w"]))
    now = plan(resource("a", words=["admin", "w"], outputs={"words": ["admin", "r", "w"]}))
    (drift,) = drifts(made, now, made).drifts
    assert drift.difference is not None
    assert (drift.difference.was, drift.difference.now) == (ABSENT, "admin")
    assert replaced(now, drift).resources[0].inputs["words"] == ["r", "w"]


@pytest.mark.parametrize("mark", ["etag", "provisioningState", "resourceVersion"])
def test_what_a_service_writes_of_a_change_is_no_other_change(mark: str) -> None:
    """One rule was changed, and the service marked every part anew."""
    rules = [{"name": "in", "access": "Deny"}, {"name": "out", "access": "Deny"}]
    opened = [{**rules[0], "access": "Allow"}, rules[1]]
    told, seen = ([{**r, mark: m} for r in each] for each, m in ((rules, "1"), (opened, "2")))
    made = plan(resource("a", rules=rules, outputs={"rules": told}))
    now = plan(resource("a", rules=opened, outputs={"rules": seen}))
    assert found(now, made, made) == {("changed", "a", "rules[in].access")}
    unseen = plan(resource("a", rules=rules, outputs={"rules": seen}))
    assert found(unseen, made, made) == {("changed", "a", "rules[in].access")}


def test_what_a_service_writes_of_a_change_names_no_element() -> None:
    was = [{"etag": f"w{n}", "range": f"10.{n}.0.0/16"} for n in range(2)]
    now = [{**each, "etag": f"n{each['range']}"} for each in was]
    paths = {path for path, _, _ in told(was, [*now, {"etag": "n", "range": "0.0.0.0/0"}])}
    assert paths == {"p[0.0.0.0/0]", "p[10.0.0.0/16].etag", "p[10.1.0.0/16].etag"}


@pytest.mark.parametrize("inputs", [{"meta": {"generation": 1}}, {"tags": {"of": "x"}}])
def test_a_mark_that_the_file_sets_and_a_label_of_that_name_are_changes(inputs: Any) -> None:
    (name,) = inputs
    made = plan(resource("a", **inputs))
    now = plan(resource("a", **inputs, outputs={name: {**inputs[name], "generation": 2}}))
    assert found(now, made, made) == {("changed", "a", f"{name}.generation")}


def test_a_change_is_undone_alone() -> None:
    now = plan(resource("a", size=2, tags={"x": "z"}), resource("c"))
    told = {(d.deviance, d.path): d for d in drifts(MADE, now, MADE).drifts}
    undone = replaced(now, told[Deviance.CHANGED, "size"])
    assert undone.resources[0].inputs == {"size": 1, "tags": {"x": "z"}}
    hidden = replaced(now, told[Deviance.CHANGED, "tags.x"], unknown=True)
    assert hidden.resources[0].inputs == {"size": 2, "tags": {"x": UNKNOWN}}
    back = replaced(now, told[Deviance.GONE, ""])
    assert [r.name for r in back.resources] == ["a", "c", "b"]
    without = replaced(now, told[Deviance.ADDED, ""])
    assert [r.name for r in without.resources] == ["a"]


def test_what_its_provider_would_change_is_told_without_a_field() -> None:
    urn = MADE.resources[0].urn
    (drift,) = drifts(MADE, MADE, MADE, {urn: ["a file is missing"]}).drifts
    assert drift.departures == ("a file is missing",)
    assert (drift.deviance, drift.path) == (Deviance.DEPARTED, "")
    assert replaced(MADE, drift) == MADE
    changed = plan(resource("a", size=2, tags={"x": "y"}), MADE.resources[1])
    assert [d.path for d in drifts(MADE, changed, MADE, {urn: []}).drifts] == ["size"]


def test_a_plan_with_placeholders_compares_with_the_last_update_alone() -> None:
    guessed = replace(plan(resource("a-<tenant>")), placeholders=("tenant",))
    with pytest.raises(InputError, match="tenant"):
        drifts(guessed, MADE)
    told = drifts(guessed, MADE, MADE)
    assert (told.drifts, told.waiting, told.placeholders) == ((), (), ("tenant",))
