"""Parameters of a managed server: what takes effect, what waits for a restart, what is recorded."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from havre.errors import ProviderError
from havre_local.machine.folder import SECRET

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from havre_local.machine.folder import Folder

LIBRARIES = "shared_preload_libraries"
OURS = frozenset(
    {
        *("log_line_prefix", "log_destination", "logging_collector", "lc_messages", "log_timezone"),
        *("port", "listen_addresses", "ssl", "ssl_min_protocol_version", "config_file"),
        *("extension_control_path", "dynamic_library_path", "archive_command", "archive_mode"),
        *("unix_socket_directories", "unix_socket_permissions", "cluster_name", "hba_file"),
    }
)
"""What the sandbox itself sets: a plan's value is recorded only."""
_RESTART = "postmaster"


@dataclass(frozen=True)
class Parameter:
    """A parameter as it was asked for.

    Attributes:
        value: the whole value.
        effect: whether PostgreSQL heeds it; otherwise it is recorded only.
        static: whether it counts from a restart on.
        since: when it was asked for, seconds since the epoch.
    """

    value: str
    effect: bool
    static: bool
    since: float


@dataclass(frozen=True)
class Parameters:
    """What is on record of a server's parameters.

    Attributes:
        folder: the servers' folder.
        path: the record.
    """

    folder: Folder
    path: Path

    def all(self) -> dict[str, Parameter]:
        """Every parameter that was asked for, by name."""
        if not self.folder.custody.exists(self.path):
            return {}
        found = json.loads(self.folder.custody.read(self.path))
        return {name: Parameter(**values) for name, values in found.items()}

    def put(self, connection: psycopg.Connection[Any], name: str, value: str) -> Parameter:
        """Set a parameter; what PostgreSQL does not know is recorded only.

        Args:
            connection: of a superuser, in autocommit mode.
            name: of the parameter.
            value: its value.

        Raises:
            ProviderError: PostgreSQL refuses the value.
        """
        row = connection.execute(
            "SELECT context FROM pg_settings WHERE name = %s", (name,)
        ).fetchone()
        effect = row is not None and name not in OURS and row[0] != "internal"
        if effect:
            self._set(connection, name, _installed(connection, name, value))
        static = row is not None and row[0] == _RESTART
        made = Parameter(value, effect, static, time.time())
        known = self.all()
        if name in known and known[name].value == value:
            made = known[name]
        self._write({**known, name: made})
        return made

    def drop(self, connection: psycopg.Connection[Any], name: str) -> None:
        """Set a parameter back to its default."""
        from psycopg import sql

        known = self.all()
        found = known.pop(name, None)
        if found is not None and found.effect:
            connection.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(name)))
            connection.execute("SELECT pg_reload_conf()")
        self._write(known)

    def pending(self, connection: psycopg.Connection[Any]) -> tuple[str, ...]:
        """Names of those that were asked for and wait for a restart."""
        (began,) = connection.execute(
            "SELECT extract(epoch FROM pg_postmaster_start_time())::float8"
        ).fetchone() or (0.0,)
        waiting = connection.execute("SELECT name FROM pg_settings WHERE pending_restart")
        found = {name for (name,) in waiting}
        asked = {name for name, each in self.all().items() if each.static and each.since > began}
        return tuple(sorted(found | asked))

    def recorded_only(self) -> tuple[str, ...]:
        """Names of those that PostgreSQL does not heed here."""
        return tuple(sorted(name for name, each in self.all().items() if not each.effect))

    def _set(self, connection: psycopg.Connection[Any], name: str, value: str) -> None:
        import psycopg
        from psycopg import sql

        statement = sql.SQL("ALTER SYSTEM SET {} = {}")
        given: sql.Composable = sql.Literal(value)
        if name == LIBRARIES:
            given = sql.SQL(", ").join(map(sql.Literal, filter(None, value.split(","))))
        try:
            if name == LIBRARIES and not value:
                # An empty list is written as one library without a name: no server starts with it.
                connection.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(name)))
            else:
                connection.execute(statement.format(sql.Identifier(name), given))
        except psycopg.Error as error:
            said = str(error).strip().splitlines()[0]
            message = f"sandbox, server parameter {name}: InvalidParameterValue: {said}"
            raise ProviderError(message, "Give a value that PostgreSQL accepts.") from None
        connection.execute("SELECT pg_reload_conf()")

    def _write(self, known: dict[str, Parameter]) -> None:
        content = {name: asdict(each) for name, each in sorted(known.items())}
        self.folder.custody.write(self.path, json.dumps(content, indent=1).encode(), SECRET)


def _installed(connection: psycopg.Connection[Any], name: str, value: str) -> str:
    """The value, of libraries only those that are installed: with others no server starts."""
    if name != LIBRARIES:
        return value
    asked = [word.strip() for word in value.split(",") if word.strip()]
    rows = connection.execute(
        "SELECT name FROM pg_ls_dir((SELECT setting FROM pg_config WHERE name = 'PKGLIBDIR')) name"
    )
    there = {file.removesuffix(".so") for (file,) in rows}
    return ",".join(word for word in asked if word in there)
