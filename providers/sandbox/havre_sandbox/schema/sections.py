"""The classes of an SDK as sections of properties: which there are, and what each takes.

Sources: the `*Args` classes of an SDK that Pulumi generated (getters with the names in a plan, type
hints, docstrings; a parameter without default is required), read class by class.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import sys
import typing
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from pulumi import Output
from pulumi import _types as generated
from pulumi.runtime import rpc

from havre.provider.sdk import load_on_demand
from havre_sandbox.schema.forms import (
    Anything,
    Choice,
    Either,
    Form,
    Kind,
    Listing,
    Property,
    Scalar,
    Section,
    Table,
)
from havre_sandbox.schema.limits import limit

if TYPE_CHECKING:
    from types import ModuleType

PUBLISHERS = ("pulumi", "pulumiverse")
"""With what the names of SDKs begin."""
_KINDS: Mapping[type, Kind] = {
    str: Kind.TEXT,
    bool: Kind.TRUTH,
    int: Kind.INTEGER,
    float: Kind.NUMBER,
}


@functools.cache
def arguments(token: str) -> type | None:
    """The class of a resource's arguments; None where no installed SDK has the type.

    Args:
        token: type token, such as `package:module:Resource`.
    """
    package, _, rest = token.partition(":")
    module, _, name = rest.rpartition(":")
    sdk = _sdk(package)
    if not name or sdk is None:
        return None
    importlib.import_module(sdk)
    home = _home(sdk, token, package, module)
    described = getattr(home, name, None) if home is not None else None
    if described is None:
        return None
    own = sys.modules[described.__module__]
    found = getattr(own, f"{name}InitArgs", None) or getattr(own, f"{name}Args", None)
    return typing.cast("type | None", found)


def _sdk(package: str) -> str | None:
    """The installed SDK of a package, Pulumi's own or Pulumiverse's; None where there is none."""
    named = (f"{publisher}_{package.replace('-', '_')}" for publisher in PUBLISHERS)
    return next((each for each in named if importlib.util.find_spec(each) is not None), None)


def _home(sdk: str, token: str, package: str, module: str) -> ModuleType | None:
    """The subpackage that has a type, as the SDK registers it, loaded class by class."""
    told: Any = rpc.get_resource_module(package, module, "")
    if told is not None and token in told.mod_info["classes"]:
        name: str = told.mod_info["fqn"]
        load_on_demand(sdk, [name.removeprefix(f"{sdk}.")])
        return importlib.import_module(name)
    return None


@functools.cache
def properties(section: type) -> Mapping[str, Property]:
    """The properties of a section, by their names in a plan."""
    asked = inspect.signature(section).parameters
    known = vars(sys.modules[section.__module__])
    found = {}
    for ours, theirs in generated.input_type_py_to_pulumi_names(section).items():
        getter = getattr(section, ours).fget
        hint = typing.get_type_hints(getter, dict(known), {"Output": Output, "T": type(None)})[
            "return"
        ]
        said = " ".join((inspect.getdoc(getter) or "").split())
        required = ours in asked and asked[ours].default is inspect.Parameter.empty
        found[theirs] = Property(theirs, _form(hint), required, said, limit(said))
    return found


def _form(hint: Any) -> Form:
    """Of what the values are that a type hint describes."""
    if typing.get_origin(hint) is typing.Union or type(hint).__name__ == "UnionType":
        return _either([each for each in typing.get_args(hint) if not _plumbing(each)])
    if (origin := typing.get_origin(hint)) is not None and isinstance(origin, type):
        inner = typing.get_args(hint)
        if issubclass(origin, Mapping):
            return Table(_form(inner[-1]))
        return Listing(_form(inner[0])) if issubclass(origin, Sequence) else Anything()
    if not isinstance(hint, type):
        return Anything()
    return _plain(hint)


def _plain(hint: type) -> Form:
    if issubclass(hint, Enum):
        return Choice(hint.__name__, tuple(each.value for each in hint))
    if hint in _KINDS:
        return Scalar(_KINDS[hint])
    return Section(hint) if generated.is_input_type(hint) else Anything()


def _plumbing(hint: Any) -> bool:
    """Whether a part of a union is no form of its own: a promise, nothing, or a section's twin."""
    if hint is type(None) or typing.is_typeddict(hint):
        return True
    origin = typing.get_origin(hint) or hint
    return origin is Output or getattr(origin, "__name__", "") == "Awaitable"


def _either(hints: list[Any]) -> Form:
    """One form, or several; an enumeration that admits other texts too is one of its values."""
    forms = list(dict.fromkeys(_form(hint) for hint in hints))
    if any(isinstance(form, Choice) for form in forms):
        forms = [form for form in forms if form != Scalar(Kind.TEXT)]
    flat = [
        inner for form in forms for inner in (form.forms if isinstance(form, Either) else [form])
    ]
    return flat[0] if len(flat) == 1 else Either(tuple(flat))
