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
            "            if isinstance(f, DataStore) else f for f in found.items))"
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
        {"test_native_capability_is_evidenced", "test_no_field_is_ignored"},
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
        {"test_evaluation_is_deterministic", "test_an_ended_project_is_given_nothing"},
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
            "            if isinstance(f, DataStore) else f for f in found.items))"
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
import json
import uuid
import pulumi
from dataclasses import replace
from typing import ClassVar
from havre.provider import parts as p
from havre.facts import Facts, collect
from havre.facts.model import Unclassified
from havre.facts.stores import DataStore
from havre.facts.values import Known, Unknown
from havre.provider import Capability, Gap, Support, Supported
from havre.provider.sites import Site
from havre_conformance.suite import ProviderSuite
from tests.contract.toy_provider import PARTS, READ_ON, PaperProvider, Sheet, _part

def seen_as(change):
    # A builder that is shown the warehouse as `change` makes it.
    def wrap(build):
        return lambda part, inputs: build(replace(part, context=change(part.context)), inputs)
    return wrap

def blind(zones, field, value):
    # The same value for a field of those zones; what was asked for stands in a label.
    def change(context):
        spec = context.spec
        asked = {name: getattr(zone, field) for name, zone in spec.zones.items()}
        flat = {name: zone.model_copy(update={field: value} if name in zones else {})
                for name, zone in spec.zones.items()}
        tags = {**context.tags, field: json.dumps(asked)}
        return replace(context, spec=spec.model_copy(update={"zones": flat}), tags=tags)
    return seen_as(change)

def without_recovery(context):
    spec = context.spec
    sites = spec.sites.model_copy(update={"recovery": None})
    network = spec.network.model_copy(update={"recovery_address_space": None})
    return replace(context, spec=spec.model_copy(update={"sites": sites, "network": network}))

def twice(build):
    # Two more resources of one identifier.
    def built(part, inputs):
        for end in "ab":
            props = {"title": "same", "asked": "", "needs": None, "tags": part.tags}
            Sheet(f"{part.name}-{end}-sheet", props, part.child())
        return build(part, inputs)
    return built

class Bad(PaperProvider):
    FAULT

class TestBad(ProviderSuite):
    provider = Bad()
    settings: ClassVar = {"shelf": "a"}
    known_faults: ClassVar = FAULTS

    @classmethod
    def machine(cls, _folder):
        return cls.settings
"""


def outcomes(pytester: Pytester, fault: str, *options: str, faults: str = "{}") -> set[str]:
    """Names of the cases that fail for a provider with that fault."""
    pytester.makepyfile(TEMPLATE.replace("FAULTS", faults).replace("FAULT", fault))
    # The last would search the memory of all tests for what is left of these few.
    without = ("cacheprovider", "cov", "unraisableexception")
    plugins = [word for name in without for word in ("-p", f"no:{name}")]
    result = pytester.inline_run(*plugins, *options)
    _, _, failed = result.listoutcomes()
    return {report.nodeid.split("::")[-1] for report in failed}


FIELD = "test_no_field_is_ignored"


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_the_cases_that_are_for_it(pytester: Pytester, fault: str) -> None:
    code, expected = FAULTS[fault]
    assert {name.split("[")[0] for name in outcomes(pytester, code)} == expected


def test_a_fault_fails_its_cases_whatever_becomes_of_fields(pytester: Pytester) -> None:
    """One of the faults in every run, without the cases of fields and capabilities, the most."""
    code, expected = FAULTS["a type that nobody knows"]
    failed = outcomes(pytester, code, "-k", f"not {FIELD} and not capability")
    assert {name.split("[")[0] for name in failed} == expected


IGNORED = {
    "a field that only a label shows": (
        (
            "every = ('landing', 'curated', 'export', 'backup', 'logs')\n"
            "        return replace(PARTS, zones=blind(every, 'recoverable_days', 7)(PARTS.zones))"
        ),
        {
            f"{FIELD}[zones.{zone}.recoverable_days={days}]"
            for zone, days in (
                *(("landing", 31), ("curated", 401), ("export", 51)),
                *(("backup", 91), ("logs", 366)),
            )
        },
    ),
    "a field that only the text of a gap shows": (
        (
            "every = ('landing', 'curated', 'export', 'backup', 'logs')\n"
            "        deaf = blind(every, 'recoverable_days', 7)(PARTS.zones)\n"
            "        return replace(PARTS, zones=deaf)\n"
            "    def gaps(self, spec, settings):\n"
            "        days = str([zone.recoverable_days for zone in spec.zones.values()])\n"
            "        told = (Support.PARTIAL, days, days, READ_ON, days)\n"
            "        return [Gap('continuity.retention', Capability.OBJECT_RECOVERY, *told)]"
        ),
        {
            f"{FIELD}[zones.{zone}.recoverable_days={days}]"
            for zone, days in (
                *(("landing", 31), ("curated", 401), ("export", 51)),
                *(("backup", 91), ("logs", 366)),
            )
        },
    ),
    "a field that counts in all zones but one": (
        'return replace(PARTS, zones=blind(("export",), "expire_days", 40)(PARTS.zones))',
        {f"{FIELD}[zones.export.expire_days=41]"},
    ),
    "a recovery site that is ignored": (
        "return replace(PARTS, network=seen_as(without_recovery)(PARTS.network))",
        {f"{FIELD}[sites.recovery=None]", f"{FIELD}[network.recovery_address_space=10.61.0.0/16]"},
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("fault", IGNORED)
def test_a_field_that_is_ignored_is_named(pytester: Pytester, fault: str) -> None:
    code, expected = IGNORED[fault]
    fault = f"def parts(self):\n        {code}"
    assert outcomes(pytester, fault, "-k", FIELD) == expected


def test_a_field_that_is_ignored_is_named_among_others_that_are_not(pytester: Pytester) -> None:
    """One of the faults in every run, among fields of the same zones."""
    code, expected = IGNORED["a field that only a label shows"]
    fault = f"def parts(self):\n        {code}"
    some = f"{FIELD} and (recoverable_days or immutable_days)"
    assert outcomes(pytester, fault, "-k", some) == expected


@pytest.mark.long
def test_a_native_capability_that_no_fact_follows_is_named(pytester: Pytester) -> None:
    """A sheet that bears the value in a property nobody reads is no evidence."""
    fault = (
        "capabilities = {Capability.OBJECT_RECOVERY: Supported(Support.NATIVE)}\n"
        "    def facts(self, plan):\n"
        "        found = super().facts(plan)\n"
        "        return replace(found, items=tuple(\n"
        "            replace(f, zone='curated', recoverable_days=Known(400))\n"
        "            if isinstance(f, DataStore) else f for f in found.items))"
    )
    failed = outcomes(pytester, fault, "-k", FIELD)
    assert len(failed) == 5
    assert all("recoverable_days" in name for name in failed)


@pytest.mark.long
def test_a_provider_of_one_site_a_country_gets_its_cases(pytester: Pytester) -> None:
    sites = 'sites = {n: Site(n, n[:2].upper(), {"shelf": n}) for n in ("fr-paris", "de-berlin")}'
    code, expected = IGNORED["a recovery site that is ignored"]
    fault = f"{sites}\n    def parts(self):\n        {code}"
    assert outcomes(pytester, fault, "-k", FIELD) == expected


def test_an_identifier_that_two_resources_have_fails(pytester: Pytester) -> None:
    fault = "def parts(self):\n        return replace(PARTS, keys=twice(PARTS.keys))"
    failed = outcomes(pytester, fault, "-k", "identifiers or deterministic")
    assert failed == {"test_identifiers_are_unique"}


OPTION = "test_option"
"""In the cases' names alone: all cases are asked for by what stands in a folder's name too."""


@pytest.mark.parametrize(
    ("options", "case"),
    [
        ('{"limits": Supported(Support.NATIVE)}', "test_option_is_offered_as_declared[limits]"),
        ('{"lymits": Supported(Support.NATIVE)}', "test_options_are_of_the_contract"),
    ],
)
def test_an_option_that_is_declared_and_not_there_fails(
    pytester: Pytester, options: str, case: str
) -> None:
    assert outcomes(pytester, f"options = {options}", "-k", OPTION) == {case}


def test_a_known_fault_that_passes_fails(pytester: Pytester) -> None:
    known = '{"test_name_is_a_word": "paper has no name", "test_operator_is_named": "nor owner"}'
    fault = 'operator = replace(PaperProvider.operator, entity="")'
    failed = outcomes(pytester, fault, "-k", "name_is_a_word or operator", faults=known)
    assert failed == {"test_name_is_a_word"}


def test_what_is_skipped_is_listed_with_its_reason(
    pytester: Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    known = '{"test_operator_is_named": "nobody owns paper"}'
    fault = 'operator = replace(PaperProvider.operator, entity="")'
    assert outcomes(pytester, fault, "-k", "absent or operator", faults=known) == set()
    said = capsys.readouterr().out
    assert (
        "skipped: declared partial\n  TestBad::test_absent_capability_has_its_gap: registry" in said
    )
    assert "xfailed: nobody owns paper\n  TestBad::test_operator_is_named" in said
