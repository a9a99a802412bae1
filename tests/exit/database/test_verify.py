"""Two manifests: the same where both sides hold the same, and never where they do not."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from havre.errors import ProviderError
from havre.exit.database import verify
from havre.exit.database.ends import DatabaseSide
from havre.exit.records import EMPTY, DatabaseLine, encoded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.exit.database.servers import Server

CHANGES = (
    ('UPDATE keyed SET "odd ""% name" = 0 WHERE name = \'e\'', "table\tpublic.keyed"),
    ("DELETE FROM keyless WHERE ctid = (SELECT min(ctid) FROM keyless)", "table\tpublic.keyless"),
    ("UPDATE keyless SET a = NULL WHERE a = ''", "table\tpublic.keyless"),
    ("UPDATE measured SET value = 3 WHERE value = 2", "table\tpublic.measured"),
    ("UPDATE kinds SET f2 = 0", "table\tpublic.kinds"),
    ('UPDATE kinds SET doc = \'{"a":1,"a":2}\'', "table\tpublic.kinds"),
    ("DELETE FROM none", "table\tpublic.%22none%22"),
    ("SELECT setval('counter', -3)", "sequence\tpublic.counter"),
    ("SELECT setval('counter', -1, false)", "sequence\tpublic.counter"),
    ("SELECT lo_put(4711, 10000, '\\x04')", "large%20objects\tpages"),
    ("GRANT UPDATE ON keyed TO PUBLIC", "grant\tTABLE%20public.keyed"),
    ("COMMENT ON TABLE keyed IS 'another'", "comment\ttable%20public.keyed"),
    ("ALTER TABLE keyed FORCE ROW LEVEL SECURITY", "table%20definition\tpublic.keyed"),
)
"""Each changes one thing, and names it."""
VALUES = Path(__file__).with_name("kinds.sql").read_text("utf-8")


def filled(*ends: Server) -> None:
    for end in ends:
        end.run(VALUES)


def compared(source: Server, target: Server) -> verify.Manifests:
    return verify.verify(DatabaseSide(source), DatabaseSide(target), jobs=2)


def test_two_sides_that_hold_the_same_give_the_same_manifest(
    source: Server, target: Server
) -> None:
    filled(source, target)
    found = compared(source, target)
    assert found.differing() == []
    assert found.same
    assert found.source == sorted(found.source)
    assert any(
        line.startswith(f"table\tpublic.%22no%20rows%22\t0\t{EMPTY}") for line in found.source
    )


def test_other_defaults_of_a_session_change_no_digest(source: Server, target: Server) -> None:
    filled(source, target)
    defaults = {
        "DateStyle": "'German, DMY'", "TimeZone": "'Europe/Paris'", "IntervalStyle": "'iso_8601'",
        "extra_float_digits": "-10", "bytea_output": "'escape'", "search_path": "public",
        "client_encoding": "'LATIN1'", "quote_all_identifiers": "on",
    }  # fmt: skip
    for name, value in defaults.items():
        target.run(f"ALTER DATABASE {target.name} SET {name} = {value}")
    assert compared(source, target).differing() == ["setting\tdatabase"]


def test_the_digests_of_a_newer_major_are_the_same(older: Server, target: Server) -> None:
    made = older.database("older")
    try:
        filled(made, target)
        assert compared(made, target).differing() == []
    finally:
        made.drop()


@pytest.fixture(scope="module")
def found(servers: tuple[Server, Server]) -> Iterator[list[set[str]]]:
    """What differs from what was there before, after each of the changes."""
    made = servers[0].database("one_after_another")
    filled(made)
    seen, before = [], manifest(made)
    for change, _ in CHANGES:
        made.run(change)
        after = manifest(made)
        seen.append({"\t".join(line.split("\t")[:2]) for line in before ^ after})
        before = after
    yield seen
    made.drop()


def manifest(end: Server) -> set[str]:
    return set(map(str, verify.lines(end, {}, jobs=1)))


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_one_change_is_found_and_named(found: list[set[str]], number: int) -> None:
    assert found[number] == {CHANGES[number][1]}


def test_psql_and_sha256sum_give_the_same_digests(source: Server, tmp_path: Path) -> None:
    filled(source)
    written = tmp_path / "queries.sql"
    written.write_text(verify.evidence(source, {}))
    with source.client() as client:
        done = subprocess.run(
            [source.binaries / "psql", "-X", "-q", "-At", "-f", written],
            env=dict(client.environment), pass_fds=client.descriptors,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    expected = [shown(line) for line in verify.lines(source, {}, jobs=1)]
    assert done.stdout.replace("  -\n", "\n").splitlines() == "\n".join(expected).splitlines()


def shown(line: DatabaseLine) -> str:
    if line.kind in {"table", "sequence", "large objects"}:
        return f"{encoded(line.kind)}|{encoded(line.name)}|{line.rows}\n{line.content}"
    return f"{line.kind}|{line.name}|{line.rows}|{line.content}"


def test_a_reader_whom_a_policy_holds_back_gets_an_error_and_no_fewer_rows(
    source: Server,
) -> None:
    filled(source)
    source.run(
        f"ALTER TABLE keyed ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
        f"CREATE ROLE reader LOGIN PASSWORD '{source.password}'; GRANT pg_read_all_data TO reader;"
        "GRANT SELECT ON pg_largeobject TO reader"
    )
    try:
        with pytest.raises(ProviderError, match=r"table public\.keyed: .*row-level security"):
            verify.lines(source.as_user("reader"), {}, jobs=1)
    finally:
        source.run("DROP OWNED BY reader; DROP ROLE reader")


def test_who_verifies_shares_nothing_with_what_moves() -> None:
    tree = ast.parse(Path(verify.__file__).read_text("utf-8"))
    names = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    ours = {name.rpartition(".")[0] for name in names if name.startswith("havre.exit.")}
    assert ours == {"havre.exit.database", "havre.exit.database.ends", "havre.exit.records"}
    assert "havre.exit.database.documented" in names
    assert len([name for name in names if name.startswith("havre.exit.database.")]) == 3
