"""What is logged, for how long, and out of whose reach."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias

from havre.facts.model import Compute, Key, LogRoute, NetworkElement
from havre.facts.read import NONE, both, every, meets, some, then
from havre.facts.stores import DatabaseServer, DataStore, LogStore, ObjectStore
from havre.facts.values import Fact, Known, Unknown
from havre.plan import urns
from havre.policy import (
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
from havre_policies.cites import EDS, annex_a, snc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
        yield source, some([_reached(sink, logs, holds) for sink in sinks])
    for store in own if not routes else ():
        yield store.urn, holds(store, NONE)


def _reached(end: End, logs: dict[str, Sink], holds: Holds) -> Fact[bool]:
    sink, trimmed = end
    if not isinstance(sink, Known):
        return sink
    store = logs.get(sink.value)
    if store is None:
        return Unknown(f"retention of {urns.name(sink.value)}, which is outside this plan")
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
