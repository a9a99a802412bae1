"""Makes the seal of a small rehearsal, to try how an auditor checks one: seal.py FOLDER."""

import datetime as dt
import hashlib
import sys
from pathlib import Path

from havre.exit.ledger import LedgerEntry, LedgerFate
from havre.exit.records import DatabaseLine, ObjectLine, digest_of, ordered
from havre.exit.seal.contents import Contents, DatabaseSides, Leaving, Level, ZoneSides
from havre.exit.seal.rehearsal import rehearsal_authorities
from havre.exit.seal.sealing import seal

BEGAN = dt.datetime(2026, 11, 28, 8, tzinfo=dt.UTC)
PROPERTIES = {"content-type": "text/csv"}


def objects() -> list[str]:
    """A line for each object of a zone."""
    held = {"ward/a b.csv": b"17", "ward/\u00e9t\u00e9.csv": b"18"}
    digests = {key: hashlib.sha256(content).hexdigest() for key, content in held.items()}
    properties = digest_of(PROPERTIES)
    return ordered(ObjectLine(key, 1, len(held[key]), digests[key], properties) for key in held)


def tables() -> list[str]:
    """A line for each table of a database."""
    return ordered([DatabaseLine("table", "public.stay", 2, hashlib.sha256(b"1\n2\n").hexdigest())])


def main() -> None:
    """Seal it, with keys that are made beside it."""
    folder = Path(sys.argv[1])
    signer, clock = rehearsal_authorities(folder / "keys")
    departure = Leaving(
        warehouse="emc2",
        source="azure",
        target="ovh",
        level=Level.REHEARSAL,
        began=BEGAN,
        ended=BEGAN + dt.timedelta(hours=6),
        controller="Agence EMC2",
        host="Example Cloud SAS",
        next_host="Example European Host SA",
        decisions=("R-08 of 2026-11-02",),
    )
    both = objects()
    rows = tables()
    contents = Contents(
        departure,
        zones=(ZoneSides("curated", both, both, len(both)),),
        databases=(DatabaseSides("emc2", rows, rows, len(rows), "copy public.stay to stdout;\n"),),
        losses=[LedgerEntry("zone curated", "all", "content type", "*", "*", LedgerFate.KEPT)],
        plan=b"{}",
        findings=b"[]",
    )
    sealed = seal(folder / "emc2", contents, signer, clock)
    print(f"{sealed.folder}; to be checked with the verify.sh whose SHA-256 is {sealed.script}")


if __name__ == "__main__":
    main()
