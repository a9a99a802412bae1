"""A database goes: whole, into an empty target, whatever an earlier run left there."""

from __future__ import annotations

import dataclasses
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from havre.errors import GuardError, ProviderError
from havre.exit.database import marks, verify
from havre.exit.database.ends import DatabaseSide, masked
from havre.exit.database.move import DatabaseMove, move
from tests.exit.database.mover import started

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.exit.database.servers import Server

VALUES = Path(__file__).with_name("kinds.sql").read_text("utf-8")
TWO = "CREATE TABLE a (i int); INSERT INTO a VALUES (1); CREATE TABLE b (i int PRIMARY KEY)"
MANY = """
CREATE TABLE big (id int PRIMARY KEY, word text);
INSERT INTO big SELECT i, md5(i::text) FROM generate_series(1, {0}) i;
CREATE INDEX ON big (word); CREATE TABLE other AS SELECT * FROM big;
CREATE TABLE small AS SELECT * FROM big LIMIT 10; SELECT lo_from_bytea(0, '\\x01');
"""


def moved(
    source: Server, target: Server, roles: Mapping[str, str] | None = None, **options: Any
) -> None:
    side = DatabaseSide(source, roles or {})
    move(DatabaseMove("leaving", side, DatabaseSide(target), 2, **options))


def differing(source: Server, target: Server, roles: Mapping[str, str] | None = None) -> list[str]:
    sides = DatabaseSide(source, roles or {}), DatabaseSide(target)
    return verify.verify(*sides, jobs=2).differing()


def test_everything_arrives_and_a_second_run_ends_the_same(source: Server, target: Server) -> None:
    source.run(VALUES)
    moved(source, target)
    assert differing(source, target) == []
    source.run("UPDATE keyed SET name = 'changed' WHERE name = 'e'; DROP TABLE keyless")
    moved(source, target)
    assert differing(source, target) == []


def test_it_goes_from_15_to_18(older: Server, target: Server) -> None:
    made = older.database("older")
    try:
        made.run(VALUES)
        moved(made, target)
        assert differing(made, target) == []
    finally:
        made.drop()


STRANGERS = {
    "table public.stranger": "CREATE TABLE stranger (i int)",
    "function public.f()": "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "type public.mood": "CREATE TYPE mood AS ENUM ()",
    "large object 42": "SELECT lo_create(42)",
    "publication p": "CREATE PUBLICATION p",
}


def test_a_target_that_is_not_empty_is_refused_and_left_as_it_is(
    source: Server, target: Server
) -> None:
    source.run(TWO)
    target.run("; ".join(STRANGERS.values()))
    before = verify.lines(target, {}, jobs=1)
    with pytest.raises(GuardError) as error:
        moved(source, target)
    assert [name for name in STRANGERS if name not in str(error.value)] == []
    assert verify.lines(target, {}, jobs=1) == before


def test_empty_schemas_that_stand_at_the_target_are_taken(source: Server, target: Server) -> None:
    source.run("CREATE SCHEMA care; CREATE TABLE care.a (i int); COMMENT ON SCHEMA care IS 'c'")
    target.run("CREATE SCHEMA care; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC")
    for _ in range(2):
        moved(source, target)
        assert differing(source, target) == []


def test_what_others_made_after_the_first_run_is_named_and_stays(
    source: Server, target: Server
) -> None:
    source.run(TWO)
    moved(source, target)
    target.run("CREATE VIEW theirs AS SELECT * FROM a")
    with pytest.raises(GuardError, match=r"view public\.theirs"):
        moved(source, target)
    assert target.one("SELECT count(*) FROM theirs") == 1


def test_the_mark_of_another_exit_is_respected(source: Server, target: Server) -> None:
    source.run(TWO)
    move(DatabaseMove("another", DatabaseSide(source), DatabaseSide(target), 1))
    with pytest.raises(GuardError, match="another"):
        moved(source, target)
    with target.connect(autocommit=True) as connection:
        assert marks.finished(connection, "another")
        marks.remove(connection, "another")
        assert not marks.finished(connection, "another")
    assert differing(source, target) == []


def test_roles_of_a_vendor_get_the_names_that_a_table_gives_them(
    source: Server, target: Server
) -> None:
    roles = {"vendor_admin": "keeper", "vendor_spy": ""}
    source.run(
        "CREATE ROLE vendor_admin; CREATE ROLE vendor_spy;"
        "CREATE SCHEMA s AUTHORIZATION vendor_admin;"
        "CREATE TABLE s.a (i int); ALTER TABLE s.a OWNER TO vendor_admin;"
        "CREATE TABLE b (i int); GRANT SELECT ON b TO vendor_admin, vendor_spy;"
        "ALTER DEFAULT PRIVILEGES FOR ROLE vendor_admin GRANT SELECT ON TABLES TO PUBLIC;"
        "SELECT lo_create(7); ALTER LARGE OBJECT 7 OWNER TO vendor_admin"
    )
    try:
        for _ in range(2):
            moved(source, target, roles)
            assert differing(source, target, roles) == []
        assert target.one("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'vendor%'") == 0
        assert (
            target.one("SELECT relowner::regrole::text FROM pg_class WHERE relname = 'a'")
            == "keeper"
        )
    finally:
        source.drop()
        dataclasses.replace(source, name="postgres").run("DROP ROLE vendor_admin, vendor_spy")


def wrapped(folder: Path, real: Path, last: str) -> Path:
    """Programs that write down what they are given, then do as `last` says."""
    for name in ("pg_dump", "pg_restore"):
        program = folder / name
        program.write_text(
            f'#!/bin/sh\nexport me="{name}" real="{real / name}"\n'
            f'[ "$1" = --version ] || {{ echo "$me" "$@"; env; }} >> {folder}/said\n{last}\n'
        )
        program.chmod(0o755)
    return folder


def test_no_secret_and_no_file_of_a_disk_is_in_an_argument(
    source: Server, target: Server, tmp_path: Path
) -> None:
    source.run(VALUES)
    folder = wrapped(tmp_path, target.binaries, 'exec "$real" "$@"')
    moved(source, dataclasses.replace(target, binaries=folder))
    said = (folder / "said").read_text()
    assert "pg_dump --format=custom" in said
    assert "pg_restore --exit-on-error" in said
    for end in (source, target):
        assert end.password not in said
    words = [word for line in said.splitlines() if line.startswith("pg_") for word in line.split()]
    paths = {word.partition("=")[2] or word for word in words if "/" in word}
    assert all(path.startswith("/proc/self/fd/") for path in paths)


@pytest.mark.parametrize(
    "last",
    [
        '[ "$me" = pg_dump ] || { echo "pg_restore: error: no: \\"secret\\"" >&2; exit 1; }',
        'case "$*" in *post-data*) echo "errors ignored on restore: 1" >&2; exit 0;; esac',
        '[ "$me" = pg_restore ] || [ "$1" = --version ] || exit 3',
    ],
)
def test_any_error_of_a_program_is_a_failure(
    source: Server, target: Server, tmp_path: Path, last: str
) -> None:
    source.run(TWO)
    folder = wrapped(tmp_path, target.binaries, f'{last}\nexec "$real" "$@"')
    with pytest.raises(ProviderError) as error:
        moved(source, dataclasses.replace(target, binaries=folder))
    assert "secret" not in str(error.value)
    with target.connect(autocommit=True) as connection:
        assert not marks.finished(connection, "leaving")


def test_a_message_ends_before_the_value_that_postgresql_quotes() -> None:
    said = 'ERROR:  invalid input syntax for type integer: "Marie Dupont"'
    assert masked(said) == "ERROR:  invalid input syntax for type integer"


@pytest.mark.long
def test_killed_between_two_tables_it_ends_the_same_when_it_is_run_again(
    source: Server, target: Server
) -> None:
    source.run(MANY.format(20_000))
    process = started(source, target)
    assert process.stdout
    assert process.stdout.readline().startswith(b"public.")
    process.kill()
    process.wait()
    moved(source, target)
    assert differing(source, target) == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12))
def test_killed_at_any_instant_it_ends_the_same_when_it_is_run_again(
    source: Server, target: Server, seed: int
) -> None:
    source.run(MANY.format(200_000))
    process = started(source, target)
    time.sleep(random.Random(seed).uniform(0.3, 5))  # noqa: S311 - an instant
    process.kill()
    process.wait()
    moved(source, target)
    assert differing(source, target) == []


def test_who_reads_the_target_connects_though_the_source_lets_few(
    source: Server, target: Server
) -> None:
    source.run(f"REVOKE CONNECT ON DATABASE {source.name} FROM PUBLIC")
    target.run("CREATE ROLE moved_reader LOGIN; CREATE ROLE moved_guest LOGIN")
    try:
        kept = DatabaseSide(target, {"moved_reader": "", "moved_guest": "moved_guest"})
        move(DatabaseMove("leaving", DatabaseSide(source), kept, 1))
        query = "SELECT has_database_privilege('{}', current_database(), 'CONNECT')"
        assert target.one(query.format("moved_reader"))
        assert not target.one(query.format("moved_guest"))
    finally:
        target.run("DROP OWNED BY moved_reader, moved_guest; DROP ROLE moved_reader, moved_guest")
