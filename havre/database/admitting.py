"""A member's role in a managed PostgreSQL: its administrator makes it, for hours.

The password is made here and reaches the server as a SCRAM verifier alone, so that neither its log
nor its audit has it.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from psycopg import sql

from havre.database.applying import LOCK, run_step, said_by
from havre.database.catalogue.reading import read_found
from havre.database.differences import difference
from havre.database.differences.members import member_steps
from havre.database.parties import Parties
from havre.database.wanted import MEMBER_CONNECTIONS, MEMBER_HOURS
from havre.errors import GuardError, ProviderError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    import psycopg

    from havre.database.steps import RoleStep
    from havre.database.wanted import WantedDatabase, WantedMember
    from havre.live.warehouse import LiveDatabase

_NAME = re.compile(r"\w+")
_BYTES = 32
"""Of a password, before it is written in base64."""


@dataclass(frozen=True)
class MemberLogin:
    """What a member logs in with.

    Attributes:
        role: name of the role.
        password: new with each; never shown.
        until: when the server refuses it, UTC.
    """

    role: str
    password: str = field(repr=False)
    until: dt.datetime


def admit(
    database: LiveDatabase,
    wanted: WantedDatabase,
    member: WantedMember,
    now: dt.datetime,
    hours: float = MEMBER_HOURS,
) -> MemberLogin:
    """Make the role of a member, or give it a new password; a former one is refused from now on.

    Args:
        database: reached as its administrator.
        wanted: what the warehouse file asks for.
        member: one of those that it asks for.
        now: UTC.
        hours: how long the password is accepted.

    Raises:
        GuardError: the project's role is missing, or the member's has what cannot be taken away.
        ProviderError: the server refuses a statement; nothing was changed.
        RetryError: the server does not answer.
    """
    import psycopg

    end = wanted.roles[member.project].until
    until = min(now.replace(microsecond=0) + dt.timedelta(hours=hours), member.latest, end)
    password = secrets.token_urlsafe(_BYTES)
    with database.connect() as connection:
        connection.execute("SET TRANSACTION READ WRITE")
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        found = read_found(connection, wanted)
        if member.project not in found.roles:
            message = f"database {database.name} has no role {member.project}"
            raise GuardError(message, "Create the roles of projects with `havre database apply`.")
        about = (each for each in difference(wanted, found) if _is_about(each, member.name))
        _take(connection, about, database.name)
        new = member.name not in read_found(connection, wanted).roles
        try:
            _give_login(connection, member.name, password, until, new=new)
        except psycopg.Error as error:
            message = f"database {database.name}: role {member.name}: {said_by(error)}"
            raise ProviderError(message, "Nothing was changed.") from None
        parties = Parties(wanted, read_found(connection, wanted))
        _take(connection, member_steps(parties, member), database.name)
    return MemberLogin(member.name, password, until)


def _give_login(
    connection: psycopg.Connection[Any], name: str, password: str, until: dt.datetime, *, new: bool
) -> None:
    """Create a role that may log in until a time, or let it log in again."""
    verifier = connection.pgconn.encrypt_password(
        password.encode(), name.encode(), b"scram-sha-256"
    ).decode()
    words = sql.SQL("{} ROLE {} LOGIN INHERIT CONNECTION LIMIT {} PASSWORD {} VALID UNTIL {}")
    connection.execute(
        words.format(
            sql.SQL("CREATE" if new else "ALTER"),
            sql.Identifier(name),
            sql.Literal(MEMBER_CONNECTIONS),
            sql.Literal(verifier),
            sql.Literal(until.isoformat()),
        )
    )


def _is_about(step: RoleStep, role: str) -> bool:
    """Whether a step is about a role, such as a grant that somebody gave it by hand."""
    return role in _NAME.findall(step.what)


def _take(connection: psycopg.Connection[Any], steps: Iterable[RoleStep], name: str) -> None:
    """Take steps, all of them or none.

    Raises:
        GuardError: one of them can only be taken by others.
    """
    for step in steps:
        if not step.statements:
            message = f"database {name}: {step.what}. {step.by_hand}"
            raise GuardError(message, "Nothing was changed: no credentials were created.")
        run_step(connection, step, name)
