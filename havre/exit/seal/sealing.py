"""A seal is made: everything is written, signed, time-stamped and checked, then it appears."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from havre.errors import InputError
from havre.exit.ledger import LedgerFate
from havre.exit.seal.bag import SIGNATURE, TAG_MANIFEST, TOKEN, Bag, appearing
from havre.exit.seal.blinding import Blinding
from havre.exit.seal.contents import Contents, Level, file_name
from havre.exit.seal.rehearsal import RehearsalClock
from havre.exit.seal.signature import identity
from havre.exit.seal.statement import STATEMENT, info_of, statement
from havre.exit.seal.tables import DATABASE, ZONE, Table, write_renamed, write_table, write_versions
from havre.exit.seal.texts import Instructions, record
from havre.exit.seal.timestamp import openssl, token_over
from havre.exit.seal.verifying import Trust, script_digest, verified
from havre.text import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from havre.exit.ledger import LedgerEntry
    from havre.exit.seal.signature import Signer
    from havre.exit.seal.timestamp import TimeAuthority
    from havre.exit.seal.verifying import Verification
    from havre.probe.record import ProbeRecord


_FATE = 5
"""Field of a line of `losses.tsv` that says what became of it."""


@dataclass(frozen=True)
class Sealed:
    """A seal that was just made, and verified.

    Attributes:
        folder: where it is.
        verification: what `verify.sh` says of it.
        script: SHA-256 of that `verify.sh`, which the documentation names too.
    """

    folder: Path
    verification: Verification
    script: str


def seal(
    folder: Path,
    contents: Contents,
    signer: Signer,
    clock: TimeAuthority | None,
    blind: Path | None = None,
) -> Sealed:
    """Make a seal; the folder appears whole or not at all.

    Args:
        folder: where; nothing of that name is there yet.
        contents: what is sealed.
        signer: who signs.
        clock: who says when; None, in a rehearsal only: nobody.
        blind: file of the key by which names of objects are replaced; None: they are shown.

    Raises:
        GuardError: the folder exists, or others can read a key.
        InputError: sides differ, something blocks, or nothing was moved.
        HavreError: it cannot be signed, time-stamped or written, or `verify.sh` refuses it.
    """
    _check(contents, clock)
    who, blinding = identity(signer), None if blind is None else Blinding(blind)
    trust = Trust(signer.authority, None if clock is None else clock.authority)
    with appearing(folder) as partial:
        bag = Bag(partial)
        told = instructions(folder, signer)
        _fill(bag, contents, blinding, told, stamped=clock is not None)
        (partial / SIGNATURE).write_bytes(who.sign((partial / TAG_MANIFEST).read_bytes()))
        if clock is not None:
            (partial / TOKEN).write_bytes(token_over(partial / SIGNATURE, clock))
        verification = verified(partial, trust)
    return Sealed(folder, verification, script_digest())


def _check(contents: Contents, clock: TimeAuthority | None) -> None:
    departure = contents.departure
    departure.check()
    if not contents.zones and not contents.databases:
        message = "There is nothing to seal: neither a zone nor a database"
        raise InputError(message, "Copy and verify first.")
    if departure.frozen is None and departure.level is Level.REAL:
        message = "A real exit is not sealed unless its source was frozen"
        raise InputError(message, "Run `havre exit freeze`, then copy and verify again.")
    if clock is None and departure.level is Level.REAL:
        message = "A real exit is not sealed without a time-stamp authority"
        raise InputError(message, "Name one with --tsa.")
    if isinstance(clock, RehearsalClock) and departure.level is Level.REAL:
        message = "A real exit is not sealed with the clock of a rehearsal"
        raise InputError(message, "Name a time-stamp authority with --tsa.")
    for kind, sides in (("zones", contents.zones), ("databases", contents.databases)):
        if len({each.name for each in sides}) < len(sides):
            message = f"Two of the {kind} to seal have one name"
            raise InputError(message, "Name each once.")


def instructions(folder: Path, signer: Signer) -> Instructions:
    """What the notices say of a seal of that name and its signer."""
    words = ("x509", "-in", signer.certificate, "-noout", "-subject", "-nameopt", "RFC2253")
    return Instructions(folder.name, openssl(*words).strip(), script_digest())


def _fill(
    bag: Bag,
    contents: Contents,
    blinding: Blinding | None,
    instructions: Instructions,
    *,
    stamped: bool,
) -> None:
    """Write everything but the signature and the token."""
    departure = contents.departure
    tables = [*_tables(bag, contents, blinding)]
    losses = _losses(contents.losses, blinding)
    bag.write("data/losses.tsv", losses)
    bag.write("data/logs.tsv", sorted(contents.logs))
    bag.write("data/retire.tsv", sorted(set(map(str, contents.retire))))
    for name, held in (("plan", contents.plan), ("findings", contents.findings)):
        bag.add(f"data/{name}.json", _json(name, held))
    if contents.probes is not None:
        bag.add("data/probes.json", _probes(contents.probes, blinding))
    bag.add("data/proces-verbal.txt", record(departure, tables, contents.retire))
    told = replace(instructions, lost=lost_in(losses))
    for path, text in told.texts(departure).items():
        bag.add(path, text)
    today = dt.datetime.now(dt.UTC).date().isoformat()
    info = info_of(departure, tables, today, blind=blinding is not None, stamped=stamped)
    bag.add(STATEMENT, statement(info, bag.digests))
    bag.close(info)


def _tables(bag: Bag, contents: Contents, blinding: Blinding | None) -> Iterator[Table]:
    for zone in contents.zones:
        yield write_table(bag, ZONE, zone, blinding)
        if zone.versions is not None:
            write_versions(bag, zone, zone.versions, blinding)
        if zone.renamed:
            write_renamed(bag, zone, blinding)
    for database in contents.databases:
        yield write_table(bag, DATABASE, database)
        bag.add(f"data/database/{file_name(database.name)}.queries.sql", database.queries)


def _losses(entries: Iterable[LedgerEntry], blinding: Blinding | None) -> list[str]:
    """The ledger's lines in order, each once.

    Raises:
        InputError: something blocks, or is lost by nobody's decision.
    """
    lines = set()
    for entry in entries:
        undecided = (entry.fate is LedgerFate.LOST) != bool(entry.decision)
        if entry.fate is LedgerFate.BLOCKING or undecided:
            why = entry.decision or "undecided"
            message = f"{entry.scope}, {entry.property}: {entry.fate.value}, {why}"
            raise InputError(message, entry.remedy or "Decide it in exit.yaml, then plan again.")
        lines.add(str(entry if blinding is None else blinding.entry(entry)))
    return sorted(lines)


def lost_in(losses: Iterable[str]) -> bool:
    """Whether a line of the losses ledger says that something was lost."""
    return any(line.split("\t")[_FATE] == LedgerFate.LOST.value for line in losses)


def _probes(record: ProbeRecord, blinding: Blinding | None) -> bytes:
    """What probes saw; in a blind seal without answers, which have digests of names of objects."""
    if blinding is not None:
        bare = tuple(replace(each, raw=()) for each in record.sightings)
        record = replace(record, sightings=bare)
    return f"{as_json(record.as_dict())}\n".encode()


def _json(name: str, held: bytes) -> bytes:
    try:
        json.loads(held)
    except ValueError:
        message = f"The {name} to seal is not JSON"
        raise InputError(message, "Make it again, then seal.") from None
    return held
