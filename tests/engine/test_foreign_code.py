"""No code that a state brings is run: the program and a fixed table decide what is."""

import base64
import collections
import json
import operator
import os
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pulumi
import pytest

from havre.engine import Engine, StateStore
from havre.errors import HavreError, MissingDependencyError, StateError
from havre.provider import dynamic
from havre.provider.dynamic import PROVIDER_KEY, DynamicResource, Kind

BOOK = Kind(
    ensure=lambda props: {"written": props["text"], "holds_data": False},
    remove=lambda _: None,
    look=lambda props: {"written": props["text"], "holds_data": False},
    identity=("place",),
)


class Book(DynamicResource):
    PACKAGE = "books"
    KIND = f"{__name__}:BOOK"
    OUTPUTS = ("written", "holds_data")


class Made:
    """Unpickled, it makes a folder."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.mark),))


class Called:
    """Unpickled, it calls a method found by name within a name."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (operator.methodcaller("mkdir"), (self.mark,))


def reduced(mark: Path) -> bytes:
    return pickle.dumps(Made(mark))


def by_text(mark: Path) -> bytes:
    """The oldest protocol, written by hand."""
    return f"cos\nmkdir\n(V{mark}\ntR.".encode()


def by_a_nested_global(mark: Path) -> bytes:
    """`Path.mkdir`, reached by its dotted name."""
    text = str(mark).encode()
    name = b"\x8c\x07pathlib\x8c\nPath.mkdir\x93"
    path = b"\x8c\x07pathlib\x8c\x04Path\x93\x8c" + bytes([len(text)]) + text + b"\x85R"
    return b"\x80\x04" + name + path + b"\x85R."


def within_a_provider(mark: Path) -> bytes:
    """A true provider, one of whose attributes is not."""
    provider = dynamic.Managed(Book.KIND)
    provider.more = Called(mark)
    return pickle.dumps(provider)


def within_a_container(mark: Path) -> bytes:
    return pickle.dumps(collections.OrderedDict(kind=[partial(print), Made(mark)]))


SHAPES = [reduced, by_text, by_a_nested_global, within_a_provider, within_a_container]
Shape = Callable[[Path], bytes]


def written(text: str, place: str = "shelf") -> None:
    Book("only", {"text": text, "place": place}, pulumi.ResourceOptions())


@pytest.fixture
def store(tmp_path: Path) -> StateStore:
    made = StateStore(tmp_path / "data")
    made.create()
    return made


@pytest.fixture
def engine(store: StateStore) -> Engine:
    made = Engine(store, "books", "test", dynamic.servicers(Book))
    made.up(lambda: written("one"))
    return made


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "mark"


def poisoned(store: StateStore, code: str, *bags: str) -> None:
    """Put `code` in place of the serialised provider of every resource."""
    document = json.loads(store.path.read_text())
    found = [r for r in document["deployment"]["resources"] if PROVIDER_KEY in r.get("inputs", {})]
    assert found
    for resource in found:
        for bag in bags:
            resource[bag][PROVIDER_KEY] = code
    store.path.write_text(json.dumps(document))


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_is_an_attack_on_what_unpickles_it(shape: Shape, mark: Path) -> None:
    pickle.loads(shape(mark))  # noqa: S301 - the case's own
    assert mark.is_dir()


@pytest.mark.parametrize("bags", [("inputs",), ("outputs",), ("inputs", "outputs")])
@pytest.mark.parametrize("shape", SHAPES)
def test_no_run_runs_it_and_the_program_s_own_takes_its_place(
    engine: Engine, store: StateStore, mark: Path, shape: Shape, bags: tuple[str, ...]
) -> None:
    code = base64.b64encode(shape(mark)).decode()
    poisoned(store, code, *bags)
    engine.preview(lambda: written("one"))
    for program in (
        lambda: written("one"),
        lambda: written("two"),
        lambda: written("two", "table"),
        lambda: None,
    ):
        poisoned(store, code, *bags)
        engine.up(program)
        assert not mark.exists()
        assert code not in store.path.read_text()


@pytest.mark.parametrize("shape", SHAPES)
def test_no_destruction_runs_it(
    engine: Engine, store: StateStore, mark: Path, shape: Shape
) -> None:
    poisoned(store, base64.b64encode(shape(mark)).decode(), "inputs", "outputs")
    assert [change.name for change in engine.destroy()[0]] == ["only"]
    assert not mark.exists()


@pytest.mark.parametrize("shape", SHAPES)
def test_what_an_interrupted_run_had_begun_is_no_code_either(
    engine: Engine, store: StateStore, mark: Path, shape: Shape
) -> None:
    document = json.loads(store.path.read_text())
    deployment = document["deployment"]
    (book,) = [r for r in deployment["resources"] if r["type"] == Book.token()]
    book["inputs"][PROVIDER_KEY] = base64.b64encode(shape(mark)).decode()
    deployment["resources"].remove(book)
    deployment["pending_operations"] = [{"resource": book, "type": "creating"}]
    store.path.write_text(json.dumps(document))
    changes = engine.up(lambda: None)
    assert [change.operation.value for change in changes] == ["create", "delete"]
    assert not mark.exists()


@pytest.mark.parametrize("version", [1, 2, 4, "3"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_state_of_another_format_is_refused_and_not_run(
    engine: Engine, store: StateStore, mark: Path, shape: Shape, version: object
) -> None:
    poisoned(store, base64.b64encode(shape(mark)).decode(), "inputs", "outputs")
    document = json.loads(store.path.read_text())
    document["version"] = version
    store.path.write_text(json.dumps(document))
    for run in (lambda: engine.up(lambda: written("two")), engine.destroy):
        with pytest.raises(StateError, match=r"stack\.json"):
            run()
    assert not mark.exists()


@pytest.mark.parametrize(
    "kind",
    [
        "pulumi-python:dynamic/books:Other",
        "pulumi-python:dynamic/os:system",
        "pulumi-python:dynamic:Resource",
        "cloud:index:Bucket",
    ],
)
def test_a_type_that_is_not_in_the_table_is_refused_before_anything_is_done(
    engine: Engine, store: StateStore, kind: str
) -> None:
    document = json.loads(store.path.read_text().replace(Book.token(), kind))
    store.path.write_text(json.dumps(document))
    before = store.path.read_bytes()
    runs: list[Callable[[], object]] = [
        lambda: engine.preview(lambda: written("two")),
        lambda: engine.up(lambda: written("two")),
        lambda: engine.up(lambda: None),
        engine.destroy,
        engine.refuse_state,
    ]
    for run in runs:
        with pytest.raises(MissingDependencyError) as caught:
            run()
        assert kind.split(":", maxsplit=1)[0] in caught.value.message
        assert "Pulumi CLI" in caught.value.remedy
    assert store.path.read_bytes() == before


@pytest.mark.parametrize(
    "condition",
    [
        {"external": True},
        {"taint": True},
        {"pendingReplacement": True},
        {"initErrors": ["timed out"]},
        {"deletedWith": "urn:pulumi:test::books::a:b:C::c"},
        {"resourceHooks": {"before_delete": ["ask"]}},
        {"replacementTrigger": 1},
    ],
)
def test_a_record_that_only_the_cli_can_go_on_with_is_refused(
    engine: Engine, store: StateStore, condition: dict[str, Any]
) -> None:
    document = json.loads(store.path.read_text())
    document["deployment"]["resources"][-1] |= condition
    store.path.write_text(json.dumps(document))
    before = store.path.read_bytes()
    for run in (lambda: engine.up(lambda: None), engine.destroy):
        with pytest.raises(HavreError, match=f"only: the state records {next(iter(condition))}"):
            run()
    assert store.path.read_bytes() == before
