"""What Pulumi's SDK does for the CLI, and nobody needs in process: half of an evaluation."""

from __future__ import annotations

import asyncio
import pickle
from contextlib import contextmanager
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any, ForwardRef, get_args, get_type_hints

import pulumi
from pulumi import _types, log, output
from pulumi.runtime import resource, resource_cycle_breaker, rpc
from pulumi.runtime.proto import source_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@contextmanager
def spared() -> Iterator[None]:
    """Run a program without what the SDK does for the CLI alone.

    Spared are the stack trace of every resource, four messages on each that only debugging the CLI
    shows, a URN of each that a test without a monitor would be given, three of four futures of each
    property, and the types of inputs that nobody gives and of outputs that nobody tells, which load
    every class of a provider's outputs; what a type holds is looked up once. Undone at the end is
    what the SDK does to `pickle` for each dynamic resource and leaves so (3.272).
    """
    named = (
        (resource, "_get_stack_trace", source_pb2.StackTrace),
        (resource, "create_urn", _urn),
        (rpc, "transfer_properties", _transferred if _WHOLE else None),
        (resource_cycle_breaker, "_reachable", _reachable),
        (log, "debug", _unheard),
        (_types, "resource_types", _types_of),
        (_types, "input_type_types", _types_of),
        (_types, "unwrap_type", _unwrapped),
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


def _unheard(*_: object, **__: object) -> None:
    """Takes a message of debugging, and says nothing."""


class _Unasked:
    """A URN that nobody reads."""

    async def future(self) -> None:
        """No URN."""


def _urn(name: Any, type_: Any, parent: Any = None, *scope: Any) -> Any:
    """A URN that is asked for by an alias; none for a registration, which the monitor gives one."""
    if isinstance(name, str) and isinstance(parent, str | None) and not scope:
        return _Unasked()
    return _create_urn(name, type_, parent, *scope)


def _transferred(
    owner: pulumi.Resource, names: Mapping[str, Any], custom: bool
) -> dict[str, Callable[..., None]]:
    """What resolves each property of a resource: the SDK's answer, with one future instead of four.

    A generated resource has all properties of its type, most of which nobody gives.
    """
    resolvers: dict[str, Callable[..., None]] = {}
    for name in names:
        if name != "urn" and not (custom and name == "id"):
            data: asyncio.Future[Any] = asyncio.Future()
            resolvers[name] = partial(_resolve, owner, data)
            owner.__dict__[name] = pulumi.Output._from_data(data)  # noqa: SLF001
    return resolvers


def _resolve(owner: pulumi.Resource, data: asyncio.Future[Any], *told: Any) -> None:
    """Give a property what is told of it, or the reason why there is nothing."""
    value, is_known, is_secret, needs, failed = told
    if failed is not None:
        data.set_exception(failed)
    else:
        data.set_result(_WHOLE({owner, *(needs or ())}, value, is_known, is_secret))


def _reachable(from_resource: pulumi.Resource, to_resource: pulumi.Resource) -> bool:
    """Whether a resource depends on another, as far as is known: the SDK's answer, with a list."""
    seen = {from_resource}
    waiting = [from_resource]
    while waiting:
        found = waiting.pop()
        if found is to_resource:
            return True
        needed = resource_cycle_breaker._deps(found) - seen  # noqa: SLF001
        seen |= needed
        waiting.extend(needed)
    return False


_LOCALS = {"Output": pulumi.Output, "T": type(None)}
"""Names that types may hold, as the SDK itself looks them up."""


class _TypesAsAsked:
    """Types of a class's properties by Pulumi's name, each looked up when it is asked for."""

    def __init__(self, owner: type) -> None:
        self._owner = owner
        self._names = {told: name for name, told, _ in _types._py_properties(owner)}  # noqa: SLF001
        self._found: dict[str, Any] = {}

    @cached_property
    def _globals(self) -> dict[str, Any]:
        return _types._globals_for_cls(self._owner) or {}  # noqa: SLF001

    def get(self, name: str) -> Any:
        """The type of one property, as `resource_types` or `input_type_types` would give it."""
        if name not in self._found:
            self._found[name] = self._look_up(name)
        return self._found[name]

    def _look_up(self, name: str) -> Any:
        getter = getattr(getattr(self._owner, self._names.get(name, ""), None), "fget", None)
        hint = getattr(getter, "__annotations__", {}).get("return")
        if hint is None:
            return _types._types_from_annotations(self._owner).get(name)  # noqa: SLF001
        found = _types.unwrap_type(hint)
        if isinstance(found, ForwardRef) and found.__forward_arg__ in self._globals:
            found = self._globals[found.__forward_arg__]
        elif _unresolved(found):
            hint = get_type_hints(getter, globalns=self._globals, localns=_LOCALS)["return"]
            found = _types.unwrap_type(hint)
        return None if found is pulumi.Output else found


def _unresolved(hint: Any) -> bool:
    """Whether a type names another by text, which only the SDK can look up."""
    return isinstance(hint, str | ForwardRef) or any(map(_unresolved, get_args(hint)))


_WHOLE: Any = getattr(output, "_OutputData", None)
"""What an output knows, in one; SDKs before it keep futures of each."""
_create_urn = resource.create_urn
_unwrapped = cache(_types.unwrap_type)
_types_of = cache(_TypesAsAsked)
"""By class, looked up once in a process, however many programs it runs."""
