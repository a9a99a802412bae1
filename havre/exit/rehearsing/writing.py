"""Somebody who goes on writing to the source, in a process of their own, until it is frozen.

Rows are written by a role that may do nothing else: the freeze takes its login. Objects are written
by the store's administrator, from whom no policy takes it: that writer stops when it is told to,
and the one that cheats does not.

`python -m havre.exit.rehearsing.writing ROOT ZONE ZONE` is that process.
"""

from __future__ import annotations

import contextlib
import io
import json
import secrets
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from havre.errors import HavreError, RetryError
from havre.exit.rehearsing.filling import NOTES, OMOP
from havre.exit.rehearsing.hard.objects import CHANGING
from havre.exit.rehearsing.order import RehearsalFolder
from havre.exit.settings import ExitSide
from havre.exit.sides import reach
from havre.live.objects import Properties

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from havre.live.objects import LiveStore
    from havre.live.warehouse import LiveDatabase

MODULE = "havre.exit.rehearsing.writing"
ROLE = "havre_rehearsal_writer"
"""The role by which rows are written."""
WORD, SAID, PASSWORD = "writer.word", "writer.json", "writer.password"
PAUSE = 0.2
"""Seconds between two things that are written."""
CHEATS = 3
"""So many objects are written after the freeze by a writer that cheats."""
CHANGING_BYTES, CHANGES = 2**18, 5
STARTS, ENDS = 120.0, 120.0
"""Seconds in which the writer has written first, and in which it ends."""


class WriterWord(StrEnum):
    """What the writer is told to do."""

    WRITE = "write"
    ROWS = "rows"
    STOP = "stop"
    CHEAT = "cheat"


@dataclass
class WriterTally:
    """What the writer has done.

    Attributes:
        rows: that the database acknowledged.
        objects: new ones, that the store acknowledged.
        cheated: objects that were written after the freeze.
        heard: whether it writes no objects any more.
        refused: what refused the role, in the service's words; empty where nothing did.
    """

    rows: int = 0
    objects: int = 0
    cheated: int = 0
    heard: bool = False
    refused: str = ""


def prepare_role(database: LiveDatabase, place: RehearsalFolder) -> None:
    """Make the writer's role at the source, which only adds rows to one table.

    Raises:
        HavreError: the server does not answer.
    """
    from psycopg import sql

    secret = secrets.token_urlsafe(24)
    with database.connect(autocommit=True) as connection:
        query = "SELECT 1 FROM pg_roles WHERE rolname = %s"
        known = connection.execute(query, (ROLE,)).fetchone()
        role, verb = sql.Identifier(ROLE), "ALTER" if known else "CREATE"
        with connection.transaction():
            with contextlib.suppress(_error()), connection.transaction():
                connection.execute("SET LOCAL log_statement = 'none'")  # superusers may
            statement = sql.SQL(f"{verb} ROLE {{}} LOGIN PASSWORD {{}}")
            connection.execute(statement.format(role, sql.Literal(secret)))
        grants = (
            "GRANT CONNECT ON DATABASE {} TO {}",
            "GRANT USAGE ON SCHEMA {} TO {}",
            "GRANT INSERT ON {} TO {}",
        )
        names = ((database.name,), (OMOP,), (OMOP, NOTES))
        for text, name in zip(grants, names, strict=True):
            connection.execute(sql.SQL(text).format(sql.Identifier(*name), role))
    place.write(PASSWORD, secret.encode())


@dataclass(frozen=True)
class Writer:
    """The process, as whoever rehearses holds it.

    Attributes:
        place: of the rehearsal.
        process: that writes.
    """

    place: RehearsalFolder
    process: subprocess.Popen[bytes]

    def stop_objects(self) -> None:
        """Have it write no more objects; rows it goes on writing until it is refused.

        Raises:
            RetryError: it does not hear.
        """
        self.place.write(WORD, WriterWord.ROWS.encode())
        self.waited(lambda: self.written().heard, ENDS)

    def ended(self, *, cheats: bool) -> WriterTally:
        """Have it end, and write some objects before if it cheats; what it wrote in all.

        Raises:
            RetryError: it does not end in time.
        """
        word = WriterWord.CHEAT if cheats else WriterWord.STOP
        self.place.write(WORD, word.encode())
        self.waited(lambda: self.process.poll() is not None, ENDS)
        return self.written()

    def written(self) -> WriterTally:
        """What it has written so far."""
        return written(self.place)

    def waited(self, done: Callable[[], bool], seconds: float) -> None:
        """Wait for something that the writer does.

        Raises:
            RetryError: it is not done in time, or the writer has ended before.
        """
        end = time.monotonic() + seconds
        while not done():
            if self.process.poll() is not None and not done():
                message = f"the writer has ended: see {self.place.root / 'writer.log'}"
                raise RetryError(message, "Run the rehearsal again.")
            if time.monotonic() > end:
                message = "the writer does not answer"
                raise RetryError(message, "Run the rehearsal again.")
            time.sleep(PAUSE / 4)


@contextlib.contextmanager
def begun(place: RehearsalFolder, *zones: str) -> Iterator[Writer]:
    """The writer, at work; it is gone after the context.

    Args:
        place: of the rehearsal, whose source is deployed and filled.
        zones: where it writes: new objects, and one that is written over.

    Raises:
        RetryError: it does not begin to write.
    """
    place.write(WORD, WriterWord.WRITE.encode())
    (place.root / SAID).unlink(missing_ok=True)
    words = (sys.executable, "-P", "-m", MODULE, str(place.root), *zones)
    with (place.root / "writer.log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL)  # noqa: S603
    writer = Writer(place, process)
    try:
        writer.waited(lambda: writer.written().objects > 0, STARTS)
        yield writer
    finally:
        process.kill()
        process.wait()


def written(place: RehearsalFolder) -> WriterTally:
    """What a writer has written, now or in an earlier run."""
    path = place.root / SAID
    return WriterTally(**json.loads(place.custody.read(path))) if path.exists() else WriterTally()


class WritingLoop:
    """What the process does until it is told to stop."""

    def __init__(self, place: RehearsalFolder, zone: str, changing: str) -> None:
        """Nothing is written yet."""
        live = reach(ExitSide(data_dir=str(place.source)), place.root).live
        self._place, self._database = place, live.database()
        self._store, self._changing = live.store(zone), live.store(changing)
        self._done = WriterTally()
        self._session: psycopg.Connection[Any] | None = None

    def run(self) -> None:
        """Write, until told otherwise."""
        turn = 0
        while (word := self._word()) in (WriterWord.WRITE, WriterWord.ROWS):
            self._row(turn)
            if word is WriterWord.WRITE:
                self._objects(turn)
            self._done.heard = word is WriterWord.ROWS
            self._tell()
            turn += 1
            time.sleep(PAUSE)
        if word is WriterWord.CHEAT:
            self._row(turn)
            for number in range(CHEATS):
                self._done.cheated += self._put(self._store, f"cheated/{number}.txt", b"late")
        self._tell()

    def _objects(self, turn: int) -> None:
        self._done.objects += self._put(self._store, f"written/{turn:06}.txt", b"%d" % turn)
        if turn % CHANGES == 0:
            self._put(self._changing, CHANGING, b"%d" % (turn % 10) * CHANGING_BYTES)

    def _row(self, number: int) -> None:
        if self._done.refused:
            return
        statement = f"INSERT INTO {OMOP}.{NOTES} (written, text) VALUES (now(), %s)"  # noqa: S608
        try:
            if self._session is None:
                self._session = connected_as(self._database, ROLE, self._password())
            self._session.execute(statement.encode(), (str(number),))
            self._done.rows += 1
        except _error() as error:
            self._done.refused = str(error).strip().splitlines()[0]

    def _put(self, store: LiveStore, key: str, content: bytes) -> bool:
        bears = Properties({"content-type": "text/plain"})
        try:
            store.write(key, io.BytesIO(content), bears)
        except HavreError:
            return False
        return True

    def _password(self) -> str:
        return self._place.custody.read(self._place.root / PASSWORD).decode()

    def _word(self) -> WriterWord:
        return WriterWord(self._place.custody.read(self._place.root / WORD).decode())

    def _tell(self) -> None:
        self._place.write(SAID, json.dumps(asdict(self._done)).encode())


def connected_as(database: LiveDatabase, role: str, password: str) -> psycopg.Connection[Any]:
    """A session of another role, where the administrator connects.

    Raises:
        psycopg.Error: the server refuses it.
    """
    import psycopg

    with database.connect() as administrator:
        words = administrator.info.get_parameters()
    words.pop("passfile", None)
    given = {**words, "user": role, "password": password}
    return psycopg.connect(autocommit=True, **given)  # type: ignore[arg-type]


def _error() -> type[Exception]:
    import psycopg

    return psycopg.Error


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        WritingLoop(RehearsalFolder(Path(sys.argv[1])), *sys.argv[2:4]).run()
