"""A provider gives what applies its resources in this process, by a table that is fixed."""

import base64
import json
import pickle
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

import pulumi
import pytest

import havre_local.resources
import havre_ovh.s3
from havre.engine import Engine, StateStore
from havre.errors import GuardError, MissingDependencyError
from havre.plan import urns
from havre.provider import SERVICERS, Support, dynamic, find, provides, servicers
from havre.provider.dynamic import PROVIDER_KEY, DynamicResource, Kind, Managed, Told

PACKAGE = urns.DYNAMIC_PACKAGE
SHEET = Kind(
    ensure=lambda props: {"written": props["text"]},
    remove=lambda _: None,
    look=lambda props: {"written": props["text"]},
)


class Note(DynamicResource):
    PACKAGE = "notes"
    KIND = f"{__name__}:SHEET"
    OUTPUTS = ("written",)


class Poison:
    """Unpickled, it leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.mark,))


def written(text: str) -> None:
    Note("only", {"text": text}, pulumi.ResourceOptions())


@pytest.fixture
def store(tmp_path: Path) -> StateStore:
    made = StateStore(tmp_path / "data")
    made.create()
    return made


@pytest.mark.parametrize(
    ("name", "module"), [("local", havre_local.resources), ("ovh", havre_ovh.s3)]
)
def test_a_provider_serves_every_dynamic_resource_that_it_has(
    name: str, module: ModuleType
) -> None:
    declared = {
        each.token(): each.KIND
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, DynamicResource) and each.KIND
    }
    table = servicers(find(name))[PACKAGE].providers
    assert declared
    assert {token: served.kind for token, served in table.items()} == declared


def test_a_provider_without_servicers_says_so() -> None:
    offer = provides(find("azure"), SERVICERS)
    assert (offer.answer.support, offer.given) == (Support.ABSENT, None)
    assert servicers(find("azure")) == {}


def test_code_in_a_state_is_not_run(store: StateStore, tmp_path: Path) -> None:
    engine = Engine(store, "notes", "test", dynamic.servicers(Note))
    engine.up(lambda: written("one"))
    mark = tmp_path / "mark"
    poison = base64.b64encode(pickle.dumps(Poison(mark))).decode()
    document = json.loads(store.path.read_text())
    (note,) = [r for r in document["deployment"]["resources"] if r["type"] == Note.token()]
    for bag in ("inputs", "outputs"):
        note[bag][PROVIDER_KEY] = poison
    store.path.write_text(json.dumps(document))
    assert [change.name for change in engine.up(lambda: written("two"))] == ["only"]
    (recorded,) = [r for r in store.load().resources if r.type == Note.token()]
    assert recorded.outputs["written"] == "two"
    assert poison not in store.path.read_text()
    engine.destroy()
    assert not mark.exists()
    pickle.loads(base64.b64decode(poison))  # noqa: S301 - the case's own: it is poison indeed
    assert mark.exists()


def test_a_type_that_no_provider_serves_is_named(store: StateStore) -> None:
    engine = Engine(store, "notes", "test", dynamic.servicers(*havre_ovh.s3.RESOURCES))
    with pytest.raises(MissingDependencyError, match=f"only: no installed .*`{Note.token()}`"):
        engine.preview(lambda: written("one"))


class SdkServer(ModuleType):
    """What the SDK's own server of dynamic resources is to the process that it runs in."""

    DynamicResourceProviderServicer = object
    traceback = traceback

    def answer(self, error: Exception) -> str:
        """What it sends where a resource raises an error."""
        try:
            raise error
        except type(error):
            return self.traceback.format_exc()


def configured(monkeypatch: pytest.MonkeyPatch, main: ModuleType) -> Any:
    from pulumi.dynamic import Config, ConfigureRequest

    monkeypatch.setitem(sys.modules, "__main__", main)
    request = ConfigureRequest(config=Config({}, project_name="p"))
    for kind in ("one", "two"):
        Managed(kind).configure(request)
    return main


def test_the_cli_is_sent_the_message_and_the_remedy_of_an_error_of_havre(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = configured(monkeypatch, SdkServer("__main__"))
    assert server.answer(GuardError("bucket b is full", "Empty it.")) == (
        "bucket b is full\n  Empty it."
    )
    bug = server.answer(ZeroDivisionError("a bug"))
    assert "Traceback (most recent call last)" in bug
    assert "ZeroDivisionError: a bug" in bug
    monkeypatch.setenv("HAVRE_DEBUG", "1")
    assert "Traceback" in server.answer(GuardError("bucket b is full"))
    assert traceback.format_exc is not Told.format_exc


def test_no_other_process_shows_errors_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    main = ModuleType("__main__")
    vars(main)["traceback"] = traceback
    assert configured(monkeypatch, main).traceback is traceback


ABSENT = Kind(ensure=lambda _: {}, remove=lambda _: None, look=lambda _: None)


class Lost(DynamicResource):
    PACKAGE = "notes"
    KIND = f"{__name__}:ABSENT"


def test_a_dynamic_resource_that_is_gone_is_told() -> None:
    from havre.plan import Plan, PlannedResource

    made = PlannedResource("urn:pulumi:s::p::x::it", Lost.token(), "it", True, {"text": "a"})
    (found,) = dynamic.deviating([Lost, Note], Plan("paper", (made,)), "Make it again.")
    assert (found.how.value, found.name) == ("in the state, and gone", "it")
