"""A toy provider passes for the few capabilities that it declares, with no core file touched."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from havre_conformance.suite import ProviderSuite
from tests.contract.toy_provider import provider


class TestPaper(ProviderSuite):
    provider = provider
    settings: ClassVar = {"shelf": "a"}

    @classmethod
    def machine(cls, _folder: Path) -> Mapping[str, Any]:
        return cls.settings
