"""The record of a warehouse as a log of accesses."""

import json
from typing import Any

from havre.audit.accesses import Access
from havre.audit.actors import tables
from havre.audit.sessions import Sessions
from havre_local.machine.record.accesses import RecordReader
from havre_local.machine.record.chain import START, digest

ROLE = "project_cohort"
SESSION = "6b0e0f23.4082"
PREFIX = f"2026-12-01 00:04:51.286 UTC [16514] {SESSION}"
FRONT = {
    "time": "2026-12-01T00:04:52Z",
    "event": "session",
    "uid": 1000,
    "account": "anna",
    "user": ROLE,
    "backend": 16514,
}


def recorded(*entries: tuple[str, Any]) -> list[bytes]:
    lines, previous = [], START
    for number, (source, entry) in enumerate(entries, 1):
        content = {"n": number, "time": "", "source": source, "entry": entry, "previous": previous}
        lines.append(json.dumps(content).encode())
        previous = digest(lines[-1])
    return lines


def read(lines: list[bytes]) -> tuple[list[Access], RecordReader]:
    reader = RecordReader({}, Sessions("postgresql", tables(["curated"])))
    found = [each for n, line in enumerate(lines, 1) for each in reader.read(line, f"record:{n}")]
    return [*found, *reader.end()], reader


def postgresql(*texts: str) -> list[tuple[str, Any]]:
    return [("postgresql", text if text.startswith("\t") else f"{PREFIX} {text}") for text in texts]


BEGUN = f"LOG:  connection authorized: user={ROLE} database=w"
ENDED = "LOG:  disconnection: session time: 0"


def test_a_statement_of_several_lines_is_one_access_with_the_place_of_its_first() -> None:
    lines = recorded(
        ("record", {"event": "begun", "positions": {}}),
        *postgresql(BEGUN, "LOG:  statement: SELECT *", "\tFROM curated.a", ENDED),
    )
    _, found = read(lines)[0]
    assert (found.who, found.on, found.outcome) == (ROLE, ("curated.a",), "allowed")
    assert (found.place, found.digest) == ("record:3", digest(lines[2]))
    assert found.time == "2026-12-01T00:04:51.286Z"


def test_the_account_behind_a_session_is_told_by_the_front() -> None:
    front = ("postgresql-tls", FRONT)
    for entries in ([*postgresql(BEGUN), front], [front, *postgresql(BEGUN)]):
        found, _ = read(recorded(*entries, *postgresql(ENDED)))
        assert [each.origin for each in found] == ["account anna (1000)"]


def test_an_earlier_session_of_the_same_process_tells_nothing() -> None:
    earlier = {**FRONT, "time": "2026-11-30T00:00:00Z"}
    found, _ = read(recorded(("postgresql-tls", earlier), *postgresql(BEGUN, ENDED)))
    assert [each.origin for each in found] == [""]


def test_another_role_of_the_front_tells_nothing() -> None:
    other = {**FRONT, "user": "project_other"}
    found, _ = read(recorded(("postgresql-tls", other), *postgresql(BEGUN, ENDED)))
    assert [each.origin for each in found] == [""]


def test_a_record_that_was_changed_is_told_where_it_breaks() -> None:
    lines = recorded(*postgresql(BEGUN, "LOG:  statement: SELECT 1", ENDED))
    lines[1] = lines[1].replace(b"SELECT 1", b"SELECT 2")
    told = [each for each in read(lines)[0] if each.what == "unreadable"]
    assert [(each.source, each.place) for each in told] == [("record", "record:3")]


def test_what_is_no_line_of_the_record_is_unreadable_and_the_rest_is_read() -> None:
    lines = recorded(*postgresql(BEGUN, ENDED))
    found, _ = read([lines[0], b"half a li", lines[1]])
    assert [each.what for each in found] == ["unreadable", "unreadable", "log-in"]


def test_a_masked_message_is_unreadable() -> None:
    found, _ = read(recorded(("postgresql", "[masked: 40000000 bytes of a message]")))
    assert [each.what for each in found] == ["unreadable"]


def test_halves_of_characters_are_read() -> None:
    lines = recorded(*postgresql(BEGUN, "LOG:  statement: SELECT '\ud800'", ENDED))
    assert [each.action for each in read(lines)[0]] == ["connect", "SELECT"]


def test_what_the_service_left_out_is_counted() -> None:
    dropped = {"event": "dropped", "source": "object-store", "count": 7}
    _, reader = read(recorded(("record", dropped), ("record", dropped)))
    assert reader.unrecorded() == {"object-store": 14}


def test_a_line_of_the_object_store_is_an_access() -> None:
    line = (
        "havre w-curated [01/December/2026:00:04:50 +0000] 0.0.0.0 project_cohort LCF4LU809XARZB90 "
        "s3_GetObject x /w-curated/x 200 - 0 0 0 0 - client - HOST= SigV4"
    )
    entry = {"event": "request", "line": line, "requester": ROLE}
    (found,) = read(recorded(("object-store", entry)))[0]
    assert (found.who, found.action, found.source) == (ROLE, "GetObject", "object-store")
