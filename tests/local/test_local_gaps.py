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


@pytest.mark.parametrize("capability", sorted(WITHIN))
def test_what_a_missing_part_lacks_is_told_with_it(capability: Capability) -> None:
    assert provider.capabilities[capability].support is Support.ABSENT
    assert provider.capabilities[WITHIN[capability]].support is Support.ABSENT
