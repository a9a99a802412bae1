from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

from havre.engine import Engine, StateStore
from tests.engine.toy import SERVICERS, Shelf


@pytest.fixture
def shelves(tmp_path: Path) -> Path:
    folder = tmp_path / "shelves"
    folder.mkdir()
    return folder


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    store = StateStore(tmp_path / "data")
    store.create()
    return Engine(store, "library", "test", SERVICERS)


Program = Callable[..., Callable[[], None]]


@pytest.fixture
def program(shelves: Path) -> Program:
    """A program of two shelves, the second needing the first, and more by keyword."""

    def make(*, protect: bool = False, **shelf: dict[str, Any]) -> Callable[[], None]:
        wanted = shelf or {"first": {}, "second": {}}

        def run() -> None:
            room = pulumi.ComponentResource("toy:index:Room", "room")
            needed: pulumi.Output[str] | None = None
            for name, props in wanted.items():
                made = Shelf(
                    name,
                    {"folder": str(shelves), "needs": needed, **props},
                    pulumi.ResourceOptions(parent=room, protect=protect),
                )
                needed = made.place
            room.register_outputs({"last": needed})
            pulumi.export("last", needed)

        return run

    return make


@pytest.fixture
def one(shelves: Path) -> Program:
    """A program of one shelf, with options of its own."""

    def make(options: pulumi.ResourceOptions, **props: Any) -> Callable[[], None]:
        def run() -> None:
            Shelf("only", {"folder": str(shelves), **props}, options)

        return run

    return make
