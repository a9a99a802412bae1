from typing import ClassVar

from havre_conformance.suite import ProviderSuite
from havre_scaleway.provider import provider
from tests.clouds import SETTINGS


class TestScaleway(ProviderSuite):
    provider = provider
    settings: ClassVar = SETTINGS["scaleway"]
