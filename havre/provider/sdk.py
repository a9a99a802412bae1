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

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OUTPUTS = "outputs"
"""What a generated SDK calls the module of its outputs' classes."""


class _OnDemand(ModuleType):
    """A subpackage that imports a class when it is asked for."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__") or (name.startswith("_") and not self._has(name)):
            raise AttributeError(name)
        if name == _OUTPUTS:
            return _when_read(f"{self.__name__}.{name}")
        inner = "_inputs" if name.endswith("Args") else "_enums"
        for home in (inner, _WORDS.sub("_", name).lower(), name):
            if home in self.__dict__ or self._has(home):
                module = importlib.import_module(f"{self.__name__}.{home}")
                found: object = module if home == name else getattr(module, name, None)
                if found is not None:
                    self.__dict__[name] = found
                    return found
        return getattr(self._loaded(), name)

    def __dir__(self) -> list[str]:
        return sorted(self._loaded().__dict__)

    def _has(self, module: str) -> bool:
        return importlib.util.find_spec(f"{self.__name__}.{module}") is not None

    def _loaded(self) -> ModuleType:
        """The whole subpackage, imported as the SDK would have done."""
        self.__class__ = ModuleType  # type: ignore[assignment]
        if self.__spec__ is not None and self.__spec__.loader is not None:
            self.__spec__.loader.exec_module(self)
        return self


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
