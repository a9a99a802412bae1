"""Where things and their copies lie."""

from __future__ import annotations

import pytest

from havre_ovh.facts.places import country


@pytest.mark.parametrize(
    ("region", "wanted"),
    [
        ("GRA", "FR"),
        ("GRA11", "FR"),
        ("gra", "FR"),
        ("SBG5", "FR"),
        ("RBX-A", "FR"),
        ("RBX-ARCHIVE", "FR"),
        ("EU-WEST-PAR", "FR"),
        ("eu-west-par-a", "FR"),
        ("eu-west-rbx", "FR"),
        ("DE1", "DE"),
        ("WAW1", "PL"),
        ("UK1", "GB"),
        ("EU-SOUTH-MIL", "IT"),
        ("EU-SOUTH-LZ-MAD-A", "ES"),
        ("BHS5", "CA"),
        ("CA-EAST-TOR", "CA"),
        ("SGP1", "SG"),
        ("AP-SOUTH-MUM", "IN"),
        ("US-EAST-VIN", None),
        ("US-EAST-PAR", None),
        ("AP-SOUTHEAST-GRA", None),
        ("EU-WEST-LZ-XYZ-A", None),
        ("GRAVELINES", None),
        ("global", None),
        ("", None),
    ],
)
def test_a_region_has_its_country_however_it_is_spelt(region: str, wanted: str | None) -> None:
    assert country(region) == wanted
