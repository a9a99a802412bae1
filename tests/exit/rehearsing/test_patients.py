"""Synthetic patients: the same for the same seed, and tables that belong together."""

from __future__ import annotations

import datetime as dt

from havre.exit.rehearsing.patients import COLUMNS, rows

KINDS = {
    "bigint": int,
    "integer": int,
    "smallint": int,
    "date": dt.date,
    "double precision": float,
}


def test_the_same_seed_gives_the_same_rows() -> None:
    assert rows(40, seed=7) == rows(40, seed=7)
    assert rows(40, seed=7) != rows(40, seed=8)


def test_every_value_is_of_its_columns_type() -> None:
    for name, lines in rows(40).items():
        kinds = [KINDS[kind] for kind in COLUMNS[name].values()]
        assert lines
        assert all([type(value) for value in line] == kinds for line in lines), name


def test_every_key_is_unique_and_every_person_and_visit_exists() -> None:
    found = rows(40)
    keys = {name: [line[0] for line in lines] for name, lines in found.items()}
    assert all(len(set(each)) == len(each) for each in keys.values())
    for name, columns in COLUMNS.items():
        for place, column in enumerate(columns):
            for table in ("person", "visit_occurrence"):
                if column == f"{table}_id":
                    assert {line[place] for line in found[name]} <= {*keys[table]}
