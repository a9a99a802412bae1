"""The second seal: what was returned, as the first proves it, and what was destroyed since."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from havre.errors import InputError
from havre.exit.seal.bag import MANIFEST, SIGNATURE, TAG_MANIFEST, TOKEN, Bag, appearing
from havre.exit.seal.contents import Leaving, Level
from havre.exit.seal.reading import labels
from havre.exit.seal.sealing import Sealed, instructions, lost_in
from havre.exit.seal.signature import identity
from havre.exit.seal.statement import (
    NEXT_HOST,
    NOT_FROZEN,
    PROBED,
    SANDBOX,
    STAMPED,
    STATEMENT,
    statement,
)
from havre.exit.seal.tables import Table
from havre.exit.seal.texts import act_in_french, day_in_french, record, retired_line, tried
from havre.exit.seal.timestamp import token_over
from havre.exit.seal.verifying import Trust, script_digest, verified

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from havre.exit.seal.contents import RetireLine, TryLine
    from havre.exit.seal.signature import Signer
    from havre.exit.seal.timestamp import TimeAuthority

RETIRED = "Exit-Retired"
"""Label of bag-info.txt: `scheduled` or `gone`, and the day."""
TRIES = "data/tries.tsv"
"""What became of every try of what leads to the source, a line each."""
_OWN = frozenset(
    {"data/retire.tsv", TRIES, "data/proces-verbal.txt", "data/certificate.txt", STATEMENT}
)
_NOTICES = frozenset({"data/LISEZMOI.txt", "data/README.txt"})


@dataclass(frozen=True)
class Signatories:
    """Who signs a second seal.

    Attributes:
        controller: the controller, or who signs for it.
        clock: who says when.
        host: the former host, who signs beside the folder; None: it signs the record on paper.
    """

    controller: Signer
    clock: TimeAuthority
    host: Signer | None = None


_TITLES = {
    "scheduled": (
        "CERTIFICATE OF SCHEDULED DESTRUCTION: not carried out yet",
        "CERTIFICAT DE PROGRAMMATION DE LA DESTRUCTION : elle n'a pas encore eu lieu",
    ),
}
"""Titles by what has happened, in English and in French; else those of a destruction."""
_DESTROYED = ("CERTIFICATE OF DESTRUCTION", "CERTIFICAT DE DESTRUCTION")


_CERTIFICATE = """\
{title_fr}
{host} ({source}) : {warehouse}, état « {event_fr} », {day_fr}.
Chaque chose, l'acte, le premier jour permis, la date, la référence et le témoin :
{lines_fr}
Accès essayés (chose, voie, constat, détail relevé, en anglais) :
{tried_fr}

{title}
{host} ({source}): {warehouse}, state "{event}", {day}.
Each thing, the act, the first day allowed, the date, the reference and the witness:
{lines}
Access that was tried (thing, way, outcome, detail):
{tried}
"""


def seal_retirement(
    folder: Path,
    first: Path,
    event: str,
    lines: Sequence[RetireLine],
    by: Signatories,
    tries: Sequence[TryLine] = (),
) -> Sealed:
    """Make the second seal; the folder appears whole or not at all.

    Args:
        folder: where; nothing of that name is there yet.
        first: the seal that proves what was returned; everything in it is carried over.
        event: `scheduled` or `gone`.
        lines: what becomes of each thing of the source.
        by: who signs, and who says when.
        tries: what became of every try of what leads to the source.

    Raises:
        GuardError: the folder exists, or others can read a key.
        InputError: the first seal cannot be read.
        HavreError: it cannot be signed, time-stamped or written, or `verify.sh` refuses it.
    """
    who = identity(by.controller)
    second = None if by.host is None else identity(by.host)
    with appearing(folder) as partial:
        bag = Bag(partial)
        info = [*_filled(bag, first, event, lines, tries)]
        losses = (first / "data/losses.tsv").read_text("utf-8").splitlines()
        told = replace(instructions(folder, by.controller), lost=lost_in(losses))
        for path, text in told.texts(departure_of(info)).items():
            bag.add(path, text)
        bag.add(STATEMENT, statement(info, bag.digests))
        bag.close(info)
        (partial / SIGNATURE).write_bytes(who.sign((partial / TAG_MANIFEST).read_bytes()))
        (partial / TOKEN).write_bytes(token_over(partial / SIGNATURE, by.clock))
        found = verified(partial, Trust(by.controller.authority, by.clock.authority))
    if second is not None:
        beside = folder.with_name(f"{folder.name}.host.p7s")
        beside.write_bytes(second.sign((folder / TAG_MANIFEST).read_bytes()))
    return Sealed(folder, found, script_digest())


def _filled(
    bag: Bag, first: Path, event: str, lines: Sequence[RetireLine], tries: Sequence[TryLine]
) -> list[tuple[str, str]]:
    """Write everything but the notices and the statement; what bag-info.txt says."""
    info, today = labels(first), dt.datetime.now(dt.UTC).date().isoformat()
    departure, digests = departure_of(info), dict(_payload(first))
    for path in sorted(digests):
        if path not in _OWN | _NOTICES:
            bag.add(path, (first / path).read_bytes())
    tables = []
    for label, value in info:
        if label == "Exit-Lines":
            count, _, path = value.partition(" ")
            ending = "tsv" if path.startswith("data/objects/") else "txt"
            tables.append(Table(path, int(count), digests[f"{path}.source.{ending}"]))
    bag.write("data/retire.tsv", sorted(set(map(str, lines))))
    bag.write(TRIES, sorted(set(map(str, tries))))
    bag.add("data/proces-verbal.txt", record(departure, tables, lines, tries))
    words = {"event": event, "day": today, "lines": "\n".join(map(retired_line, lines))}
    words |= {"lines_fr": "\n".join(retired_line(line, french=True) for line in lines)}
    words |= {"event_fr": act_in_french(event)}
    words["title"], words["title_fr"] = _TITLES.get(event, _DESTROYED)
    words |= {"day_fr": day_in_french(dt.date.fromisoformat(today))}
    words |= {"tried": tried(tries), "tried_fr": tried(tries, french=True)}
    bag.add("data/certificate.txt", _CERTIFICATE.format(**words, **vars(departure)))
    kept = [(label, value) for label, value in info if label not in ("Payload-Oxum", RETIRED)]
    own = {"Bagging-Date": today, STAMPED: "yes"}
    dated = [(label, own.get(label, value)) for label, value in kept]
    return [*dated, (RETIRED, f"{event} {today}")]


def departure_of(info: Sequence[tuple[str, str]]) -> Leaving:
    """Which warehouse left, as bag-info.txt says it.

    Raises:
        InputError: something is missing or wrong.
    """
    told = dict(info)
    try:
        frozen = told["Exit-Frozen"]
        return Leaving(
            warehouse=told["Exit-Warehouse"],
            source=told["Exit-From"],
            target=told["Exit-To"],
            level=Level(told["Exit-Level"]),
            began=dt.datetime.fromisoformat(told["Exit-Began"]),
            ended=dt.datetime.fromisoformat(told["Exit-Ended"]),
            controller=told["Exit-Controller"],
            host=told["Exit-Host"],
            next_host=told.get(NEXT_HOST, ""),
            probed=told.get(PROBED, ""),
            sandboxes=tuple(value for label, value in info if label == SANDBOX),
            frozen=None if frozen == NOT_FROZEN else dt.datetime.fromisoformat(frozen),
        )
    except (KeyError, ValueError) as error:
        message = f"what the seal says of the exit is missing or wrong: {error}"
        raise InputError(message, "Name the folder of a seal.") from None


def _payload(seal: Path) -> Iterator[tuple[str, str]]:
    """Path and digest of each file of a seal's payload."""
    for line in (seal / MANIFEST).read_text("utf-8").splitlines():
        digest, _, path = line.partition("  ")
        yield path, digest
