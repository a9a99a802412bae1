"""A project's own way into a deployed warehouse, and that of a stranger who invents a key.

Only `havre.live` offers them: a project's where the machine that asks has its credentials. A
provider may offer `project(name)` and `stranger()`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from havre.capabilities import Support, Supported

if TYPE_CHECKING:
    from havre.live.warehouse import Live

UNDECLARED = "only the project's members have its credentials"
UNKNOWN_STRANGER = "the provider does not declare how an invented key is presented"


class ZoneEntry(Protocol):
    """Credentials that are tried on zones.

    Every act raises:
        InputError: there are no credentials any more.
        NotThereError, RefusedError: the service refuses them.
        RetryError: nothing answers.
        ProviderError: the service answers something else.
    """

    def read(self, zone: str) -> None:
        """Ask the store which objects a zone has."""
        ...


class ProjectEntry(ZoneEntry, Protocol):
    """A project's credentials, each of which is tried by one act; errors as of `ZoneEntry`."""

    def log_in(self) -> None:
        """Log in to the database by the project's own role."""
        ...


@runtime_checkable
class WritingEntry(Protocol):
    """A project's credentials that can also be tried on a write which stores nothing."""

    def write(self, zone: str) -> None:
        """Send a part of an upload that does not exist: whoever may write learns that it does not.

        Nothing is stored, whatever the answer. Errors as of `ZoneEntry`; `NotThereError` means
        that the write was allowed.
        """
        ...


def project_entry(live: Live, name: str) -> ProjectEntry | Supported:
    """A project's way in; where the provider gives none, an answer that says so."""
    offered = getattr(live, "project", None)
    if offered is None:
        return Supported(Support.ABSENT, UNDECLARED)
    entry: ProjectEntry = offered(name)
    return entry


def stranger_entry(live: Live) -> ZoneEntry | Supported:
    """The way in of a key that was invented; where the provider has none, why."""
    offered = getattr(live, "stranger", None)
    if offered is None:
        return Supported(Support.ABSENT, UNKNOWN_STRANGER)
    entry: ZoneEntry = offered()
    return entry
