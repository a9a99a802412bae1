"""Synthetic patients as Arrow tables, the same for the same seed: `havre.exit.rehearsing.patients`.

Nobody is described: every value is drawn from a seeded generator, and every concept id is made up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from havre.exit.rehearsing.patients import COLUMNS, DIABETES, HBA1C, SEED, rows

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["COLUMNS", "DIABETES", "HBA1C", "SCHEMAS", "tables"]

TYPES = {
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "smallint": pa.int16(),
    "date": pa.date32(),
    "double precision": pa.float64(),
}
"""Arrow's type by PostgreSQL's."""
SCHEMAS = {
    name: pa.schema([(column, TYPES[kind]) for column, kind in columns.items()])
    for name, columns in COLUMNS.items()
}
"""Columns of each table."""


def tables(patients: int = 8_000, seed: int = SEED) -> Mapping[str, pa.Table]:
    """Generate all tables.

    Args:
        patients: number of persons; 8,000 give more than 100,000 measurements.
        seed: the same seed gives the same tables.

    Returns:
        An Arrow table by name of the OMOP table.
    """
    return {
        name: pa.table(list(map(list, zip(*found, strict=True))), schema=SCHEMAS[name])
        for name, found in rows(patients, seed).items()
    }
