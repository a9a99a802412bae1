"""Synthetic patients in the shape of OMOP's common data model, the same for the same seed.

Nobody is described: every value is drawn from a seeded generator, and every concept id is made up.
Tables and columns follow OMOP CDM 5.4 (person, visit_occurrence, condition_occurrence,
measurement), cut to what a rehearsal and the demonstration need.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SEED = 20_231_221
EPOCH = dt.date(2022, 1, 1)
DAYS = 1_000

GENDERS = (9_000_001, 9_000_002)
DIABETES, HYPERTENSION, ASTHMA = 9_100_001, 9_100_002, 9_100_003
HBA1C, GLUCOSE, SYSTOLIC = 9_200_001, 9_200_002, 9_200_003
OUTPATIENT, INPATIENT = 9_300_001, 9_300_002

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "person": {
        "person_id": "bigint",
        "gender_concept_id": "integer",
        "year_of_birth": "smallint",
    },
    "visit_occurrence": {
        "visit_occurrence_id": "bigint",
        "person_id": "bigint",
        "visit_concept_id": "integer",
        "visit_start_date": "date",
    },
    "condition_occurrence": {
        "condition_occurrence_id": "bigint",
        "person_id": "bigint",
        "condition_concept_id": "integer",
        "condition_start_date": "date",
        "visit_occurrence_id": "bigint",
    },
    "measurement": {
        "measurement_id": "bigint",
        "person_id": "bigint",
        "measurement_concept_id": "integer",
        "measurement_date": "date",
        "value_as_number": "double precision",
        "visit_occurrence_id": "bigint",
    },
}
"""PostgreSQL's type by column, by table; the first column is the key."""

PatientRow = tuple[object, ...]


@dataclass(frozen=True)
class Patient:
    """A made-up person with what decides their measurements."""

    person_id: int
    gender: int
    year_of_birth: int
    conditions: tuple[int, ...]


def rows(patients: int, seed: int = SEED) -> dict[str, list[PatientRow]]:
    """The rows of every table, in the order of `COLUMNS`.

    Args:
        patients: number of persons; 8,000 give more than 100,000 measurements.
        seed: the same seed gives the same rows.
    """
    random_ = random.Random(seed)  # noqa: S311 - repeatable, not secret
    found: dict[str, list[PatientRow]] = {name: [] for name in COLUMNS}
    for number in range(1, patients + 1):
        _add(found, random_, _patient(random_, number))
    return found


def _patient(random_: random.Random, number: int) -> Patient:
    year = random_.randint(1930, 2005)
    ageing = (2022 - year) / 100
    risks = {DIABETES: 0.02 + 0.2 * ageing, HYPERTENSION: 0.05 + 0.4 * ageing, ASTHMA: 0.08}
    conditions = tuple(c for c, risk in risks.items() if random_.random() < risk)
    return Patient(number, random_.choice(GENDERS), year, conditions)


def _measured(random_: random.Random, patient: Patient) -> Iterator[tuple[int, float]]:
    """What is measured at a visit, with values that fit the patient's conditions."""
    sugar, pressure = (each in patient.conditions for each in (DIABETES, HYPERTENSION))
    yield GLUCOSE, round(random_.gauss(8.6 if sugar else 5.1, 0.9), 1)
    yield SYSTOLIC, round(random_.gauss(148 if pressure else 122, 9), 0)
    if sugar or random_.random() < 0.5:  # noqa: PLR2004 - every other one
        yield HBA1C, round(random_.gauss(7.6 if sugar else 5.4, 0.5), 1)


def _add(found: dict[str, list[PatientRow]], random_: random.Random, patient: Patient) -> None:
    """Add one patient with visits, conditions and measurements."""
    person = patient.person_id
    found["person"].append((person, patient.gender, patient.year_of_birth))
    dates = sorted(
        EPOCH + dt.timedelta(random_.randrange(DAYS)) for _ in range(random_.randint(2, 9))
    )
    for date in dates:
        visit = len(found["visit_occurrence"]) + 1
        kind = INPATIENT if random_.random() < 0.1 else OUTPATIENT  # noqa: PLR2004 - one in ten
        found["visit_occurrence"].append((visit, person, kind, date))
        if date == dates[0]:
            for condition in patient.conditions:
                number = len(found["condition_occurrence"]) + 1
                found["condition_occurrence"].append((number, person, condition, date, visit))
        for concept, value in _measured(random_, patient):
            number = len(found["measurement"]) + 1
            found["measurement"].append((number, person, concept, date, value, visit))
