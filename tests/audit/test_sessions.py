"""Messages of PostgreSQL's log become accesses: who, what, and how it ended."""

from dataclasses import dataclass, field

import pytest

from havre.audit.accesses import Access
from havre.audit.actors import tables
from havre.audit.sessions import Message, Sessions

ROLE = "project_cohort"


@dataclass
class Log:
    """A log that is read as it grows."""

    sessions: Sessions = field(
        default_factory=lambda: Sessions("postgresql", tables(["curated", "research"]))
    )
    found: list[Access] = field(default_factory=list)
    lines: int = 0

    def say(self, severity: str, text: str, session: str = "a.1") -> "Log":
        self.lines += 1
        time = f"2026-12-01T00:00:{self.lines:02}.000Z"
        message = Message(time, "1", session, severity, text, f"log:{self.lines}", "d" * 64)
        self.found += self.sessions.take(message)
        return self

    def begin(self, role: str = ROLE, session: str = "a.1") -> "Log":
        return self.say("LOG", f"connection authorized: user={role} database=w", session)

    def end(self) -> list[tuple[str, str, tuple[str, ...], str]]:
        self.found += self.sessions.end()
        return [(each.who, each.action, each.on, each.outcome) for each in self.found]


def test_a_statement_is_its_sessions_and_allowed_once_another_message_follows() -> None:
    log = (
        Log()
        .begin()
        .say("LOG", "statement: SELECT * FROM curated.a")
        .say("LOG", "statement: COMMIT")
    )
    assert log.end() == [
        (ROLE, "connect", (), "allowed"),
        (ROLE, "SELECT", ("curated.a",), "allowed"),
    ]
    assert [each.zone for each in log.found] == ["", "curated"]


def test_sessions_that_mix_keep_apart() -> None:
    log = Log().begin().begin("project_other", "b.2")
    log.say("LOG", "statement: SELECT * FROM curated.a").say("LOG", "statement: SELECT 2", "b.2")
    log.say("ERROR", "permission denied for schema curated", "b.2")
    log.say("STATEMENT", "SELECT 2", "b.2").say("LOG", "disconnection: session time: 0", "a.1")
    assert [each for each in log.end() if each[1] != "connect"] == [
        ("project_other", "SELECT", (), "refused"),
        (ROLE, "SELECT", ("curated.a",), "allowed"),
    ]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("permission denied for table a", "refused"),
        ("must be owner of table a", "refused"),
        ("cannot execute INSERT in a read-only transaction", "refused"),
        ('new row violates row-level security policy for table "a"', "refused"),
        ('relation "curated.a" does not exist at character 15', "failed"),
        ("canceling statement due to user request", "failed"),
        ('division by zero: "permission denied"', "failed"),
    ],
)
def test_how_a_statement_ended(error: str, outcome: str) -> None:
    log = Log().begin().say("LOG", "statement: SELECT 1")
    log.say("ERROR", error).say("STATEMENT", "SELECT 1")
    assert log.end()[1:] == [(ROLE, "SELECT", (), outcome)]


def test_what_is_refused_before_it_begins_is_told_and_what_went_before_stays_allowed() -> None:
    log = Log().begin().say("LOG", "execute <unnamed>: SELECT * FROM research.b")
    log.say("ERROR", "permission denied for schema curated")
    log.say("STATEMENT", "SELECT * FROM curated.a").say("LOG", "statement: ROLLBACK")
    assert log.end()[1:] == [
        (ROLE, "SELECT", ("research.b",), "allowed"),
        (ROLE, "SELECT", ("curated.a",), "refused"),
    ]


def test_a_statement_that_ends_beyond_the_log_has_an_unknown_outcome() -> None:
    assert Log().begin().say("LOG", "statement: SELECT 1").end()[1:] == [
        (ROLE, "SELECT", (), "unknown")
    ]


@pytest.mark.parametrize(("running", "outcome"), [(False, "allowed"), (True, "failed")])
def test_only_a_statement_that_a_session_was_put_out_of_has_failed(
    running: bool, outcome: str
) -> None:
    log = Log().begin().say("LOG", "statement: SELECT 1")
    log.say("FATAL", "terminating connection due to administrator command")
    if running:
        log.say("STATEMENT", "SELECT 1")
    log.say("LOG", "disconnection: session time: 0")
    assert log.end() == [(ROLE, "connect", (), "allowed"), (ROLE, "SELECT", (), outcome)]


def test_a_session_that_is_let_in_and_then_turned_away_is_refused() -> None:
    log = Log().begin().say("FATAL", 'permission denied for database "w"')
    log.say("LOG", "disconnection: session time: 0")
    assert log.end() == [(ROLE, "connect", (), "refused")]


@pytest.mark.parametrize(
    "text",
    [
        f'password authentication failed for user "{ROLE}"',
        f'role "{ROLE}" does not exist',
        f'role "{ROLE}" is not permitted to log in',
        f'no pg_hba.conf entry for host "10.0.0.1", user "{ROLE}", database "w", no encryption',
    ],
)
def test_who_is_not_let_in_only_claims_a_name(text: str) -> None:
    log = Log().say("FATAL", text)
    assert log.end() == [("", "connect", (), "refused")]
    assert log.found[0].claimed == ROLE


def test_a_statement_without_the_beginning_of_its_session_is_unreadable() -> None:
    log = Log().say("LOG", "statement: SELECT * FROM curated.a").say("LOG", "statement: COMMIT")
    log.end()
    assert [(each.what, each.reason) for each in log.found] == [
        ("unreadable", "the beginning of its session is not in these logs")
    ]


def test_a_name_in_a_statement_begins_no_session() -> None:
    log = Log().begin().say("LOG", "statement: SELECT 'connection authorized: user=admin '")
    log.say("LOG", "statement: SELECT 2").say("LOG", "statement: COMMIT")
    assert {who for who, *_ in log.end()} == {ROLE}


def test_pgaudit_names_the_tables_that_were_used() -> None:
    log = Log().begin().say("LOG", "statement: SELECT * FROM research.view")
    log.say("LOG", 'AUDIT: SESSION,1,1,READ,SELECT,VIEW,research.view,"SELECT",<none>')
    log.say("LOG", 'AUDIT: SESSION,1,2,READ,SELECT,TABLE,curated.a,"SELECT",<none>')
    log.say("LOG", "statement: COMMIT")
    assert log.end()[1:] == [(ROLE, "SELECT", ("research.view", "curated.a"), "allowed")]


def test_entries_of_pgaudit_are_accesses_of_their_own_where_no_statement_is_logged() -> None:
    log = Log().begin()
    log.say("LOG", 'AUDIT: SESSION,1,1,READ,SELECT,TABLE,curated.a,"SELECT a",<none>')
    log.say("LOG", 'AUDIT: SESSION,2,1,WRITE,INSERT,TABLE,curated.b,"INSERT b",<none>')
    log.say("ERROR", "permission denied for table c").say("STATEMENT", "SELECT * FROM curated.c")
    log.say("LOG", "disconnection: session time: 0")
    assert log.end() == [
        (ROLE, "connect", (), "allowed"),
        (ROLE, "SELECT", ("curated.a",), "allowed"),
        (ROLE, "INSERT", ("curated.b",), "allowed"),
        (ROLE, "SELECT", ("curated.c",), "refused"),
    ]


def test_a_damaged_entry_of_pgaudit_is_unreadable() -> None:
    log = Log().begin().say("LOG", "AUDIT: SESSION,1")
    log.end()
    assert [each.reason for each in log.found if each.what == "unreadable"] == [
        "is not an entry of pgaudit"
    ]


def test_numbers_of_statements_are_no_part_of_names() -> None:
    log = Log().begin()
    for text in ("SELECT * FROM curated.t1 LIMIT 1", "SELECT * FROM curated.t2 LIMIT 2"):
        log.say("LOG", f"statement: {text}")
    log.say("LOG", "statement: COMMIT")
    assert [on for _, _, on, _ in log.end()[1:]] == [("curated.t1",), ("curated.t2",)]
