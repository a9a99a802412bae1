"""What the source of a rehearsal holds: synthetic patients, documents, and the hard cases."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.errors import HavreError
from havre.exit.rehearsing.hard.cases import ELSEWHERE, TITLES, HardCase, UnplantedError
from havre.exit.rehearsing.hard.objects import OBJECTS
from havre.exit.rehearsing.hard.tables import NOT_REPLICATED, SCHEMA, TABLES
from havre.exit.rehearsing.patients import COLUMNS, SEED, rows
from havre.live.limits import PART
from havre.live.objects import Properties
from havre.spec.model import Purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import psycopg

    from havre.exit.rehearsing.order import RehearsalVolume
    from havre.live.objects import LiveStore
    from havre.live.warehouse import Live, LiveDatabase

OMOP = "havre_omop"
"""The schema of the patients."""
NOTES = "notes"
"""The table that the writer goes on writing to."""
_DROPS = (SCHEMA, OMOP)
_LARGE = 2 * PART + 1
_HARD, _DOCUMENTS = (Purpose.CURATED, Purpose.RESEARCH), (Purpose.LANDING, Purpose.RESEARCH)


@dataclass(frozen=True)
class ChosenZones:
    """Zones of the source that are written to.

    Attributes:
        hard: for the hard cases.
        documents: for everything else.
    """

    hard: str
    documents: str


def chosen_zones(zones: Mapping[str, Purpose]) -> ChosenZones:
    """The zones that suit best; the first one where none does.

    Args:
        zones: the purpose of each zone by its name.
    """

    def first(purposes: Sequence[Purpose]) -> str:
        found = (name for each in purposes for name, purpose in zones.items() if purpose is each)
        return next(found, next(iter(zones)))

    return ChosenZones(first(_HARD), first(_DOCUMENTS))


def fill(
    live: Live,
    zones: ChosenZones,
    volume: RehearsalVolume,
    *,
    replicates: bool,
    done: Callable[[str], None],
) -> tuple[HardCase, ...]:
    """Fill a source; again is fine: tables are made anew, and objects get one more version.

    Args:
        live: the source.
        zones: where to write.
        volume: how much.
        replicates: whether the database is to go by replication.
        done: is told what is being done.

    Returns:
        Every hard case, planted or not.

    Raises:
        HavreError: the source refuses what every store and database takes.
    """
    done("tables of patients")
    database = live.database()
    with database.connect(autocommit=True) as connection:
        for schema in _DROPS:
            connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE".encode())
        _patients(connection, volume.patients)
    done("documents")
    _documents(live.store(zones.documents), volume)
    done("difficult cases")
    found = {case.number: case for case in _hard_objects(live.store(zones.hard))}
    found |= {case.number: case for case in _hard_tables(database, replicates=replicates)}
    elsewhere = (
        HardCase(number, TITLES[number], reason=reason) for number, reason in ELSEWHERE.items()
    )
    found |= {case.number: case for case in elsewhere}
    return tuple(found[number] for number in sorted(found))


def _patients(connection: psycopg.Connection[Any], count: int) -> None:
    connection.execute(f"CREATE SCHEMA {OMOP}".encode())
    for name, lines in rows(count).items():
        columns = COLUMNS[name]
        key = next(iter(columns))
        told = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        statement = f"CREATE TABLE {OMOP}.{name} ({told}, PRIMARY KEY ({key}))"
        connection.execute(statement.encode())
        with connection.cursor().copy(f"COPY {OMOP}.{name} FROM STDIN".encode()) as copy:
            for line in lines:
                copy.write_row(line)
    notes = "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, written timestamptz, text text"
    connection.execute(f"CREATE TABLE {OMOP}.{NOTES} ({notes})".encode())


def _documents(store: LiveStore, volume: RehearsalVolume) -> None:
    """Small objects of several sizes, and a few that go in parts."""
    drawn = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    for number in range(volume.documents):
        content = drawn.randbytes(drawn.choice((0, 40, 400, 4_000, 20_000)))
        bears = Properties({"content-type": "text/csv"}, {"patient": f"{number:06}"})
        store.write(f"documents/{number % 50:02}/{number:06}.csv", io.BytesIO(content), bears)
    for number in range(volume.large):
        bears = Properties({"content-type": "application/dicom"})
        upload = store.begin(f"images/{number:04}.dcm", bears)
        parts = [
            store.part(upload, place + 1, drawn.randbytes(min(PART, _LARGE - place * PART)))
            for place in range(-(-_LARGE // PART))
        ]
        store.complete(upload, parts)


def _hard_objects(store: LiveStore) -> Iterator[HardCase]:
    for number, plant in OBJECTS.items():
        try:
            yield HardCase(number, TITLES[number], plant(store))
        except UnplantedError as error:
            yield HardCase(number, TITLES[number], reason=error.reason)
        except HavreError as error:
            yield HardCase(number, TITLES[number], reason=error.message)


def _hard_tables(database: LiveDatabase, *, replicates: bool) -> Iterator[HardCase]:
    with database.connect(autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {SCHEMA}".encode())
        for number, parts in TABLES.items():
            planted: list[str] = []
            refused: list[str] = []
            for words, statements in parts:
                why = NOT_REPLICATED.get(words, "") if replicates else ""
                why = why or _refused(connection, statements)
                (refused if why else planted).append(f"not {words}: {why}" if why else words)
            if planted:
                yield HardCase(number, TITLES[number], "; ".join((*planted, *refused)))
            else:
                yield HardCase(number, TITLES[number], reason="; ".join(refused))


def _refused(connection: psycopg.Connection[Any], statements: str) -> str:
    """Run statements as a whole; why the server refuses them, empty where it does not."""
    import psycopg

    try:
        with connection.transaction():
            connection.execute(statements.encode())
    except psycopg.Error as error:
        return error.diag.message_primary or type(error).__name__
    return ""
