"""No password comes into the record, in whatever form it was sent; words and names stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from havre_local.machine.postgresql import log
from havre_local.machine.record import chain, collector
from havre_local.machine.record.collector import Collector
from tests.waits import until

if TYPE_CHECKING:
    from havre_local.machine.folder import Folder
    from tests.local.conftest import Machine

PREFIX = "2026-11-29 16:00:00.000 UTC [42] 692b2f48.2a "
STATEMENTS = [
    "ALTER ROLE x PASSWORD 'weak'",
    "create user x encrypted password 'weak' valid until 'infinity'",
    "CREATE ROLE x LOGIN PaSsWoRd\n'we'\n'weak'",
    "ALTER USER x PASSWORD/*it's*/'weak'",
    "ALTER USER x PASSWORD -- it's\n 'weak'",
    "ALTER USER x /* /* it's */ it's */ PASSWORD 'weak'",
    "ALTER GROUP x PASSWORD E'it\\'s weak'",
    "ALTER ROLE x PASSWORD U&'we\\0061k weak' UESCAPE '!'",
    "ALTER ROLE x PASSWORD $$weak$$",
    "ALTER ROLE x PASSWORD $it$it's weak$$ weak$it$",
    "ALTER ROLE a$x$ PASSWORD 'we$x$ weak'",
    "ALTER ROLE \"o'brien\" PASSWORD 'weak'",
    "ALTER ROLE x PASSWORD 'back\\' VALID UNTIL 'weak'",
    "ALTER ROLE x PASSWORD 'never closed weak",
    'ALTER ROLE x PASSWORD "weak weak"',
    "ALTER ROLE x PASSWORD weak",
    "ALTER ROLE x PASSWORD 'SCRAM-SHA-256$4096:weak'",
    "SET ROLE y; ALTER ROLE x WITH SUPERUSER PASSWORD 'weak' ; SELECT 1",
    "DO $$ BEGIN ALTER ROLE x PASSWORD 'weak'; END $$",
    "DO $a$ BEGIN EXECUTE $b$ALTER ROLE x PASSWORD 'weak'$b$; END $a$",
    "DO $$ BEGIN EXECUTE 'ALTER ROLE x PASS' || 'WORD ''weak'''; END $$",
    (
        "DO LANGUAGE plpgsql $$ DECLARE p text := 'weak'; BEGIN\n"
        "EXECUTE format('ALTER ROLE x PASSWORD %L', p); END $$"
    ),
    "DO $$ BEGIN PERFORM format($q$ALTER ROLE x PASSWORD %L$q$, $p$weak$p$); END $$",
    "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $f$ ALTER ROLE x PASSWORD 'weak' $f$",
    "CREATE SUBSCRIPTION s CONNECTION 'host=h password=weak' PUBLICATION p",
    "ALTER SUBSCRIPTION s CONNECTION 'postgresql://u:weak@h/d'",
    "SELECT * FROM dblink('host=h user=u pass' || 'word=weak', 'SELECT 1') AS t(a int)",
    "SELECT dblink_connect('postgres://u:weak@h/d')",
    "CREATE USER MAPPING FOR x SERVER s OPTIONS (user 'u', \"password\" 'weak')",
    "SELECT pgp_sym_encrypt('value', 'weak')",
]


def messages(statement: str) -> dict[str, str]:
    """How PostgreSQL logs a statement: before it runs, with an error, within another one."""
    lines = statement.replace("\n", "\n\t")
    return {
        "statement": f"{PREFIX}LOG:  statement: {lines}\n",
        "error": f"{PREFIX}ERROR:  permission denied\n{PREFIX}STATEMENT:  {lines}\n",
        "query": f"{PREFIX}ERROR:  no\n{PREFIX}QUERY:  {lines}\n"
        f'{PREFIX}CONTEXT:  SQL statement "{lines}"\n\tPL/pgSQL function f()\n',
    }


def collected(folder: Folder, text: str) -> str:
    """Collect a text that PostgreSQL has logged; return the record."""
    with folder.log("postgresql").open("a") as file:
        file.write(text)
    found = Collector(folder)
    for _ in range(2):
        found.collect()
    return record(folder)


def record(folder: Folder) -> str:
    return "".join(
        path.read_text() for path in chain.segments(folder.custody, collector.directory(folder))
    )


@pytest.mark.parametrize("kind", ["statement", "error", "query"])
@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_password_is_neither_recorded_nor_left_in_the_log(
    folder: Folder, statement: str, kind: str
) -> None:
    text = messages(statement)[kind] + f"{PREFIX}LOG:  statement: SELECT 'what follows'\n"
    found, kept = collected(folder, text), folder.log("postgresql").read_text()
    for seen in (found, kept):
        assert "weak" not in seen
        assert "[masked]"[:4] in seen
        assert "SELECT 'what follows'" in seen
    assert len(kept) == len(text)
    assert "postgresql" in found


@pytest.mark.parametrize(
    "text",
    [
        (
            f'ERROR:  syntax error at or near "weak" at character 7\n{PREFIX}'
            "STATEMENT:  ALTER ROLE x PASSWORD weak"
        ),
        (
            f'ERROR:  unterminated quoted string at or near "\'weak"\n{PREFIX}'
            "STATEMENT:  ALTER ROLE x PASSWORD 'weak"
        ),
        (
            f'ERROR:  invalid input syntax for type integer: "weak"\n{PREFIX}'
            "STATEMENT:  SELECT set_password('weak'::int)"
        ),
        (
            "LOG:  execute <unnamed>: SELECT set_password($1)\n"
            f"{PREFIX}DETAIL:  Parameters: $1 = 'it''s weak'"
        ),
        'ERROR:  invalid connection string syntax: "host=h password=weak"',
    ],
)
def test_what_an_error_or_a_parameter_repeats_is_masked(folder: Folder, text: str) -> None:
    found = collected(folder, f"{PREFIX}{text}\n")
    assert "weak" not in found + folder.log("postgresql").read_text()
    assert "[masked]" in found


@pytest.mark.parametrize(
    "text",
    [
        "LOG:  statement: SELECT name FROM curated.stays WHERE city = 'Brest' -- all",
        'FATAL:  password authentication failed for user "project_x"',
        "LOG:  statement: INSERT INTO stays VALUES ('it''s', E'\\'', $$a$$)",
    ],
)
def test_what_holds_no_password_is_recorded_as_it_is(text: str) -> None:
    assert log.mask(text) == text


def test_words_and_names_stay() -> None:
    text = log.mask("statement: ALTER ROLE \"x\" PASSWORD 'weak'; SELECT a FROM b.c WHERE d = 'e'")
    assert text == (
        'statement: ALTER ROLE "x" PASSWORD [masked]; SELECT a FROM b.c WHERE d = [masked]'
    )


def test_a_message_that_is_half_written_waits(folder: Folder) -> None:
    whole = messages("ALTER ROLE x\nPASSWORD\n'weak'")["statement"]
    path, found = folder.log("postgresql"), Collector(folder)
    for end in (len(PREFIX) + 30, len(whole) - 5, len(whole)):
        path.write_text(whole[:end])
        found.collect()
    found.collect()
    assert "weak" not in record(folder) + path.read_text()
    assert "PASSWORD" in record(folder)


@pytest.mark.parametrize(
    "piece",
    [
        "'",
        "passw",
        "password ",
        "/*",
        "$a$",
        "do $a$ ",
        "do $$",
        'U&"',
        "create ",
        "create/*",
        "E'\\",
    ],
)
def test_no_text_takes_long_or_breaks_it(piece: str) -> None:
    """A pattern that reads a text again and again would not end within a test's patience."""
    numbered = "".join(f"do $t{number}$ " for number in range(2_000))
    for text in (piece * (400_000 // len(piece)), numbered):
        assert len(log.mask(f"password {text}")) < 1_500_000


def test_a_message_longer_than_any_is_told_by_its_length(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector, "_CHUNK", 64)
    monkeypatch.setattr(collector, "_LONGEST", 256)
    text = messages("ALTER ROLE x PASSWORD '" + "weak\n" * 200 + "'")["statement"]
    found = collected(folder, text + f"{PREFIX}LOG:  after it\n")
    assert "weak" not in found + folder.log("postgresql").read_text()
    assert "bytes of a message" in found
    assert "after it" in found


def test_a_running_server_s_passwords_are_masked(machine: Machine) -> None:
    """In the record and in PostgreSQL's own log, once it is collected."""
    with machine.admin.connect(autocommit=True) as connection:
        connection.execute("CREATE ROLE masked /*'*/ PASSWORD $a$never-to-be-seen$a$")
        connection.execute("DO $$BEGIN ALTER ROLE masked PASSWORD 'never-to-be-seen'; END$$")
        with pytest.raises(psycopg.errors.UndefinedObject):
            connection.execute("ALTER ROLE nobody PASSWORD 'never-to-be-seen'")
        connection.execute("DROP ROLE masked")
        connection.execute("SELECT 'the last one'")
    until(lambda: "the last one" in record(machine.folder))
    logged = machine.folder.log("postgresql").read_bytes()
    assert "never-to-be-seen" not in record(machine.folder)
    assert b"never-to-be-seen" not in logged
    assert "CREATE ROLE masked" in record(machine.folder)
