"""What a provider refuses is told all at once, and before anything is built."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from havre.errors import InputError
from havre.evaluate import evaluate
from havre.provider import parts as p
from havre.provider.faults import ProviderFault, faults
from havre.spec import Warehouse
from havre.spec.load import load
from havre.stack.program import program
from tests.contract.toy_provider import PARTS, PaperProvider, Settings, provider

EXAMPLES = Path(__file__).parents[2] / "examples"
RENEWED = ProviderFault(("encryption", "rotation_days"), "ink dries slowly", "Wait longer.")
SHELVED = ProviderFault(("settings", "shelf"), "no shelf `a`", "Name another shelf.")


class StrictPaper(PaperProvider):
    """Refuses every warehouse, and keeps whether a part was asked of it nevertheless."""

    def __init__(self) -> None:
        self.built = 0

    def check(self, _spec: Warehouse, _settings: BaseModel) -> Iterable[ProviderFault]:
        yield RENEWED
        yield SHELVED

    def parts(self) -> p.Parts:
        def network(*given: Any) -> p.NetworkOutputs:
            self.built += 1
            return PARTS.network(*given)

        return replace(PARTS, network=network)


@pytest.fixture(scope="module")
def spec() -> Warehouse:
    return load(EXAMPLES / "emc2" / "warehouse.yaml").warehouse


def test_every_fault_is_told_before_anything_is_built(spec: Warehouse) -> None:
    strict = StrictPaper()
    with pytest.raises(InputError) as caught:
        evaluate(program(spec, strict, Settings(shelf="a")), project="p", stack="s")
    for fault in (RENEWED, SHELVED):
        assert str(fault) in caught.value.message
        assert fault.remedy in caught.value.remedy
    assert str(RENEWED) == "encryption.rotation_days: ink dries slowly"
    assert strict.built == 0


def test_a_provider_without_checks_refuses_nothing(spec: Warehouse) -> None:
    assert faults(provider, spec, Settings(shelf="a")) == ()


def test_sites_that_are_not_there_are_told_together_and_alone(spec: Warehouse) -> None:
    sites = spec.sites.model_copy(update={"primary": "fr-brest", "recovery": "fr-nice"})
    found = faults(StrictPaper(), spec.model_copy(update={"sites": sites}), Settings(shelf="a"))
    assert [fault.path for fault in found] == [("sites", "primary"), ("sites", "recovery")]
    assert all("fr-paris" in fault.remedy for fault in found)
