from typing import ClassVar

import pytest

from havre_conformance.suite import ProviderSuite
from havre_scaleway.provider import provider
from tests.clouds import SETTINGS


class TestScaleway(ProviderSuite):
    provider = provider
    settings: ClassVar = SETTINGS["scaleway"]


@pytest.mark.long  # a second pass over every file of the suite
class TestScalewayWithObjects(ProviderSuite):
    """With the objects that isolate projects in the cluster."""

    provider = provider
    settings: ClassVar = {**SETTINGS["scaleway"], "kubernetes_context": "suite"}
