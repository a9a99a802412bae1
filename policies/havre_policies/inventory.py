"""What there is, whose it is, and whether it is known and supported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.facts.model import AboutResource, Compute
from havre.facts.read import at_best
from havre.facts.stores import DatabaseServer, ImageRegistry, ObjectStore
from havre.facts.strangers import STACK_REFERENCE
from havre.facts.values import DoesNotApply, Fact, Known, Unknown
from havre.policy import (
    NOT_APPLICABLE,
    Case,
    FixIn,
    Outcome,
    Profile,
    Severity,
    Verdict,
    control,
    fails,
    passes,
    plan_control,
    require,
    undecided,
)
from havre.spec.model import Environment
from havre_policies.cites import annex_a, snc
from havre_policies.versions import is_of, support_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@control(
    "inventory.tags",
    AboutResource,
    Profile.BASELINE,
    Severity.LOW,
    cites=snc("8.1", "8.4"),
    remedy="Label this resource with its warehouse, classification and owner.",
)
def tags(bearer: AboutResource, case: Case) -> Verdict:
    """Every resource that supports labels names its warehouse, classification and owner.

    A project's resources also name the project.
    """
    wanted = {
        "warehouse": case.spec.name,
        "classification": case.spec.classification.value,
        "owner": case.spec.organisation.contact,
    }
    project = getattr(bearer, "project", "")
    if project:
        wanted["project"] = project
    asked = f"labels {', '.join(wanted)}"
    if isinstance(bearer.tags, DoesNotApply):
        return NOT_APPLICABLE
    told = at_best(bearer.tags, {})
    wrong = {key: value for key, value in wanted.items() if told.get(key, value) != value}
    if wrong or (isinstance(bearer.tags, Known) and not wanted.items() <= told.items()):
        # Other labels are the user's own, and may hold what nobody should repeat.
        return fails("tags", {key: told[key] for key in wanted if key in told}, asked)
    return passes() if isinstance(bearer.tags, Known) else undecided("tags", bearer.tags, asked)


@plan_control(
    "inventory.known",
    Profile.BASELINE,
    Severity.HIGH,
    cites=snc("8.1", "13.1"),
    remedy="Use a type that the provider's facts know, or add it to them. Include every part that"
    " the warehouse file requires, and label a zone's store with `zone`.",
)
def known(case: Case) -> Iterator[Verdict]:
    """Every planned resource has a known type, and no required part is missing.

    A type that the provider's facts do not know cannot be evaluated for security. Neither can a
    zone, database, cluster or registry that the plan does not contain. A property that matters as
    it is set, and that no fact reads, is reported by name. So is each part of an existing estate
    that the warehouse is given: it is outside the plan.
    """
    for each in case.facts.unclassified:
        yield fails("type", each.type, "a known type", resource=each.urn)
    lacking = {field for gap in case.gaps for field in gap.fields}
    missing = [
        part for part, there in _parts(case, lacking).items() if not (there or part in lacking)
    ]
    for part in missing:
        wanted = (
            _wanted_database(case)
            if part == DATABASE
            else "the part that the warehouse file requires"
        )
        yield Verdict(Outcome.UNKNOWN, part, _instead(case, part), wanted)
    for unread in case.facts.unread:
        found = f"{'absent' if unread.absent else 'set'} but not evaluated"
        wanted = f"a value known to be safe. {unread.why}".removesuffix(".")
        yield Verdict(Outcome.UNKNOWN, unread.path, found, wanted, unread.urn)
    for outside in case.facts.outside.values():
        yield undecided(outside.property, outside, "a part of this plan")
    if not (case.facts.unclassified or missing or case.facts.unread or case.facts.outside):
        yield passes()


DATABASE = "database"


def _wanted_database(case: Case) -> str:
    return f"PostgreSQL {case.spec.database.version}"


def _instead(case: Case, part: str) -> str:
    """What the plan shows in place of a part."""
    engines = {
        each.engine.value or "a database without a version"
        for each in case.facts.of(DatabaseServer)
        if isinstance(each.engine, Known)
    }
    if part != DATABASE or not engines:
        return "not in the plan"
    return f"not in the plan, which contains {', '.join(sorted(engines))}"


def _asked_for(database: DatabaseServer, case: Case, *, any_version: bool) -> bool:
    """Whether a database is, or may be, the PostgreSQL that the spec asks for; no replica is."""
    if isinstance(database.replica_of, Known) and database.replica_of.value is not None:
        return False
    if not isinstance(database.engine, Known) or database.engine.value is None:
        return True  # `inventory.supported-versions` says so
    name, _, version = database.engine.value.strip().partition(" ")
    right = any_version or not version or is_of(version, str(case.spec.database.version))
    return name.lower() == "postgresql" and right


def _parts(case: Case, lacking: set[str]) -> dict[str, bool]:
    """The parts that the spec asks for, and whether the plan shows them."""
    facts = case.facts
    zones = {store.zone for store in facts.of(ObjectStore)}
    found = {f"zones.{zone}": zone in zones for zone in case.spec.zones}
    any_version = "database.version" in lacking
    found[DATABASE] = any(
        _asked_for(each, case, any_version=any_version) for each in facts.of(DatabaseServer)
    )
    if case.spec.cluster is not None:
        found["cluster"] = bool(facts.of(Compute))
    if case.spec.registry is not None:
        found["registry"] = bool(facts.of(ImageRegistry))
    return found


@control(
    "inventory.supported-versions",
    AboutResource,
    Profile.BASELINE,
    Severity.MEDIUM,
    cites=snc("12.11"),
    remedy="Pin a version that its makers still support.",
    cause=("database", "version"),
    fixed_in=FixIn.FILE,
)
def supported_versions(bearer: AboutResource, case: Case) -> Verdict:
    """Database and cluster versions are pinned and supported by their makers.

    Dates of support are the makers'. A provider may end its support sooner.
    """
    if not isinstance(bearer, (DatabaseServer, Compute)):
        return NOT_APPLICABLE
    wanted = "a pinned version that its makers support"
    if not isinstance(bearer.engine, Known):
        return undecided("engine", bearer.engine, wanted)
    if bearer.engine.value is None:
        return fails("engine", "no version", wanted)
    support = support_of(bearer.engine.value)
    if support.oldest:
        found = f"{bearer.engine.value}, older than {support.oldest}, the oldest on record"
        return fails("engine", found, wanted)
    if support.record is None:
        found = f"{bearer.engine.value}, which has no recorded end of support"
        return Verdict(Outcome.UNKNOWN, "engine", found, wanted)
    ended = support.record.until < case.as_of
    found = f"{bearer.engine.value}, whose support ended on {support.record.until}"
    return fails("engine", found, wanted) if ended else passes()


@control(
    "inventory.images",
    Compute,
    Profile.HEALTH,
    Severity.MEDIUM,
    cites=snc("12.11"),
    remedy="Allow only images by digest or signature, from a registry that scans them.",
    cause=("registry",),
)
def images(compute: Compute, case: Case) -> Verdict:  # noqa: ARG001
    """The cluster runs only images by digest or signature, and they are scanned.

    A tag can be moved to another image after it was checked.
    """
    wanted = "only images by digest or signature, which are scanned"
    return require("images_checked", compute.images_checked, bool, wanted)


@plan_control(
    "inventory.environments",
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("12.3") + annex_a("8.31"),
    remedy="Give each environment separate networks, keys and stores.",
    cause=("environment",),
)
def environments(case: Case) -> Iterator[Verdict]:
    """Production shares no network, key or store with another environment.

    It is evaluated by the labels of resources and by references to other stacks.
    """
    if case.spec.environment is not Environment.PRODUCTION:
        return
    here = case.spec.environment.value
    for item in case.facts.items:
        if not isinstance(item.tags, DoesNotApply) and item.tags != Known({}):
            yield _environment(item.urn, item.tags, here)
    for resource in case.plan.resources:
        if resource.type == STACK_REFERENCE:
            found = "uses resources of another stack"
            yield fails("type", found, f"only resources of {here}", resource=resource.urn)


def _environment(urn: str, tags: Fact[Mapping[str, str]], here: str) -> Verdict:
    """Whether labels name this environment, or none."""
    there = at_best(tags, {}).get("environment", "")
    if there not in ("", here):
        return fails("tags", f"environment {there}", f"only {here}", resource=urn)
    if isinstance(tags, Unknown) and not there:
        return undecided("tags", tags, f"only {here}", resource=urn)
    return passes(urn)
