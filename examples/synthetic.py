"""Synthetic patients in the shape of OMOP's common data model, the same for the same seed.

Nobody is described: every value is drawn from a seeded generator, and every concept id is
made up. Tables and columns follow OMOP CDM 5.4 (person, visit_occurrence,
condition_occurrence, measurement), cut to what the demonstration asks for.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SEED = 20_231_221
EPOCH = dt.date(2022, 1, 1)
DAYS = 1_000

GENDERS = (9_000_001, 9_000_002)
DIABETES, HYPERTENSION, ASTHMA = 9_100_001, 9_100_002, 9_100_003
HBA1C, GLUCOSE, SYSTOLIC = 9_200_001, 9_200_002, 9_200_003
OUTPATIENT, INPATIENT = 9_300_001, 9_300_002

SCHEMAS = {
    "person": pa.schema(
        [
            ("person_id", pa.int64()),
            ("gender_concept_id", pa.int32()),
            ("year_of_birth", pa.int16()),
        ]
    ),
    "visit_occurrence": pa.schema(
        [
            ("visit_occurrence_id", pa.int64()),
            ("person_id", pa.int64()),
            ("visit_concept_id", pa.int32()),
            ("visit_start_date", pa.date32()),
        ]
    ),
    "condition_occurrence": pa.schema(
        [
            ("condition_occurrence_id", pa.int64()),
            ("person_id", pa.int64()),
            ("condition_concept_id", pa.int32()),
            ("condition_start_date", pa.date32()),
            ("visit_occurrence_id", pa.int64()),
        ]
    ),
    "measurement": pa.schema(
        [
            ("measurement_id", pa.int64()),
            ("person_id", pa.int64()),
            ("measurement_concept_id", pa.int32()),
            ("measurement_date", pa.date32()),
            ("value_as_number", pa.float64()),
            ("visit_occurrence_id", pa.int64()),
        ]
    ),
}
"""Columns of each table."""

Row = tuple[object, ...]


@dataclass(frozen=True)
class Patient:
    """A made-up person with what decides their measurements."""

    person_id: int
    gender: int
    year_of_birth: int
    conditions: tuple[int, ...]


def _patient(random_: random.Random, number: int) -> Patient:
    year = random_.randint(1930, 2005)
    ageing = (2022 - year) / 100
    risks = {DIABETES: 0.02 + 0.2 * ageing, HYPERTENSION: 0.05 + 0.4 * ageing, ASTHMA: 0.08}
    conditions = tuple(c for c, risk in risks.items() if random_.random() < risk)
    return Patient(number, random_.choice(GENDERS), year, conditions)


def _measured(random_: random.Random, patient: Patient) -> Iterator[tuple[int, float]]:
    """What is measured at a visit, with values that fit the patient's conditions."""
    sugar = DIABETES in patient.conditions
    yield GLUCOSE, round(random_.gauss(8.6 if sugar else 5.1, 0.9), 1)
    yield SYSTOLIC, round(random_.gauss(148 if HYPERTENSION in patient.conditions else 122, 9), 0)
    if sugar or random_.random() < 0.5:
        yield HBA1C, round(random_.gauss(7.6 if sugar else 5.4, 0.5), 1)


def tables(patients: int = 8_000, seed: int = SEED) -> Mapping[str, pa.Table]:
    """Generate all tables.

    Args:
        patients: number of persons; 8,000 give more than 100,000 measurements.
        seed: the same seed gives the same tables.

    Returns:
        An Arrow table by name of the OMOP table.
    """
    random_ = random.Random(seed)  # noqa: S311 - repeatable, not secret
    rows: dict[str, list[Row]] = {name: [] for name in SCHEMAS}
    for number in range(1, patients + 1):
        _add(rows, random_, _patient(random_, number))
    return {
        name: pa.table(list(map(list, zip(*rows[name], strict=True))), schema=schema)
        for name, schema in SCHEMAS.items()
    }


def _add(rows: dict[str, list[Row]], random_: random.Random, patient: Patient) -> None:
    """Add one patient with visits, conditions and measurements."""
    person = patient.person_id
    rows["person"].append((person, patient.gender, patient.year_of_birth))
    dates = sorted(
        EPOCH + dt.timedelta(random_.randrange(DAYS)) for _ in range(random_.randint(2, 9))
    )
    for date in dates:
        visit = len(rows["visit_occurrence"]) + 1
        kind = INPATIENT if random_.random() < 0.1 else OUTPATIENT
        rows["visit_occurrence"].append((visit, person, kind, date))
        if date == dates[0]:
            for condition in patient.conditions:
                number = len(rows["condition_occurrence"]) + 1
                rows["condition_occurrence"].append((number, person, condition, date, visit))
        for concept, value in _measured(random_, patient):
            number = len(rows["measurement"]) + 1
            rows["measurement"].append((number, person, concept, date, value, visit))
