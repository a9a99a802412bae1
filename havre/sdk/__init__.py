"""Loading a provider's Pulumi SDK class by class.

A generated SDK imports every resource of a service with its subpackage (for the network of a large
cloud, 2,900 files' worth of classes), and the classes of every output with each resource. A
warehouse needs a handful of the former, and of the latter what somebody reads.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from types import ModuleType
from typing import TYPE_CHECKING

from havre.sdk.classes import give_names, on_demand, sparing

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OUTPUTS = "outputs"
"""What a generated SDK calls the module of its outputs' classes."""
_CLASSES = ("_enums", "_inputs")
"""And those of enumerations, and of the classes of arguments, which name them."""


class _OnDemand(ModuleType):
    """A subpackage that imports a class when it is asked for."""

    def __getattr__(self, name: str) -> object:
        if name == "__all__":
            return self._whole(name)
        if name.startswith("__"):
            raise AttributeError(name)
        if name == _OUTPUTS:
            return _when_read(f"{self.__name__}.{name}")
        for home in (*_CLASSES, _WORDS.sub("_", name).lower(), name):
            module = self._module(home)
            found = module if home == name else getattr(module, name, None)
            if found is not None:
                self.__dict__[name] = found
                return found
        return self._whole(name)

    def _module(self, home: str) -> ModuleType | None:
        """A module of the subpackage, with the classes that it names; None: there is none."""
        name = f"{self.__name__}.{home}"
        if home in _CLASSES:
            return on_demand(name)
        if name in sys.modules or importlib.util.find_spec(name) is None:
            return sys.modules.get(name)
        with sparing(on=True):
            module = importlib.import_module(name)
        give_names(module)
        return module

    def _whole(self, name: str) -> object:
        """Import the whole subpackage, as the SDK would have done."""
        self.__class__ = ModuleType  # type: ignore[assignment]
        if self.__spec__ is not None and self.__spec__.loader is not None:
            with sparing(on=False):
                self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def _when_read(name: str) -> ModuleType:
    """The module `name`, which runs when one of its attributes is first read."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        raise AttributeError(name)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    package, _, attribute = name.rpartition(".")
    sys.modules[package].__dict__[attribute] = module
    return module


def load_on_demand(sdk: str, subpackages: Sequence[str]) -> None:
    """Have subpackages of an SDK that nobody has loaded yet load class by class.

    Args:
        sdk: name of the SDK's package, such as `pulumi_aws`.
        subpackages: names of its subpackages; those that are loaded, or are none, stay as they are.
    """
    importlib.import_module(sdk)
    for subpackage in subpackages:
        module = sys.modules.get(f"{sdk}.{subpackage}")
        if module is not None and type(module).__name__ == "_LazyModule":
            module.__class__ = _OnDemand
