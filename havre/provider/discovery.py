"""The providers that installed distributions register under `havre.providers`."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from typing import TYPE_CHECKING

from havre.errors import BugError, InputError, MissingDependencyError
from havre.provider.entry_points import registered

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from havre.provider.contract import Provider
    from havre.provider.sites import Site

ENTRY_POINT_GROUP = "havre.providers"

MEMBERS = (
    "name",
    "operator",
    "sites",
    "capabilities",
    "remedies",
    "limits",
    "settings",
    "parts",
    "gaps",
    "facts",
    "operations",
)


@dataclass(frozen=True)
class Installed:
    """A provider that is registered; `error` says why it cannot be loaded, if it cannot."""

    name: str
    distribution: str
    provider: Provider | None
    error: str = ""


def _load(entry: EntryPoint) -> Installed:
    """Load one entry point; whatever its import raises becomes the `error`."""
    distribution = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "unknown"
    try:
        provider = entry.load()
    except Exception as error:  # noqa: BLE001 - a stranger's import may raise anything
        return Installed(entry.name, distribution, None, f"{type(error).__name__}: {error}")
    missing = [member for member in MEMBERS if not hasattr(provider, member)]
    if missing:
        return Installed(entry.name, distribution, None, f"it lacks {', '.join(missing)}")
    return Installed(entry.name, distribution, provider)


def installed() -> list[Installed]:
    """Every registered provider, loaded, by name."""
    return [_load(entry) for entry in registered(ENTRY_POINT_GROUP)]


def find(name: str) -> Provider:
    """The provider of that name.

    Raises:
        MissingDependencyError: no installed distribution registers it.
        BugError: one does, but it cannot be loaded.
    """
    entries = {entry.name: entry for entry in registered(ENTRY_POINT_GROUP)}
    if name not in entries:
        close = difflib.get_close_matches(name, entries, n=1)
        hint = f"Did you mean `{close[0]}`? " if close else ""
        message = f"provider `{name}` is not installed (installed: {', '.join(sorted(entries))})"
        raise MissingDependencyError(message, f"{hint}{_how_to_install(name)}")
    found = _load(entries[name])
    if found.provider is None:
        message = f"provider `{name}` is installed but broken ({found.distribution}): {found.error}"
        raise BugError(message, f"Reinstall {found.distribution} or report it to its makers.")
    return found.provider


def _how_to_install(name: str) -> str:
    """How to come by a provider: an extra of this distribution, or another's."""
    try:
        known = metadata("havre").get_all("Provides-Extra") or []
    except PackageNotFoundError:
        known = []
    if name in known:
        return f"Install it with: pip install 'havre[{name}]'"
    return f"Install the distribution that registers it under `{ENTRY_POINT_GROUP}`."


def resolve_site(provider: Provider, name: str) -> Site:
    """The provider's site of that name.

    Raises:
        InputError: it has none; the message lists those it has.
    """
    try:
        return provider.sites[name]
    except KeyError:
        message = f"provider `{provider.name}` has no site `{name}`"
        raise InputError(message, f"It has: {', '.join(sorted(provider.sites))}.") from None
