"""A database as one side of an exit reaches it, and what an error of PostgreSQL may say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from havre.errors import ProviderError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from havre.live.warehouse import LiveDatabase


@dataclass(frozen=True)
class DatabaseSide:
    """A database, and whose names its roles bear at the target.

    Attributes:
        end: how it is reached.
        roles: names that the target has for roles of a vendor or of the administrator; a role
            that the target has no name for stands with an empty one. They are not compared.
    """

    end: LiveDatabase
    roles: Mapping[str, str] = field(default_factory=dict)


def said(error: psycopg.Error) -> str:
    """What PostgreSQL said, without the values that it quotes: they may be a patient's."""
    primary = error.diag.message_primary or str(error).partition("\n")[0]
    return f"{masked(primary)} (SQLSTATE {error.sqlstate or 'none'})"


def masked(line: str) -> str:
    """A line of PostgreSQL's without the value that it ends with."""
    return re.sub(r': ".*"?$', "", line.strip())


def refused(error: psycopg.Error, kind: str, name: str) -> ProviderError:
    """PostgreSQL refused something about a thing of a database: the error to raise for it."""
    message = f"{kind} {name}: {said(error)}"
    return ProviderError(message, "See the server's log. Run the step again.")
