"""Azure's diagnostic logs as accesses."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from havre.audit.accesses import Access, Actor
from havre.audit.actors import tables
from havre.audit.sessions import Sessions
from havre.plan import PlannedResource
from havre_azure.logs.diagnostics import IDENTITY, DiagnosticReader, access_logs

PRINCIPAL = "11111111-2222-4333-8444-555555555555"
BLOB: dict[str, Any] = {
    "time": "2026-12-01T10:00:00.1234567Z",
    "category": "StorageRead",
    "operationName": "GetBlob",
    "statusCode": 200,
    "callerIpAddress": "10.0.0.4:51234",
    "identity": {"type": "OAuth", "requester": {"objectId": PRINCIPAL, "upn": "a@b.example"}},
    "uri": "https://acct.blob.core.windows.net/curated/omop/a%20b.csv?sv=2020&x=1",
}


def read(*contents: object) -> list[Access]:
    reader = DiagnosticReader(
        {("acct", "curated"): "curated"}, Sessions("postgresql", tables(["curated"]))
    )
    lines = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in contents]
    found = [each for n, line in enumerate(lines, 1) for each in reader.read(line, f"log:{n}")]
    return [*found, *reader.end()]


def message(text: str) -> dict[str, Any]:
    told = {"message": f"2026-12-01 10:00:00 UTC-674c3f10.1a2-{text}", "processId": 7}
    return {"time": "2026-12-01T10:00:00.5Z", "category": "PostgreSQLLogs", "properties": told}


def test_a_request_on_a_blob() -> None:
    (found,) = read(BLOB)
    assert (found.time, found.who) == ("2026-12-01T10:00:00.123Z", PRINCIPAL)
    assert (found.what, found.zone, found.on) == ("read", "curated", ("omop/a b.csv",))
    assert (found.outcome, found.origin) == ("allowed", "10.0.0.4:51234")


def test_a_persons_name_is_not_taken_along() -> None:
    assert "a@b.example" not in json.dumps(read(BLOB)[0].as_json({}))


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({"statusCode": "403"}, "refused"),
        ({"statusCode": 404}, "failed"),
        ({"statusCode": None}, "unknown"),
    ],
)
def test_how_a_request_ended(more: dict[str, Any], outcome: str) -> None:
    assert read({**BLOB, **more})[0].outcome == outcome


def test_a_request_with_an_account_key_is_nobodys() -> None:
    assert read({**BLOB, "identity": {"type": "AccountKey"}})[0].who == ""


def test_messages_of_postgresql() -> None:
    found = read(
        message("LOG:  connection authorized: user=project_cohort database=w SSL enabled"),
        message('LOG:  AUDIT: SESSION,1,1,READ,SELECT,TABLE,curated.a,"SELECT 1\n\tFROM x",<none>'),
        message("LOG:  disconnection: session time: 0:00:01"),
    )
    assert [(each.who, each.action, each.on, each.outcome) for each in found] == [
        ("project_cohort", "connect", (), "allowed"),
        ("project_cohort", "SELECT", ("curated.a",), "allowed"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"half a li",
        b"[1]",
        {**BLOB, "uri": None},
        {**BLOB, "time": "now"},
        {"category": "PostgreSQLLogs", "time": BLOB["time"], "properties": {"message": "x"}},
    ],
)
def test_what_cannot_be_read_is_told(line: object) -> None:
    assert [each.what for each in read(line)] == ["unreadable"]


def test_other_categories_are_no_accesses() -> None:
    assert read({**BLOB, "category": "AuditEvent"}, b"") == []


def test_a_project_is_known_by_what_its_identity_is_in_entra() -> None:
    identity = "/subscriptions/s/userAssignedIdentities/w-cohort"
    told = {"principalId": PRINCIPAL, "clientId": "c"}
    made = PlannedResource("urn", IDENTITY, "w-cohort", True, {}, id=identity, outputs=told)
    other = PlannedResource("urn", "azure-native:x:Y", "x", True, {}, id=identity, outputs={})
    outputs: Any = SimpleNamespace(
        projects={"cohort": SimpleNamespace(identity=identity.upper())}, zones={}
    )
    plan: Any = SimpleNamespace(resources=[other, made])
    assert access_logs(outputs, plan).actors == {
        "project_cohort": Actor("cohort"),
        PRINCIPAL: Actor("cohort"),
        "c": Actor("cohort"),
    }
