"""The toy provider's sandbox passes: a sheet is recorded, and known by its title."""

from typing import ClassVar

from havre_conformance.sandboxes import SandboxSuite
from tests.contract.toy_provider import provider


class TestPaperSandbox(SandboxSuite):
    provider = provider
    settings: ClassVar = {"shelf": "a"}
