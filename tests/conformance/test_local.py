from typing import ClassVar

from havre_conformance.suite import ProviderSuite
from havre_local.provider import provider


class TestLocal(ProviderSuite):
    provider = provider
    settings: ClassVar = {"data_dir": "/nowhere", "country": "FR"}
