"""Clouds' warehouses in sandboxes, by the embedded engine."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from havre.engine import Change, Engine, StateStore
from havre.provider import SANDBOX, Provider, find, provides
from havre.spec import Warehouse
from havre.spec.load import load
from havre.stack.program import PROJECT, program, read_settings
from havre_sandbox import WorldFolder
from tests.clouds import SETTINGS

EXAMPLES = Path(__file__).parents[2] / "examples"
DAY = dt.date(2026, 11, 30)
CLOUDS = ("azure", "ovh", "scaleway")


@dataclass
class Sandbox:
    """A warehouse of one cloud in a folder."""

    provider: Provider
    settings: BaseModel
    engine: Engine
    folder: Path

    def program(self, spec: Warehouse) -> Callable[[], None]:
        return program(spec, self.provider, self.settings, DAY)

    def up(self, spec: Warehouse) -> list[Change]:
        return self.engine.up(self.program(spec))

    def world(self) -> WorldFolder:
        return WorldFolder(self.folder, lambda: DAY)


def sandbox(name: str, data_dir: Path, **more: Any) -> Sandbox:
    provider = find(name)
    settings = read_settings(provider, {**SETTINGS[name], **more})
    made = provides(provider, SANDBOX).given
    assert made is not None
    store = StateStore(data_dir)
    store.create()
    folder = data_dir / "sandbox"
    engine = Engine(store, PROJECT, name, made(folder, settings), aliases=False)
    return Sandbox(provider, settings, engine, folder)


def example(name: str) -> Warehouse:
    return load(EXAMPLES / name / "warehouse.yaml").warehouse
