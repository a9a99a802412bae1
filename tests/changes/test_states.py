"""States that the real CLI wrote: the same file plans no change, another one only its own."""

import datetime as dt
import gzip
from pathlib import Path

import pytest

from havre.evaluate.warehouse import evaluated
from havre.plan.consequences import Consequence, Doing, consequences
from havre.plan.states import from_state
from havre.provider import find
from havre.spec.load import load
from havre.spec.model import Warehouse
from havre.stack.program import read_settings
from tests.changes.matrix import table
from tests.clouds import ECHOED

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "tests" / "facts" / "recorded"
DAY = dt.date(2026, 11, 23)
EVERY = pytest.mark.parametrize("provider", ECHOED)


def hospital() -> Warehouse:
    return load(ROOT / "examples" / "hospital" / "warehouse.yaml").warehouse


def against(provider: str, spec: Warehouse, tmp_path: Path) -> tuple[Consequence, ...]:
    state = tmp_path / "state.json"
    archive = RECORDED / f"hospital-{provider}-state.json.gz"
    state.write_bytes(gzip.decompress(archive.read_bytes()))
    found = find(provider)
    settings = read_settings(found, dict(ECHOED[provider]))
    now = evaluated(spec, found, settings, as_of=DAY)
    return consequences(from_state(state, provider), now, table(provider))


@EVERY
def test_the_file_that_a_state_was_made_by_changes_nothing(provider: str, tmp_path: Path) -> None:
    assert against(provider, hospital(), tmp_path) == ()


@EVERY
def test_a_zone_that_is_taken_out_is_refused(provider: str, tmp_path: Path) -> None:
    spec = hospital()
    zones = {name: zone for name, zone in spec.zones.items() if name != "landing"}
    found = against(provider, spec.model_copy(update={"zones": zones}), tmp_path)
    refused = {each.name for each in found if each.doing is Doing.REFUSE}
    assert any("landing" in name for name in refused)
    assert all("curated" not in name for name in refused)
