"""The seal for machines: bag-info.txt, and an in-toto Statement that says the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from havre import __version__
from havre.exit.seal.contents import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from havre.exit.seal.contents import Leaving
    from havre.exit.seal.tables import Table

STATEMENT = "data/statement.json"
_TYPE = "https://in-toto.io/Statement/v1"
_PREDICATE = "urn:havre:exit:v1"
NOT_FROZEN = "not frozen"
"""Stands for the moment since when nothing changed at the source."""
NEXT_HOST = "Exit-Next-Host"
NEXT_WAREHOUSE = "Exit-Next-Warehouse"
"""Name of the warehouse at the target."""
PROBED = "Exit-Probed"
"""When the target was probed, and how its promises were seen."""
UNTAKEN = "Exit-Frozen-Except"
"""Says from whom nobody took writing, and why."""
SANDBOX = "Exit-Sandbox"
"""Says `source` or `target`: which of both was no provider's service."""
STAMPED = "Exit-Time-Stamp"
"""Says `yes` or `none`: who removes a time-stamp is found out."""
_LISTS = ("Exit-Decision", "Exit-Frozen-By-Hand", "Exit-Lines")
"""Labels that may be there more than once, or never."""
_LATER = ("Exit-Read-Back-By", SANDBOX, UNTAKEN)
"""The same, of later versions: a seal of an earlier one is not to say that there are none."""


def info_of(
    departure: Leaving, tables: Iterable[Table], day: str, *, blind: bool, stamped: bool
) -> list[tuple[str, str]]:
    """Labels and values of bag-info.txt, as far as they are known before the bag is closed.

    Args:
        departure: which warehouse left.
        tables: what was written of its zones and databases.
        day: on which it is sealed, such as 2026-11-29.
        blind: whether names of objects are replaced.
        stamped: whether a time-stamp will be made over the signature.
    """
    moments = {"Exit-Began": departure.began, "Exit-Ended": departure.ended}
    return [
        ("Bag-Software-Agent", f"havre {__version__}"),
        ("Bagging-Date", day),
        ("Exit-Warehouse", departure.warehouse),
        ("Exit-From", departure.source),
        ("Exit-To", departure.target),
        *((SANDBOX, each) for each in departure.sandboxes),
        ("Exit-Level", departure.level.value),
        *((label, moment(at)) for label, at in moments.items()),
        ("Exit-Controller", departure.controller),
        ("Exit-Host", departure.host),
        *([(NEXT_HOST, departure.next_host)] if departure.next_host else []),
        *([(NEXT_WAREHOUSE, departure.next_warehouse)] if departure.next_warehouse else []),
        ("Exit-Frozen", moment(departure.frozen) if departure.frozen else NOT_FROZEN),
        *(("Exit-Frozen-By-Hand", each) for each in departure.by_hand),
        *((UNTAKEN, each) for each in departure.untaken),
        *(("Exit-Read-Back-By", each) for each in departure.readers),
        *([(PROBED, departure.probed)] if departure.probed else []),
        ("Exit-Names", "blind" if blind else "plain"),
        (STAMPED, "yes" if stamped else "none"),
        *(("Exit-Decision", each) for each in departure.decisions),
        *(("Exit-Lines", f"{table.count} {table.path}") for table in tables),
    ]


def statement(info: Sequence[tuple[str, str]], digests: Mapping[str, str]) -> bytes:
    """The same facts and digests as JSON in canonical form (RFC 8785).

    Args:
        info: labels and values of bag-info.txt.
        digests: SHA-256 by path of every other file of the payload.
    """
    subject = [{"digest": {"sha256": digests[path]}, "name": path} for path in sorted(digests)]
    told = {
        "_type": _TYPE,
        "predicateType": _PREDICATE,
        "predicate": predicate(info),
        "subject": subject,
    }
    # Of texts, lists and objects with ASCII keys alone, this is what RFC 8785 asks for.
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def predicate(info: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The facts of bag-info.txt by label; those that can be repeated as lists."""
    told: dict[str, Any] = {label: [] for label in _LISTS}
    for label, value in info:
        if label in (*_LISTS, *_LATER):
            told.setdefault(label, []).append(value)
        elif label != "Payload-Oxum":
            told[label] = value
    return told
