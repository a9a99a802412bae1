"""A project's own way into a deployed warehouse: its account of the store, its database role.

Only `havre.live` offers it, and only where the machine that asks has the project's credentials: a
provider may offer `project(name)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from havre.capabilities import Support, Supported

if TYPE_CHECKING:
    from havre.live.warehouse import Live

UNDECLARED = "only the project's members have its credentials"


class ProjectEntry(Protocol):
    """A project's credentials, each of which is tried by one act.

    Every act raises:
        InputError: there are no credentials any more.
        NotThereError, RefusedError: the service refuses them.
        RetryError: nothing answers.
        ProviderError: the service answers something else.
    """

    def read(self, zone: str) -> None:
        """Ask the store which objects a zone has, by the project's own account."""
        ...

    def log_in(self) -> None:
        """Log in to the database by the project's own role."""
        ...


def project_entry(live: Live, name: str) -> ProjectEntry | Supported:
    """A project's way in; where the provider gives none, an answer that says so."""
    offered = getattr(live, "project", None)
    if offered is None:
        return Supported(Support.ABSENT, UNDECLARED)
    entry: ProjectEntry = offered(name)
    return entry
