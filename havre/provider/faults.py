"""What a provider refuses of a warehouse, all at once and before anything is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from havre.documents.problems import dotted
from havre.errors import InputError
from havre.provider.discovery import resolve_site

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import BaseModel

    from havre.documents.problems import Location
    from havre.provider.contract import Provider
    from havre.spec import Warehouse

SETTINGS = "settings"
"""First word of the path of a setting."""


@dataclass(frozen=True)
class ProviderFault:
    """Why a provider cannot deploy a warehouse.

    Attributes:
        path: the field of the file, or `settings` and the name of a setting.
        message: what is wrong.
        remedy: what to do.
    """

    path: Location
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{dotted(self.path)}: {self.message}"


@runtime_checkable
class Checks(Protocol):
    """A provider that refuses some files or settings: an optional member."""

    def check(self, spec: Warehouse, settings: BaseModel) -> Iterable[ProviderFault]:
        """Every fault at once. The provider has the sites of the spec when this is called."""
        ...


def faults(provider: Provider, spec: Warehouse, settings: BaseModel) -> tuple[ProviderFault, ...]:
    """All that keeps a provider from deploying a spec with these settings.

    A site that the provider lacks is told alone: what it refuses else depends on the site.
    """
    lacking = tuple(_lacking(provider, spec))
    if lacking or not isinstance(provider, Checks):
        return lacking
    return tuple(provider.check(spec, settings))


def refuse(provider: Provider, spec: Warehouse, settings: BaseModel) -> None:
    """Refuse a spec that the provider cannot deploy, before any resource is declared.

    Raises:
        InputError: every fault, and every remedy.
    """
    found = faults(provider, spec, settings)
    if found:
        message = f"provider `{provider.name}` cannot deploy `{spec.name}`: "
        remedies = dict.fromkeys(fault.remedy for fault in found)
        raise InputError(message + "; ".join(map(str, found)), " ".join(remedies))


def _lacking(provider: Provider, spec: Warehouse) -> Iterator[ProviderFault]:
    asked = {"primary": spec.sites.primary, "recovery": spec.sites.recovery}
    for role, site in asked.items():
        if site is None:
            continue
        try:
            resolve_site(provider, site)
        except InputError as error:
            yield ProviderFault(("sites", role), error.message, error.remedy)
