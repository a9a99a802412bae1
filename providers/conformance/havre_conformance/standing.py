"""A warehouse that a case makes on this machine and takes away again."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from havre.engine import Engine, StateStore
from havre.provider import OPERATIONS, provides, servicers
from havre.stack.program import PROJECT, program, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pydantic import BaseModel

    from havre.engine.state import ResourceState
    from havre.provider import Provider
    from havre.spec import Warehouse


@contextmanager
def standing(
    provider: Provider, spec: Warehouse, given: Mapping[str, Any], folder: Path
) -> Iterator[Sequence[ResourceState]]:
    """Deploy a warehouse with the embedded engine; it is destroyed afterwards.

    Args:
        provider: whose resources are made.
        spec: what is asked for.
        given: settings of a stack that may be made on this machine.
        folder: where the state is kept.
    """
    settings = read_settings(provider, given)
    store = StateStore(folder)
    store.create()
    engine = Engine(store, PROJECT, "suite", servicers(provider))
    try:
        engine.up(program(spec, provider, settings))
        yield store.load().resources
    finally:
        _destroy(provider, settings, engine)


def _destroy(provider: Provider, settings: BaseModel, engine: Engine) -> None:
    offer = provides(provider, OPERATIONS)
    if offer.given is None:
        engine.destroy()
        return
    operations = offer.given(settings)
    operations.destroy()
    _, left = engine.destroy()
    if left:
        operations.stop()
