"""What is logged, for how long, and out of whose reach."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias

from havre.facts.model import (
    Alert,
    Compute,
    Grant,
    Key,
    LogRoute,
    NetworkElement,
    Right,
    Signal,
)
from havre.facts.read import NONE, at_best, both, every, meets, some, then
from havre.facts.stores import DatabaseServer, DataStore, LogStore, ObjectStore
from havre.facts.values import Fact, Known, Outside, Unknown
from havre.plan import urns
from havre.policy import (
    NOT_APPLICABLE,
    Case,
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
from havre.spec.model import Classification, Purpose
from havre_policies.cites import EDS, annex_a, snc
from havre_policies.encryption import under_own_key
from havre_policies.people import PSEUDONYMS, told_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Sink: TypeAlias = LogStore | ObjectStore
"""What logs may be kept in."""
RETENTION = ("audit", "retention_days")


@control(
    "audit.storage-access",
    ObjectStore,
    Profile.BASELINE,
    Severity.HIGH,
    cites=snc("12.6") + EDS + annex_a("8.15"),
    remedy="Turn on access logs for reads, writes and deletions in this zone.",
)
def storage_access(store: ObjectStore, case: Case) -> Verdict:  # noqa: ARG001
    """Every read and write of every zone is logged."""
    return require("reads_logged", store.reads_logged, bool, "every read and write logged")


@control(
    "audit.database",
    DatabaseServer,
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("12.6") + EDS,
    remedy="Log connections and statements, and send these logs to the warehouse's log store.",
)
def database(database: DatabaseServer, case: Case) -> Verdict:  # noqa: ARG001
    """Database connections and statements are logged."""
    wanted = "connections and statements logged"
    return require("reads_logged", database.reads_logged, bool, wanted)


@control(
    "audit.keys",
    Key,
    Profile.BASELINE,
    Severity.HIGH,
    cites=snc("12.6", "10.5"),
    remedy="Log every use of this key.",
)
def keys(key: Key, case: Case) -> Verdict:  # noqa: ARG001
    """Every use of every key is logged."""
    return require("use_logged", key.use_logged, bool, "every use logged")


@control(
    "audit.cluster",
    Compute,
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("12.6"),
    remedy="Send the audit log of the cluster's API to the warehouse's log store.",
)
def cluster(compute: Compute, case: Case) -> Verdict:  # noqa: ARG001
    """Every action on a cluster's API is logged to a log store.

    Reads count too, because the API can read the cluster's secrets.
    """
    return require("api_logged", compute.api_logged, bool, "every action logged to a log store")


@control(
    "audit.administration",
    DataStore,
    Profile.BASELINE,
    Severity.HIGH,
    cites=snc("12.6", "12.12"),
    remedy="Log administrative actions on this resource.",
)
def administration(store: DataStore, case: Case) -> Verdict:  # noqa: ARG001
    """Administrative actions on every store are logged."""
    return require(
        "administration_logged", store.administration_logged, bool, "administration logged"
    )


@control(
    "audit.network",
    NetworkElement,
    Profile.HEALTH,
    Severity.MEDIUM,
    cites=snc("13.3"),
    remedy="Turn on flow logs for this network.",
)
def network(network: NetworkElement, case: Case) -> Verdict:  # noqa: ARG001
    """Network flows are logged."""
    flows = network.flows_logged
    return require("flows_logged", flows, lambda found: found is True, "flows logged")


End: TypeAlias = "tuple[Fact[str], Fact[int | None]]"
"""Where logs go, and after how many days the route itself deletes them there; None: never."""


def _sinks(case: Case) -> dict[str, list[End]]:
    """For each source of logs, where they go."""
    found: dict[str, list[End]] = defaultdict(list)
    for route in case.facts.of(LogRoute):
        sources = route.sources.value if isinstance(route.sources, Known) else (route.urn,)
        sinks: list[Fact[str]] = (
            [Known(sink) for sink in route.sinks.value]
            if isinstance(route.sinks, Known)
            else [route.sinks]
        )
        for source in sources:
            found[source] += [(sink, route.kept_days) for sink in sinks]
    return found


Holds: TypeAlias = "Callable[[Sink, Fact[int | None]], Fact[bool]]"
"""Whether a store is good enough for logs that a route deletes there after some days."""


def _kept(case: Case, holds: Holds) -> Iterator[tuple[str, Fact[bool]]]:
    """For each source of logs, whether one of the stores that they reach is good enough.

    A plan without routes is judged by its stores of logs, each of them.
    """
    own = case.facts.of(LogStore)
    stores: tuple[Sink, ...] = (*case.facts.of(ObjectStore), *own)
    logs = {store.urn: store for store in stores}
    routes = _sinks(case)
    for source, sinks in routes.items():
        yield source, some([_reached(sink, logs, holds, case.facts.outside) for sink in sinks])
    for store in own if not routes else ():
        yield store.urn, holds(store, NONE)


def _elsewhere(of: str, sink: str, outside: Mapping[str, Outside]) -> Unknown:
    """What is not known of a store that is none of the plan's: who answers for it, if anybody."""
    given = outside.get(sink.lower())
    return given or Unknown(f"{of}{urns.name(sink)}, which is outside this plan")


def _reached(
    end: End, logs: dict[str, Sink], holds: Holds, outside: Mapping[str, Outside]
) -> Fact[bool]:
    sink, trimmed = end
    if not isinstance(sink, Known):
        return sink
    store = logs.get(sink.value)
    if store is None:
        return _elsewhere("retention of ", sink.value, outside)
    return holds(store, trimmed)


def _over_sources(case: Case, name: str, holds: Holds, wanted: str) -> Iterator[Verdict]:
    judged = False
    for source, fact in _kept(case, holds):
        judged = True
        verdict = require(name, fact, bool, wanted, resource=source, cause=RETENTION)
        if verdict.outcome is Outcome.FAIL:
            found = "not met in any store that its logs reach"
            verdict = fails(name, found, wanted, resource=source, cause=RETENTION)
        yield verdict
    if not judged:
        yield fails(name, "no log store", wanted, cause=RETENTION)


def _kept_days(store: Sink) -> Fact[int | None]:
    """Days for which logs are kept in a store; a zone keeps them while locked, or to their end."""
    if isinstance(store, LogStore):
        return store.retention_days
    told = both(store.locked_days, store.expire_days)
    return then(told, lambda days: max(days[0], days[1] or 0) or None)


@plan_control(
    "audit.retention",
    Profile.BASELINE,
    Severity.MEDIUM,
    cites=snc("12.6") + annex_a("8.15"),
    remedy="Retain logs for at least `audit.retention_days` in one of the stores that they reach.",
    cause=RETENTION,
)
def retention(case: Case) -> Iterator[Verdict]:
    """Logs are kept for the required time in at least one of their stores."""
    least = case.spec.audit.retention_days

    def holds(store: Sink, trimmed: Fact[int | None]) -> Fact[bool]:
        own = meets(_kept_days(store), lambda days: days is not None and days >= least)
        return every([own, meets(trimmed, lambda days: days is None or days >= least)])

    yield from _over_sources(case, "retention_days", holds, f"kept for at least {least} days")


@plan_control(
    "audit.protected",
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("12.7"),
    remedy="Keep logs in a store that is locked for at least `audit.retention_days`.",
    cause=RETENTION,
)
def protected(case: Case) -> Iterator[Verdict]:
    """Logs are locked for the required time in at least one of their stores.

    No account, not even an administrator's, can change or delete a locked log.
    """
    least = case.spec.audit.retention_days

    def holds(store: Sink, trimmed: Fact[int | None]) -> Fact[bool]:
        del trimmed  # what is locked outlives it
        return meets(store.locked_days, lambda days: days >= least)

    yield from _over_sources(case, "locked_days", holds, f"locked for at least {least} days")


A_YEAR = 365
"""Days by which logs may outlast their retention: archives end by the year."""


@plan_control(
    "audit.statements",
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("12.7"),
    remedy="Encrypt the stores of the database's logs with a warehouse key, and let the logs end."
    " Log who reads them, and grant no project access to them.",
    cause=RETENTION,
)
def statements(case: Case) -> Iterator[Verdict]:
    """Logged database statements are protected like the data that they contain.

    A statement contains the values that it searches for or writes. Each store that the database's
    logs reach is under a warehouse key where required. No project reads it, and reading it is
    logged. Its logs end within a year of `audit.retention_days`. Its location is evaluated by
    `residency.logs`.
    """
    if case.spec.classification is Classification.INTERNAL:
        return
    routes, own = _sinks(case), [(Known(store.urn), NONE) for store in case.facts.of(LogStore)]
    ends: dict[str, Fact[str]] = {}
    for database in case.facts.of(DatabaseServer):
        for sink, _ in routes.get(database.urn, [] if routes else own):
            ends[sink.value if isinstance(sink, Known) else sink.property] = sink
    for sink in ends.values():
        yield from _as_data(sink, case)


def _as_data(sink: Fact[str], case: Case) -> Iterator[Verdict]:
    """Whether one store of logs is kept as what it may contain."""
    if isinstance(sink, Unknown):
        yield undecided("sinks", sink, "a log store of this plan")
        return
    store = case.facts.one(LogStore, sink.value) or case.facts.one(ObjectStore, sink.value)
    if store is None:
        elsewhere = _elsewhere("", sink.value, case.facts.outside)
        yield undecided("sinks", elsewhere, "a log store of this plan", resource=sink.value)
        return
    most = case.spec.audit.retention_days + A_YEAR
    ended, wanted = _longest(store), f"logs deleted within {most} days"
    if case.spec.encryption.own_keys:
        yield under_own_key("key", store.key, case, resource=store.urn)
    told = store.reads_logged
    yield require("reads_logged", told, bool, "each reader of the logs logged", resource=store.urn)
    yield require(
        "longest_days",
        ended,
        lambda days: days is not None and days <= most,
        wanted,
        resource=store.urn,
    )
    yield _unread_by_projects(store, case)


def _longest(store: Sink) -> Fact[int | None]:
    """Days after which the last log in a store is gone, and cannot be had back."""
    if isinstance(store, LogStore):
        return store.longest_days
    told = both(store.expire_days, store.recoverable_days)
    return then(told, lambda days: None if None in days else sum(each or 0 for each in days))


def _unread_by_projects(store: Sink, case: Case) -> Verdict:
    """Whether no project's identity reads a store."""
    wanted, doubt = "no project reads the logs", None
    for grant in case.facts.grants_on(store.urn):
        reads = at_best(grant.rights, frozenset()) & {Right.READ, Right.EVERYTHING}
        certain = isinstance(grant.targets, Known) and isinstance(grant.rights, Known)
        if grant.project and reads and certain:
            return fails("rights", f"{grant.project} reads them", wanted, resource=store.urn)
        if grant.project and not certain:
            doubt = both(grant.targets, grant.rights)
    return undecided("rights", doubt, wanted, resource=store.urn) if doubt else passes(store.urn)


ALERTED = {
    Signal.KEY_LOSS: "a key that is deleted or disabled",
    Signal.LOCK_REMOVAL: "a lock that is removed",
    Signal.DENIED_READING: "reading that is denied",
    Signal.MASS_READING: "reading of many objects",
    Signal.EXPORT: "reading of an export zone",
}
"""What somebody is told of, for people."""


@plan_control(
    "audit.alerts",
    Profile.HEALTH,
    Severity.HIGH,
    cites=annex_a("8.16"),
    remedy="Create an alert for each of these events, and send it to `organisation.contact`.",
    cause=("organisation", "contact"),
)
def alerts(case: Case) -> Iterator[Verdict]:
    """Lost keys, removed locks, denied or mass reading, and exports raise an alert.

    A log without an alarm is read too late. Alerts on keys are required where the warehouse has its
    own, alerts on exports where it has an export zone. Only alerts whose condition is known count,
    and only if an address receives them. Whether someone reacts is not evaluated. Reading through
    SQL is not counted.
    """
    zones = case.spec.zones.values()
    unneeded = {
        Signal.KEY_LOSS: not case.spec.encryption.own_keys,
        Signal.EXPORT: all(zone.purpose is not Purpose.EXPORT for zone in zones),
        Signal.LOCK_REMOVAL: not case.spec.protection.deletion,
    }
    for signal, what in ALERTED.items():
        if not unneeded.get(signal, False):
            yield _alerted(signal, what, case)


def _alerted(signal: Signal, what: str, case: Case) -> Verdict:
    """Whether one alert tells somebody of a signal."""
    wanted = f"an alert on {what}"
    found = [_tells(alert, signal) for alert in case.facts.of(Alert)]
    told = some(found)
    if told == Known(value=False):
        return fails(signal.value, "no alert with a receiver", wanted)
    return require(signal.value, told, bool, wanted)


def _tells(alert: Alert, signal: Signal) -> Fact[bool]:
    return every([then(alert.signals, lambda signals: signal in signals), alert.told])


@control(
    "audit.person",
    Grant,
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("12.6") + EDS + annex_a("8.15"),
    remedy=PSEUDONYMS,
    cause=("projects",),
)
def person(grant: Grant, case: Case) -> Verdict:
    """Logs lead from each access of a project to the member who made it.

    Every zone that a project can reach, and every database, logs its readers. Members have
    identities of their own, because the project's identity leads to no person.
    """
    if case.declared("audit.person"):
        return NOT_APPLICABLE
    wanted = "each access logged with the member's identity"
    verdict = told_apart(grant, case, wanted)
    if verdict.outcome is not Outcome.PASS:
        return verdict
    return require("reads_logged", _logged(grant, case), bool, wanted)


def _logged(grant: Grant, case: Case) -> Fact[bool]:
    """Whether every store that a grant opens, and every database, logs who reads."""
    targets = at_best(grant.targets, ())
    zones = [store for urn in targets if (store := case.facts.one(ObjectStore, urn)) is not None]
    found = [store.reads_logged for store in (*zones, *case.facts.of(DatabaseServer))]
    told: Fact[bool] = then(grant.targets, lambda _: True)
    return every([told, *found])


@plan_control(
    "audit.central",
    Profile.HEALTH,
    Severity.MEDIUM,
    cites=snc("12.9"),
    remedy="Send all logs to one store.",
)
def central(case: Case) -> Iterator[Verdict]:
    """All logs reach one common store."""
    wanted = "one store that all logs reach"
    routes = _sinks(case)
    ends = [[sink for sink, _ in sinks] for sinks in routes.values()]
    unknown = [sink for sinks in ends for sink in sinks if isinstance(sink, Unknown)]
    reached = [{s.value for s in sinks if isinstance(s, Known)} for sinks in ends]
    stores = [store.urn for store in case.facts.of(LogStore)]
    if reached and set.intersection(*reached):
        yield passes()
    elif unknown:
        yield undecided("sinks", unknown[0], wanted)
    elif routes or len(stores) != 1:
        found = {urn for sinks in reached for urn in sinks} or stores
        places = {urns.name(urn) for urn in found}
        yield fails("sinks", f"{len(places)} stores: {', '.join(sorted(places))}", wanted)
    else:
        yield passes()
