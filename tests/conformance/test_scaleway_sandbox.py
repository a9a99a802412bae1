from typing import ClassVar

from havre_conformance.sandboxes import SandboxSuite
from havre_scaleway.provider import provider
from tests.clouds import SETTINGS


class TestScalewaySandbox(SandboxSuite):
    provider = provider
    settings: ClassVar = SETTINGS["scaleway"]
    cases: ClassVar = ("small", "large")
