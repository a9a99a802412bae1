"""From Scaleway's names of regions and zones to countries, and the copies that nobody named.

A zone is called after its region: `fr-par-1` is in `fr-par`.
"""

from __future__ import annotations

import re

from havre.facts.model import Copy, Place
from havre_scaleway.sites import COUNTRIES

NAME = re.compile(r"([a-z]{2}-[a-z]{3})(?:-[0-9])?")
OTHER_REGION = "backupSameRegion is not true: logical backups are stored in another region"
"""A copy of the database that an argument brings about (terraform-provider-scaleway, 2026-08-21:
unset is sent as false); no source says in which region."""
WORLDWIDE = "identities and policies are global"


def country(region: str) -> str | None:
    """ISO country of a region or zone; None where it is not known."""
    found = NAME.fullmatch(region.strip().lower())
    return COUNTRIES.get(found[1]) if found else None


def place(copy: Copy, region: object, implied: str = "") -> Place:
    """A copy in a region; one that is not named is nowhere known."""
    name = "" if region is None else str(region)
    return Place(copy, name, country(name), implied)
