"""A toy provider passes for the few capabilities that it declares, with no core file touched."""

from typing import ClassVar

from havre_conformance.suite import ProviderSuite
from tests.contract.toy_provider import provider


class TestPaper(ProviderSuite):
    provider = provider
    settings: ClassVar = {"shelf": "a"}
