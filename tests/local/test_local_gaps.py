"""What this machine answers with less than all is a gap of some spec."""

from typing import Any

import pytest

from havre.provider import Capability, Support
from havre_conformance.specs import changed, large, warehouse
from havre_conformance.suite import WITHIN
from havre_local.provider import provider
from havre_local.settings import LocalSettings

LACKING = [each for each, answer in provider.capabilities.items() if answer.support != "native"]
CHANGES: tuple[tuple[str, Any], ...] = (
    ("encryption.keys", "hsm"),
    ("database.availability", "multi-zone"),
    ("residency.qualifications", ["hds", "secnumcloud"]),
)


@pytest.mark.parametrize("capability", LACKING)
def test_what_is_lacking_is_a_gap(capability: Capability) -> None:
    document = large(provider.sites)
    for path, value in CHANGES:
        document = changed(document, path, value)
    gaps = provider.gaps(warehouse(document), LocalSettings(data_dir="/nowhere", country="FR"))
    told = {gap.capability for gap in gaps}
    assert capability in told or WITHIN[capability] in told


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("recoverable_days", 12, "kept without an end date (landing: 12 days,"),
        ("version_days", 70, "than `version_days` allows (landing: 70 days)"),
        ("expire_days", 91, "than `expire_days` allows (landing: 91 days,"),
        ("versions", False, "lost at once (landing: 30 days)"),
    ],
)
def test_what_a_zone_is_promised_in_vain_is_named_with_its_days(
    field: str, value: Any, text: str
) -> None:
    document = changed(large(provider.sites), f"zones.landing.{field}", value)
    gaps = provider.gaps(warehouse(document), LocalSettings(data_dir="/nowhere", country="FR"))
    assert [gap for gap in gaps if text in f"{gap.fallback}; {gap.risk}"]


@pytest.mark.parametrize("capability", sorted(WITHIN))
def test_what_a_missing_part_lacks_is_told_with_it(capability: Capability) -> None:
    assert provider.capabilities[capability].support is Support.ABSENT
    assert provider.capabilities[WITHIN[capability]].support is Support.ABSENT


def test_what_the_front_of_the_database_lacks_is_told_where_projects_connect() -> None:
    document = large(provider.sites)
    for projects, told in ((document["projects"], True), ({}, False)):
        asked = warehouse({**document, "projects": projects})
        gaps = provider.gaps(asked, LocalSettings(data_dir="/nowhere", country="FR"))
        found = [gap for gap in gaps if "channel binding" in gap.fallback]
        assert [gap.control for gap in found] == ["encryption.in-transit"] * told
