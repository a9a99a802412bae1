import copy
import json

import pytest

from tests.upgrade.guard import STACKS, WAREHOUSES, bearing, losses, planned, recorded


@pytest.mark.parametrize("warehouse", WAREHOUSES)
@pytest.mark.parametrize("provider", STACKS)
def test_todays_code_loses_nothing_of_yesterdays(provider: str, warehouse: str) -> None:
    before = json.loads(recorded(provider, warehouse).read_text())
    assert before
    assert losses(before, bearing(planned(provider, warehouse))) == []


def test_a_loss_is_seen() -> None:
    before = bearing(planned("local", "hospital"))
    after = copy.deepcopy(before)
    first, second, *_ = [urn for urn in after if urn.endswith(("zones-landing", "zones-curated"))]
    del after[first]
    after[second]["inputs"]["bucket"] = "another"
    assert losses(before, after) == [
        f"{first.rsplit('::', 1)[-1]} would be deleted or renamed",
        f"{second.rsplit('::', 1)[-1]} would be replaced: `bucket` changed",
    ]
