"""What a target cannot hold, and readers who see too little: named before anything moves."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import psycopg
import pytest

from havre.errors import GuardError, ProviderError
from havre.exit.database import fates, inventory, marks, preflight
from havre.exit.database.ends import DatabaseSide
from havre.exit.database.move import DatabaseMove, move
from havre.exit.ledger import LedgerFate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.exit.ledger import LedgerEntry
    from tests.exit.database.servers import Server


def ledger(
    source: Server, target: Server, method: fates.Method = fates.Method.DUMP
) -> dict[tuple[str, str], LedgerEntry]:
    found = fates.entries(*inventory.both(DatabaseSide(source), DatabaseSide(target)), method)
    return {(entry.property, entry.item): entry for entry in found}


@pytest.fixture(scope="module")
def bare(servers: tuple[Server, Server]) -> Iterator[Server]:
    """An empty database of the target, in which nothing is made."""
    made = servers[1].database("bare")
    yield made
    made.drop()


@pytest.fixture
def old(older: Server) -> Iterator[Server]:
    """A database of PostgreSQL 15."""
    made = older.database("cases")
    yield made
    made.drop()


def test_a_lower_major_version_blocks(old: Server, bare: Server) -> None:
    found = ledger(bare, old)["major version", "database"]
    assert found.fate is LedgerFate.BLOCKING
    assert not found.decidable
    assert "18" in found.remedy


def test_a_higher_one_is_mapped(old: Server, bare: Server) -> None:
    assert ledger(old, bare)["major version", "database"].fate is LedgerFate.MAPPED


@pytest.mark.parametrize(
    ("made", "kind", "name"),
    [
        ("CREATE TABLE t (a text COLLATE \"fr-x-icu\")", "collation", 'pg_catalog."fr-x-icu"'),
        ("CREATE COLLATION c (provider = icu, locale = 'fr')", "collation", "public.c"),
        ("CREATE TABLE t (a xml)", "xml", "public.t"),
    ],
)  # fmt: skip
def test_what_the_target_is_built_without_blocks_with_a_remedy(
    old: Server, bare: Server, made: str, kind: str, name: str
) -> None:
    old.run(made)
    found = ledger(old, bare)[kind, name]
    assert (found.fate, found.decidable) == (LedgerFate.BLOCKING, False)
    assert found.remedy


def test_moved_nevertheless_it_is_a_failure(old: Server, target: Server) -> None:
    old.run("CREATE TABLE t (a xml); INSERT INTO t VALUES ('<name>Dupont</name>')")
    with pytest.raises(ProviderError) as error:
        move(DatabaseMove("leaving", DatabaseSide(old), DatabaseSide(target), 1))
    assert "Dupont" not in str(error.value)
    with target.connect(autocommit=True) as connection:
        assert not marks.finished(connection, "leaving")


def test_an_extension_that_the_target_has_not_waits_for_a_decision(
    old: Server, bare: Server
) -> None:
    if old.one("SELECT count(*) FROM pg_available_extensions WHERE name = 'pgcrypto'") == 0:
        pytest.skip("pgcrypto is not installed beside PostgreSQL 15")
    old.run("CREATE EXTENSION pgcrypto")
    found = ledger(old, bare)["extension", "pgcrypto"]
    assert (found.fate, found.decidable) == (LedgerFate.BLOCKING, True)


def test_another_version_of_a_collation_is_mapped_indexes_are_built_again(
    source: Server, bare: Server
) -> None:
    left, kept = inventory.both(DatabaseSide(source), DatabaseSide(bare))
    other = {**kept.measured["database"], "collation version": "153.120"}
    kept = dataclasses.replace(kept, measured={**kept.measured, "database": other})
    found = {entry.property: entry for entry in fates.entries(left, kept)}["collation version"]
    assert found.fate is LedgerFate.MAPPED
    assert found.became.startswith("153.120")


def test_bytes_without_a_meaning_block(servers: tuple[Server, Server], bare: Server) -> None:
    options = "ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'"
    made = servers[0].database("bytes", options)
    try:
        found = ledger(made, bare)
        assert found["encoding", "database"].fate is LedgerFate.BLOCKING
        assert found["default collation", "database"].decidable
    finally:
        made.drop()


@pytest.mark.parametrize("right", ["OWNER", "READER"])
def test_a_reader_whom_row_security_binds_is_refused(
    source: Server, bare: Server, right: str
) -> None:
    source.run(
        f"CREATE ROLE bound LOGIN PASSWORD '{source.password}'; CREATE TABLE t (i int);"
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
        + ("ALTER TABLE t OWNER TO bound" if right == "OWNER" else "GRANT SELECT ON t TO bound")
    )
    try:
        sides = DatabaseSide(source.as_user("bound")), DatabaseSide(bare)
        with pytest.raises(GuardError, match="BYPASSRLS"):
            preflight.check(*inventory.both(*sides))
        preflight.check(*inventory.both(DatabaseSide(source), DatabaseSide(bare)))
    finally:
        source.run("DROP OWNED BY bound; DROP ROLE bound")


def test_a_reader_who_may_not_read_a_table_or_large_objects_is_refused(
    source: Server, bare: Server
) -> None:
    source.run(
        f"CREATE ROLE half LOGIN BYPASSRLS PASSWORD '{source.password}'; CREATE TABLE t (i int);"
        "SELECT lo_create(9)"
    )
    try:
        sides = DatabaseSide(source.as_user("half")), DatabaseSide(bare)
        with pytest.raises(GuardError, match=r"no permission to read public\.t") as error:
            preflight.check(*inventory.both(*sides))
        assert "large objects" in str(error.value)
    finally:
        source.run("DROP ROLE half")


def test_an_index_that_is_invalid_is_named(source: Server, bare: Server) -> None:
    source.run("CREATE TABLE t (i int); INSERT INTO t VALUES (1), (1)")
    with source.connect(autocommit=True) as connection, pytest.raises(psycopg.Error):
        connection.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON t (i)")
    found = ledger(source, bare)["index", "public.broken"]
    assert (found.fate, found.decidable) == (LedgerFate.BLOCKING, True)


def test_a_prepared_transaction_blocks(source: Server, bare: Server) -> None:
    source.run("CREATE TABLE t (i int)")
    with source.connect(autocommit=True) as connection:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO t VALUES (1)")
        connection.execute("PREPARE TRANSACTION 'waiting'")
    try:
        found = ledger(source, bare)["prepared transaction", "waiting"]
        assert found.fate is LedgerFate.BLOCKING
    finally:
        source.run("ROLLBACK PREPARED 'waiting'")


def test_what_replication_leaves_behind_blocks_it_and_no_dump(source: Server, bare: Server) -> None:
    source.run("CREATE UNLOGGED TABLE u (i int); SELECT lo_create(5)")
    source.run("CREATE TABLE n (i int PRIMARY KEY); INSERT INTO n VALUES (5)")
    source.run("ALTER TABLE n ADD CONSTRAINT few CHECK (i < 3) NOT VALID")
    by_dump = ledger(source, bare)
    replicated = ledger(source, bare, fates.Method.REPLICATION)
    unvalidated = ("check constraint", "public.n")
    for key in (("unlogged", "public.u"), ("large objects", "all"), unvalidated):
        assert key not in by_dump
        assert replicated[key].fate is LedgerFate.BLOCKING


def test_a_setting_that_the_target_knows_nothing_of_waits_for_a_decision(
    old: Server, bare: Server
) -> None:
    # vacuum_defer_cleanup_age went with 16.
    old.run("ALTER DATABASE cases SET force_parallel_mode = off")
    found = ledger(old, bare)["setting", "database"]
    assert (found.fate, found.decidable) == (LedgerFate.BLOCKING, True)
    assert "force_parallel_mode" in found.found


def test_a_setting_that_the_target_may_not_set_waits_and_takes_no_other_with_it(
    source: Server, bare: Server
) -> None:
    source.run(
        "CREATE ROLE bound; ALTER ROLE bound SET temp_file_limit = '1GB';"
        "ALTER ROLE bound SET work_mem = '8MB'; ALTER ROLE bound SET anything.goes = 'x'"
    )
    bare.run(f"CREATE ROLE managed LOGIN CREATEROLE PASSWORD '{bare.password}'")
    try:
        assert ledger(source, bare)["setting", "role bound"].fate is LedgerFate.KEPT
        found = ledger(source, bare.as_user("managed"))["setting", "role bound"]
        assert (found.fate, found.decidable) == (LedgerFate.BLOCKING, True)
        assert found.found == "anything.goes temp_file_limit"
        bare.run("GRANT SET ON PARAMETER temp_file_limit TO managed")
        found = ledger(source, bare.as_user("managed"))["setting", "role bound"]
        assert found.found == "anything.goes"
    finally:
        source.run("DROP ROLE bound")
        bare.run("DROP OWNED BY managed; DROP ROLE managed")


def test_what_only_a_superuser_makes_waits_for_a_decision(source: Server, bare: Server) -> None:
    source.run(
        "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        "CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION f(); CREATE ROLE mighty SUPERUSER;"
        "CREATE PUBLICATION p FOR ALL TABLES; REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC"
    )
    bare.run(f"CREATE ROLE managed LOGIN CREATEROLE PASSWORD '{bare.password}'")
    try:
        found = ledger(source, bare.as_user("managed"))
        language = ("grant", "LANGUAGE plpgsql")
        for key in (("event trigger", "e"), ("publication", "p"), ("role", "mighty"), language):
            assert (found[key].fate, found[key].decidable) == (LedgerFate.BLOCKING, True)
    finally:
        source.run("DROP ROLE mighty")
        bare.run("DROP ROLE managed")


def test_a_publication_of_all_tables_does_not_stop_the_next_run(
    source: Server, target: Server
) -> None:
    source.run("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
    source.run("CREATE PUBLICATION everything FOR ALL TABLES")
    job = DatabaseMove("leaving", DatabaseSide(source), DatabaseSide(target), 1)
    move(job)
    source.run("INSERT INTO t VALUES (2)")
    move(job)
    assert target.one("SELECT count(*) FROM t") == 2
