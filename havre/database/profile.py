"""How a service's PostgreSQL is administered: the data in which providers differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class DatabaseProfile:
    """What a provider says of its PostgreSQL.

    Attributes:
        administrators: roles whose members administer; a membership counts where a superuser of the
            service granted it.
        service: roles of the service itself, which are never changed.
        libraries: shared libraries that must be loaded, such as `pgaudit`.
        extensions: extensions that must exist besides those of the warehouse file.
        settings: settings of the server that must be in force, such as `pgaudit.log`.
        loading: who loads libraries and changes settings of the server, and how.
        sign_in: how a project signs in as its role, which no SQL of Havre arranges.
        passwordless: why no role logs in by a password; empty: roles may have one.
    """

    administrators: frozenset[str] = frozenset()
    service: frozenset[str] = frozenset()
    libraries: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    loading: str = "Change the settings of the server, then restart it."
    sign_in: str = ""
    passwordless: str = ""

    @property
    def audited(self) -> tuple[str, ...]:
        """Names of all that puts the audit of statements into force."""
        return (*self.libraries, *self.extensions, *self.settings)
