"""Every option of a resource is honoured as Pulumi does, or refused before anything is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto.callback_pb2 import Callback
from pulumi.runtime.proto.resource_pb2 import RegisterResourceRequest

from havre.engine.steps import refuse_options
from havre.errors import InputError, MissingDependencyError
from havre.evaluate import evaluate
from havre.plan import PlannedResource, options
from havre.plan.options import READ, RESOURCE, TALK, UNSUPPORTED, Options, from_request
from tests.engine.toy import calls

if TYPE_CHECKING:
    from collections.abc import Callable
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
    ({"replacement_trigger": "once"}, "replacement_trigger"),
    ({"env_var_mappings": {"NEW": "OLD"}}, "envVarMappings"),
    ({"custom_timeouts": pulumi.CustomTimeouts(create="5m")}, "customTimeouts"),
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


@pytest.mark.parametrize(
    ("bound", "name"),
    [
        (lambda room: pulumi.ResourceOptions(deleted_with=room), "deletedWith"),
        (lambda room: pulumi.ResourceOptions(replace_with=[room]), "replace_with"),
    ],
)
def test_what_is_bound_to_another_is_refused(
    engine: Engine, one: Program, shelves: Path, bound: Callable, name: str
) -> None:
    def program() -> None:
        room = pulumi.ComponentResource("toy:index:Room", "room")
        one(bound(room))()

    with pytest.raises(MissingDependencyError, match=f"only: .*{name}"):
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


CALLBACKS = [
    {"hooks": pulumi.ResourceHookBinding(before_create=[lambda _args: None])},
    {"transforms": [lambda args: pulumi.ResourceTransformResult(args.props, args.opts)]},
]


@pytest.mark.parametrize("given", CALLBACKS, ids=["hooks", "transforms"])
def test_what_the_program_would_have_called_back_stops_it(
    engine: Engine, one: Program, shelves: Path, given: dict
) -> None:
    for run in (engine.preview, engine.up):
        with pytest.raises(Exception, match=r"does not support (resource hooks|transforms)"):
            run(one(pulumi.ResourceOptions(**given)))
    assert calls(shelves) == []


def test_every_field_of_the_sdk_s_request_is_decided() -> None:
    fields = {each.name for each in RegisterResourceRequest.DESCRIPTOR.fields}
    decided = [RESOURCE, READ, TALK, UNSUPPORTED]
    assert fields - frozenset().union(*decided) == set()
    assert sum(map(len, decided)) == len(frozenset().union(*decided))


EXAMPLES = {
    "remote": True,
    "pluginChecksums": {"linux": b"0"},
    "replace_with": ["urn:pulumi:a::b::c::d"],
    "replacement_trigger": struct_pb2.Value(string_value="once"),
    "transforms": [Callback(target="t", token="t")],
    "hooks": RegisterResourceRequest.ResourceHooksBinding(before_create=["ask"]),
    "envVarMappings": {"NEW": "OLD"},
    "snippetId": "s",
    "state_migrations": [Callback(target="t", token="t")],
}


@pytest.mark.parametrize("name", sorted(UNSUPPORTED))
def test_an_option_known_by_its_name_only_is_refused_by_it(name: str) -> None:
    request = RegisterResourceRequest(type="a:b:C", name="only", custom=True)
    assert from_request(request).others == ()
    given = RegisterResourceRequest(**{name: EXAMPLES[name]})
    request.MergeFrom(given)
    planned = PlannedResource("urn", "a:b:C", "only", True, {}, options=from_request(request))
    with pytest.raises(MissingDependencyError, match=rf"only: .* {name}\n"):
        refuse_options(planned)


def test_a_field_that_nobody_decided_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "TALK", frozenset())
    request = RegisterResourceRequest(type="a:b:C", name="only", version="1.0.0")
    assert options.from_request(request).others == ("version",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5m", 300), ("1h30m", 5400), ("1.5s", 1.5), ("250ms", 0.25), (".5h", 1800), ("0", 0)],
)
def test_a_time_limit_is_read_as_go_does(text: str, expected: float) -> None:
    assert options.seconds("only", "create", text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["soon", "5", "5 m", "-5m", "m", "5m later", "1d"])
def test_a_time_limit_that_is_none_is_told(one: Program, text: str) -> None:
    given = pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create=text))
    with pytest.raises(InputError, match=f"only: the time limit `{text}` of `create`"):
        evaluate(one(given), project="library", stack="test")
