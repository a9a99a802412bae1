"""PostgreSQL's log: a client's words are never a line of their own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psycopg
import pytest

from havre_local.machine.postgresql import log
from tests.local.conftest import DATABASE
from tests.waits import until

if TYPE_CHECKING:
    from tests.local.postgresql.conftest import Cluster

SESSION = b"2026-11-29 16:00:00.000 UTC [42] 692b2f48.2a LOG:  "


@pytest.mark.parametrize("newline", ["\n", "\r", "\r\n", "\n\n", "\x0b", "\x85", "\u2028"])
def test_a_startup_packet_writes_no_line_of_its_own(cluster: Cluster, newline: str) -> None:
    stamp = "2026-11-29 16:00:00.000 UTC [1] 1.1 LOG:  "
    words = f"forged {newline.encode().hex()}"
    fields = {"user": f"x{newline}{stamp}", "database": f"y{newline}{stamp}{words}"}
    packet = b"".join(name.encode() + b"\0" + fields[name].encode()[:63] + b"\0" for name in fields)
    log_file = cluster.folder.log("postgresql")
    before, size = len(cluster.log()), log_file.stat().st_size
    asked = cluster.greet(packet + b"\0")[:1] == b"R"  # else the front has refused it

    def after() -> list[log.Record]:
        return cluster.log()[before:]

    until(lambda: not asked or b"FATAL:  " in log_file.read_bytes()[size:])
    lines = log_file.read_bytes()[size:].split(b"\n")
    assert not any(line.startswith(stamp.encode()) for line in lines)
    assert not [record for record in after() if record.session == "1.1"]
    assert all(json.loads(json.dumps(record.as_json())) for record in after())


def test_a_statement_of_several_lines_is_one_record(cluster: Cluster) -> None:
    connect = cluster.project("several-lines")
    forged = SESSION.decode() + "statement: SELECT forged"
    with connect() as connection:
        connection.execute(f"SELECT 1 /*\n{forged}\n\r{forged}\n*/")
    assert not any(record.session == "692b2f48.2a" for record in cluster.log())
    (mine,) = [record for record in cluster.log() if "SELECT forged" in record.message]
    assert mine.message.splitlines()[1] == forged
    assert mine.role == "project_several_lines"


def test_each_statement_names_role_and_database(cluster: Cluster) -> None:
    connect = cluster.project("traced")
    with connect(application_name="x database=other user=havre") as connection:
        connection.execute("SELECT age AS traced_read FROM curated.stays")
    mine = [record for record in cluster.log() if record.role == "project_traced"]
    assert {record.database for record in mine} == {DATABASE}
    assert any(record.message.startswith("connection authorized") for record in mine)
    assert any("statement: SELECT age AS traced_read" in record.message for record in mine)
    assert len({record.session for record in mine}) == 1


def test_what_is_no_record_is_told_and_nothing_is_lost() -> None:
    lines = [
        b"postgres: error while loading shared libraries\n",
        SESSION + b"connection authorized: user=a database=b application_name=c database=d\n",
        SESSION + b"statement: SELECT\n",
        b"\t1\n",
        b"2026-11-29 role=project_x database=b LOG:  of a former line\n",
        SESSION + b"disconnection: session time: 0:00:00.003 user=a database=b\n",
        SESSION + b"statement: SELECT 2",
    ]
    found = list(log.records(lines))
    assert [(record.severity, record.role) for record in found] == [
        ("", ""),
        ("LOG", "a"),
        ("LOG", "a"),
        ("", ""),
        ("LOG", "a"),
        ("LOG", ""),
    ]
    assert found[2].message == "statement: SELECT\n1"
    assert found[2].database == "b"


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER ROLE a PASSWORD 'weak'",
        "alter user a\n with encrypted password $x$weak$x$",
        "ALTER ROLE CURRENT_USER LOGIN PASSWORD/**/'we' \n 'weak' VALID UNTIL 'infinity'",
        "CREATE GROUP a PASSWORD E'we\\141k weak'",
    ],
)
def test_a_record_shows_no_password_of_a_role(statement: str) -> None:
    text = log.mask(f"statement: {statement}")
    assert "weak" not in text
    assert text.endswith("[masked]")
    assert log.mask("statement: SELECT 'x' -- seen") == "statement: SELECT 'x' -- seen"


def test_what_strangers_cause_is_told_from_what_those_who_are_let_in_do(cluster: Cluster) -> None:
    connect = cluster.project("known")
    path = cluster.folder.log("postgresql")
    before = path.stat().st_size
    with connect() as connection:
        connection.execute("SELECT 'read by the known'")
        with pytest.raises(psycopg.Error):
            connection.execute("SELECT no_such_column")
        for number in range(3):
            packet = f"user\0havre{number}\0database\0{DATABASE}\0\0".encode()
            assert cluster.greet(packet)[:1] == b"R"
        connection.execute("SELECT 'read again'")
    until(lambda: path.read_bytes()[before:].count(b"FATAL:  ") == 3)
    until(lambda: b"disconnection: " in path.read_bytes()[before:])
    strangers, said, kept = log.Strangers(), [], []
    with path.open("rb") as file:
        file.seek(before)
        for group in log.groups(file):
            (said if strangers.said(group) else kept).append(b"".join(group))
    assert sum(b"FATAL:  " in message for message in said) == 3
    assert all(b"connection received" in message or b"FATAL" in message for message in said)
    words = b"".join(kept)
    for known in (b"read by the known", b"no_such_column", b"read again", b"disconnection: "):
        assert known in words
    assert words.count(b"connection authorized: user=project_known") == 1
    assert words.count(b"connection authenticated: ") == 1
