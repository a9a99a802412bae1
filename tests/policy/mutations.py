"""Plans with one thing wrong: where they come from, what is changed, and who must see it.

A row takes a base (a provider's own plan, evaluated offline, with what a check would be given),
changes one thing, and names the control that must gain a finding. Resources are picked by type
and role, never by name: names are the providers' own affair.
"""

import copy
import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from havre.evaluate import evaluate
from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN
from havre.policy import Profile, Rehearsal
from havre.policy.findings import FindingKind, Result
from havre.policy.judge import Question, judge
from havre.policy.qualifications import (
    CertificateStatus,
    Qualifications,
    Record,
    installed_qualifications,
)
from havre.policy.registry import installed_controls
from havre.provider import (
    Capability,
    Evidence,
    Gap,
    Limit,
    Operator,
    Provider,
    Support,
    Supported,
    find,
)
from havre.spec import Warehouse
from havre.spec.load import load
from havre.stack.program import PROJECT, program, read_settings
from tests.clouds import SETTINGS

TODAY = dt.date(2026, 11, 23)
EXAMPLE = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"
EUROPEAN = Operator("A European host", "FR", ("FR", "EU"))
PROVIDERS = ("azure", "ovh", "scaleway", "local")
GIVEN: Mapping[str, Mapping[str, Any]] = {
    "azure": {**SETTINGS["azure"], "lock_immutability": True},
    "ovh": {**SETTINGS["ovh"], "ldp_site": "fr-province"},
    "scaleway": {
        **SETTINGS["scaleway"],
        "project_applications": {
            "cohort-diabetes": "44444444-2222-4333-8444-555555555555",
            "covid-long-term": "55555555-2222-4333-8444-555555555555",
        },
        "deployer_addresses": ["203.0.113.0/24"],
        "node_type": "POP2-8C-32G",
    },
    "local": {"country": "FR", "data_dir": "/nowhere"},
}
DROP = object()
"""In place of a value: the property is taken away."""

Change = Callable[[Question], Question]


def changed(spec: Warehouse, *changes: tuple[str, Any]) -> Warehouse:
    """The spec with fields changed, or taken away, as a file with them would give it."""
    document = spec.model_dump(mode="json")
    for path, value in changes:
        document = put(document, path.replace(".", "/"), value)
    return Warehouse.model_validate_json(json.dumps(document))


OF_ONE_COUNTRY: list[tuple[str, Any]] = [
    ("encryption.keys", "hsm"),
    ("residency.qualifications", []),
    ("residency.countries", ["FR", "NL"]),
    ("sites.recovery", "nl-amsterdam"),
]
"""For a host with one region in France, whose lifecycle rules a certificate would forbid."""


@cache
def spec_for(provider: str) -> Warehouse:
    """The example, smaller: every part once, and zones enough for every role."""
    whole = load(EXAMPLE).warehouse
    hsm = [("encryption.keys", "hsm"), ("audit.retention_days", 365)] if provider == "azure" else []
    alone = [
        *(("sites.recovery", DROP), ("network.recovery_address_space", DROP)),
        *(("cluster", DROP), ("registry", DROP)),
    ]
    return changed(
        whole,
        *(("zones.landing", DROP), ("zones.research", DROP)),
        *(("projects.pharmaco-study", DROP),),
        ("projects.covid-long-term.zones", ["curated", "export"]),
        *hsm,
        *(alone if provider == "local" else []),
        *(OF_ONE_COUNTRY if provider == "scaleway" else []),
    )


@cache
def base(name: str) -> Question:
    """A question about a provider's own plan, or one of its variants (`provider+variant`)."""
    provider, _, variant = name.partition("+")
    if variant:
        return VARIANTS[name](base(provider))
    found, spec = find(provider), spec_for(provider)
    settings = read_settings(found, GIVEN[provider])
    plan = evaluate(
        program(spec, found, settings), project=PROJECT, stack=provider, provider=provider
    )
    return Question(
        spec=spec,
        plan=plan,
        provider=found,
        as_of=TODAY,
        profile=Profile.SOVEREIGN,
        qualifications=installed_qualifications(),
    )


@cache
def judged(name: str) -> Result:
    """What all controls say of a base."""
    return judge(base(name), installed_controls())


@cache
def base_result(name: str, control: str) -> Result:
    """What one control says of a base."""
    whole = judged(name)
    findings = tuple(found for found in whole.findings if found.control == control)
    outcomes = {name: count for name, count in whole.outcomes.items() if name == control}
    return replace(whole, findings=findings, outcomes=outcomes)


@dataclass(frozen=True)
class Pick:
    """Some resources, by what they are.

    Attributes:
        kind: end of the type.
        name: logical name, for what a row adds itself.
        zone: of which zone of the spec, by label or by property; replicas do not count.
        has: values of properties, by path; None: absent; `*` is any text.
        of: what it depends on.
        under: what depends on it.
    """

    kind: str = ""
    zone: str = ""
    has: tuple[tuple[str, Any], ...] = ()
    of: "Pick | None" = None
    under: "Pick | None" = None
    name: str = ""

    @property
    def label(self) -> str:
        """What is picked, in a row's label."""
        return self.kind.rsplit(":", 1)[-1] + (f"({self.zone})" if self.zone else "")

    def all(self, plan: Plan) -> list[PlannedResource]:
        """The resources, in the plan's order."""
        found = [r for r in plan.resources if r.type.endswith(self.kind) and self._fits(r)]
        if self.of:
            urns = {r.urn for r in self.of.all(plan)}
            found = [r for r in found if urns & needs(r)]
        if self.under:
            wanted = {urn for r in self.under.all(plan) for urn in needs(r)}
            found = [r for r in found if r.urn in wanted]
        return found

    def one(self, plan: Plan) -> PlannedResource:
        """The first of them."""
        found = self.all(plan)
        assert found, f"no resource is {self}"
        return found[0]

    def _fits(self, resource: PlannedResource) -> bool:
        tags = resource.inputs.get("tags")
        tags = tags if isinstance(tags, Mapping) else {}  # a list of words is no label of a zone
        mine = resource.inputs.get("zone") or tags.get("zone")
        if self.name and resource.name != self.name:
            return False
        zone = not self.zone or (mine == self.zone and "replica-of" not in tags)
        return zone and all(_has(at(resource.inputs, path), value) for path, value in self.has)


def _has(found: Any, wanted: Any) -> bool:
    """Whether a value is, or begins or ends as, what is wanted; `*` marks the open side."""
    if isinstance(wanted, str) and "*" in wanted:
        return isinstance(found, str) and fnmatchcase(found, wanted)
    return bool(found == wanted)


def needs(resource: PlannedResource) -> set[str]:
    """URNs of all that a resource is computed from."""
    computed = (urn for urns in resource.property_dependencies.values() for urn in urns)
    return {*resource.dependencies, *computed}


def at(value: Any, path: str) -> Any:
    """The value at a path whose steps are divided by slashes; None where there is none."""
    for step in path.split("/"):
        if isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
    return value


def put(values: Any, path: str, value: Any) -> Any:
    """A copy of nested values with one of them changed, added or taken away."""
    step, _, rest = path.partition("/")
    if isinstance(values, list):
        new = [*values, None] if int(step) == len(values) else list(values)
        new[int(step)] = put(new[int(step)], rest, value) if rest else value
        return [each for each in new if each is not DROP]
    new = dict(values or {})
    if rest:
        new[step] = put(new.get(step), rest, value)
    elif value is DROP:
        assert step in new, f"nothing to take away at {path}"
        del new[step]
    else:
        new[step] = value
    return new


def with_plan(question: Question, *resources: PlannedResource) -> Question:
    """A question about a plan of other resources."""
    return replace(question, plan=replace(question.plan, resources=resources))


def each(
    pick: Pick, change: Callable[[PlannedResource], PlannedResource], *, every: bool
) -> Change:
    """Change the first resource that is picked, or every one."""

    def made(question: Question) -> Question:
        found = pick.all(question.plan)
        assert found, f"no resource is {pick}"
        urns = {r.urn for r in (found if every else found[:1])}
        resources = question.plan.resources
        return with_plan(question, *(change(r) if r.urn in urns else r for r in resources))

    return made


def inputs(pick: Pick, path: str, value: Any, *, every: bool = False) -> Change:
    """Change one property; a function is given what stands there."""

    def change(resource: PlannedResource) -> PlannedResource:
        new = value(at(resource.inputs, path)) if callable(value) else value
        assert new is DROP or at(resource.inputs, path) != new, f"{path} is {new} already"
        return replace(resource, inputs=put(resource.inputs, path, new))

    return each(pick, change, every=every)


def gone(*picks: Pick) -> Change:
    """Leave resources out."""

    def made(question: Question) -> Question:
        urns = {r.urn for pick in picks for r in pick.all(question.plan)}
        assert urns, f"no resource is {picks}"
        return with_plan(question, *(r for r in question.plan.resources if r.urn not in urns))

    return made


def unprotected(pick: Pick) -> Change:
    """Take Pulumi's guards away, and the service's own."""

    def change(resource: PlannedResource) -> PlannedResource:
        assert resource.protect, f"{resource.name} was not protected"
        left = {k: v for k, v in resource.inputs.items() if k != "deletionProtection"}
        return replace(resource, protect=False, retain_on_delete=False, inputs=left)

    return each(pick, change, every=False)


def retyped(pick: Pick, token: str) -> Change:
    """Make a resource of another type."""
    return each(pick, lambda resource: replace(resource, type=token), every=False)


def untied(pick: Pick, path: str) -> Change:
    """Forget from which resources a property is computed."""

    def change(resource: PlannedResource) -> PlannedResource:
        assert path in resource.property_dependencies
        left = {k: v for k, v in resource.property_dependencies.items() if k != path}
        return replace(resource, property_dependencies=left)

    return each(pick, change, every=False)


def tied(pick: Pick, path: str, to: Pick) -> Change:
    """Compute a property from another resource."""

    def made(question: Question) -> Question:
        urns = (to.one(question.plan).urn,)

        def change(resource: PlannedResource) -> PlannedResource:
            ties = {**resource.property_dependencies, path: urns}
            return replace(resource, property_dependencies=ties)

        return each(pick, change, every=False)(question)

    return made


def added(token: str, values: Mapping[str, Any], like: Pick | None = None) -> Change:
    """Add a resource, or a copy of one, with other properties; by name: `added`."""

    def made(question: Question) -> Question:
        urn = f"urn:pulumi:{question.provider.name}::{PROJECT}::{token}::added"
        new = PlannedResource(urn, token, "added", True, {})
        if like is not None:
            new = replace(like.one(question.plan), urn=urn, type=token, name="added")
        fresh = replace(new, inputs={**new.inputs, **values})
        return with_plan(question, *question.plan.resources, fresh)

    return made


def removed(pick: Pick, operation: str) -> Change:
    """Let a preview delete or replace a resource."""

    def made(question: Question) -> Question:
        old = replace(pick.one(question.plan), operation=operation)
        return replace(question, plan=replace(question.plan, removed=(old,)))

    return made


def released(pick: Pick) -> Change:
    """Let a preview forget a resource and leave it standing."""

    def made(question: Question) -> Question:
        old = replace(pick.one(question.plan), operation="delete", retain_on_delete=True)
        return replace(question, plan=replace(question.plan, released=(old,)))

    return made


def asked(*changes: tuple[str, Any]) -> Change:
    """Ask for something else, with the same plan."""
    return lambda question: replace(question, spec=changed(question.spec, *changes))


def on(day: dt.date) -> Change:
    """Judge on another day."""
    return lambda question: replace(question, as_of=day)


def provided(**differs: Any) -> Change:
    """Let members of the provider differ."""

    def made(question: Question) -> Question:
        provider: Provider = copy.copy(question.provider)
        for member, value in differs.items():
            setattr(provider, member, value)
        return replace(question, provider=provider)

    return made


def operated(operator: Operator) -> Change:
    """Let another operator run the provider's services."""
    return provided(operator=operator)


def leaving_for(name: str | None, **differs: Any) -> Change:
    """Leave for a provider, as it is or with members that differ; None: it is not installed."""

    def made(question: Question) -> Question:
        provider = copy.copy(find(name)) if name else None
        for member, value in differs.items():
            setattr(provider, member, value)
        return replace(question, exit=provider)

    return made


def without(*missing: Capability) -> dict[str, Any]:
    """Members of a provider of exit that lacks capabilities, and has all others."""
    native = Supported(Support.NATIVE)
    return {"capabilities": {each: native for each in Capability if each not in missing}}


def exit_lacks(*fields: str, support: Support = Support.ABSENT) -> Change:
    """The exit has no such thing for some fields of the spec."""
    evidence = Evidence("made up", TODAY)
    gap = Gap(
        "exit.portable",
        Capability.DATABASE_VERSIONS,
        support,
        "it has none",
        "none",
        evidence,
        "all",
        fields,
    )
    return lambda question: replace(question, exit_gaps=(gap,))


def certified(**differs: Any) -> Change:
    """Record a certificate of every offer under every scheme, in place of what is recorded."""

    def made(question: Question) -> Question:
        offers = {"Microsoft Azure", "OVHcloud Public Cloud", "Scaleway", "this machine"}
        common: dict[str, Any] = {
            "product": "*",
            "status": CertificateStatus.QUALIFIED,
            "source": "made up",
            "read_on": TODAY,
            **differs,
        }
        records = (
            Record(offer=offer, scheme=scheme, **common)
            for offer in sorted(offers)
            for scheme in ("hds", "secnumcloud")
        )
        return replace(question, qualifications=Qualifications(tuple(records)))

    return made


def said(**settings: Any) -> Change:
    """What the stack says, and nothing else."""
    return lambda question: replace(question, settings=settings)


def opted(pick: Pick, **options: Any) -> Change:
    """Let a resource be changed and removed in another way."""

    def change(resource: PlannedResource) -> PlannedResource:
        return replace(resource, options=replace(resource.options, **options))

    return each(pick, change, every=False)


def flagged(pick: Pick, flag: str) -> Change:
    """Let something be true of a resource itself, such as `protect`."""
    return each(pick, lambda resource: replace(resource, **{flag: True}), every=False)


def kept_in_force(name: str, *picks: Pick) -> list["Row"]:
    """Rows of a project's grants and credentials that an option keeps in force."""
    changes: dict[str, Callable[[Pick], Change]] = {
        "protect": lambda pick: flagged(pick, "protect"),
        "retain": lambda pick: flagged(pick, "retain_on_delete"),
        "external": lambda pick: flagged(pick, "external"),
        "ignored": lambda pick: opted(pick, ignore_changes=("expires",)),
        "replaced": lambda pick: opted(pick, replace_on_changes=("*",)),
        "elsewhere": lambda pick: opted(pick, deleted_with="urn:pulumi:s::p::a:b:C::gone"),
        "released": released,
    }
    return [
        Row(name, "access.revocable", change(pick), pick, f"{pick.label} {what}", FindingKind.FAIL)
        for pick in picks
        for what, change in changes.items()
    ]


def longer_than_a_project(name: str, *kept: Pick | None) -> list["Row"]:
    """Rows of a file that asks for a project's data to be gone sooner than stores keep it."""
    sooner, promised = ("erasure.within_days", 7), ("zones.export.recoverable_days", 184)
    control, fail = "continuity.erasable", FindingKind.FAIL
    return [
        Row(name, control, asked(promised), PLAN, "promised for longer", fail),
        *(
            Row(name, control, asked(sooner), pick, f"{pick.label} sooner", fail)
            for pick in kept
            if pick is not None
        ),
    ]


def limited(value: int, unit: str) -> Limit:
    """A limit that somebody wrote down."""
    return Limit(value, unit, Evidence("made up", TODAY))


def unrecorded(question: Question) -> Question:
    """No certificate of anything is recorded."""
    return replace(question, qualifications=Qualifications(()))


def rehearsed(day: dt.date | None) -> Change:
    """The exit was rehearsed on a day, or never."""
    return sealed(day=day) if day else lambda question: replace(question, rehearsed=None)


def sealed(**how: Any) -> Change:
    """The exit was rehearsed, and its seal says so in a certain way."""

    def made(question: Question) -> Question:
        leaving_for = question.spec.exit.provider if question.spec.exit else "elsewhere"
        sides = (question.spec.name, question.provider.name, leaving_for)
        seal = Rehearsal(*sides, "rehearsal", TODAY, "CN=Seal")
        return replace(question, rehearsed=replace(seal, **how))

    return made


def both(*changes: Change) -> Change:
    """Several changes, one after the other."""

    def made(question: Question) -> Question:
        for change in changes:
            question = change(question)
        return question

    return made


ADDED = Pick(name="added")
"""The resource that a row adds."""
ITSELF = Pick()
"""In place of a resource: the one that is changed."""
PLAN = None
"""In place of a resource: the plan or the provider, or any resource of it."""


@dataclass(frozen=True)
class Row:
    """A change and the control that must see it.

    Attributes:
        base: of the plan.
        control: identifier.
        change: what is done to the base.
        about: which resource the new finding is about; None: the plan, or any.
        what: short text of what is changed.
        kind: of the new finding, where only one will do.
    """

    base: str
    control: str
    change: Change = field(repr=False)
    about: Pick | None
    what: str
    kind: FindingKind | None = None

    @property
    def provider(self) -> str:
        return self.base.partition("+")[0]

    @property
    def label(self) -> str:
        return f"{self.base}-{self.control}-{self.what}"


def told(result: Result) -> set[tuple[str, FindingKind, str, str]]:
    """What a result finds, for comparing."""
    return {(f.resource, f.kind, f.property, f.found) for f in result.findings}


def shown(value: Any) -> str:
    """A value in a row's label."""
    if value is DROP:
        return "dropped"
    if value is UNKNOWN:
        return "unknown"
    text = "changed" if callable(value) else str(value)
    return text if len(text) <= 40 else f"{text[:16]}...{text[-16:]}"


def wrong(
    where: str, pick: Pick, path: str, value: Any, *control: str, about: Pick | None = ITSELF
) -> list[Row]:
    """Rows of one property that is wrong, one for each control that must see it."""
    return [
        Row(
            where,
            each_control,
            inputs(pick, path, value),
            pick if about is ITSELF else about,
            f"{pick.label}.{path}={shown(value)}",
            kind=FindingKind.UNKNOWN if value is UNKNOWN else None,
        )
        for each_control in control
    ]


VARIANTS: dict[str, Change] = {}
"""Bases in which something is put right first, so that a control can pass; by name."""
