from typing import ClassVar

from havre_ovh.provider import provider

from havre_conformance.suite import ProviderSuite
from tests.clouds import SETTINGS


class TestOvh(ProviderSuite):
    provider = provider
    settings: ClassVar = SETTINGS["ovh"]
