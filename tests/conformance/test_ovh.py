from typing import ClassVar

from havre_conformance.suite import ProviderSuite
from havre_ovh.provider import provider
from tests.clouds import SETTINGS


class TestOvh(ProviderSuite):
    provider = provider
    settings: ClassVar = SETTINGS["ovh"]
