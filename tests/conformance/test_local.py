from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from havre_conformance.suite import ProviderSuite
from havre_local.provider import provider


class TestLocal(ProviderSuite):
    provider = provider
    settings: ClassVar = {"data_dir": "/nowhere", "country": "FR"}

    @classmethod
    def machine(cls, folder: Path) -> Mapping[str, Any]:
        return {"data_dir": str(folder), "country": "FR"}
