"""The cases: subclass `ProviderSuite` in a provider's own test file."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from havre.errors import InputError
from havre.evaluate import evaluate
from havre.facts import Facts, Known, facts_of, outside_of
from havre.facts.model import Credential, Grant, Right
from havre.facts.stores import BackupStore, DataStore, LogStore, Vault
from havre.plan.kubernetes import PACKAGE as KUBERNETES
from havre.plan.parts import PartName
from havre.plan.values import Secret, secret_texts
from havre.provider import (
    OPTIONS,
    REMEDIES,
    Capability,
    Gap,
    Option,
    Provider,
    Support,
    Supported,
    provides,
)
from havre.provider.contract import REQUIRED
from havre.provider.faults import faults
from havre.provider.options import ANSWERS
from havre.provider.outputs import output_faults
from havre.report.plan import as_json
from havre.spec import Warehouse
from havre.stack.program import PROJECT, program, read_settings
from havre_conformance.evidence import ASKS, EVIDENCE, STATED, UNSHOWN
from havre_conformance.shown import RECORDED, effective, recorded
from havre_conformance.specs import (
    ANOTHER_SITE,
    OF_TWO_SITES,
    SPECS,
    alike,
    all_changes,
    another_site,
    changed,
    large,
    movable,
    refused,
    warehouse,
)
from havre_conformance.standing import standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from havre.plan import Plan


def own_facts(plan: Plan, provider: Provider) -> Facts:
    """The facts of what a plan makes: what it is given of an estate is none of the provider's."""
    found = facts_of(plan, provider.facts)
    given = found.outside
    return replace(found, items=tuple(i for i in found.items if i.urn.lower() not in given))


FIELDS = tuple(all_changes(large({})))
"""Each field with another value; neither depends on the sites of a provider."""
DAY = dt.date(2026, 1, 1)
"""The day on which the suite's plans are made; no project of its specs has ended then."""
LONGEST_NAME = 100
"""Longest logical name: Pulumi's URN must stay readable and below what backends store."""


class ProviderSuite:
    """Every case that a provider must pass.

    Attributes:
        provider: the provider under test.
        settings: what a stack of it would say.
        known_faults: by name of a case, why it is known to fail; one that passes fails the suite.
    """

    provider: ClassVar[Provider]
    settings: ClassVar[Mapping[str, Any]] = {}
    known_faults: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def machine(cls, folder: Path) -> Mapping[str, Any] | None:  # noqa: ARG003 - for those that can
        """Settings of a stack that may be made in `folder`; None where none can be made here."""
        return None

    @classmethod
    def _plan(cls, document: dict[str, Any], as_of: dt.date = DAY) -> Plan:
        settings = read_settings(cls.provider, cls.settings)
        spec = warehouse(document)
        return evaluate(
            program(spec, cls.provider, settings, as_of),
            project=PROJECT,
            stack="suite",
            provider=cls.provider.name,
            gaps=tuple(cls.provider.gaps(spec, settings)),
        )

    @pytest.fixture(scope="class")
    @classmethod
    def plans(cls) -> dict[str, Plan]:
        """The plan of every spec of the suite."""
        return {name: cls._plan(make(cls.provider.sites)) for name, make in SPECS.items()}

    @pytest.fixture(scope="class")
    @classmethod
    def facts(cls, plans: dict[str, Plan]) -> dict[str, Facts]:
        """The facts of every plan."""
        return {name: own_facts(plan, cls.provider) for name, plan in plans.items()}

    # The contract

    @pytest.mark.parametrize("member", REQUIRED)
    def test_contract_member(self, member: str) -> None:
        """Every member of the contract's core is there."""
        assert hasattr(self.provider, member)

    def test_name_is_a_word(self) -> None:
        """The name fits the command line and the spec's `exit.provider`."""
        assert re.fullmatch(r"[a-z](?:-?[a-z0-9])+", self.provider.name)

    def test_operator_is_named(self) -> None:
        """The operator is a legal entity; its laws are listed."""
        assert self.provider.operator.entity
        assert isinstance(self.provider.operator.laws, tuple)

    def test_sites_are_logical_and_in_their_country(self) -> None:
        """A site's name begins with its country, and it has a region of the provider's own."""
        for name, site in self.provider.sites.items():
            assert site.regions, name
            assert site.zones >= 1
            if site.country:
                assert name.startswith(f"{site.country.lower()}-"), name

    def test_an_unknown_site_is_an_input_error(self) -> None:
        """A site that the provider lacks is refused, and those it has are listed."""
        sites = self.provider.sites
        if "xx-nowhere" in sites or not isinstance(_get(sites, "xx-nowhere"), KeyError):
            pytest.skip("every name is a site of this provider")
        document = SPECS["small"](sites)
        document["sites"]["primary"] = "fr-nowhere-at-all"
        document["residency"]["countries"] = ["FR"]
        with pytest.raises(InputError) as caught:
            self._plan(document)
        assert next(iter(sites)) in str(caught.value)

    @pytest.mark.parametrize("option", OPTIONS, ids=[option.member for option in OPTIONS])
    def test_option_is_offered_as_declared(self, option: Option[Any]) -> None:
        """What is declared of an option is so: what is absent has no member, all else has one."""
        offer = provides(self.provider, option)
        offered = offer.answer.support not in (Support.ABSENT, Support.UNKNOWN)
        assert hasattr(self.provider, option.member) is offered, offer.answer.reason

    def test_options_are_of_the_contract(self) -> None:
        """Answers are given for options that the contract has."""
        known = {option.member for option in OPTIONS}
        assert set(provides(self.provider, ANSWERS).or_else({})) <= known

    @pytest.mark.parametrize("capability", Capability)
    def test_capability_is_answered(self, capability: Capability) -> None:
        """What is declared has a reason unless it is native; what is not counts as unknown."""
        answer = _answer(self.provider, capability)
        assert answer.support is Support.NATIVE or len(answer.reason) > 5

    # The parts

    @pytest.mark.parametrize("part", PartName)
    def test_part_builds(self, part: str, plans: dict[str, Plan]) -> None:
        """Every part makes resources of its own, or is given what it would make."""
        if getattr(self.provider.parts(), part) is None:
            pytest.skip(f"the provider declares no {part}")
        plan = plans["large"]
        component = [r for r in plan.resources if r.name == f"suite-{part}"]
        assert len(component) == 1
        assert not component[0].custom
        assert outside_of(plan) or [r for r in _below(plan, component[0].urn) if r.custom]

    @pytest.mark.parametrize("part", ["registry", "cluster"])
    def test_a_part_that_is_not_asked_for_is_not_built(
        self, part: str, plans: dict[str, Plan]
    ) -> None:
        """Without the section there is no component."""
        names = {r.name for r in plans["without-cluster"].resources}
        assert f"suite-{part}" not in names

    @pytest.mark.parametrize("spec", SPECS)
    def test_all_outputs_are_present(self, spec: str, plans: dict[str, Plan]) -> None:
        """The outputs are the same for every provider: those of the model, and no secret."""
        document = SPECS[spec](self.provider.sites)
        outputs = plans[spec].outputs
        assert output_faults(outputs) == ()
        assert set(outputs["zones"]) == set(document["zones"])
        assert set(outputs["keys"]["zones"]) <= set(document["zones"])
        assert set(outputs["projects"]) == set(document.get("projects", {}))
        assert not set(secret_texts(dict(outputs)))

    def test_what_is_refused_is_a_field_or_a_setting(self) -> None:
        """What the provider refuses of a file names a field of it, or a setting, and a remedy."""
        settings = read_settings(self.provider, self.settings)
        large = SPECS["large"](self.provider.sites)
        known = {*Warehouse.model_fields, *(("settings", s) for s in type(settings).model_fields)}
        assert faults(self.provider, warehouse(large), settings) == ()
        for path, value in FIELDS:
            if value is ANOTHER_SITE or path.startswith(("sites.", "network.recovery")):
                continue
            for fault in faults(self.provider, warehouse(changed(large, path, value)), settings):
                assert {fault.path[0], fault.path[:2]} & known, fault
                assert fault.message
                assert fault.remedy

    @pytest.mark.parametrize("spec", SPECS)
    def test_evaluation_is_deterministic(self, spec: str, plans: dict[str, Plan]) -> None:
        """The same spec gives the same plan, to the letter."""
        again = self._plan(SPECS[spec](self.provider.sites))
        assert as_json(again) == as_json(plans[spec])

    # The resources

    @pytest.mark.parametrize("spec", SPECS)
    def test_every_resource_is_classified(self, spec: str, facts: dict[str, Facts]) -> None:
        """The provider's facts know every type that it makes."""
        assert facts[spec].unclassified == ()

    @pytest.mark.parametrize("spec", SPECS)
    def test_every_resource_that_can_is_tagged(self, spec: str, facts: dict[str, Facts]) -> None:
        """What can carry labels carries warehouse, classification and owner."""
        for item in facts[spec].items:
            if isinstance(item.tags, Known):
                missing = {"warehouse", "classification", "owner"} - set(item.tags.value)
                assert not missing, f"{item.name} lacks {missing}"

    @pytest.mark.parametrize("spec", SPECS)
    def test_every_store_is_placed(
        self, spec: str, facts: dict[str, Facts], plans: dict[str, Plan]
    ) -> None:
        """What bears data says where it lies, or a gap says that nobody knows."""
        told = {gap.control for gap in plans[spec].gaps}
        for store in facts[spec].of(DataStore):
            if isinstance(store.places, Known):
                assert store.places.value, store.name
            else:
                assert PLACED.get(type(store), "residency.data") in told, store.name

    @pytest.mark.parametrize("spec", SPECS)
    def test_every_store_is_guarded(self, spec: str, plans: dict[str, Plan]) -> None:
        """What bears data is protected from deletion, for all to see."""
        found = own_facts(plans[spec], self.provider)
        assert found.of(DataStore)
        for store in found.of(DataStore):
            assert store.guarded == Known(value=True), store.name

    @pytest.mark.parametrize("spec", SPECS)
    def test_names_are_unique_and_short(self, spec: str, plans: dict[str, Plan]) -> None:
        """Logical names are unique by type, and no longer than backends take."""
        urns = [r.urn for r in plans[spec].resources]
        assert len(urns) == len(set(urns))
        assert max(len(r.name) for r in plans[spec].resources) <= LONGEST_NAME

    def test_zones_and_projects_named_like_resources_of_others_are_apart(
        self, plans: dict[str, Plan]
    ) -> None:
        """Such as a zone `raw-replica` beside `raw`: Pulumi refuses two resources of one URN."""
        before = plans["large"].resources
        document = alike(large(self.provider.sites), [r.name for r in before])
        urns = [r.urn for r in self._plan(document).resources]
        assert len(urns) == len(set(urns))
        assert {r.urn for r in before} <= set(urns)

    @pytest.mark.parametrize("spec", SPECS)
    def test_no_secret_and_no_member_is_in_plain_text(
        self, spec: str, plans: dict[str, Plan]
    ) -> None:
        """No input that is called a secret is plain text; no person is named."""
        plan = plans[spec]
        assert "@suite.example" not in as_json(plan).replace("team@suite.example", "")
        for resource in plan.resources:
            for path, value in _leaves(dict(resource.inputs)):
                if SECRET_NAME.search(path.rsplit(".", 1)[-1]) and isinstance(value, str):
                    assert not value, f"{resource.name}: {path} is plain text"

    def test_parents_and_dependencies_come_first(self, plans: dict[str, Plan]) -> None:
        """A plan lists what is needed before what needs it."""
        for plan in plans.values():
            seen: set[str] = set()
            for resource in plan.resources:
                assert set(resource.dependencies) <= seen, resource.name
                seen.add(resource.urn)

    # Capabilities and gaps

    @pytest.mark.parametrize("capability", Capability)
    def test_native_capability_is_evidenced(
        self, capability: Capability, facts: dict[str, Facts]
    ) -> None:
        """What is called native shows in the facts of a plan that asks for it."""
        answer = _answer(self.provider, capability)
        if answer.support is not Support.NATIVE:
            pytest.skip(f"declared {answer.support}: {answer.reason}")
        if capability in UNSHOWN:
            pytest.skip(f"no fact shows it: {UNSHOWN[capability]}")
        found = facts["large"]
        if asks := ASKS.get(capability):
            document = SPECS["large"](self.provider.sites)
            for path, value in asks:
                document = changed(document, path, value)
            found = own_facts(self._plan(document), self.provider)
        assert EVIDENCE[capability](found)

    @pytest.mark.parametrize("capability", Capability)
    def test_absent_capability_has_its_gap(self, capability: Capability) -> None:
        """What is absent is a gap wherever a spec asks for it; nothing is hidden."""
        answer = _answer(self.provider, capability)
        if answer.support is not Support.ABSENT:
            pytest.skip(f"declared {answer.support}")
        told = {gap.capability for gap in self._gaps_of_all()}
        whole = WITHIN.get(capability, capability)
        lacked = self.provider.capabilities.get(whole)
        assert capability in told or (
            lacked is not None and lacked.support is Support.ABSENT and whole in told
        )

    def _gaps_of_all(self) -> list[Gap]:
        """Gaps of specs that together ask for everything."""
        settings = read_settings(self.provider, self.settings)
        found: list[Gap] = []
        for keys in ("customer", "hsm"):
            document = SPECS["large"](self.provider.sites)
            document["encryption"]["keys"] = keys
            document["database"]["availability"] = "multi-zone"
            document["residency"]["qualifications"] = ["hds", "secnumcloud"]
            found += self.provider.gaps(warehouse(document), settings)
        return found

    def test_gaps_agree_with_capabilities(self) -> None:
        """A gap is of a capability that is not native, and says all that a user must know."""
        for gap in self._gaps_of_all():
            assert self.provider.capabilities[gap.capability].support is gap.support
            assert gap.support is not Support.NATIVE
            assert re.fullmatch(r"[a-z]+\.[a-z0-9-]+", gap.control)
            assert all((gap.reason, gap.fallback, gap.risk, gap.evidence.source))

    def test_remedies_are_by_control(self) -> None:
        """A remedy is said of a control, in a sentence; there may be none."""
        for control, remedy in provides(self.provider, REMEDIES).or_else({}).items():
            assert re.fullmatch(r"[a-z]+\.[a-z0-9-]+", control)
            assert len(remedy) > 10, control

    @pytest.mark.parametrize(("path", "value"), FIELDS, ids=[f"{p}={v}" for p, v in FIELDS])
    def test_no_field_is_ignored(self, path: str, value: Any, plans: dict[str, Plan]) -> None:
        """Every field changes an effective property, or a gap says that it has no effect.

        What a provider calls native changes in the facts that state it. Labels, descriptions, the
        texts of gaps and the record of the spec do not count, but for what is only recorded.
        """
        document, before = SPECS["large"](self.provider.sites), plans["large"]
        if path in OF_TWO_SITES and "recovery" not in document["sites"]:
            pytest.skip("the provider has one site")
        if value is ANOTHER_SITE:
            value = another_site(self.provider.sites)
            if value is None:
                pytest.skip("the provider has one site")
            document = movable(document, value)
            before = self._plan(document)
        document = changed(document, path, value)
        if why := refused(document):
            pytest.skip(f"no file may say so: {why}")
        after = self._plan(document)
        gaps = {pattern for gap in before.gaps + after.gaps for pattern in gap.fields}
        shown = recorded if _any_covers(RECORDED, path) else effective
        if not _any_covers(gaps, path):
            assert shown(after) != shown(before)
            self._stated(path, before, after)

    def _stated(self, path: str, before: Plan, after: Plan) -> None:
        """What states a field in facts differs, if the provider calls its capability native."""
        for pattern, (capability, stated) in STATED.items():
            answer = self.provider.capabilities.get(capability)
            native = answer is not None and answer.support is Support.NATIVE
            if native and _covers(pattern, path):
                found = [stated(facts_of(plan, self.provider.facts)) for plan in (before, after)]
                assert found[0] != found[1], f"the facts that show {capability} are the same"

    # What is made

    def test_identifiers_are_unique(self, tmp_path: Path) -> None:
        """Each resource of a type that is made has an identifier of its own."""
        given = self.machine(tmp_path)
        if given is None:
            pytest.skip("no resource of the provider is made on this machine: `machine` is None")
        spec = warehouse(SPECS["small"](self.provider.sites))
        with standing(self.provider, spec, given, tmp_path) as made:
            taken = Counter((each.type, each.id) for each in made if each.custom)
        assert taken
        assert [key for key, count in taken.items() if count > 1] == []

    # Access

    def test_a_project_reads_exactly_its_zones(self, facts: dict[str, Facts]) -> None:
        """No grant of a project allows more than reading, and decrypting what is read."""
        grants = [grant for grant in facts["large"].of(Grant) if grant.project]
        if not grants:
            pytest.skip("the plan contains no grant of a project")
        for grant in grants:
            assert isinstance(grant.rights, Known)
            assert grant.rights.value <= {Right.READ, Right.USE_KEYS}, grant.name

    def test_an_ended_project_is_given_nothing(self, plans: dict[str, Plan]) -> None:
        """From the day after its last day nothing is made for a project, and what was goes."""
        document = SPECS["large"](self.provider.sites)
        name, asked = min(document["projects"].items(), key=lambda item: item[1]["expires"])
        last = dt.date.fromisoformat(asked["expires"])
        on, after = (self._plan(document, last + dt.timedelta(days=d)) for d in (0, 1))
        assert _bare(on) == _bare(plans["large"])
        gone = on.by_urn.keys() - after.by_urn.keys()
        assert not after.by_urn.keys() - on.by_urn.keys()
        assert gone or not _given(on, self.provider, name)
        assert not _given(after, self.provider, name)
        kept = [on.by_urn[u] for u in gone]
        kept = [r for r in kept if r.protect or r.retain_on_delete]
        # To take its programs' namespace apart would open it, and lose their volumes.
        assert {r.name for r in kept if r.protect or r.package != KUBERNETES} == set()
        left = set(document["projects"]) - {name}
        assert set(after.outputs["projects"]) == left
        assert [name in said for said in after.warnings] == [True]


SECRET_NAME = re.compile(r"(?i)(password|passwd|secret|token|privatekey|private_key)$")

WITHIN = {
    Capability.CUSTOMER_KEY_VOLUMES: Capability.CLUSTER,
    Capability.CUSTOMER_KEY_CLUSTER_SECRETS: Capability.CLUSTER,
    Capability.PRIVATE_CLUSTER_API: Capability.CLUSTER,
    Capability.WORKLOAD_ISOLATION: Capability.CLUSTER,
    Capability.IMAGE_ADMISSION: Capability.CLUSTER,
}
"""Capabilities of a part that a provider may lack altogether: the part's own gap tells of them."""

PLACED = {
    LogStore: "residency.logs",
    BackupStore: "residency.backups",
    Vault: "residency.keys",
}
"""Control whose gap says that nobody knows where a store lies; of all others `residency.data`."""


def _answer(provider: Provider, capability: Capability) -> Supported:
    """The declared answer; where there is none the case is skipped."""
    answer = provider.capabilities.get(capability)
    if answer is None:
        pytest.skip("not declared: it counts as unknown")
    return answer


def _given(plan: Plan, provider: Provider, project: str) -> list[str]:
    """URNs of a project's grants and credentials."""
    found = facts_of(plan, provider.facts)
    grants = [each.urn for each in found.of(Grant) if each.project == project]
    return grants + [each.urn for each in found.of(Credential) if each.project == project]


def _bare(plan: Plan) -> str:
    """A plan without what the program said on the day."""
    return as_json(replace(plan, warnings=()))


def _get(sites: Mapping[str, Any], name: str) -> Any:
    try:
        return sites[name]
    except KeyError as error:
        return error


def _below(plan: Plan, urn: str) -> Iterator[Any]:
    for resource in plan.resources:
        if resource.parent == urn:
            yield resource
            yield from _below(plan, resource.urn)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, path)
    elif not isinstance(value, Secret):
        yield path, value


def _any_covers(patterns: Iterable[str], path: str) -> bool:
    """Whether one of the fields, with `*` for one step, is the path or contains it."""
    return any(_covers(pattern, path) for pattern in patterns)


def _covers(pattern: str, path: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", r"[^.]+")
    return re.fullmatch(rf"{expression}(\..+)?", path) is not None
