"""What survives an accident, a mistake and an intruder."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeGuard

from havre.facts.model import AboutResource, Compute, Copy, Holder, Key, Unclassified
from havre.facts.read import at_best, both, then
from havre.facts.stores import BackupStore, Content, DatabaseServer, DataStore, ObjectStore
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
from havre.spec.endings import erasure_days, working_zones
from havre.spec.model import Availability, Purpose, is_pseudonym
from havre_policies.cites import annex_a, snc
from havre_policies.residency import UNNAMED, where

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre.facts import Removed
    from havre.spec.model import Zone


def _needs_backup(store: DataStore, case: Case) -> TypeGuard[Content]:
    """Whether a store holds data of its own: no copy, no zone of backups."""
    if not isinstance(store, Content):
        return False
    zone = case.spec.zones.get(store.zone) if isinstance(store, ObjectStore) else None
    copies = store.places.value if isinstance(store.places, Known) else ()
    primary = not copies or any(place.copy is Copy.PRIMARY for place in copies)
    return primary and not (zone and zone.purpose is Purpose.BACKUP)


def _of_versions(verdict: Verdict, store: DataStore, case: Case) -> Verdict:
    """A failure of a zone without versions is the warehouse file's, which turns them off.

    Copies, backups and undeletion of objects rest on earlier versions, on every provider.
    """
    zone = case.spec.zones.get(store.zone) if isinstance(store, ObjectStore) else None
    if zone is None or zone.versions or verdict.outcome is not Outcome.FAIL:
        return verdict
    if not isinstance(store, ObjectStore) or store.versions != Known(value=False):
        return verdict
    return replace(verdict, fixed_in=FixIn.FILE, cause=("zones", store.zone, "versions"))


@control(
    "continuity.backup",
    DataStore,
    Profile.BASELINE,
    Severity.HIGH,
    cites=snc("12.5", "17.6") + annex_a("8.13"),
    remedy="Back up this store, and keep backups for at least `database.backups.retention_days`.",
    cause=("database", "backups", "retention_days"),
)
def backup(store: DataStore, case: Case) -> Verdict:
    """The database and every zone have backups kept for the required time."""
    if not _needs_backup(store, case):
        return NOT_APPLICABLE
    least = case.spec.database.backups.retention_days
    verdict = require(
        "backup_days",
        store.backup_days,
        lambda days: days is not None and days >= least,
        f"backups kept for at least {least} days",
    )
    return _of_versions(verdict, store, case)


@control(
    "continuity.recovery-site",
    DataStore,
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("17.2", "17.4"),
    remedy="Set `sites.recovery`, and send copies or backups there.",
    cause=("sites", "recovery"),
)
def recovery_site(store: DataStore, case: Case) -> Verdict:
    """A copy or backup is stored at another site within the allowed countries."""
    if not _needs_backup(store, case):
        return NOT_APPLICABLE
    wanted = "a copy or backup in another region within the allowed countries"
    if not isinstance(store.places, Known):
        return undecided("places", store.places, wanted)
    home = {place.region for place in store.places.value if place.copy is Copy.PRIMARY}
    away = [
        place
        for place in store.places.value
        if place.copy in {Copy.REPLICA, Copy.BACKUP}
        and place.region not in home | UNNAMED
        and place.country in case.spec.residency.countries
    ]
    if away:
        return passes()
    unasked = FixIn.FILE if case.spec.sites.recovery is None else None
    verdict = fails("places", where(store.places.value), wanted, fixed_in=unasked)
    return verdict if unasked else _of_versions(verdict, store, case)


@control(
    "continuity.versioning",
    ObjectStore,
    Profile.BASELINE,
    Severity.MEDIUM,
    cites=snc("12.5"),
    remedy="Turn on versions for this zone.",
    cause=("zones",),
)
def versioning(store: ObjectStore, case: Case) -> Verdict:
    """Zones keep earlier versions of objects unless the warehouse file turns this off."""
    zone = case.spec.zones.get(store.zone)
    if zone is not None and not zone.versions:
        return NOT_APPLICABLE
    return require("versions", store.versions, lambda found: found is True, "versions kept")


@control(
    "continuity.immutability",
    ObjectStore,
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("12.5") + annex_a("5.33"),
    remedy="Lock object versions for at least the zone's `immutable_days`.",
    cause=("zones",),
)
def immutability(store: ObjectStore, case: Case) -> Verdict:
    """Immutable zones are locked for at least the promised days.

    A policy that an administrator can still remove does not count as a lock.
    """
    zone = case.spec.zones.get(store.zone)
    if zone is None or not zone.immutable_days:
        return NOT_APPLICABLE
    least = zone.immutable_days
    return require(
        "locked_days",
        store.locked_days,
        lambda days: days >= least,
        f"locked for at least {least} days",
        cause=("zones", store.zone, "immutable_days"),
    )


WITHOUT_END = float("inf")
RECOVERABLE, VERSIONS, EXPIRY = "recoverable_days", "version_days", "expire_days"


@plan_control(
    "continuity.retention",
    Profile.BASELINE,
    Severity.HIGH,
    cites=snc("12.5") + annex_a("5.33", "8.10", "8.13"),
    remedy="Keep deleted and replaced objects for the promised days, and delete expired objects.",
    cause=("zones",),
)
def retention(case: Case) -> Iterator[Verdict]:
    """Zones keep and delete objects at the times that the warehouse file promises.

    `recoverable_days`, `version_days` and `expire_days` are evaluated separately. Locks are
    evaluated by `continuity.immutability`. A copy of a zone must meet the zone's promises.
    """
    stores: dict[str, list[ObjectStore]] = {name: [] for name in case.spec.zones}
    for store in case.facts.of(ObjectStore):
        if store.zone in stores:
            stores[store.zone].append(store)
    for name, found in stores.items():
        if not found:
            yield fails("zone", f"no store for zone {name}", "a store", cause=("zones", name))
        for store in found:
            said = [
                _of_versions(each, store, case) for each in _promises(store, case.spec.zones[name])
            ]
            broken = [verdict for verdict in said if verdict.outcome is not Outcome.PASS]
            yield from broken or [passes(store.urn)]


def _promises(store: ObjectStore, zone: Zone) -> Iterator[Verdict]:
    """What a store makes of each of its zone's promises."""
    if zone.recoverable_days:
        yield _kept(store, RECOVERABLE, store.recoverable_days, zone.recoverable_days)
    if zone.version_days:
        yield _kept(store, VERSIONS, store.version_days, zone.version_days, ends=True)
    yield _ends(store, zone.expire_days)


def _kept(
    store: ObjectStore, name: str, fact: Fact[int | None], least: int, *, ends: bool = False
) -> Verdict:
    """Whether something is kept for at least so many days and, if it must end, has an end."""
    wanted = f"at least {_days(least)}" + (", then deleted" if ends else "")
    cause = ("zones", store.zone, name)
    told = at_best(fact, None)
    if isinstance(fact, Unknown) and (told is None or told >= least):
        return undecided(name, fact, wanted, resource=store.urn, cause=cause)
    short = 0 if told is None else least - told
    if short <= 0 and not (ends and told is None):
        return passes(store.urn)
    found = "never deleted" if told is None else f"{_days(told)}, {short} too few"
    return fails(name, found, wanted, resource=store.urn, cause=cause)


def _ends(store: ObjectStore, promised: int | None) -> Verdict:
    """Whether objects are deleted on the day that is promised, or never where none is."""
    fact, wanted, cause = store.expire_days, _deleted(promised), ("zones", store.zone, EXPIRY)
    told = at_best(fact, None)
    if isinstance(fact, Unknown) and (told is None or told >= (promised or WITHOUT_END)):
        return undecided(EXPIRY, fact, wanted, resource=store.urn, cause=cause)
    if told == promised:
        return passes(store.urn)
    found = _deleted(told)
    if told is not None and promised is not None:
        late = told - promised
        found += f", {_days(abs(late))} too {'late' if late > 0 else 'early'}"
    return fails(EXPIRY, found, wanted, resource=store.urn, cause=cause)


def _deleted(days: int | None) -> str:
    return "never deleted" if days is None else f"deleted after {_days(days)}"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


ERASURE = ("erasure", "within_days")


@plan_control(
    "continuity.erasable",
    Profile.HEALTH,
    Severity.HIGH,
    cites=annex_a("8.10"),
    remedy="Shorten retention, locks and backups, or name the duty to keep the data for longer"
    " with `erasure.within_days` and its reason.",
    cause=ERASURE,
    fixed_in=FixIn.FILE,
)
def erasable(case: Case) -> Iterator[Verdict]:
    """Nothing keeps a project's data beyond its end for longer than allowed.

    A project's data is in the zones of purpose research or export that it lists, and in backups of
    the database and of these zones. After its last day, locks, retention and backups end within
    `erasure.within_days`. This is 183 unless the warehouse file names a duty. Whether the data is
    then deleted is not evaluated, nor a legal hold.
    """
    working, most = working_zones(case.spec), erasure_days(case.spec)
    if not working:
        return
    wanted = f"at most {_days(most)} after a project's last day"
    for name, zone in working.items():
        yield from _promised_beyond(name, zone, most, wanted)
    for store in case.facts.of(DataStore):
        found = _remains(store, working, case)
        if found is not None:
            of = store.zone if isinstance(store, ObjectStore) else ""
            cause = ("zones", of) if of else ("database", "backups", "retention_days")
            verdict = _gone(*found, most, wanted, resource=store.urn, cause=cause)
            asked = _asked_to_remain(store, working, case)
            yield replace(verdict, fixed_in=_by_file(verdict, found[1], asked, most))


def _promised_beyond(name: str, zone: Zone, most: int, wanted: str) -> Iterator[Verdict]:
    """Promises of a zone that contradict erasure, whatever a provider makes of them."""
    for promise in ("recoverable_days", "immutable_days", "version_days"):
        days = getattr(zone, promise) or 0
        if days > most:
            yield fails(promise, _days(days), wanted, cause=("zones", name, promise))


def _remains(
    store: DataStore, working: Mapping[str, Zone], case: Case
) -> tuple[str, Fact[int | None]] | None:
    """Days for which something remains in a store; None where it holds no project's data.

    What is deleted on the last day waits for its lock, and then for the end of undeleting.
    """
    if isinstance(store, DatabaseServer):
        return "backup_days", then(store.backup_days, lambda days: days or 0)
    if isinstance(store, BackupStore):
        return "longest_days", store.longest_days
    if not isinstance(store, ObjectStore):
        return None
    held = both(store.locked_days, store.undelete_days)
    zone = case.spec.zones.get(store.zone)
    if store.zone in working:
        return "locked_days, undelete_days", then(held, _all_of)
    if zone is not None and zone.purpose is Purpose.BACKUP:
        ends = both(store.expire_days, store.recoverable_days)
        return "expire_days, recoverable_days", then(ends, _all_of)
    return None


def _asked_to_remain(store: DataStore, working: Mapping[str, Zone], case: Case) -> int | None:
    """Days for which the warehouse file itself has something remain in a store; None: no end."""
    name = store.zone if isinstance(store, ObjectStore) else ""
    zone = case.spec.zones.get(name)
    if zone is None:
        return case.spec.database.backups.retention_days
    first = zone.immutable_days if name in working else zone.expire_days
    return None if first is None else first + zone.recoverable_days


def _by_file(
    verdict: Verdict, fact: Fact[int | None], asked: int | None, most: int
) -> FixIn | None:
    """The warehouse file, where what it asks for itself remains too long, and ends."""
    if verdict.outcome is not Outcome.FAIL or not isinstance(fact, Known):
        return None
    if asked is None:
        return FixIn.FILE
    return FixIn.FILE if fact.value is not None and asked > most else None


def _all_of(days: tuple[int | None, ...]) -> int | None:
    """Days one after the other; None where one of them has no end."""
    told = [each for each in days if each is not None]
    return sum(told) if len(told) == len(days) else None


def _gone(name: str, fact: Fact[int | None], most: int, wanted: str, **where: Any) -> Verdict:
    """Whether something is gone in time; `where` is as for `require`."""
    verdict = require(name, fact, lambda days: days is not None and days <= most, wanted, **where)
    if verdict.outcome is Outcome.FAIL and isinstance(fact, Known):
        found = "without end" if fact.value is None else _days(fact.value)
        return fails(name, found, wanted, **where)
    return verdict


_BEARING = (DataStore, Key, Compute, Holder)
"""What takes data with it, or makes them unreadable, when it is deleted."""


@plan_control(
    "continuity.deletion",
    Profile.BASELINE,
    Severity.CRITICAL,
    cites=snc("17.4", "12.2"),
    remedy="Set `protect` on the resource, or change the plan so that it is kept.",
    cause=("protection", "deletion"),
    fixed_in=FixIn.FILE,
)
def deletion(case: Case) -> Iterator[Verdict]:
    """Data-bearing resources are protected, and this plan deletes or replaces none.

    Groups that contain stores, parts of stores, and clusters with their volumes are included. A
    step of a preview that would delete or replace one of these or a key is a finding too.
    """
    for item in case.facts.items:
        if isinstance(item, _BEARING) and not isinstance(item.guarded, DoesNotApply):
            yield require(
                "guarded", item.guarded, bool, "protected from deletion", resource=item.urn
            )
    for removed in case.facts.removed:
        if _bears(removed):
            known = not isinstance(removed.means, Unclassified)
            wanted = "data-bearing resources kept" if known else "only known types removed"
            step = f"this plan would {removed.resource.operation} it"
            yield fails("operation", step, wanted, resource=removed.resource.urn)


def _bears(gone: Removed) -> bool:
    """Whether what goes takes data or a key along, or may."""
    if gone.resource.type.startswith("pulumi:"):
        return False
    if isinstance(gone.means, Unclassified):
        return True
    return any(isinstance(fact, _BEARING) for fact in gone.means)


@plan_control(
    "continuity.managed",
    Profile.BASELINE,
    Severity.MEDIUM,
    cites=snc("8.1"),
    remedy="Keep the resource in the program, or assign it to another administrator.",
    cause=("protection", "deletion"),
    fixed_in=FixIn.FILE,
)
def managed(case: Case) -> Iterator[Verdict]:
    """Data-bearing resources stay managed by the stack.

    A resource with `retainOnDelete` continues to exist after it leaves the stack. Controls no
    longer evaluate it.
    """
    left = [released for released in case.facts.released if _bears(released)]
    for released in left:
        step = "this plan would stop managing it without deleting it"
        if released.resource.operation == "replace":
            step = "this plan would replace it, and stop managing it without deleting it"
        wanted = "data-bearing resources stay managed"
        yield fails("operation", step, wanted, resource=released.resource.urn)
    if not left:
        yield passes()


@control(
    "continuity.availability",
    AboutResource,
    Profile.HEALTH,
    Severity.MEDIUM,
    cites=snc("17.4") + annex_a("8.14"),
    remedy="Spread this resource over several availability zones of its site.",
    cause=("database", "availability"),
)
def availability(bearer: AboutResource, case: Case) -> Verdict:
    """Database and cluster run in several availability zones where required."""
    spec, wanted = case.spec, "several availability zones of the site"
    if isinstance(bearer, DatabaseServer):
        asked, path = spec.database.availability, ("database", "availability")
    elif isinstance(bearer, Compute) and spec.cluster is not None:
        asked, path = spec.cluster.availability, ("cluster", "availability")
    else:
        return NOT_APPLICABLE
    if asked is not Availability.MULTI_ZONE:
        return NOT_APPLICABLE
    return require("multi_zone", bearer.multi_zone, bool, wanted, cause=path)


@plan_control(
    "continuity.state",
    Profile.BASELINE,
    Severity.HIGH,
    cites=snc("17.5", "10.5"),
    remedy=(
        "Keep names of objects and people out of the deployment's state: in tags, descriptions and "
        "policies, write members as pseudonyms."
    ),
)
def state(case: Case) -> Iterator[Verdict]:
    """The deployment's state contains no object names and no project members.

    An object's name can itself identify a patient. A member's pseudonym identifies no person: roles
    and grants are made under it. Secrets are evaluated by `access.no-plaintext-secret`.
    """
    for store in case.facts.of(DataStore):
        yield require(
            "names_in_state",
            store.names_in_state,
            lambda found: not found,
            "no object names in the state",
            resource=store.urn,
        )
    members = {
        member
        for project in case.spec.projects.values()
        for member in project.members
        if not is_pseudonym(member)
    }
    named = re.compile("|".join(rf"(?<![\w.@-]){re.escape(each)}(?![\w@-])" for each in members))
    within = cache(lambda text: bool(named.search(text)))  # most stand in many resources
    among = cache(lambda path: any(member in path for member in members))
    for resource, texts in case.unmarked if members else ():
        paths = [path for path, text in texts if within(text) or among(path)]
        if paths:
            top = re.split(r"[.[]", paths[0])[0]  # a path may itself name a member
            yield fails(
                top,
                "a member of a project",
                "no project member in the state",
                resource=resource.urn,
            )
