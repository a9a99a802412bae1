"""What Pulumi's SDK does for the CLI, and nobody needs in process: a third of an evaluation."""

from __future__ import annotations

import pickle
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ForwardRef, get_args

import pulumi
from pulumi import _types
from pulumi.runtime import resource
from pulumi.runtime.proto import source_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@contextmanager
def spared() -> Iterator[None]:
    """Run a program without what the SDK does for the CLI alone.

    Spared are the stack trace of every resource, and the types of outputs that nobody tells,
    which load every class of a provider's outputs. Undone at the end is what the SDK does to
    `pickle` for each dynamic resource and leaves so (3.272).
    """
    named = (
        (resource, "_get_stack_trace", source_pb2.StackTrace),
        (_types, "resource_types", _TypesAsAsked),
        (pickle._Pickler, "_batch_setitems", None),  # noqa: SLF001 - restored only
    )
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in named]
    try:
        for owner, name, instead in named:
            setattr(owner, name, instead or getattr(owner, name))
        yield
    finally:
        for owner, name, whole in before:
            setattr(owner, name, whole)


_whole: Callable[[type], Mapping[str, Any]] = _types.resource_types


class _TypesAsAsked:
    """Types of a resource's outputs by Pulumi's name, each looked up when it is asked for."""

    def __init__(self, resource_class: type) -> None:
        self._class = resource_class

    def get(self, name: str) -> Any:
        """The type of one output, as `pulumi._types.resource_types` would give it."""
        python_name = _types.resource_pulumi_to_py_names(self._class).get(name)
        if python_name is None:
            return None
        getter = getattr(getattr(self._class, python_name, None), "fget", None)
        hint = getattr(getter, "__annotations__", {}).get("return")
        if hint is None or _unresolved(hint):
            return _whole(self._class).get(name)
        found = _types.unwrap_type(hint)
        return None if found is pulumi.Output else found


def _unresolved(hint: Any) -> bool:
    """Whether a type names another by text, which only the SDK can look up."""
    return isinstance(hint, str | ForwardRef) or any(map(_unresolved, get_args(hint)))
