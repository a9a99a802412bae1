"""A database goes by replication: everything arrives, and nothing of it is left behind."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from havre.errors import GuardError, HavreError, ProviderError, RetryError
from havre.exit.database import fates, inventory, preflight, replication, verify
from havre.exit.database.ends import DatabaseSide
from havre.exit.database.move import DatabaseMove
from havre.exit.database.replication import ReplicationLag
from havre.exit.ledger import LedgerFate
from tests.exit.database.mover import started
from tests.waits import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.exit.database.servers import Server

TABLES = """
CREATE TABLE person (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text,
  size int GENERATED ALWAYS AS (length(name)) STORED);
INSERT INTO person (name) SELECT 'p' || i FROM generate_series(1, 200) i;
CREATE TABLE visit (id int PRIMARY KEY, person int REFERENCES person) PARTITION BY RANGE (id);
CREATE TABLE visit_1 PARTITION OF visit FOR VALUES FROM (0) TO (100);
INSERT INTO visit VALUES (1, 1), (2, 2);
CREATE MATERIALIZED VIEW names AS SELECT name FROM person;
CREATE FUNCTION forbidden() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''never''; END';
CREATE TRIGGER once BEFORE DELETE ON visit FOR EACH ROW EXECUTE FUNCTION forbidden();
"""
LEFT = """
SELECT (SELECT count(*) FROM pg_replication_slots WHERE database = current_database())
  + (SELECT count(*) FROM pg_publication) + (SELECT count(*) FROM pg_subscription)
"""


def job_of(source: Server, target: Server) -> DatabaseMove:
    return DatabaseMove("leaving", DatabaseSide(source), DatabaseSide(target), 2)


@pytest.fixture
def job(source: Server, target: Server) -> Iterator[DatabaseMove]:
    source.run(TABLES)
    made = job_of(source, target)
    yield made
    replication.clean(made)


def test_writers_go_on_and_everything_arrives_in_a_short_freeze(
    source: Server, target: Server, job: DatabaseMove
) -> None:
    entries = fates.entries(*inventory.both(job.source, job.target), fates.Method.REPLICATION)
    assert [entry for entry in entries if entry.fate is LedgerFate.BLOCKING] == []
    preflight.check(*inventory.both(job.source, job.target), fates.Method.REPLICATION)
    replication.start(job, source.reach)
    until(lambda: not replication.lag(job).copying, why="the first copy is never done")
    source.run(
        "INSERT INTO person (name) VALUES ('late'); UPDATE person SET name = 'other' WHERE id = 1;"
        "DELETE FROM person WHERE id = 100; INSERT INTO visit VALUES (50, 3);"
        "GRANT SELECT ON person TO PUBLIC"
    )
    assert replication.lag(job).tables == 2
    replication.finish(job)
    left_out = fates.left_out(entries)
    assert verify.verify(job.source, job.target, lost=left_out, jobs=2).differing() == []
    assert target.one("SELECT count(*) FROM names WHERE name = 'late'") == 1
    assert target.one("SELECT nextval('person_id_seq')") == 1202
    assert (source.one(LEFT), target.one(LEFT)) == (0, 0)


def test_a_change_of_structure_meanwhile_is_named(
    source: Server, target: Server, job: DatabaseMove
) -> None:
    replication.start(job, source.reach)
    source.run("ALTER TABLE person ADD late text")
    with pytest.raises(GuardError, match=r"table definition public\.person"):
        replication.finish(job)
    replication.clean(job)
    assert (source.one(LEFT), target.one(LEFT)) == (0, 0)


def test_a_table_without_an_identity_is_named_and_its_updates_go_on(
    source: Server, target: Server, job: DatabaseMove
) -> None:
    source.run("CREATE TABLE keyless (i int); INSERT INTO keyless VALUES (1)")
    both = inventory.both(job.source, job.target)
    with pytest.raises(GuardError, match=r"public\.keyless"):
        preflight.check(*both, fates.Method.REPLICATION)
    found = {(e.property, e.item): e for e in fates.entries(*both, fates.Method.REPLICATION)}
    assert found["replica identity", "public.keyless"].fate is LedgerFate.BLOCKING
    source.run("UPDATE keyless SET i = 2")
    source.run("ALTER TABLE keyless REPLICA IDENTITY FULL")
    preflight.check(*inventory.both(job.source, job.target), fates.Method.REPLICATION)
    assert target.one(LEFT) == 0


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("wal_level", "replica", "wal_level"),
        ("max_replication_slots", "0", "max_replication_slots"),
        ("max_wal_senders", "1", "max_wal_senders"),
    ],
)
def test_a_server_that_is_not_set_up_for_it_is_refused(
    servers: tuple[Server, Server], setting: str, value: str, said: str
) -> None:
    source, target = inventory.both(*map(DatabaseSide, servers))
    measured = {
        **source.measured,
        "replication": {**source.measured["replication"], setting: value},
    }
    other = dataclasses.replace(source, measured=measured)
    with pytest.raises(GuardError, match=said):
        preflight.check(other, target, fates.Method.REPLICATION)


def test_a_target_that_cannot_reach_the_source_leaves_nothing_behind(
    source: Server, target: Server, job: DatabaseMove
) -> None:
    with pytest.raises(ProviderError) as error:
        replication.start(job, source.reach.replace(source.password, "a wrong secret"))
    assert "secret" not in str(error.value)
    assert (source.one(LEFT), target.one(LEFT)) == (0, 0)


def test_without_a_replication_there_is_no_lag_to_show(job: DatabaseMove) -> None:
    with pytest.raises(HavreError, match="no replication"):
        replication.lag(job)


def test_a_first_copy_that_stands_still_is_not_waited_for_without_end(
    job: DatabaseMove, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = iter([2, 1, 0, 2, 2])
    told: list[ReplicationLag] = []

    def lag(*_: object) -> ReplicationLag:
        return ReplicationLag(4096, next(left), 3, arrived=False)

    monkeypatch.setattr(replication, "_refuse_changed", lambda _: None)
    monkeypatch.setattr(replication, "_lag", lag)
    assert replication.follow(job, told.append).copying == 0
    assert [each.copying for each in told] == [2, 1, 0]
    with pytest.raises(RetryError, match=r"4,096 bytes and 2 of 3 tables are to come"):
        replication.follow(job, told.append, patience=0)


SLOT = "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"


@pytest.mark.long
@pytest.mark.parametrize("seen", ["SELECT count(*) FROM pg_publication", SLOT])
def test_killed_it_is_cleaned_up_and_starts_again(
    source: Server, target: Server, job: DatabaseMove, seen: str
) -> None:
    process = started(source, target, "replication")
    until(lambda: bool(source.one(seen)))
    process.kill()
    process.wait()
    replication.clean(job)
    assert (source.one(LEFT), target.one(LEFT)) == (0, 0)
    replication.start(job, source.reach)
    replication.finish(job)
    assert target.one("SELECT count(*) FROM person") == 200


def test_names_are_legal_whatever_the_exit_is_called() -> None:
    assert replication.name_of("Sortie d'été").startswith("havre_exit_")
    assert Path(replication.name_of("a/b")).name.isidentifier()
