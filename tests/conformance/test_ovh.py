from typing import ClassVar

import pytest

from havre_conformance.suite import ProviderSuite
from havre_ovh.provider import provider
from tests.clouds import SETTINGS


class TestOvh(ProviderSuite):
    provider = provider
    settings: ClassVar = SETTINGS["ovh"]


@pytest.mark.long  # a second pass over every file of the suite
class TestOvhInAnEstate(ProviderSuite):
    """With a log stream and a gateway given; networks depend on the regions of each file."""

    provider = provider
    settings: ClassVar = {
        **SETTINGS["ovh"],
        "estate": {
            "answers_for": "Network team, network@hospital.example",
            "gateway_id": "bbbbbbbb-0000-4000-8000-000000000001",
            "stream_id": "cccccccc-0000-4000-8000-000000000001",
        },
    }


@pytest.mark.long  # likewise
class TestOvhWithObjects(ProviderSuite):
    """With the objects that isolate projects in the cluster."""

    provider = provider
    settings: ClassVar = {**SETTINGS["ovh"], "kubernetes_context": "suite"}
