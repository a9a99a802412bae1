"""Compiles the catalogues of translations: `python scripts/catalogues.py`.

A catalogue is `locale/LANGUAGE/LC_MESSAGES/messages.po` of a package, written by hand; what is read
at run time is the `messages.mo` next to it. A test compares both, and finds what is not translated.
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
"""Folders of the packages that have catalogues."""


def catalogues() -> list[Path]:
    """Every catalogue."""
    return [path for package in PACKAGES for path in (ROOT / package).glob("locale/*/*/*.po")]


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
