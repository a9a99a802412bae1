from typing import ClassVar

import pytest

from havre_azure.provider import provider
from havre_conformance.suite import ProviderSuite
from tests.azure.estate import estate
from tests.clouds import SETTINGS


class TestAzure(ProviderSuite):
    provider = provider
    settings: ClassVar = SETTINGS["azure"]


@pytest.mark.long  # a second pass over every file of the suite
class TestAzureInAnEstate(ProviderSuite):
    """With every part of an estate given, none of them managed."""

    provider = provider
    settings: ClassVar = {**SETTINGS["azure"], "estate": estate()}


@pytest.mark.long  # likewise
class TestAzureWithObjects(ProviderSuite):
    """With the objects that isolate projects in the cluster."""

    provider = provider
    settings: ClassVar = {**SETTINGS["azure"], "kubernetes_context": "suite"}
