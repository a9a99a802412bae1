"""Classes of a generated module, each made when it is asked for.

The modules of a generated SDK that hold the arguments and enumerations of a whole service are long:
to make all classes of one takes up to a third of a second, most of it for the types of their
members. Here the compiled module stays as it is read, and a class statement runs alone: its head
from the source, its body as compiled. With a class come those that its own types name.
"""

from __future__ import annotations

import importlib.util
import linecache
import sys
from contextlib import contextmanager
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.abc import InspectLoader

BODIES = "_havre_bodies"
"""Attribute of such a module: the compiled bodies of its classes, by name."""
_FIRST = "__all__ = "
"""What follows the imports of a generated module."""


class Classes(ModuleType):
    """A module of classes that are made when they are asked for."""

    def __getattr__(self, name: str) -> object:
        if name == "__all__" and not _sparing[-1]:
            self._rest()
        elif not name.startswith("__") and name in bodies(self):
            _make(self, name)
        if name in self.__dict__:
            return self.__dict__[name]
        message = f"module {self.__name__!r} has no attribute {name!r}"
        raise AttributeError(message)

    def _rest(self) -> None:
        """Make all that is left, as a module that asks for everything needs it."""
        self.__class__ = ModuleType  # type: ignore[assignment]
        whole = dict(self.__dict__)
        exec(code_of(self), whole)  # noqa: S102 - the module's own code
        for name, value in whole.items():
            self.__dict__.setdefault(name, value)


_sparing = [False]
"""Whether the module that is being imported is given the names it uses afterwards; last is now."""


@contextmanager
def sparing(*, on: bool = True) -> Iterator[None]:
    """Let `from ... import *` bring only what is made already; `give_names` brings the rest."""
    _sparing.append(on)
    try:
        yield
    finally:
        _sparing.pop()


def code_of(module: ModuleType) -> CodeType:
    """The compiled code of a module."""
    spec = module.__spec__
    loader = cast("InspectLoader", spec.loader) if spec is not None else None
    code = loader.get_code(module.__name__) if loader is not None else None
    if code is None:
        message = f"no code of {module.__name__}"
        raise ImportError(message)
    return code


def bodies(module: ModuleType) -> dict[str, CodeType]:
    """The compiled bodies of the classes that a module of such makes when asked."""
    return cast("dict[str, CodeType]", module.__dict__.get(BODIES, {}))


def on_demand(name: str) -> ModuleType | None:
    """The module `name`, its classes to be made when they are asked for; None: there is none.

    A module that was loaded already, or is no generated one, is whole.
    """
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return None
    module = importlib.util.module_from_spec(spec)
    head, found, _ = "".join(linecache.getlines(spec.origin)).partition(f"\n{_FIRST}")
    if not found:
        return importlib.import_module(name)
    module.__class__ = Classes
    constants = code_of(module).co_consts
    module.__dict__[BODIES] = {c.co_name: c for c in constants if isinstance(c, CodeType)}
    sys.modules[name] = module
    package, _, attribute = name.rpartition(".")
    setattr(sys.modules[package], attribute, module)
    with sparing():
        exec(compile(head, spec.origin, "exec"), module.__dict__)  # noqa: S102 - its imports
    return module


def _make(module: ModuleType, name: str) -> None:
    """Make a class, and those that the types of its members name, and so on."""
    others = [*_siblings(module)]
    waiting = [name]
    while waiting:
        made = waiting.pop()
        if made not in module.__dict__ and _run(module, made):
            named = _names(bodies(module)[made])
            waiting.extend(named & bodies(module).keys())
            _give(module, named, others)


def _siblings(module: ModuleType) -> Iterator[ModuleType]:
    """Modules of the same subpackage whose classes are made when asked for."""
    package = module.__name__.rpartition(".")[0]
    for name in ("_inputs", "_enums"):
        found = sys.modules.get(f"{package}.{name}")
        if found is not None and found is not module:
            yield found


def _run(module: ModuleType, name: str) -> bool:
    """Run a class statement; whether it is one."""
    body = bodies(module)[name]
    head = []
    for line in linecache.getlines(body.co_filename)[body.co_firstlineno - 1 :]:
        head.append(line)
        if not line.startswith("@"):
            break
    if not head or not head[-1].startswith("class "):
        return False
    shell = compile("".join(head) + " ...", body.co_filename, "exec", dont_inherit=True)
    constants = tuple(body if isinstance(c, CodeType) else c for c in shell.co_consts)
    exec(shell.replace(co_consts=constants), module.__dict__)  # noqa: S102 - the SDK's own
    return True


def _names(code: CodeType) -> set[str]:
    """Names and texts that code holds: a type may name another by text.

    Left out are dictionaries in place of arguments, which only a checker of types reads.
    """
    found = set(code.co_names)
    waiting: list[object] = list(code.co_consts)
    while waiting:
        constant = waiting.pop()
        if isinstance(constant, CodeType):
            found |= _names(constant)
        elif isinstance(constant, tuple):
            waiting.extend(constant)
        elif isinstance(constant, str):
            found.add(constant)
    return {name for name in found if not name.endswith("ArgsDict")}


def _give(module: ModuleType, names: set[str], homes: Iterable[ModuleType]) -> None:
    for home in homes:
        for name in names & bodies(home).keys():
            if (made := getattr(home, name, None)) is not None:
                module.__dict__.setdefault(name, made)


def give_names(module: ModuleType) -> None:
    """Give a module that was imported sparingly the classes that it names."""
    homes = [home for home in _siblings(module) if isinstance(home, Classes)]
    if homes:
        _give(module, _names(code_of(module)), homes)
