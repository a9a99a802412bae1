"""What the front of the Blob service knows: accounts, containers, who may do what, versions.

An SQLite file in the data folder, which the sandbox writes and the front reads at each request, so
that what is granted or revoked counts at once. Of a token it has the digest only.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_SECONDS = 30.0
_FOR_EVER = 1e15
_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts(name TEXT PRIMARY KEY, slot INTEGER UNIQUE, settings TEXT);
CREATE TABLE IF NOT EXISTS containers(
  account TEXT, name TEXT, upstream TEXT, settings TEXT, deleted REAL,
  PRIMARY KEY(account, upstream));
CREATE TABLE IF NOT EXISTS identities(principal TEXT PRIMARY KEY, digest TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS grants(
  id TEXT PRIMARY KEY, principal TEXT, scope TEXT, actions TEXT, ends REAL);
CREATE TABLE IF NOT EXISTS delegations(
  principal TEXT, start TEXT, expiry TEXT, secret TEXT, PRIMARY KEY(principal, start, expiry));
CREATE TABLE IF NOT EXISTS unusable(key TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS versions(
  account TEXT, upstream TEXT, name TEXT, version TEXT, snapshot TEXT, state TEXT,
  until TEXT, mode TEXT, held INTEGER, scope TEXT, deleted REAL,
  PRIMARY KEY(account, upstream, name, version));
CREATE INDEX IF NOT EXISTS by_snapshot ON versions(account, upstream, name, snapshot);
"""

_ROWS = (
    "SELECT name, version, snapshot, state, until, mode, held, scope, deleted "
    "FROM versions WHERE account=? AND upstream=?"
)


class Action(StrEnum):
    """What somebody may do with blobs."""

    READ = "read"
    READ_VERSIONS = "read-versions"
    """Beside `READ`: what is not current."""
    WRITE = "write"
    DELETE = "delete"
    DELETE_VERSION = "delete-version"
    READ_TAGS = "read-tags"
    WRITE_TAGS = "write-tags"
    READ_CONTAINERS = "read-containers"
    WRITE_CONTAINERS = "write-containers"
    DELETE_CONTAINERS = "delete-containers"
    DELEGATE = "delegate"


class VersionState(StrEnum):
    """What became of a version."""

    CURRENT = "current"
    PREVIOUS = "previous"
    DELETED = "deleted"
    """Kept, since the account keeps what is deleted."""
    GONE = "gone"
    """Its bytes are gone; only its place is taken, for those before it."""


@dataclass(frozen=True)
class Grant:
    """What an identity is allowed.

    Attributes:
        actions: what it may do.
        until: from when on no more; None: for ever.
    """

    actions: frozenset[Action]
    until: dt.datetime | None = None


CHANGES = frozenset(
    {
        *(Action.WRITE, Action.DELETE, Action.DELETE_VERSION, Action.WRITE_TAGS),
        *(Action.WRITE_CONTAINERS, Action.DELETE_CONTAINERS),
    }
)
"""What changes something."""


@dataclass(frozen=True)
class Granted:
    """A grant as it is recorded.

    Attributes:
        identifier: of the grant.
        principal: whom it allows something.
        scope: `ACCOUNT` or `ACCOUNT/CONTAINER`.
        grant: what, and until when.
    """

    identifier: str
    principal: str
    scope: str
    grant: Grant


@dataclass(frozen=True)
class WormPolicy:
    """How long versions cannot be changed after they were written.

    Attributes:
        days: how long.
        locked: whether it can only be extended.
        append: whether blobs that grow may grow on.
    """

    days: int
    locked: bool = False
    append: bool = False


@dataclass(frozen=True)
class ContainerSettings:
    """How a container is set up.

    Attributes:
        version_level: whether policies and holds are of each version.
        policy: for all its blobs, or, if `version_level`, for new versions that name none.
        holds: tags of legal holds on all its blobs.
        scope: the encryption scope of blobs that name none.
        scope_only: whether blobs may name no other.
    """

    version_level: bool = False
    policy: WormPolicy | None = None
    holds: tuple[str, ...] = ()
    scope: str = ""
    scope_only: bool = False


@dataclass(frozen=True)
class AccountSettings:
    """How a storage account is set up.

    Attributes:
        versions: whether it keeps versions.
        deleted_days: how long it keeps deleted blobs; 0: not at all.
        container_days: the same of containers.
        version_level: whether each of its containers has policies of each version.
        policy: for new versions that name none.
        shared_key: whether its own key is accepted.
        key: name of the customer's key that it is encrypted with; empty: the service's own.
    """

    versions: bool = False
    deleted_days: int = 0
    container_days: int = 0
    version_level: bool = False
    policy: WormPolicy | None = None
    shared_key: bool = False
    key: str = ""


@dataclass(frozen=True)
class Place:
    """A container: `account`, `name`, and what it is called upstream."""

    account: str
    name: str
    upstream: str
    slot: int
    of_account: AccountSettings
    settings: ContainerSettings

    @property
    def version_level(self) -> bool:
        """Whether policies and holds are of each version."""
        return self.settings.version_level or self.of_account.version_level


@dataclass(frozen=True)
class Version:
    """A version of a blob.

    Attributes:
        name: of the blob.
        identifier: of the version, by the time at which it was written.
        snapshot: which snapshot of Azurite's it is; empty: the blob itself.
        state: what became of it.
        until: from when on it can be deleted; None: no policy.
        locked: whether that can only be extended.
        held: whether it is under a legal hold.
        scope: its encryption scope.
        deleted: when it was deleted, seconds since the epoch.
    """

    name: str
    identifier: str
    snapshot: str = ""
    state: VersionState = VersionState.CURRENT
    until: dt.datetime | None = None
    locked: bool = False
    held: bool = False
    scope: str = ""
    deleted: float = field(default=0.0)


class Catalogue:
    """The file; every method may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Open the file, made where there is none."""
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            path, timeout=_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._connection.executescript(
            f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {_SCHEMA}"
        )
        path.chmod(0o600)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All changes within, or none."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def run(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def put_account(self, name: str, settings: AccountSettings, slots: int) -> None:
        """Make an account or change its settings.

        Raises:
            ValueError: there are more accounts than slots.
        """
        text = json.dumps(asdict(settings))
        with self.writing():
            if self.run("SELECT 1 FROM accounts WHERE name=?", name):
                self.run("UPDATE accounts SET settings=? WHERE name=?", text, name)
                return
            taken = {slot for (slot,) in self.run("SELECT slot FROM accounts")}
            free = next((slot for slot in range(slots) if slot not in taken), None)
            if free is None:
                message = f"{slots} storage accounts exist, and no more can"
                raise ValueError(message)
            self.run("INSERT INTO accounts VALUES(?,?,?)", name, free, text)

    def drop_account(self, name: str) -> None:
        """Forget an account whose containers are gone."""
        with self.writing():
            self.run("DELETE FROM accounts WHERE name=?", name)
            self.run("DELETE FROM containers WHERE account=?", name)
            self.run("DELETE FROM versions WHERE account=?", name)

    def account(self, name: str) -> tuple[int, AccountSettings] | None:
        """Slot and settings of an account."""
        for slot, text in self.run("SELECT slot, settings FROM accounts WHERE name=?", name):
            known = json.loads(text)
            return slot, AccountSettings(**{**known, "policy": _policy(known["policy"])})
        return None

    def put_container(self, account: str, name: str, settings: ContainerSettings) -> None:
        """Record a container that exists upstream, or change its settings."""
        text = json.dumps(asdict(settings))
        with self.writing():
            found = self.run(
                "UPDATE containers SET settings=? WHERE account=? AND name=? AND deleted IS NULL "
                "RETURNING 1",
                *(text, account, name),
            )
            if not found:
                upstream = self._free_name(account, name)
                self.run(
                    "INSERT INTO containers VALUES(?,?,?,?,NULL)", account, name, upstream, text
                )

    def _free_name(self, account: str, name: str) -> str:
        """What a new container is called upstream, where one of that name was deleted and kept."""
        taken = {
            each for (each,) in self.run("SELECT upstream FROM containers WHERE account=?", account)
        }
        number = 0
        upstream = name
        while upstream in taken:
            number += 1
            upstream = hashlib.sha256(f"{name} {number}".encode()).hexdigest()[:32]
        return upstream

    def place(self, account: str, name: str) -> Place | None:
        """A container that exists."""
        known = self.account(account)
        rows = self.run(
            "SELECT upstream, settings FROM containers "
            "WHERE account=? AND name=? AND deleted IS NULL",
            *(account, name),
        )
        if known is None or not rows:
            return None
        upstream, text = rows[0]
        told = json.loads(text)
        settings = ContainerSettings(
            **{**told, "policy": _policy(told["policy"]), "holds": tuple(told["holds"])}
        )
        return Place(account, name, upstream, *known, settings)

    def containers(self, account: str) -> tuple[str, ...]:
        """Names of the containers of an account."""
        rows = self.run("SELECT name FROM containers WHERE account=? AND deleted IS NULL", account)
        return tuple(sorted(name for (name,) in rows))

    def delete_container(self, place: Place, when: float) -> None:
        """Hide a container; its blobs stay upstream until they are swept."""
        self.run(
            "UPDATE containers SET deleted=? WHERE account=? AND upstream=?",
            *(when, place.account, place.upstream),
        )

    def restore_container(self, account: str, name: str) -> bool:
        """Bring back the container of a name that was deleted last; return whether there is one."""
        with self.writing():
            if self.place(account, name) is not None:
                return False
            return bool(
                self.run(
                    "UPDATE containers SET deleted=NULL WHERE rowid=(SELECT rowid FROM containers "
                    "WHERE account=? AND name=? ORDER BY deleted DESC LIMIT 1) RETURNING 1",
                    *(account, name),
                )
            )

    def put_identity(self, principal: str, token: str) -> None:
        """Make a token one of a principal's, in place of any before."""
        self.run("INSERT OR REPLACE INTO identities VALUES(?,?)", principal, digest(token))

    def drop_identity(self, principal: str) -> None:
        """Forget a principal, its grants and what it delegated."""
        with self.writing():
            for table in ("identities", "grants", "delegations"):
                self.run(f"DELETE FROM {table} WHERE principal=?", principal)  # noqa: S608 - ours

    def principal(self, token: str) -> str | None:
        """Whose a token is."""
        rows = self.run("SELECT principal FROM identities WHERE digest=?", digest(token))
        return str(rows[0][0]) if rows else None

    def put_grant(self, identifier: str, principal: str, scope: str, grant: Grant) -> None:
        """Allow a principal something on `ACCOUNT` or on `ACCOUNT/CONTAINER`."""
        words = " ".join(sorted(grant.actions))
        ends = grant.until.timestamp() if grant.until else _FOR_EVER
        self.run(
            "INSERT OR REPLACE INTO grants VALUES(?,?,?,?,?)",
            *(identifier, principal, scope, words, ends),
        )

    def drop_grant(self, identifier: str) -> None:
        """Take a grant away."""
        self.run("DELETE FROM grants WHERE id=?", identifier)

    def granted(self, account: str, container: str) -> tuple[Granted, ...]:
        """Every grant on a container or on its account, in the order of identifiers."""
        rows = self.run(
            "SELECT id, principal, scope, actions, ends FROM grants WHERE scope IN (?,?) "
            "ORDER BY id",
            *(account, f"{account}/{container}"),
        )
        return tuple(
            Granted(identifier, principal, scope, Grant(_actions(words), _end(ends)))
            for identifier, principal, scope, words, ends in rows
        )

    def allowed(self, principal: str, account: str, container: str = "") -> frozenset[Action]:
        """What a principal may do there."""
        scopes = (account, f"{account}/{container}" if container else account)
        rows = self.run(
            "SELECT actions FROM grants WHERE principal=? AND scope IN (?,?) AND ends>?",
            *(principal, *scopes, dt.datetime.now(dt.UTC).timestamp()),
        )
        return frozenset().union(*(_actions(words) for (words,) in rows))

    def delegation(self, principal: str, start: str, expiry: str, secret: str = "") -> str:
        """The key that a principal signs addresses with; made where a secret is given."""
        where = (principal, start, expiry)
        if secret:
            self.run("INSERT OR IGNORE INTO delegations VALUES(?,?,?,?)", *where, secret)
        rows = self.run(
            "SELECT secret FROM delegations WHERE principal=? AND start=? AND expiry=?", *where
        )
        return str(rows[0][0]) if rows else ""

    def set_usable(self, key: str, *, usable: bool) -> None:
        """Say whether what a customer's key encrypts can be read."""
        if usable:
            self.run("DELETE FROM unusable WHERE key=?", key)
        else:
            self.run("INSERT OR IGNORE INTO unusable VALUES(?)", key)

    def usable(self, key: str) -> bool:
        """Whether what a key encrypts can be read."""
        return not key or not self.run("SELECT 1 FROM unusable WHERE key=?", key)

    def put_version(self, place: Place, version: Version) -> None:
        """Record a version, or what became of it."""
        until = version.until.isoformat() if version.until else None
        self.run(
            "INSERT OR REPLACE INTO versions VALUES(?,?,?,?,?,?,?,?,?,?,?)",
            *(place.account, place.upstream, version.name, version.identifier),
            *(version.snapshot, version.state, until, "Locked" if version.locked else "Unlocked"),
            *(int(version.held), version.scope, version.deleted),
        )

    def drop_version(self, place: Place, version: Version) -> None:
        """Forget a version."""
        self.run(
            "DELETE FROM versions WHERE account=? AND upstream=? AND name=? AND version=?",
            *(place.account, place.upstream, version.name, version.identifier),
        )

    def versions(self, place: Place, name: str | None = None) -> Mapping[tuple[str, str], Version]:
        """The versions of a blob, or of all, by name and snapshot."""
        sql = _ROWS
        where: tuple[str, ...] = (place.account, place.upstream)
        if name is not None:
            sql, where = f"{sql} AND name=?", (*where, name)
        rows = self.run(f"{sql} ORDER BY version", *where)
        return {(found.name, found.snapshot): found for found in map(_version, rows)}

    def at(self, place: Place, name: str, snapshot: str) -> Version | None:
        """What a blob of Azurite's is: `snapshot` empty: the blob itself."""
        rows = self.run(
            f"{_ROWS} AND name=? AND snapshot=?",
            *(place.account, place.upstream, name, snapshot),
        )
        return _version(rows[0]) if rows else None


def digest(token: str) -> str:
    """By what a token is known."""
    return hashlib.sha256(token.encode()).hexdigest()


def _actions(words: str) -> frozenset[Action]:
    return frozenset(Action(word) for word in words.split())


def _end(ends: float) -> dt.datetime | None:
    return None if ends >= _FOR_EVER else dt.datetime.fromtimestamp(ends, dt.UTC)


def _policy(known: Mapping[str, Any] | None) -> WormPolicy | None:
    return None if known is None else WormPolicy(**known)


def _version(row: tuple[Any, ...]) -> Version:
    name, version, snapshot, state, until, mode, held, scope, deleted = row
    return Version(
        name,
        version,
        snapshot or "",
        VersionState(state),
        dt.datetime.fromisoformat(until) if until else None,
        mode == "Locked",
        bool(held),
        scope or "",
        deleted or 0.0,
    )
