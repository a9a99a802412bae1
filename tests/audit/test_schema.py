"""The published form of a line is the one that is written."""

import json
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

from havre.audit.accesses import Access, AccessOutcome, Act, Actor, unreadable
from havre.audit.chain import Chain
from havre.audit.schema import schema_text

SCHEMA = json.loads(schema_text())
FULL = Access(
    *("2026-12-01T00:04:50.325Z", "project_cohort", "read", "GetObject", "allowed"),
    *("object-store", "record:1", "d" * 64),
    zone="curated",
    on=("x",),
    origin="10.0.0.1",
)


def test_the_packaged_schema_is_that_of_the_code() -> None:
    packaged = files("havre.audit").joinpath("access.schema.json").read_text(encoding="utf-8")
    assert packaged == schema_text(), "run: havre audit schema -o havre/audit/access.schema.json"


@pytest.mark.parametrize(
    "access",
    [
        FULL,
        Access("", "", "log-in", "", "refused", "s", "p", "d" * 64, claimed="x"),
        unreadable("is cut off", "s", "p:1", "d" * 64),
    ],
    ids=["full", "claimed", "unreadable"],
)
def test_what_is_written_is_valid(access: Access) -> None:
    line = json.loads(Chain().line(access.as_json({"project_cohort": Actor("cohort", "m-1")})))
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(line)] == []
    assert list(line) == list(SCHEMA["properties"])


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("time", "2026-12-01 00:00"),
        ("what", "looked"),
        ("outcome", "fine"),
        ("line", "d"),
        ("n", 0),
    ],
)
def test_what_is_not_written_so_is_refused(member: str, value: object) -> None:
    line = {**json.loads(Chain().line(FULL.as_json({}))), member: value}
    assert not Draft202012Validator(SCHEMA).is_valid(line)


def test_every_act_and_outcome_is_in_it() -> None:
    assert set(Act) < set(SCHEMA["properties"]["what"]["enum"])
    assert set(AccessOutcome) == set(SCHEMA["properties"]["outcome"]["enum"])
