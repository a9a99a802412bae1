"""A database goes: whole, into an empty target, whatever an earlier run left there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from havre.exit.database import verify
from havre.exit.database.ends import DatabaseSide
from havre.exit.database.move import DatabaseMove, move

if TYPE_CHECKING:
    from tests.exit.database.servers import Server

VALUES = Path(__file__).with_name("kinds.sql").read_text("utf-8")


def moved(source: Server, target: Server, **options: object) -> None:
    move(
        DatabaseMove(
            "leaving", DatabaseSide(source), DatabaseSide(target), 2, target.binaries, **options
        )
    )  # type: ignore[arg-type]


def differing(source: Server, target: Server) -> list[str]:
    return verify.verify(DatabaseSide(source), DatabaseSide(target), jobs=2).differing()


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
