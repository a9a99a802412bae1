"""Compiles the catalogues of translations: `python scripts/catalogues.py`.

A catalogue is `locale/LANGUAGE/LC_MESSAGES/NAME.po` of a package, written by hand; what is read at
run time is the `NAME.mo` next to it. `messages` are those of reports, `texts` what findings say. A
test compares both, and finds what is not translated.
"""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

EPOCH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""Of every compiled catalogue, so that the same one gives the same bytes."""
ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("havre/report", "policies/havre_policies")
"""Folders of the packages that have a catalogue of messages."""
TEXTS = ("policies/havre_policies", "providers/*/havre_*")
"""Folders of the packages that have a catalogue of texts: what findings say."""


def catalogues() -> list[Path]:
    """Every catalogue."""
    found = {path for each in (*PACKAGES, *TEXTS) for path in ROOT.glob(f"{each}/locale/*/*/*.po")}
    return sorted(found)


def compiled(catalogue: Path) -> bytes:
    """A catalogue as gettext reads it."""
    with catalogue.open("rb") as stream:
        found = read_po(stream)
    found.creation_date = found.revision_date = EPOCH
    written = BytesIO()
    write_mo(written, found)
    return written.getvalue()


if __name__ == "__main__":
    for each in catalogues():
        each.with_suffix(".mo").write_bytes(compiled(each))
