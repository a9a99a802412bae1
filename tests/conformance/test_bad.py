"""A deliberately bad provider fails the right cases, and no others."""

import pytest
from _pytest.pytester import Pytester

pytest_plugins = ["pytester"]

FAULTS = {
    "a type that nobody knows": (
        (
            "def facts(self, plan):\n"
            "        return collect(plan, lambda r: Unclassified(r.urn, r.type))"
        ),
        {"test_every_resource_is_classified", "test_every_store_is_guarded"},
    ),
    "data without a guard": (
        (
            "def facts(self, plan):\n"
            "        found = super().facts(plan)\n"
            "        return replace(found, items=tuple(replace(f, guarded=Known(False))\n"
            "            if isinstance(f, Store) else f for f in found.items))"
        ),
        {"test_every_store_is_guarded"},
    ),
    "a store without a place": (
        (
            "def facts(self, plan):\n"
            "        found = super().facts(plan)\n"
            "        return replace(found, items=tuple(replace(f, places=Known(()))\n"
            "            for f in found.items))"
        ),
        {"test_every_store_is_placed"},
    ),
    "a resource that is passed over in silence": (
        "def facts(self, plan):\n        return Facts((), ())",
        {"test_every_resource_is_classified", "test_every_store_is_guarded"},
    ),
    "a missing gap": (
        "def gaps(self, spec, settings):\n        return []",
        {"test_absent_capability_has_its_gap"},
    ),
    "a capability that nothing evidences": (
        (
            "capabilities = {Capability.OBJECT_LOCK: Supported(Support.NATIVE)}\n"
            "    def gaps(self, spec, settings):\n        return []"
        ),
        {"test_native_capability_is_evidenced"},
    ),
    "fields that are ignored": (
        (
            "def parts(self):\n"
            "        return replace(PARTS, keys=_part((), lambda i: i.network.identifier,\n"
            "            lambda ref, s: p.KeysOutputs(ref, dict.fromkeys(s.zones, ref), ref, None\n"
            "        )))"
        ),
        {"test_no_field_is_ignored"},
    ),
    "a plan that differs every time": (
        (
            "def parts(self):\n"
            "        return replace(PARTS, backup=_part((),\n"
            "            lambda i: str(uuid.uuid4()), lambda ref, _: p.BackupOutputs(ref, 'A')))"
        ),
        {"test_evaluation_is_deterministic"},
    ),
    "gaps that are left out": (
        (
            "capabilities = dict.fromkeys(\n"
            "        (Capability.PUBLIC_ACCESS_BLOCK, Capability.FLOW_LOGS),\n"
            "        Supported(Support.ABSENT, 'paper is for everybody'))\n"
            "    def gaps(self, spec, settings):\n        return []"
        ),
        {"test_absent_capability_has_its_gap"},
    ),
    "promises that nothing evidences": (
        (
            "capabilities = dict.fromkeys(\n"
            "        (Capability.LEGAL_HOLD, Capability.POINT_IN_TIME_RESTORE,\n"
            "         Capability.CUSTOMER_KEY_VOLUMES, Capability.CUSTOMER_KEY_OBJECTS),\n"
            "        Supported(Support.NATIVE))\n"
            "    def gaps(self, spec, settings):\n        return []"
        ),
        {"test_native_capability_is_evidenced"},
    ),
    "a guard that nobody knows": (
        (
            "def facts(self, plan):\n"
            "        found = super().facts(plan)\n"
            "        return replace(found, items=tuple(replace(f, guarded=Unknown('x'))\n"
            "            if isinstance(f, Store) else f for f in found.items))"
        ),
        {"test_every_store_is_guarded"},
    ),
    "a place that nobody knows": (
        (
            "def facts(self, plan):\n"
            "        found = super().facts(plan)\n"
            "        return replace(found, items=tuple(replace(f, places=Unknown('x'))\n"
            "            for f in found.items))"
        ),
        {"test_every_store_is_placed"},
    ),
    "a primary site that is ignored": (
        (
            "def parts(self):\n"
            "        return replace(PARTS, network=_part(('network',), lambda _: None,\n"
            "            lambda ref, _: p.NetworkOutputs(ref, {'database': ref})))"
        ),
        {"test_no_field_is_ignored"},
    ),
    "two zones that bear one identifier": (
        (
            "def parts(self):\n"
            "        return replace(PARTS, zones=_part(('zones',), lambda i: i.audit.sink,\n"
            "            lambda ref, s: p.ZonesOutputs({zone: p.ZoneStore(ref, ref, 'A',\n"
            "                pulumi.Output.from_input('shelf')) for zone in s.zones}, ref)))"
        ),
        {"test_all_outputs_are_present"},
    ),
    "an output that is no port": (
        (
            "def parts(self):\n"
            "        return replace(PARTS, database=_part(('database',),\n"
            "            lambda i: i.keys.database, lambda ref, s: p.DatabaseOutputs(ref,\n"
            "                pulumi.Output.from_input('many'), ref, 'A', ref,\n"
            "                p.Authority('system'))))"
        ),
        {"test_all_outputs_are_present"},
    ),
    "a remedy of no control": (
        'remedies = {"hsm": "buy a drawer with a lock"}',
        {"test_remedies_are_by_control"},
    ),
    "labels that are left out": (
        (
            "def facts(self, plan):\n"
            "        found = super().facts(plan)\n"
            "        return replace(found, items=tuple(replace(f, tags=Known({'owner': 'me'}))\n"
            "            for f in found.items))"
        ),
        {"test_every_resource_that_can_is_tagged"},
    ),
}
TEMPLATE = """
import uuid
import pulumi
from dataclasses import replace
from typing import ClassVar
from havre.provider import parts as p
from havre.facts import Facts, collect
from havre.facts.model import Known, Store, Unclassified, Unknown
from havre.provider import Capability, Support, Supported
from havre_conformance.suite import ProviderSuite
from tests.contract.toy_provider import PARTS, PaperProvider, _part

class Bad(PaperProvider):
    {fault}

class TestBad(ProviderSuite):
    provider = Bad()
    settings: ClassVar = {{"shelf": "a"}}
"""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_the_cases_that_are_for_it(pytester: Pytester, fault: str) -> None:
    code, expected = FAULTS[fault]
    pytester.makepyfile(TEMPLATE.format(fault=code))
    result = pytester.inline_run("-p", "no:cacheprovider", "-p", "no:cov")
    _, _, failed = result.listoutcomes()
    assert {report.nodeid.split("::")[-1].split("[")[0] for report in failed} == expected
