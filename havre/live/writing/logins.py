"""Writers of a PostgreSQL database, taken by SQL: no role but the exit's own may log in.

Passwords, rights and memberships are not touched. Roles are remembered by their identifier, so
that one that is renamed meanwhile gets back what it had, and one that is made anew does not.
"""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.capabilities import Support, Supported
from havre.errors import ProviderError
from havre.live.writing.writers import TokenLife, WritersForeseen, WritersFound
from havre.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from havre.live.warehouse import LiveDatabase
    from havre.live.writing.writers import Memory

END_MILLISECONDS = 5_000
"""How long a session is waited for to end."""
OWN = "it is the exit's own: anyone who logs in as it can write"
CARRIES = "it carries the exit's own replication"
SUPERUSER = "a superuser of the service, whom its administrator cannot alter"
AT_ONCE = TokenLife(dt.timedelta(0), "no role may log in, and sessions are ended")

_LOGINS = """
SELECT r.oid::text, r.rolname, r.rolsuper, r.rolname = session_user OR EXISTS (
  SELECT FROM pg_stat_activity a WHERE a.usesysid = r.oid AND a.backend_type = 'walsender'
    AND a.application_name LIKE 'havre\\_exit\\_%')
FROM pg_roles r WHERE r.rolcanlogin ORDER BY r.rolname
"""
_SESSIONS = """
SELECT pg_terminate_backend(a.pid, %s) FROM pg_stat_activity a
WHERE a.usesysid::text = ANY(%s) AND a.pid <> pg_backend_pid()
"""
_ALIVE = """
SELECT DISTINCT r.rolname FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
WHERE a.usesysid::text = ANY(%s) AND NOT r.rolcanlogin
"""
_SESSIONS_OF = """
SELECT r.rolname, count(*) FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
WHERE a.pid <> pg_backend_pid() GROUP BY r.rolname
"""
_SUBSCRIPTIONS = """
SELECT subname FROM pg_subscription WHERE subenabled
  AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass(frozen=True)
class LoginWriters:
    """Implements `havre.live.writing.writers.WriterControl` for a PostgreSQL database.

    Attributes:
        database: reached as the exit's own role.
    """

    database: LiveDatabase

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"database {self.database.name}"

    @property
    def supported(self) -> Supported:
        """Native."""
        return Supported(Support.NATIVE)

    @property
    def tokens(self) -> TokenLife:
        """A token is a password: without login it opens nothing."""
        return AT_ONCE

    def remember(self, known: Memory) -> Memory:
        """Every role that may log in now, with those that could before."""
        with self._asking() as connection:
            found = {oid: name for oid, name, _, ours in _logins(connection) if not ours}
        return {"roles": {**known.get("roles", {}), **found}}

    def take(self, known: Memory) -> None:
        """Take login from each role that is remembered, and end its sessions."""
        roles = known["roles"]
        with self._asking() as connection:
            for oid, name, _, ours in _logins(connection):
                if oid in roles and not ours:
                    _alter(connection, name, "NOLOGIN")
            kept = {oid for oid, *_ in _logins(connection)}
            ended = [oid for oid in roles if oid not in kept]
            try:
                connection.execute(_SESSIONS, (END_MILLISECONDS, ended)).fetchall()
            except _refusal() as error:
                message = f"{self.name}: sessions cannot be ended: {_said(error)}"
                remedy = "Give the exit's role pg_signal_backend, then freeze again."
                raise ProviderError(message, remedy) from None

    def find(self, known: Memory) -> WritersFound:
        """Who may log in, has a session, or writes by a subscription."""
        roles = known.get("roles", {})
        untaken, still = {}, {}
        with self._asking() as connection:
            for _, name, superuser, ours in _logins(connection):
                if ours:
                    untaken[name] = OWN if name == connection.info.user else CARRIES
                elif superuser:
                    untaken[name] = SUPERUSER
                else:
                    still[name] = "it may log in"
            for (name,) in connection.execute(_ALIVE, (list(roles),)):
                still[name] = "its session did not end"
            for (name,) in connection.execute(_SUBSCRIPTIONS):
                still[f"subscription {name}"] = "it is enabled, and writes what its publisher sends"
        taken = sorted(name for name in roles.values() if name not in {*untaken, *still})
        return WritersFound(tuple(taken), untaken, still)

    def would_take(self, known: Memory) -> WritersForeseen:  # noqa: ARG002 - of the contract
        """Every role that may log in: each is altered, in a transaction that is rolled back."""
        moving, untaken, still = {}, {}, {}
        with self._asking() as connection:
            sessions = dict(connection.execute(_SESSIONS_OF).fetchall())
            for _, name, superuser, ours in _logins(connection):
                if ours:
                    untaken[name] = OWN if name == connection.info.user else CARRIES
                elif _would_alter(connection, name):
                    ended = counted(sessions.get(name, 0), "session is", "sessions are")
                    moving[name] = f"the role loses LOGIN; {ended} ended"
                elif superuser:
                    untaken[name] = SUPERUSER
                else:
                    still[name] = "the server refuses to take LOGIN from it"
            for (name,) in connection.execute(_SUBSCRIPTIONS):
                still[f"subscription {name}"] = "it is enabled, and writes what its publisher sends"
        return WritersForeseen(moving, untaken, still)

    def would_give_back(self, known: Memory) -> WritersForeseen:
        """Those of the roles that could log in, and cannot now."""
        with self._asking() as connection:
            found = connection.execute(
                "SELECT oid::text, rolname FROM pg_roles WHERE NOT rolcanlogin ORDER BY rolname"
            ).fetchall()
        back = (name for oid, name in found if oid in known["roles"])
        return WritersForeseen(dict.fromkeys(back, "the role gets LOGIN back"))

    def give_back(self, known: Memory) -> None:
        """Let exactly those log in again who could."""
        with self._asking() as connection:
            found = connection.execute(
                "SELECT oid::text, rolname FROM pg_roles WHERE NOT rolcanlogin"
            )
            for oid, name in found.fetchall():
                if oid in known["roles"] and not _alter(connection, name, "LOGIN"):
                    message = f"{self.name}: role {name} cannot be given LOGIN"
                    raise ProviderError(message, "Have its owner do so, then thaw again.")

    @contextmanager
    def _asking(self) -> Iterator[psycopg.Connection[Any]]:
        with self.database.connect(autocommit=True) as connection:
            try:
                connection.execute("SET default_transaction_read_only = off")
                yield connection
            except _refusal() as error:
                message = f"{self.name}: {_said(error)}"
                raise ProviderError(message, "See the server's log, then run it again.") from None


def _logins(connection: psycopg.Connection[Any]) -> list[tuple[str, str, bool, bool]]:
    """Identifier, name, whether a superuser, and whether the exit's own, of roles with LOGIN."""
    return connection.execute(_LOGINS).fetchall()


def _alter(connection: psycopg.Connection[Any], name: str, word: str) -> bool:
    """Alter a role; False where the server refuses, as for those of the service itself."""
    from psycopg import errors, sql

    statement = sql.SQL("ALTER ROLE {} " + word).format(sql.Identifier(name))
    try:
        connection.execute(statement)
    except (errors.InsufficientPrivilege, errors.ReservedName):
        return False
    return True


def _would_alter(connection: psycopg.Connection[Any], name: str) -> bool:
    """Whether the server would take LOGIN from a role."""
    with connection.transaction(force_rollback=True):
        taken = _alter(connection, name, "NOLOGIN")
    return taken  # noqa: RET504 - after what was done is rolled back


def _refusal() -> type[Exception]:
    import psycopg

    return psycopg.Error


def _said(error: Any) -> str:
    """What PostgreSQL said, without details."""
    return str(error.diag.message_primary or type(error).__name__)
