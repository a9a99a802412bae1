"""Loads the synthetic patients into a warehouse: Parquet in the curated zone, tables beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import synthetic
from havre_local.machine.access import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import psycopg
    import pyarrow as pa

ZONE = "curated"


def _create(connection: psycopg.Connection, name: str) -> None:
    columns = ", ".join(f"{column} {kind}" for column, kind in synthetic.COLUMNS[name].items())
    connection.execute(f"DROP TABLE IF EXISTS {ZONE}.{name}")
    connection.execute(f"CREATE TABLE {ZONE}.{name} ({columns})")


def _copy(connection: psycopg.Connection, name: str, table: pa.Table) -> None:
    with connection.cursor().copy(f"COPY {ZONE}.{name} FROM STDIN") as copy:
        for batch in table.to_batches(max_chunksize=10_000):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                copy.write_row(row)


def load(data_dir: Path) -> Mapping[str, int]:
    """Write every table to both stores; return their numbers of rows."""
    tables = synthetic.tables()
    warehouse = open_warehouse(data_dir)
    for name, table in tables.items():
        warehouse.write_table(ZONE, f"omop/{name}/part-0.parquet", table)
    with warehouse.connect() as connection:
        for name, table in tables.items():
            _create(connection, name)
            _copy(connection, name, table)
    return {name: table.num_rows for name, table in tables.items()}
