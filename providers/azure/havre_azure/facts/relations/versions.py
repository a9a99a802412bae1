"""Which version of Azure's interface a resource was made with: defaults depend on it."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.facts.read import read
from havre.facts.values import Fact, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.facts.index import Index
    from havre.plan import PlannedResource

_OF_TOKEN = re.compile(r"/v(\d{8})[a-z0-9]*:")
_DEFAULT_PROVIDER = re.compile(r"::default_(\d+)_\d+_\d+[^:]*::")
_NUMBER = re.compile(r"v?(\d+)\.\d+")

DEFAULTS: Mapping[str, Mapping[int, str]] = MappingProxyType(
    {"storage:StorageAccount": MappingProxyType({1: "20210201", 2: "20220901", 3: "20240101"})}
)
"""Version by major version of azure-native, where the token names none (its documentation)."""
NEWEST = 3
"""Major version of azure-native that offline plans are made with: that of this distribution."""


def api_version(resource: PlannedResource, index: Index) -> Fact[str]:
    """A version as eight digits; unknown where neither token nor provider tells."""
    named = _OF_TOKEN.search(resource.type)
    if named:
        return Known(named[1])
    major = _major(resource, index)
    found = DEFAULTS.get(index.kind(resource), {}).get(major or 0)
    return Known(found) if found else Unknown("API version")


def _major(resource: PlannedResource, index: Index) -> int | None:
    """Major version of the provider: as a default provider is called, or as its resource says."""
    if not resource.provider:
        return NEWEST
    named = _DEFAULT_PROVIDER.search(resource.provider)
    if named:
        return int(named[1])
    provider = index.at(resource.provider.rpartition("::")[0])
    told = read(provider.inputs, "version", "") if provider is not None else Known("")
    number = _NUMBER.match(str(told.value)) if isinstance(told, Known) else None
    return int(number[1]) if number else None
