"""What a provider refuses of a warehouse, all at once and before anything is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.documents.problems import dotted
from havre.errors import InputError
from havre.provider.discovery import resolve_site
from havre.provider.options import CHECK, provides

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def faults(provider: Provider, spec: Warehouse, settings: BaseModel) -> tuple[ProviderFault, ...]:
    """All that keeps a provider from deploying a spec with these settings.

    A site that the provider lacks is told alone: what it refuses else depends on the site.
    """
    lacking = tuple(_lacking(provider, spec))
    check = provides(provider, CHECK).given
    return lacking if lacking or check is None else tuple(check(spec, settings))


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
