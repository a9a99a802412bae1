"""A sandbox of a toy package: what is asked for, refused, changed by hand, and forgotten."""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest

from havre.engine import Engine, StateStore
from havre.errors import GuardError, ProviderError
from havre.plan.replacing import Replacing, ReplacingTable
from havre_sandbox import (
    Act,
    Proposed,
    Refusal,
    ResourceKind,
    SandboxServicer,
    Service,
    World,
    WorldFolder,
    recorded,
    rule,
)

SHELF, BOOK = "toy:index:Shelf", "toy:index:Book"
DAY = dt.date(2026, 11, 30)


class Thing(pulumi.CustomResource):
    address: pulumi.Output[str]
    key: pulumi.Output[str]


@rule(SHELF, beforehand=True)
def no_glass(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    if proposed.properties.get("material") == "glass":
        yield Refusal("BadMaterial", "A shelf is not made of glass.", "material")


@rule(BOOK, acts=[Act.CREATE])
def on_a_shelf(proposed: Proposed, world: World) -> Iterator[Refusal]:
    if world.find(proposed.properties["shelf"]) is None:
        yield Refusal("NoSuchShelf", "The shelf does not exist.", "shelf")


@rule(SHELF, acts=[Act.DELETE])
def empty(proposed: Proposed, world: World) -> Iterator[Refusal]:
    if world.below(proposed.id):
        yield Refusal("InUse", "There are books on it.")


def kept_a_week(existing: Any, today: dt.date) -> dt.date | None:
    return today + dt.timedelta(days=7) if existing.token == SHELF else None


SERVICE = Service(
    package="toy",
    kinds={
        SHELF: ResourceKind(
            id="/rooms/{room}/shelves/{label}",
            outputs={"address": "https://{label}.example/", "key": "{secret:key}"},
            unordered=("sizes",),
        ),
        BOOK: ResourceKind(parent="{shelf}", outputs={"number": "{number:n}"}),
    },
    rules=(no_glass, on_a_shelf, empty),
    replacing=ReplacingTable(
        {SHELF: Replacing(replaced=("label",), rejected=("material",), grows=("width",))}
    ),
    taken_until=kept_a_week,
    variables={"room": "hall"},
)

Body = Callable[[], None]


@pytest.fixture
def folder(tmp_path: Path) -> WorldFolder:
    return WorldFolder(tmp_path / "data" / "sandbox", lambda: DAY)


@pytest.fixture
def engine(tmp_path: Path, folder: WorldFolder, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "correct horse")  # for the secrets of shelves
    store = StateStore(tmp_path / "data")
    store.create()
    return Engine(store, "library", "test", {"toy": SandboxServicer(SERVICE, folder)})


def shelf(name: str = "oak", **more: Any) -> Thing:
    props: dict[str, Any] = {
        "label": name,
        "width": 80,
        "sizes": ["s", "m"],
        "address": None,
        "key": None,
    }
    if "code" in more:
        props["code"] = pulumi.Output.secret(more.pop("code"))
    return Thing(SHELF, name, {**props, **more}, pulumi.ResourceOptions(protect=more.get("kept")))


def book(on: Any, name: str = "atlas", **more: Any) -> Thing:
    return Thing(BOOK, name, {"shelf": on, **more})


def library(**more: Any) -> Body:
    return lambda: (book(shelf(**more).id), None)[1]


def operations(changes: Iterable[Any]) -> list[tuple[str, str]]:
    return [(change.operation.value, change.name) for change in changes]


def test_what_is_made_is_recorded_and_a_second_run_changes_nothing(
    engine: Engine, folder: WorldFolder
) -> None:
    assert operations(engine.up(library())) == [("create", "oak"), ("create", "atlas")]
    assert engine.up(library()) == []
    world = folder.world()
    found = world.find("/rooms/hall/shelves/OAK")
    assert found is not None
    assert found.outputs["address"] == "https://oak.example/"
    assert [each.name for each in world.below(found.id)] == ["atlas"]
    assert [each.name for each in world.referring(found.id)] == ["atlas"]


def test_a_whole_float_and_a_set_in_another_order_are_no_change(engine: Engine) -> None:
    engine.up(library(width=80.0, sizes=["s", "m"]))
    assert engine.preview(library(width=80, sizes=["m", "s"])) == []
    assert operations(engine.preview(library(width=81))) == [("update", "oak")]


def test_a_boolean_is_no_number(engine: Engine) -> None:
    engine.up(library(width=1))
    assert operations(engine.preview(library(width=True))) == [("update", "oak")]


def test_everything_says_that_it_is_of_a_sandbox(engine: Engine, folder: WorldFolder) -> None:
    engine.up(library())
    made = [each for each in engine.load().resources if each.bears]
    assert [each.outputs["sandbox"] for each in made] == [True, True]
    files = sorted(folder.path.glob("*.json"))
    assert [json.loads(file.read_text())["sandbox"] for file in files] == [True, True]


def test_a_rule_without_a_world_refuses_in_the_preview(engine: Engine) -> None:
    with pytest.raises(ProviderError, match=r"oak: `material`: .*glass. \(BadMaterial\)"):
        engine.preview(library(material="glass"))


def test_a_rule_over_the_world_refuses_when_its_turn_comes(engine: Engine) -> None:
    body: Body = lambda: (book("/rooms/hall/shelves/none"), None)[1]  # noqa: E731
    assert operations(engine.preview(body)) == [("create", "atlas")]
    with pytest.raises(ProviderError, match=r"atlas: .* create: `shelf`: .* \(NoSuchShelf\)"):
        engine.up(body)


def test_what_replaces_is_replaced_and_what_the_api_rejects_is_refused(engine: Engine) -> None:
    engine.up(lambda: (shelf(material="oak"), None)[1])
    changes = engine.preview(lambda: (shelf(material="oak", label="wide"), None)[1])
    assert operations(changes) == [("replace", "oak")]
    with pytest.raises(ProviderError, match=r"`material`: .* in place. \(400\)"):
        engine.up(lambda: (shelf(material="pine"), None)[1])
    with pytest.raises(ProviderError, match=r"`width`: it cannot shrink from 80 to 70"):
        engine.up(lambda: (shelf(material="oak", width=70), None)[1])


def test_an_identifier_that_exists_is_refused(engine: Engine) -> None:
    def twice() -> None:
        shelf("oak")
        shelf("other", label="oak")

    with pytest.raises(ProviderError, match=r"other: .*/shelves/oak already exists. \(409\)"):
        engine.up(twice)


def test_a_deletion_is_refused_by_rule_and_its_name_stays_taken(
    engine: Engine, folder: WorldFolder
) -> None:
    engine.up(library())

    def only_the_book() -> None:
        book("/rooms/hall/shelves/oak")

    with pytest.raises(ProviderError, match=r"oak: .* delete: There are books on it. \(InUse\)"):
        engine.up(only_the_book)
    engine.up(library())
    engine.up(lambda: None)
    with pytest.raises(ProviderError, match=r"its name is taken until 2026-12-07"):
        engine.up(library())
    folder.clock = lambda: DAY + dt.timedelta(days=8)
    assert len(engine.up(library())) == 2


def test_what_is_protected_is_not_deleted(engine: Engine) -> None:
    engine.up(library(kept=True))
    with pytest.raises(GuardError, match="it is protected"):
        engine.up(lambda: None)


def test_what_somebody_changes_or_removes_by_hand_is_seen(
    engine: Engine, folder: WorldFolder
) -> None:
    engine.up(library())
    recorded = next(each for each in engine.load().resources if each.name == "oak")
    client = engine.session(engine.load()).client("toy")
    file = next(folder.path.glob("Shelf-oak-*.json"))
    values = json.loads(file.read_text())
    values["properties"]["width"] = 10
    file.write_text(json.dumps(values))
    now = client.read(recorded)
    assert now is not None
    assert now["width"] == 10
    file.unlink()
    assert client.read(recorded) is None


def test_a_damaged_file_is_named(engine: Engine, folder: WorldFolder) -> None:
    engine.up(library())
    file = next(folder.path.glob("Shelf-oak-*.json"))
    file.write_text("{")
    with pytest.raises(Exception, match=file.name):
        engine.up(library(width=90))


def test_no_secret_is_in_the_world_and_it_is_recognised(
    engine: Engine, folder: WorldFolder
) -> None:
    engine.up(library(code="battery staple"))
    state = engine.load()
    recorded = next(each for each in state.resources if each.name == "oak")
    text = "".join(file.read_text() for file in folder.path.glob("*.json"))
    made_up = recorded.outputs["key"].value
    assert len(made_up) == 40
    assert "battery staple" not in text
    assert made_up not in text
    now = engine.session(state).client("toy").read(recorded)
    assert now is not None
    assert now["code"].value == "battery staple"
    assert now["key"].value == made_up
    assert engine.up(library(code="battery staple")) == []


def test_a_run_that_was_interrupted_is_taken_up(engine: Engine, folder: WorldFolder) -> None:
    engine.up(library())
    engine.store.path.unlink()
    assert len(engine.up(library())) == 2
    assert len(folder.world().existing) == 2


def test_what_is_made_again_is_another_one(engine: Engine, folder: WorldFolder) -> None:
    ids = []
    for _ in range(3):
        engine.up(lambda: (book(shelf().id), None)[1])
        ids += [each.id for each in folder.world().of(BOOK)]
        engine.up(lambda: (shelf(), None)[1])
    assert len(set(ids)) == 3


def test_what_programs_use_beside_is_recorded(tmp_path: Path, folder: WorldFolder) -> None:
    store = StateStore(tmp_path / "beside")
    store.create()
    engine = Engine(store, "library", "test", recorded(folder, "random", "kubernetes"))

    def body() -> None:
        Thing("random:index/randomUuid:RandomUuid", "number", {"result": None})
        Thing("kubernetes:core/v1:Namespace", "space", {"metadata": {"name": "a"}})

    assert operations(engine.up(body)) == [("create", "number"), ("create", "space")]
    assert engine.up(body) == []
    assert len(folder.world().of("random:index/randomUuid:RandomUuid")[0].outputs["result"]) == 36
