"""Who may do what, for how long, and with what."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from havre.facts.model import AboutResource, Compute, Credential, Grant, Right, Unclassified
from havre.facts.read import NONE, at_best, both
from havre.facts.stores import Content, DataStore, LogStore, ObjectStore
from havre.facts.values import Fact, Known, Reserved, Unknown
from havre.plan import urns
from havre.plan.parts import part_of
from havre.plan.secrets import in_clear, in_clear_beside
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
    shown,
    undecided,
)
from havre.spec.model import Purpose
from havre_policies.cites import EDS, annex_a, snc
from havre_policies.people import PSEUDONYMS, told_apart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from havre.plan import PlannedResource


WIDE = frozenset({Right.EVERYTHING, Right.ADMINISTER})
CHANGES = frozenset({Right.WRITE, Right.DELETE, Right.ADMINISTER, Right.EVERYTHING})
READS = frozenset({Right.READ, Right.EVERYTHING})
NOTHING: frozenset[Right] = frozenset()


Targets: TypeAlias = "tuple[str, ...]"


def _held(targets: Targets, case: Case) -> list[DataStore | None]:
    """The stores that targets are; None for what is none."""
    return [case.facts.one(DataStore, target) for target in targets]


def _hold_data(targets: Targets, case: Case) -> bool:
    """Whether a zone that is none of logs, or the database, is among targets."""
    stores = case.once(_held, targets)
    return any(isinstance(s, Content) and not _is_logs(s, case) for s in stores)


def _hold_data_alone(targets: Targets, case: Case) -> bool:
    return all(isinstance(store, Content) for store in case.once(_held, targets))


def _hold_logs(targets: Targets, case: Case) -> bool:
    return any(_is_logs(store, case) for store in case.once(_held, targets))


def _zones(targets: Targets, case: Case) -> set[str]:
    """Targets, each as the zone that it is, else by its own name."""
    stores = case.once(_held, targets)
    return {_zone(store, urn) for store, urn in zip(stores, targets, strict=True)}


def _wildcard(targets: Targets, case: Case) -> bool:
    del case
    return any("*" in target for target in targets)


def _export_zones(case: Case) -> set[str]:
    return {name for name, zone in case.spec.zones.items() if zone.purpose is Purpose.EXPORT}


def _exports_of(targets: Targets, case: Case) -> set[str]:
    """The export zones among targets, by name."""
    zones, stores = _export_zones(case), (case.facts.one(ObjectStore, urn) for urn in targets)
    return {store.zone for store in stores if store is not None and store.zone in zones}


def _is_logs(store: DataStore | None, case: Case) -> bool:
    """Whether a store keeps logs, or a zone whose purpose they are."""
    if isinstance(store, ObjectStore):
        zone = case.spec.zones.get(store.zone)
        return zone is not None and zone.purpose is Purpose.LOGS
    return isinstance(store, LogStore)


def _readers(case: Case) -> frozenset[str]:
    """Identities that read a zone or the database."""
    found = set()
    for grant in case.facts.of(Grant):
        reads = at_best(grant.rights, NOTHING) & READS
        content = bool(reads) and case.once(_hold_data, at_best(grant.targets, ()))
        if content and isinstance(grant.identity, Known):
            found.add(grant.identity.value)
    return frozenset(found)


def _doubtful(name: str, facts: Fact[object], wanted: str, grant: Grant) -> Verdict:
    """What is not decided of a grant; only its rights are told, where they alone have a reserve."""
    if isinstance(facts, Reserved) and isinstance(grant.rights, Reserved):
        return undecided("rights", grant.rights, wanted, resource=grant.urn)
    return undecided(name, facts, wanted, resource=grant.urn)


@plan_control(
    "access.least-privilege",
    Profile.BASELINE,
    Severity.HIGH,
    cites=snc("9.3") + annex_a("8.2"),
    remedy="Grant the narrowest role, only on the resources that need it.",
)
def least_privilege(case: Case) -> Iterator[Verdict]:
    """No data reader is owner or administrator, and no grant uses a wildcard.

    Identities of projects count as readers. A grant of every permission fails, whichever identity
    has it.
    """
    readers = _readers(case)
    for grant in case.facts.of(Grant):
        facts = both(grant.rights, both(grant.targets, grant.identity))
        wanted = "narrow permissions on named resources"
        rights, targets = at_best(grant.rights, NOTHING), at_best(grant.targets, ())
        reader = at_best(grant.identity, "") in readers
        wide = rights & WIDE
        if wide and (grant.project or reader or Right.EVERYTHING in rights):
            yield fails("rights", rights, wanted, resource=grant.urn)
        elif case.once(_wildcard, targets):
            yield fails("targets", targets, wanted, resource=grant.urn)
        elif not isinstance(facts, Known):
            yield _doubtful("rights", facts, wanted, grant)
        else:
            yield passes(grant.urn)


@plan_control(
    "access.project-isolation",
    Profile.HEALTH,
    Severity.CRITICAL,
    cites=snc("9.7") + EDS,
    remedy="Grant the project's identity read access to its project's zones and to nothing else.",
    cause=("projects",),
)
def project_isolation(case: Case) -> Iterator[Verdict]:
    """Each project's identity can read exactly its project's zones and change none."""
    grants = case.facts.of(Grant)
    reached: dict[str, set[str]] = defaultdict(set)
    doubtful: set[str] = set()
    for grant in grants:
        if not grant.project:
            continue
        facts = both(grant.rights, grant.targets)
        rights, targets = at_best(grant.rights, NOTHING), at_best(grant.targets, ())
        opened = rights & (READS | CHANGES)
        zones = case.once(_zones, targets)
        reached[grant.project] |= zones if opened else set()
        verdict = _isolated(grant, zones, rights, case) if opened else None
        if not isinstance(facts, Known) and (verdict is None or verdict.outcome is Outcome.PASS):
            if not isinstance(facts, Reserved):  # what was granted when it was made is told
                doubtful.add(grant.project)
            verdict = _doubtful("targets", facts, "the project's zones", grant)
        if verdict is not None:
            yield verdict
    for name, project in case.spec.projects.items():
        ended = project.expires < case.as_of
        missing = [] if ended else sorted(set(project.zones) - reached[name])
        if missing and grants and name not in doubtful:
            found = f"no grant on {', '.join(missing)}"
            path = ("projects", name, "zones")
            yield fails("targets", found, f"read access to {', '.join(project.zones)}", cause=path)


def _zone(store: DataStore | None, target: str) -> str:
    """A target, as the zone that it is, else by its own name."""
    if isinstance(store, ObjectStore) and store.zone:
        return store.zone
    return urns.name(target)


def _isolated(grant: Grant, zones: set[str], rights: frozenset[Right], case: Case) -> Verdict:
    project = case.spec.projects.get(grant.project)
    path = ("projects", grant.project, "zones")
    if project is None:
        return fails(
            "project", grant.project, "a project of the warehouse file", resource=grant.urn
        )
    beyond = sorted(zones - set(project.zones))
    wanted = f"{', '.join(project.zones)} and nothing else"
    if beyond:
        return fails("targets", beyond, wanted, resource=grant.urn, cause=path)
    if rights & CHANGES:
        return fails("rights", rights, "read access only", resource=grant.urn, cause=path)
    return passes(grant.urn)


ENDED = (
    "Update the stack: the update removes the access of a project that has ended. If the"
    " authorisation was extended, set `expires` to its last day."
)


@control(
    "access.project-expiry",
    Grant,
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("9.3", "9.4") + EDS,
    remedy="End the grant with the project's authorisation.",
    cause=("projects",),
    fixed_in=FixIn.FILE,
)
def project_expiry(grant: Grant, case: Case) -> Verdict:
    """No grant outlives the authorisation of its project."""
    project = case.spec.projects.get(grant.project)
    if not grant.project:
        return NOT_APPLICABLE
    path = ("projects", grant.project, "expires")
    if project is None:
        wanted = "a project of the warehouse file"
        verdict = fails("project", grant.project, wanted, fixed_in=FixIn.FILE)
        return replace(verdict, remedy="Update the stack, or add the project to the file again.")
    if project.expires < case.as_of:
        found = f"the authorisation ended on {project.expires} but the grant is still planned"
        wanted = "no grant after the authorisation ends"
        verdict = fails("expires", found, wanted, cause=path, fixed_in=FixIn.FILE)
        return replace(verdict, remedy=ENDED)
    if _of_nothing(grant.rights):
        return NOT_APPLICABLE
    verdict = require(
        "expires",
        grant.expires,
        lambda day: day is not None and day <= project.expires,
        f"an expiry date no later than {project.expires}",
        cause=path,
    )
    late = isinstance(grant.expires, Known) and grant.expires.value is not None
    return replace(verdict, fixed_in=FixIn.FILE) if late else verdict


def _of_nothing(rights: Fact[frozenset[Right]]) -> bool:
    """Whether a grant allows nothing, for all that is seen: there is nothing to end."""
    told = isinstance(rights, (Known, Reserved))
    return told and not at_best(rights, READS)


@plan_control(
    "access.separation-of-duties",
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("6.2"),
    remedy="Assign key management and log management to identities that cannot read data.",
)
def separation_of_duties(case: Case) -> Iterator[Verdict]:
    """Key managers cannot read data, and data readers cannot change logs."""
    readers = _readers(case)
    wanted = "data readers that neither manage keys nor change logs"
    for grant in case.facts.of(Grant):
        facts = both(grant.identity, both(grant.rights, grant.targets))
        identity = at_best(grant.identity, "")
        rights, targets = at_best(grant.rights, NOTHING), at_best(grant.targets, ())
        logs = bool(rights & CHANGES) and case.once(_hold_logs, targets)
        # Whoever may do everything with what is no store of data manages keys, or whoever does.
        owner = Right.EVERYTHING in rights and not case.once(_hold_data_alone, targets)
        duties = rights & {Right.MANAGE_KEYS, Right.CHANGE_LOGS}
        if identity in readers and (logs or duties or owner):
            duty = "changes logs" if logs or Right.CHANGE_LOGS in rights else "manages keys"
            found = f"{urns.name(identity)} reads data and {duty}"
            yield fails("rights", found, wanted, resource=grant.urn)
        elif not isinstance(facts, Known):
            yield _doubtful("rights", facts, wanted, grant)
        else:
            yield passes(grant.urn)


@control(
    "access.no-static-credentials",
    AboutResource,
    Profile.BASELINE,
    Severity.MEDIUM,
    cites=snc("9.5") + annex_a("5.17"),
    remedy="Use an identity that the service recognises, or give the credential an expiry date.",
)
def no_static_credentials(bearer: AboutResource, case: Case) -> Verdict:
    """Every key and password expires, and clusters have no local accounts.

    A project's credentials expire with its authorisation at the latest. Anyone with the certificate
    of a cluster's local account can administer the cluster.
    """
    if isinstance(bearer, Compute):
        accounts = bearer.local_accounts
        return require("local_accounts", accounts, lambda found: not found, "no local accounts")
    if not isinstance(bearer, Credential):
        return NOT_APPLICABLE
    project = case.spec.projects.get(bearer.project)
    last = project.expires if project else None
    return require(
        "expires",
        bearer.expires,
        lambda day: day is not None and (last is None or day <= last),
        f"an expiry date no later than {last}" if last else "an expiry date",
    )


@plan_control(
    "access.no-plaintext-secret",
    Profile.BASELINE,
    Severity.CRITICAL,
    cites=snc("10.5"),
    remedy="Mark the value as a Pulumi secret or read it from the environment. Then rotate it.",
)
def no_plaintext_secret(case: Case) -> Iterator[Verdict]:
    """No resource, stack output or configuration value contains a secret in plain text.

    Secrets are found by the names of properties and the shapes of values. A finding never repeats
    the value.
    """
    for resource in case.plan.resources:
        paths = in_clear(resource)
        if paths:
            yield _clear(paths, resource.urn)
        elif resource.custom:
            yield passes(resource.urn)
    beside = list(in_clear_beside(case.plan))
    if beside:
        yield _clear(beside, "")


def _clear(paths: Iterable[str], resource: str) -> Verdict:
    first, *more = sorted(paths)[:3]
    found = f"a secret in plain text at {', '.join((first, *more))}"
    return fails(first, found, "a value marked as secret", resource=resource)


GATE = "export-gate"
"""Label of the identity that takes reviewed results out; its value names the export zone."""


@plan_control(
    "access.export-gate",
    Profile.HEALTH,
    Severity.HIGH,
    cites=EDS + annex_a("8.12"),
    remedy="Allow only the export gate's identity to write to the export zone. Label that identity"
    " `export-gate` with the zone's name.",
    cause=("zones",),
)
def export_gate(case: Case) -> Iterator[Verdict]:
    """Only the export gate writes to export zones, and unlisted projects cannot read them.

    Results are reviewed before they are exported as aggregates, never as records. A project
    therefore cannot place its own results in an export zone. The gate is the identity of this plan
    whose label `export-gate` is the zone's name. A project can read an export zone only if it lists
    one. The warehouse's own backup may also write, to restore.
    """
    zones = _export_zones(case)
    exports = any(store.zone in zones for store in case.facts.of(ObjectStore))
    for grant in case.facts.of(Grant):
        if not grant.project:
            yield from _from_outside(grant, case) if exports else ()
            continue
        wanted = "at most read access to the export zone, if the project lists it"
        facts = both(grant.rights, grant.targets)
        rights, targets = at_best(grant.rights, NOTHING), at_best(grant.targets, ())
        reached = case.once(_exports_of, targets)
        verdict = _gated(grant, rights, case, wanted) if reached and rights else None
        if not isinstance(facts, Known) and (verdict is None or verdict.outcome is Outcome.PASS):
            yield _doubtful("targets", facts, wanted, grant)
        elif reached:
            yield verdict or _gated(grant, rights, case, wanted)


def _from_outside(grant: Grant, case: Case) -> Iterator[Verdict]:
    """What a grant that is no project's may do to the export zones, if it may change any."""
    rights, targets = grant.rights, grant.targets
    reading = isinstance(rights, Known) and not rights.value & CHANGES
    elsewhere = isinstance(targets, Known) and not case.once(_exports_of, targets.value)
    if reading or elsewhere:
        return
    wanted = "only the export gate, whose label `export-gate` is the zone's name"
    identity, may = at_best(grant.identity, ""), at_best(rights, NOTHING)
    gate = _gate_of(identity, case)
    facts = both(both(grant.identity, gate), both(rights, targets))
    zones = case.once(_exports_of, at_best(targets, ()))
    backup = _is_backup(grant, identity) and not may & WIDE
    changed = may & CHANGES and zones and isinstance(grant.identity, Known)
    if backup and isinstance(grant.identity, Known) and isinstance(rights, Known):
        yield passes(grant.urn)
    elif changed and isinstance(gate, Known) and not backup and zones != {gate.value}:
        found = f"{urns.name(identity) or 'an unnamed identity'} can {shown(may)}"
        yield fails("identity", found, wanted, resource=grant.urn)
    elif isinstance(facts, Known):
        yield passes(grant.urn)
    else:
        yield undecided("identity", facts, wanted, resource=grant.urn)


def _is_backup(grant: Grant, identity: str) -> bool:
    """Whether the warehouse's own backup made both a grant and its identity."""
    return part_of(grant.urn) == part_of(identity) == "backup"


def _gate_of(identity: str, case: Case) -> Fact[str | None]:
    """Name of the zone whose gate an identity of this plan is, by its label."""
    for item in case.facts.about(identity):
        if isinstance(item.tags, Unknown) or (isinstance(item.tags, Known) and item.tags.value):
            told = at_best(item.tags, {}).get(GATE)
            return Known(told) if told or isinstance(item.tags, Known) else Unknown("tags")
    return NONE


def _gated(grant: Grant, rights: Iterable[Right], case: Case, wanted: str) -> Verdict:
    project = case.spec.projects.get(grant.project)
    named = project is not None and any(
        case.spec.zones[zone].purpose is Purpose.EXPORT
        for zone in project.zones
        if zone in case.spec.zones
    )
    if set(rights) & CHANGES or not named:
        return fails("rights", frozenset(rights), wanted, resource=grant.urn)
    return passes(grant.urn)


@plan_control(
    "access.revocable",
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("9.3") + annex_a("5.18"),
    remedy="Remove the lock above the grant, and the options `protect`, `retainOnDelete`,"
    " `ignoreChanges`, `replaceOnChanges` and `deletedWith` of the grant and the credential.",
    cause=("projects",),
)
def revocable(case: Case) -> Iterator[Verdict]:
    """The next deployment can withdraw everything that a project was given.

    Its grants and credentials are deleted when the project leaves the warehouse file, and changed
    when its zones or its end change. A lock that is set outside the plan is not seen.
    """
    everything: list[Grant | Credential] = [*case.facts.of(Grant), *case.facts.of(Credential)]
    for given in everything:
        if given.project:
            yield _revocable(given, case)
    for left in case.facts.released:
        means = () if isinstance(left.means, Unclassified) else left.means
        if any(isinstance(each, (Grant, Credential)) and each.project for each in means):
            found = "this plan would stop managing it without deleting it"
            yield fails("operation", found, REVOCABLE, resource=left.resource.urn)


REVOCABLE = "deleted or changed by the next deployment"


def _revocable(given: Grant | Credential, case: Case) -> Verdict:
    """Whether nothing keeps a grant or a credential in force that the file no longer asks for."""
    resource = case.plan.by_urn.get(given.urn)
    kept = _kept_in_force(resource, case) if resource else "its resource is not in the plan"
    if kept:
        return fails("options", kept, REVOCABLE, resource=given.urn)
    if isinstance(given, Credential):
        return passes(given.urn)
    wanted = "no lock on what it opens, nor above that"
    return require("locked", given.locked, lambda told: not told, wanted, resource=given.urn)


def _kept_in_force(resource: PlannedResource, case: Case) -> str:
    """Which option of a resource keeps what it gives; empty where none does."""
    options = resource.options
    unchanged = [path for path in options.ignore_changes if re.split(r"[.[]", path)[0] != "tags"]
    keeper = case.plan.by_urn.get(options.deleted_with)
    kept = {
        "only read by the stack": resource.external,
        "protected from deletion": resource.protect,
        "kept when it leaves the file (`retainOnDelete`)": resource.retain_on_delete,
        f"changes not applied: {', '.join(unchanged)} (`ignoreChanges`)": bool(unchanged),
        "replaced instead of changed (`replaceOnChanges`)": bool(options.replace_on_changes),
        "not deleted while another resource is kept (`deletedWith`)": bool(options.deleted_with)
        and (keeper is None or keeper.protect or keeper.retain_on_delete),
    }
    return next((words for words, found in kept.items() if found), "")


@control(
    "access.personal-identity",
    Grant,
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("9.2") + EDS + annex_a("5.16"),
    remedy=PSEUDONYMS,
    cause=("projects",),
)
def personal_identity(grant: Grant, case: Case) -> Verdict:
    """Each member of a project has an identity of their own.

    A member has one if the warehouse file names them by a pseudonym. Other members share the
    project's identity. Whether a member lends their credentials is not evaluated.
    """
    if case.declared("access.personal-identity"):
        return NOT_APPLICABLE
    return told_apart(grant, case, "an identity for each member")


@control(
    "access.second-factor",
    Grant,
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("9.5") + annex_a("8.5"),
    remedy="Require a second factor from each member who signs in.",
    cause=("projects",),
)
def second_factor(grant: Grant, case: Case) -> Verdict:
    """Members of a project prove a second factor when they sign in.

    Sign-in by a provider's identity service is not part of a plan. The provider declares it as a
    gap, because no plan shows what that service requires.
    """
    project = case.spec.projects.get(grant.project)
    ended = project is None or project.expires < case.as_of
    if ended or case.declared("access.second-factor"):
        return NOT_APPLICABLE
    return require("second_factor", grant.second_factor, bool, "a second factor at each sign-in")
