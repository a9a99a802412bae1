"""The providers that installed distributions register under `havre.providers.v1`.

The version of the contract stands in the name of the entry point's group. Installed metadata tell
it before anything is imported, every build backend can write it (extras of an entry point, which
could tell it too, are discouraged and refused by some), and a distribution may register one
provider for two versions while its users change over.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from typing import TYPE_CHECKING

from havre.documents.installed import registered_in_versions
from havre.errors import (
    ANYTHING,
    BugError,
    InputError,
    MissingDependencyError,
    UnknownProviderError,
)
from havre.provider.contract import CONTRACT, REQUIRED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoint

    from havre.provider.contract import Provider
    from havre.provider.sites import Site

GROUP = "havre.providers"
ENTRY_POINT_GROUP = f"{GROUP}.v{CONTRACT}"
"""Where a distribution registers a provider that is written for this version of the contract."""
UNVERSIONED = 0
"""Version of a contract that had none in its group's name."""


@dataclass(frozen=True)
class Installed:
    """A provider that is registered.

    Attributes:
        name: on the command line.
        distribution: that registers it, with its version.
        provider: None where it cannot be used.
        error: why it cannot.
        remedy: what to do about that.
        contract: version of the contract that it is written for.
    """

    name: str
    distribution: str
    provider: Provider | None
    error: str = ""
    remedy: str = ""
    contract: int = CONTRACT


def _version(entry: EntryPoint) -> int:
    """The version of the contract that an entry point is for, by its group."""
    _, dot, version = entry.group.removeprefix(GROUP).rpartition(".v")
    return int(version) if dot else UNVERSIONED


def _owner(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "unknown"


def _refused(entry: EntryPoint) -> tuple[str, str]:
    """Why a provider of another version of the contract is not used, and what to do."""
    version, name = _version(entry), entry.dist.name if entry.dist else "its distribution"
    error = f"it is written for contract {version}, and this Havre uses contract {CONTRACT}"
    if version > CONTRACT:
        return error, "Upgrade Havre: pip install --upgrade havre"
    return error, f"Upgrade the provider: pip install --upgrade {name}"


def _load(entry: EntryPoint) -> Installed:
    """Load one entry point; whatever its import raises becomes the `error`."""
    owner, contract = _owner(entry), _version(entry)
    if contract != CONTRACT:
        return Installed(entry.name, owner, None, *_refused(entry), contract)
    remedy = f"Reinstall {owner} or report it to its authors."
    try:
        provider = entry.load()
    except ANYTHING as error:  # a stranger's import may raise anything
        return Installed(entry.name, owner, None, f"{type(error).__name__}: {error}", remedy)
    missing = [member for member in REQUIRED if not hasattr(provider, member)]
    if missing:
        return Installed(entry.name, owner, None, f"it lacks {', '.join(missing)}", remedy)
    return Installed(entry.name, owner, provider)


def _chosen(entries: list[EntryPoint]) -> Installed:
    """The provider of one name: the one for this contract, if a single distribution has it."""
    spoken = [entry for entry in entries if _version(entry) == CONTRACT]
    if len(spoken) < 2:  # noqa: PLR2004 - two claim one name
        return _load((spoken or entries)[-1])
    name, owners = spoken[0].name, " and ".join(sorted(map(_owner, spoken)))
    error = f"{owners} both register `{name}`"
    return Installed(name, owners, None, error, "Uninstall one of them: neither goes first.")


def _by_name() -> dict[str, list[EntryPoint]]:
    found: dict[str, list[EntryPoint]] = {}
    for entry in sorted(registered_in_versions(GROUP), key=_version):
        found.setdefault(entry.name, []).append(entry)
    return found


def installed_names() -> list[str]:
    """The names of all registered providers; none is loaded."""
    return sorted(_by_name())


def installed() -> list[Installed]:
    """Every registered provider, loaded, by name."""
    return [_chosen(entries) for _, entries in sorted(_by_name().items())]


def find(name: str) -> Provider:
    """The provider of that name.

    Raises:
        UnknownProviderError: no installed distribution registers it.
        MissingDependencyError: one does, for another contract.
        BugError: one does, but it cannot be loaded.
    """
    entries = _by_name()
    if name not in entries:
        meant = _meant(name, entries)
        message = f"provider `{name}` is not installed (installed: {', '.join(sorted(entries))})"
        raise UnknownProviderError(message, _how_to_come_by(name, meant))
    found = _chosen(entries[name])
    if found.provider is not None:
        return found.provider
    if found.contract != CONTRACT:
        message = f"provider `{name}` ({found.distribution}) cannot be used: {found.error}"
        raise MissingDependencyError(message, found.remedy)
    message = f"provider `{name}` is installed but broken ({found.distribution}): {found.error}"
    raise BugError(message, found.remedy)


def _meant(name: str, entries: Mapping[str, list[EntryPoint]]) -> str:
    """The provider that is meant by another name, or by its owner's; empty: none is near."""
    from havre.provider.options import TITLE, provides

    words = {_plain(known): known for known in entries}
    for known in entries:
        provider = _chosen(entries[known]).provider
        title = provides(provider, TITLE).or_else("") if provider else ""
        words.update({_plain(word): known for word in (title, *title.split()) if word})
    asked = _plain(name)
    begun = [known for known in entries if asked.startswith(_plain(known))]
    close = difflib.get_close_matches(asked, words, n=1)
    if asked in words or not begun:
        return words[close[0]] if close else ""
    return max(begun, key=len)


def _plain(name: str) -> str:
    """A name in small letters and digits only."""
    return "".join(each for each in name.lower() if each.isalnum())


def _how_to_come_by(name: str, meant: str) -> str:
    """How to come by a provider: an extra, the one that was meant, or a third party's."""
    try:
        known = metadata("havre").get_all("Provides-Extra") or []
    except PackageNotFoundError:
        known = []
    if name in known:
        return f"Install it with: pip install 'havre[{name}]'"
    if meant:
        return f"Did you mean `{meant}`?"
    return f"Name one of those, or install the distribution of `{name}` (`{ENTRY_POINT_GROUP}`)."


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
