"""Plans from files that a real Pulumi CLI wrote, and from files that nobody should have."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime.proto import analyzer_pb2

from havre.errors import InputError
from havre.plan import Plan, PlannedResource
from havre.plan.previews import from_preview
from havre.plan.sources import from_analyzer
from havre.plan.states import as_seen, from_state
from havre.plan.values import UNKNOWN, Secret, to_struct

STACK = "urn:pulumi:s::p::pulumi:pulumi:Stack::p-s"
FIRST = "urn:pulumi:s::p::toy:index:Thing::first"
SECOND = "urn:pulumi:s::p::toy:index:Thing::second"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"

STATES: list[dict[str, Any]] = [
    {"urn": STACK, "type": "pulumi:pulumi:Stack", "custom": False},
    {
        "urn": FIRST,
        "type": "toy:index:Thing",
        "custom": True,
        "inputs": {"size": 3.0, "password": "[secret]"},
        "parent": STACK,
        "protect": True,
        "provider": "urn:pulumi:s::p::pulumi:providers:toy::default::id",
    },
    {
        "urn": SECOND,
        "type": "toy:index:Thing",
        "custom": True,
        "inputs": {"from": UNKNOWN_TEXT},
        "parent": STACK,
        "dependencies": [FIRST],
        "propertyDependencies": {"from": [FIRST], "none": []},
    },
]


def preview(tmp_path: Path, document: Any) -> Path:
    path = tmp_path / "preview.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def steps(*operations: str) -> dict[str, Any]:
    return {
        "steps": [
            {"op": op, "urn": s["urn"], "oldState" if op == "delete" else "newState": s}
            for op, s in zip(operations, STATES, strict=True)
        ]
    }


def by_name(plan: Plan) -> dict[str, Any]:
    return {r.name: r for r in plan.resources}


def test_a_preview_keeps_values_relations_secrets_and_unknowns(tmp_path: Path) -> None:
    found = by_name(from_preview(preview(tmp_path, steps("same", "create", "create")), "toy"))
    assert found["first"].inputs == {"size": 3, "password": Secret(UNKNOWN)}
    assert found["first"].protect
    assert found["second"].inputs == {"from": UNKNOWN}
    assert found["second"].dependencies == (FIRST,)
    assert found["second"].property_dependencies == {"from": (FIRST,)}
    assert found["second"].operation == "create"


def test_what_a_preview_deletes_is_kept_apart(tmp_path: Path) -> None:
    plan = from_preview(preview(tmp_path, steps("same", "delete", "create")))
    assert [r.name for r in plan.removed] == ["first"]
    assert "first" not in by_name(plan)


def test_a_state_gives_the_same_resources_as_a_preview(tmp_path: Path) -> None:
    states = json.loads(json.dumps(STATES))
    states[1]["inputs"]["password"] = {SIGNATURE: SECRET, "ciphertext": "v1:abc"}
    path = preview(tmp_path, {"version": 3, "deployment": {"resources": states}})
    state = by_name(from_state(path))
    planned = by_name(from_preview(preview(tmp_path, steps("same", "create", "create"))))
    for name, found in state.items():
        mine, theirs = found.as_dict(), planned[name].as_dict()
        assert mine == theirs


def test_a_secret_of_a_state_is_read_only_in_plain_text(tmp_path: Path) -> None:
    states = json.loads(json.dumps(STATES))
    states[1]["inputs"] = {
        "shown": {SIGNATURE: SECRET, "plaintext": '"hush"'},
        "broken": {SIGNATURE: SECRET, "plaintext": "{"},
    }
    path = preview(tmp_path, {"version": 3, "deployment": {"resources": states}})
    plan = from_state(path)
    assert by_name(plan)["first"].inputs == {"shown": Secret("hush"), "broken": Secret(UNKNOWN)}
    assert "hush" not in json.dumps(plan.as_dict())


def test_an_analyzers_request_gives_the_same_resources() -> None:
    message = analyzer_pb2.AnalyzerResource(
        urn=SECOND,
        type="toy:index:Thing",
        name="second",
        properties=to_struct({"from": UNKNOWN, "size": 3}),
        parent=STACK,
        dependencies=[FIRST],
        options=analyzer_pb2.AnalyzerResourceOptions(protect=True),
        provider=analyzer_pb2.AnalyzerProviderResource(urn="urn:provider"),
    )
    message.propertyDependencies["from"].urns.append(FIRST)
    (found,) = from_analyzer([message]).resources
    assert found.inputs == {"from": UNKNOWN, "size": 3}
    assert found.property_dependencies == {"from": (FIRST,)}
    assert found.custom
    assert found.protect


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("", "is empty"),
        ('{"steps": [', "is cut off"),
        ("[" * 100_000, "is not valid JSON"),
        ("[]", "does not contain a JSON object"),
        ("{}", "has no `steps`"),
        ({"steps": {}}, "has no `steps`"),
        ({"steps": []}, "contains no resource"),
        ({"steps": [{"op": "same", "newState": STATES[0]}]}, "contains no resource"),
        ({"steps": [3]}, r"steps\[0\] is int, not an object"),
        ({"steps": [{"newState": STATES[1]}]}, r"steps\[0\]: `op` is NoneType, not a text"),
        ({"steps": [{"op": "create"}]}, r"`urn` is NoneType"),
        (
            {"steps": [{"op": "frobni\ncate", "newState": STATES[1]}]},
            r"`frobni\\ncate` is not a known step",
        ),
        (steps("same", "create", "create") | {"diagnostics": 3}, "diagnostics is int, not a list"),
        (steps("same", "create", "create") | {"diagnostics": [3]}, "diagnostics is int"),
        (
            steps("same", "create", "create")
            | {"diagnostics": [{"severity": "warning"}, {"severity": "error", "message": SECRET}]},
            "is of a preview that failed, with 1 errors\n",
        ),
        ({"steps": [{"op": "create", "newState": {**STATES[1], "type": 3}}]}, "`type` is int"),
        ({"steps": [{"op": "create", "newState": {**STATES[1], "inputs": 3}}]}, "inputs is int"),
        (
            {"steps": [{"op": "create", "newState": {**STATES[1], "dependencies": [3]}}]},
            "dependencies: no list of URNs",
        ),
    ],
)
def test_a_file_that_is_no_preview_is_told(tmp_path: Path, document: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_preview(preview(tmp_path, document))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "has no `deployment.resources`"),
        ({"deployment": 3}, "deployment is int"),
        ({"deployment": {"resources": []}}, "contains no resource"),
        (
            {"deployment": {"resources": STATES, "pending_operations": [{"type": "creating"}]}},
            "an update that was interrupted",
        ),
    ],
)
def test_a_file_that_is_no_state_is_told(tmp_path: Path, document: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_state(preview(tmp_path, document))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        from_preview(tmp_path / "nowhere.json")


def test_warnings_of_a_preview_are_no_failure(tmp_path: Path) -> None:
    document = steps("same", "create", "create")
    plain = from_preview(preview(tmp_path, document))
    said = {"diagnostics": [{"severity": "warning", "message": "mind the step"}, {}]}
    assert from_preview(preview(tmp_path, document | said)) == plain


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = ["urn", "type", "custom", "inputs", "parent", "dependencies", "propertyDependencies"]


@given(st.sampled_from(KEYS), JSON, st.sampled_from(["create", "delete", "same", "replace"]))
def test_no_file_ever_shows_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: Any, operation: str
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "file.json"
    state = {**STATES[1], key: value}
    step = {"op": operation, "newState": state, "oldState": state}
    for document, reader in (
        ({"steps": [step]}, from_preview),
        ({"deployment": {"resources": [state]}}, from_state),
        ({"deployment": value}, from_state),
        ({"steps": value}, from_preview),
    ):
        path.write_text(json.dumps(document))
        try:
            plan = reader(path)
        except InputError:
            continue
        assert plan.resources or plan.removed


GROWN: dict[str, tuple[Any, Any, Any]] = {
    "an element more": (["a"], ["a", "b"], ["a", "b"]),
    "an element more of objects": ([{"ip": "a"}], [{"ip": "b"}, {"ip": "a"}], None),
    "within an object": ({"rules": ["a"]}, {"rules": ["a", "b"], "id": "x"}, {"rules": ["a", "b"]}),
    "within an element": ([{"ips": ["a"]}], [{"ips": ["a", "b"]}], [{"ips": ["a", "b"]}]),
    "as many": (["a"], ["b"], ["a"]),
    "fewer": (["a", "b"], ["a"], ["a", "b"]),
    "no list": (["a"], "a", ["a"]),
    "not told": (["a"], None, ["a"]),
}


@pytest.mark.parametrize("case", GROWN)
def test_an_element_that_a_plugin_saw_and_did_not_ask_for_is_read(case: str) -> None:
    asked, told, read = GROWN[case]
    kind = "toy:index:Thing"
    outputs = {"things": told, "more": 1}
    found = PlannedResource(
        f"urn:pulumi:s::p::{kind}::x", kind, "x", True, {"things": asked}, outputs=outputs
    )
    assert as_seen(found).inputs == {"things": told if read is None else read}
