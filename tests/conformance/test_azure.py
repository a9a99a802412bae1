from typing import ClassVar

from havre_azure.provider import provider
from havre_conformance.suite import ProviderSuite
from tests.clouds import SETTINGS


class TestAzure(ProviderSuite):
    provider = provider
    settings: ClassVar = SETTINGS["azure"]
