"""Whatever is changed at the source, the ledger names it, or the target holds it."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from havre.exit.database import documented, fates, inventory, rights, verify
from havre.exit.database.ends import DatabaseSide
from havre.exit.database.move import DatabaseMove, move
from havre.exit.ledger import LedgerFate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.exit.ledger import LedgerEntry
    from tests.exit.database.servers import Server

THINGS = Path(__file__).with_name("things.sql").read_text("utf-8")
CLEARING = (
    "SELECT pg_drop_replication_slot('exit_slot')",
    "ALTER SUBSCRIPTION heard SET (slot_name = NONE)",
    "DROP SUBSCRIPTION heard",
)
ROLES = ("exit_owner", "exit_reader", "exit_group", "exit_more")

TABLE = Path(__file__).with_name("changes.tsv").read_text("utf-8").splitlines()
CHANGES = {name: (thing, change) for name, thing, change in (line.split("\t") for line in TABLE)}
"""By kind of the documented SQL: a thing, and what changes it."""
UNDECIDED = {"subscription", "user mapping", "replication slot"}


@dataclass(frozen=True)
class Story:
    """What was seen while everything was changed in turn, and after the move."""

    seen: dict[str, set[tuple[str, str]]]
    ledger: dict[tuple[str, str], LedgerEntry]
    manifests: verify.Manifests
    everything: verify.Manifests
    source: Server
    target: Server


HELD = {"table", "sequence", "large objects"}


def now(end: Server, kind: str) -> dict[tuple[str, str], str]:
    """Things of one kind, by what describes them."""
    if kind in HELD:
        lines = verify.lines(end, {}, jobs=1)
        return {(line.kind, line.name): line.content for line in lines if line.kind == kind}
    with end.connect() as connection:
        connection.execute(documented.settings({}, across_majors=False))
        rows = connection.execute(documented.query(kind).digests.encode()).fetchall()
    return {(kind, name): content for name, _, content in rows}


@pytest.fixture(scope="module")
def story(servers: tuple[Server, Server]) -> Iterator[Story]:
    name = secrets.token_hex(4)
    source, target = servers[0].database(f"left_{name}"), servers[1].database(f"kept_{name}")
    try:
        yield told(source, target)
    finally:
        for statement in CLEARING:
            with contextlib.suppress(psycopg.Error):
                source.run(statement)
        for end in (source, target):
            end.drop()
        for end in servers:
            for role in reversed(ROLES):
                with contextlib.suppress(psycopg.Error):
                    end.run(f"DROP OWNED BY {role}; DROP ROLE {role}")


def told(source: Server, target: Server) -> Story:
    source.run(THINGS)
    seen = {}
    for name, (_, change) in CHANGES.items():
        kind = name.partition(":")[0]
        before = now(source, kind)
        source.run(change.format(source.name))
        seen[name] = {thing for thing, _ in before.items() ^ now(source, kind).items()}
    sides = DatabaseSide(source), DatabaseSide(target)
    entries = fates.entries(*inventory.both(*sides))
    lost = frozenset((e.property, e.item) for e in entries if e.fate is LedgerFate.BLOCKING)
    left_out = lost | fates.left_out(entries)
    move(DatabaseMove("leaving", *sides, 2, lost))
    return Story(
        seen,
        {(entry.property, entry.item): entry for entry in entries},
        verify.verify(*sides, lost=left_out, jobs=2),
        verify.verify(*sides, jobs=2),
        source,
        target,
    )


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen_and_the_ledger_names_it_or_the_target_holds_it(
    story: Story, change: str
) -> None:
    kind, thing = change.partition(":")[0], CHANGES[change][0]
    assert (kind, thing) in story.seen[change]
    if kind not in UNDECIDED and change != "object: operator":
        assert story.ledger[kind, thing].fate is LedgerFate.KEPT
    elif kind in UNDECIDED:
        assert story.ledger[kind, thing].fate is LedgerFate.BLOCKING
        assert story.ledger[kind, thing].decidable
    assert f"{kind}\t{thing}" not in story.manifests.differing()


def test_nothing_else_differs(story: Story) -> None:
    assert story.manifests.differing() == []


def test_without_decisions_exactly_what_was_lost_differs(story: Story) -> None:
    kinds = {line.partition("\t")[0] for line in story.everything.differing()}
    assert kinds == {"subscription", "user%20mapping", "replication%20slot"}


def test_no_password_is_copied_and_nobody_can_log_in_before_the_cut(story: Story) -> None:
    query = "SELECT string_agg(rolname || rolcanlogin || (rolpassword IS NULL), ' ') FROM pg_authid"
    assert story.target.one(f"{query} WHERE rolname = 'exit_reader'") == "exit_readerfalsetrue"
    assert story.source.one(f"{query} WHERE rolname = 'exit_reader'") == "exit_readertruefalse"
    assert story.ledger["login", "exit_reader"].fate is LedgerFate.MAPPED
    with story.source.connect() as left, story.target.connect(autocommit=True) as kept:
        sides = rights.SideLines(left, {}, False), rights.SideLines(kept, {}, False)
        assert "exit_reader" in rights.logins(sides[0])
        kept.execute("SET default_transaction_read_only = off")
        rights.admit(*sides, ["exit_reader", "pg_monitor"])
    assert story.target.one(f"{query} WHERE rolname = 'exit_reader'") == "exit_readertruetrue"
    assert story.ledger["password", "exit_reader"].fate is LedgerFate.MAPPED
