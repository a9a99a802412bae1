import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from havre.engine import Engine, Operation
from havre.engine.steps import CLI_HINT
from havre.errors import GuardError, MissingDependencyError, ProviderError
from tests.engine.conftest import Program
from tests.engine.toy import calls


def operations(changes) -> list[tuple[str, str]]:
    return [(change.operation.value, change.name) for change in changes]


def fill(shelves: Path, label: str) -> None:
    (shelves / f"{label}.json").write_text(json.dumps({"books": ["one"]}))


def test_first_run_creates_in_dependency_order_and_second_changes_nothing(
    engine: Engine, program: Program, shelves: Path
) -> None:
    expected = [("create", "first"), ("create", "second")]
    assert operations(engine.preview(program())) == expected
    assert calls(shelves) == []
    assert operations(engine.up(program())) == expected
    assert calls(shelves) == ["create first", "create second"]
    before = engine.store.path.read_bytes()
    assert engine.preview(program()) == []
    assert engine.up(program()) == []
    assert engine.store.path.read_bytes() == before


def test_state_is_pulumis_with_relations_and_outputs(
    engine: Engine, program: Program, shelves: Path
) -> None:
    engine.up(program())
    document = json.loads(engine.store.path.read_text())
    assert document["version"] == 3
    resources = {r["urn"].rsplit("::", 1)[-1]: r for r in document["deployment"]["resources"]}
    assert list(resources) == ["library-test", "room", "default", "first", "second"]
    second = resources["second"]
    provider = resources["default"]
    assert second["provider"] == f"{provider['urn']}::{provider['id']}"
    assert second["parent"] == resources["room"]["urn"]
    assert second["dependencies"] == [resources["first"]["urn"]]
    assert second["propertyDependencies"]["needs"] == [resources["first"]["urn"]]
    assert second["outputs"]["place"] == str(shelves / "second.json")
    assert resources["library-test"]["outputs"] == {"last": str(shelves / "second.json")}
    assert "pending_operations" not in document["deployment"]


def test_update_in_place_names_the_property_and_keeps_stable_outputs(
    engine: Engine, program: Program
) -> None:
    engine.up(program())
    changes = engine.preview(program(first={"size": 7}, second={}))
    assert operations(changes) == [("update", "first")]
    assert changes[0].properties == ("size",)
    assert operations(engine.up(program(first={"size": 7}, second={}))) == [("update", "first")]
    assert engine.store.load().find(changes[0].urn).inputs["size"] == 7


def test_replacement_makes_the_new_one_first_unless_the_provider_says_otherwise(
    engine: Engine, program: Program, shelves: Path
) -> None:
    engine.up(program(only={}))
    changes = engine.up(program(only={"label": "other"}))
    assert operations(changes) == [("replace", "only"), ("delete", "only")]
    assert calls(shelves) == ["create only", "create other", "delete only"]
    engine.up(program(only={"label": "third", "first_delete": True}))
    assert calls(shelves)[-2:] == ["delete other", "create third"]
    assert [r.name for r in engine.store.load().resources].count("only") == 1


def test_what_left_the_program_is_deleted_in_reverse_order(
    engine: Engine, program: Program, shelves: Path
) -> None:
    engine.up(program(first={}, second={}, third={}))
    changes = engine.up(program(first={}))
    assert operations(changes) == [("delete", "third"), ("delete", "second")]
    assert calls(shelves)[-2:] == ["delete third", "delete second"]


@pytest.mark.parametrize("protect", [True, False])
def test_what_holds_data_is_not_deleted(
    engine: Engine, program: Program, shelves: Path, protect: bool
) -> None:
    engine.up(program(protect=protect, first={}, second={}))
    fill(shelves, "second")
    (change,) = engine.preview(program(protect=protect, first={}))
    assert (change.operation, change.refused) == (Operation.DELETE, "it contains data")
    with pytest.raises(GuardError, match="second would be deleted, and it contains data"):
        engine.up(program(protect=protect, first={}))
    assert "delete second" not in calls(shelves)
    assert engine.store.load().find(change.urn) is not None


def test_what_is_protected_and_empty_goes(engine: Engine, program: Program) -> None:
    engine.up(program(protect=True, first={}, second={}))
    assert operations(engine.up(program(protect=True, first={}))) == [("delete", "second")]


def test_replacement_of_what_holds_data_is_refused(
    engine: Engine, program: Program, shelves: Path
) -> None:
    engine.up(program(only={}))
    fill(shelves, "only")
    (change,) = engine.preview(program(only={"label": "other"}))
    assert change.refused == "it contains data"
    with pytest.raises(GuardError, match="only would be replaced, and it contains data"):
        engine.up(program(only={"label": "other"}))
    assert calls(shelves) == ["create only"]


def test_a_failed_step_is_named_and_the_next_run_goes_on(
    engine: Engine, program: Program, shelves: Path
) -> None:
    with pytest.raises(ProviderError, match="second: OSError: the shelf fell down"):
        engine.up(program(first={}, second={"fails": True}))
    assert [r.name for r in engine.store.load().pending] == ["second"]
    engine.store.save(_repaired(engine))
    changes = engine.up(program(first={}, second={}))
    assert operations(changes) == [("create", "second")]
    assert calls(shelves) == ["create first", "create second", "create second"]


def _repaired(engine: Engine):
    """The state as a run that was killed inside the second creation would leave it."""
    state = engine.store.load()
    begun = state.pending[0]
    inputs = {**begun.inputs, "fails": None}
    state.pending = [type(begun)(**{**begun.__dict__, "inputs": inputs})]
    return state


def test_an_interrupted_creation_that_left_the_program_is_finished_then_deleted(
    engine: Engine, program: Program, shelves: Path
) -> None:
    with pytest.raises(ProviderError):
        engine.up(program(first={}, second={"fails": True}))
    engine.store.save(_repaired(engine))
    changes = engine.up(program(first={}))
    assert operations(changes) == [("create", "second"), ("delete", "second")]
    assert sorted(path.name for path in shelves.glob("*.json")) == ["first.json"]


def test_a_refused_input_stops_before_anything_is_made(
    engine: Engine, program: Program, shelves: Path
) -> None:
    with pytest.raises(ProviderError, match="second: `size`: must be positive"):
        engine.preview(program(first={}, second={"size": 0}))
    assert calls(shelves) == []


def test_a_provider_of_another_language_is_refused_with_the_hint(engine: Engine) -> None:
    def program() -> None:
        pulumi.CustomResource("cloud:index:Bucket", "bucket", {})

    with pytest.raises(MissingDependencyError, match="no provider `cloud`") as caught:
        engine.preview(program)
    assert caught.value.remedy == CLI_HINT


def test_destroy_keeps_what_holds_data_and_all_that_it_needs(
    engine: Engine, program: Program, shelves: Path
) -> None:
    engine.up(program(protect=True, first={}, second={}, third={}))
    fill(shelves, "second")
    deleted, kept = engine.destroy()
    assert operations(deleted) == [("delete", "third")]
    assert sorted(kept) == ["default", "first", "second"]
    fill(shelves, "second")
    (shelves / "second.json").write_text(json.dumps({"books": []}))
    deleted, kept = engine.destroy()
    assert operations(deleted) == [("delete", "second"), ("delete", "first")]
    assert kept == []
    assert engine.store.load().resources == []


def test_progress_tells_begin_and_end_of_each_change(engine: Engine, program: Program) -> None:
    told: list[tuple[str, bool]] = []
    engine.progress = lambda change, done: told.append((change.name, done))
    engine.up(program(only={}))
    assert told == [("only", False), ("only", True)]


@pytest.mark.long
def test_many_runs_in_one_process_do_not_wear_it_out(engine: Engine, program: Program) -> None:
    many = {f"shelf-{number}": {} for number in range(40)}
    for _ in range(30):
        assert len(engine.preview(program(**many))) == 40


def test_what_was_agreed_is_applied(engine: Engine, program: Program) -> None:
    agreed = engine.preview(program())
    assert operations(engine.up(program(), agreed)) == operations(agreed)
    body = program(first={"size": 7}, third={})
    agreed = engine.preview(body)
    assert sorted(operations(engine.up(body, agreed))) == sorted(operations(agreed))


@pytest.mark.parametrize(
    ("then", "later"),
    [
        ({"first": {}, "second": {}, "third": {}}, "third (create)"),
        ({"first": {}}, "second (delete)"),
        ({"first": {}, "second": {"label": "other"}}, "second (replace)"),
        ({"first": {"size": 9}, "second": {}}, "first (update)"),
    ],
)
def test_a_step_that_nobody_saw_is_refused_before_it_is_taken(
    engine: Engine, program: Program, shelves: Path, then: dict[str, dict[str, Any]], later: str
) -> None:
    engine.up(program())
    before = calls(shelves)
    agreed = engine.preview(program())
    assert agreed == []
    with pytest.raises(GuardError) as raised:
        engine.up(program(**then), agreed)
    assert later in str(raised.value)
    assert "Run again" in str(raised.value)
    assert calls(shelves) == before


def test_another_kind_of_step_than_was_seen_is_refused(engine: Engine, program: Program) -> None:
    engine.up(program(only={}))
    agreed = engine.preview(program(only={"size": 5}))
    assert operations(agreed) == [("update", "only")]
    with pytest.raises(GuardError, match=r"only \(replace\)"):
        engine.up(program(only={"label": "other"}), agreed)
