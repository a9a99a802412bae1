"""What a statement does and which tables it names."""

import pytest

from havre.audit.accesses import Act
from havre.audit.actors import tables
from havre.audit.statements import audited, command_of, statement_of

ZONES = tables(["curated", "research-data"])


@pytest.mark.parametrize(
    ("text", "act", "action"),
    [
        ("SELECT 1", Act.READ, "SELECT"),
        ("  -- why\n /* and how */ ( select 1)", Act.READ, "SELECT"),
        ("COPY curated.a TO STDOUT", Act.READ, "COPY"),
        ("COPY curated.a FROM STDIN", Act.WRITE, "COPY"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", Act.READ, "WITH"),
        ("WITH x AS (DELETE FROM curated.a RETURNING 1) SELECT * FROM x", Act.WRITE, "WITH"),
        ("SELECT * INTO mine FROM curated.a", Act.CHANGE, "SELECT"),
        ("INSERT INTO curated.a VALUES (1)", Act.WRITE, "INSERT"),
        ("TRUNCATE curated.a", Act.DELETE, "TRUNCATE"),
        ("GRANT SELECT ON curated.a TO x", Act.CHANGE, "GRANT"),
        ("BEGIN; SELECT 1; DELETE FROM curated.a; COMMIT", Act.DELETE, "DELETE"),
        ("SELECT 1; /* a */ DROP TABLE curated.a", Act.DELETE, "DROP"),
        ("SET ROLE project_other", Act.CHANGE, "SET ROLE"),
        ("set local session authorization x", Act.CHANGE, "SET SESSION AUTHORIZATION"),
        ("EXPLAIN ANALYZE DELETE FROM curated.a", Act.WRITE, "EXPLAIN"),
        ("DO $$ BEGIN END $$", Act.OTHER, "DO"),
        ("CALL curated.p()", Act.OTHER, "CALL"),
    ],
)
def test_what_a_statement_does(text: str, act: Act, action: str) -> None:
    assert command_of(text) == (act, action)


@pytest.mark.parametrize(
    "text", ["BEGIN", "commit", "SET search_path = curated", "SHOW all", "", "-- nothing"]
)
def test_what_reaches_no_data_is_no_access(text: str) -> None:
    assert statement_of(text, ZONES) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("SELECT * FROM curated.a JOIN Curated.B USING (x)", ("curated.a", "curated.b")),
        ('SELECT * FROM "curated"."Mixed Case"', ("curated.Mixed Case",)),
        ("SELECT * FROM curated . a", ("curated.a",)),
        ("SELECT * FROM patients", ("patients",)),
        ("SELECT * FROM public.x, research_data.y", ("research_data.y", "public.x")),
        ("EXECUTE format('SELECT * FROM curated.hidden')", ("curated.hidden",)),
        ("SELECT E'\\' --', a FROM curated.a", ("curated.a",)),
        ("SELECT 1", ()),
    ],
)
def test_the_tables_that_it_names(text: str, named: tuple[str, ...]) -> None:
    found = statement_of(text, ZONES)
    assert found is not None
    assert found.tables == named


def test_the_zone_is_that_of_the_schema() -> None:
    assert ZONES.zone(("public.x", "research_data.y")) == "research-data"
    assert ZONES.zone(("patients",)) == ""


def test_an_entry_of_pgaudit() -> None:
    found = audited(
        'SESSION,3,1,READ,SELECT,TABLE,curated.a,"SELECT ""x"", 1\nFROM curated.v",<none>'
    )
    assert found is not None
    assert (found.number, found.statement.act, found.statement.action) == ("3", Act.READ, "SELECT")
    assert found.statement.tables == ("curated.a",)
    assert found.text == 'SELECT "x", 1\nFROM curated.v'


@pytest.mark.parametrize(
    "text", ["", "SESSION,1", 'SESSION,1,1,READ,SELECT,TABLE,"a', "OTHER" + ",a" * 9]
)
def test_what_is_no_entry_of_pgaudit(text: str) -> None:
    assert audited(text) is None


def test_a_long_statement_is_told_as_one_that_may_do_more() -> None:
    found = command_of("SELECT " + "1," * 20_000 + "1; DELETE FROM curated.a")
    assert found is not None
    assert found[0] is Act.OTHER
