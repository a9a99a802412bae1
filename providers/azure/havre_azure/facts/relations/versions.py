"""Which version of Azure's interface a resource was made with: defaults depend on it."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.facts.read import YES, read
from havre.facts.values import Fact, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.facts.index import Index
    from havre.plan import PlannedResource

_OF_TOKEN = re.compile(r"/v(\d{8})[a-z0-9]*:")
_DEFAULT_PROVIDER = re.compile(r"::default_(\d+)_\d+_\d+[^:]*::")
_NUMBER = re.compile(r"v?(\d+)\.\d+")

DEFAULTS: Mapping[str, Mapping[int, str]] = MappingProxyType(
    {
        "keyvault:Vault": MappingProxyType({2: "20230201", 3: "20241101"}),
        "storage:StorageAccount": MappingProxyType({1: "20210201", 2: "20220901", 3: "20240101"}),
    }
)
"""Version by major version of azure-native, where the token names none (its documentation)."""
OLDEST = 1
"""First major version of azure-native: one that is not told is this one, or later."""
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


def by_version(
    resource: PlannedResource, index: Index, path: str, since: str, *ends: Fact[bool]
) -> Fact[bool]:
    """A property; where nobody says it, what it is by default, which a version has changed.

    Args:
        resource: whose property.
        index: where its provider may be.
        path: dotted path of the property.
        since: the first version of the interface, as eight digits, with the newer default.
        ends: the default before that version, and since.
    """
    own: Fact[bool | None] = read(resource.inputs, path)
    if isinstance(own, Unknown):
        return own
    if own.value is not None:
        return Known(own.value)
    before, after = ends
    version, oldest = api_version(resource, index), _oldest(resource, index)
    if isinstance(version, Unknown):
        return after if oldest and oldest >= since else Unknown(path)
    return after if version.value >= since else before


def _oldest(resource: PlannedResource, index: Index) -> str:
    """The oldest version that a type without one in its token may be of; empty if not known."""
    return DEFAULTS.get(index.kind(resource), {}).get(OLDEST, "")


SOFT_DELETE = "properties.enableSoftDelete"
SOFT_DELETE_SINCE = "20190901"
"""Azure's own specification gives it the default true from 2019-09-01 on; that of 2018-02-14 names
no default (azure-rest-api-specs, Microsoft.KeyVault, VaultProperties; read on 2026-11-29)."""


def soft_delete(vault: PlannedResource, index: Index) -> Fact[bool]:
    """Whether a vault keeps what is deleted for a time; older versions name no default."""
    return by_version(vault, index, SOFT_DELETE, SOFT_DELETE_SINCE, Unknown(SOFT_DELETE), YES)


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
