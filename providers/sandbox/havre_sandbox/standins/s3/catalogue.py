"""What the front of the S3 service knows: users, their keys and policies, buckets.

An SQLite file in the data folder, which the sandbox writes and the front reads at each request.
Secrets are in files of their own: the catalogue has their names.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 30.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS users(id TEXT PRIMARY KEY, policy TEXT);
CREATE TABLE IF NOT EXISTS keys(access TEXT PRIMARY KEY, user TEXT, secret TEXT);
CREATE TABLE IF NOT EXISTS buckets(
  name TEXT PRIMARY KEY, owner TEXT, locks INTEGER, days INTEGER, mode TEXT);
CREATE TABLE IF NOT EXISTS documents(
  bucket TEXT, kind TEXT, content BLOB, PRIMARY KEY(bucket, kind));
"""


@dataclass(frozen=True)
class StoreUser:
    """A user of the object store.

    Attributes:
        identifier: the project user's.
        policy: JSON; empty: none.
        secret: name of the secret of the key that was used.
    """

    identifier: str
    policy: str
    secret: str


@dataclass(frozen=True)
class BucketSettings:
    """How a bucket is set up.

    Attributes:
        owner: the user who may do everything with it; empty: the account's own.
        versions: whether it keeps versions.
        locks: whether its objects can be locked; only a new bucket is given that.
        days: for how long new versions are locked; 0: not by themselves.
        mode: COMPLIANCE or GOVERNANCE.
    """

    owner: str = ""
    versions: bool = False
    locks: bool = False
    days: int = 0
    mode: str = "COMPLIANCE"


class StoreCatalogue:
    """The file; every method may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Open the file, made where there is none."""
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            path, timeout=_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._connection.executescript(f"PRAGMA journal_mode=WAL; {_SCHEMA}")
        path.chmod(0o600)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _run(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def put_user(self, identifier: str) -> None:
        """Make a user; one that exists keeps its policy."""
        self._run("INSERT OR IGNORE INTO users VALUES(?,'')", identifier)

    def drop_user(self, identifier: str) -> None:
        """Forget a user and its keys."""
        self._run("DELETE FROM users WHERE id=?", identifier)
        self._run("DELETE FROM keys WHERE user=?", identifier)

    def put_policy(self, identifier: str, policy: str) -> None:
        """Set the policy of a user."""
        self._run("UPDATE users SET policy=? WHERE id=?", policy, identifier)

    def policies(self) -> dict[str, str]:
        """The policy of each user."""
        return dict(self._run("SELECT id, policy FROM users ORDER BY id"))

    def put_key(self, access: str, identifier: str, secret: str) -> None:
        """Give a user a key."""
        self._run("INSERT OR REPLACE INTO keys VALUES(?,?,?)", access, identifier, secret)

    def drop_key(self, access: str) -> None:
        """Take a key away."""
        self._run("DELETE FROM keys WHERE access=?", access)

    def user(self, access: str) -> StoreUser | None:
        """Whose an access key is."""
        rows = self._run(
            "SELECT users.id, users.policy, keys.secret FROM keys JOIN users ON users.id=keys.user "
            "WHERE access=?",
            access,
        )
        return StoreUser(*rows[0]) if rows else None

    def put_bucket(self, name: str, settings: BucketSettings) -> None:
        """Record a bucket."""
        self._run(
            "INSERT OR REPLACE INTO buckets VALUES(?,?,?,?,?)",
            *(name, settings.owner, int(settings.locks), settings.days, settings.mode),
        )

    def drop_bucket(self, name: str) -> None:
        """Forget a bucket that is gone."""
        self._run("DELETE FROM buckets WHERE name=?", name)
        self._run("DELETE FROM documents WHERE bucket=?", name)

    def bucket(self, name: str) -> BucketSettings | None:
        """How a bucket is set up."""
        rows = self._run("SELECT owner, locks, days, mode FROM buckets WHERE name=?", name)
        if not rows:
            return None
        owner, locks, days, mode = rows[0]
        return BucketSettings(owner, locks=bool(locks), days=days, mode=mode)

    def put_document(self, bucket: str, kind: str, content: bytes) -> None:
        """Record a document of a bucket, such as its lifecycle."""
        self._run("INSERT OR REPLACE INTO documents VALUES(?,?,?)", bucket, kind, content)

    def drop_document(self, bucket: str, kind: str) -> None:
        """Forget a document."""
        self._run("DELETE FROM documents WHERE bucket=? AND kind=?", bucket, kind)

    def document(self, bucket: str, kind: str) -> bytes:
        """A document of a bucket; empty: none."""
        rows = self._run("SELECT content FROM documents WHERE bucket=? AND kind=?", bucket, kind)
        return bytes(rows[0][0]) if rows else b""
