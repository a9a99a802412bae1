"""What can be reached, from where, and what can leave."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.facts.addresses import anybody, private, within
from havre.facts.addresses import network as network_of
from havre.facts.model import Compute, NetworkElement, Rule
from havre.facts.read import at_best, both, every
from havre.facts.stores import BackupStore, DatabaseServer, DataStore, Storage, Vault
from havre.facts.traffic import certain, let_out, lets_in, packets, possible
from havre.facts.values import DoesNotApply, Known, Unknown
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
from havre.spec.endings import authorised
from havre_policies.cites import annex_a, snc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from havre.facts.model import Grant

GUARDED_PORTS: Mapping[int, str] = MappingProxyType(
    {
        22: "SSH",
        23: "Telnet",
        135: "Windows RPC",
        139: "NetBIOS",
        445: "SMB",
        1433: "Microsoft SQL Server",
        1521: "Oracle Database",
        2375: "Docker, unencrypted",
        2376: "Docker",
        2379: "etcd",
        3306: "MySQL",
        3389: "RDP",
        5432: "PostgreSQL",
        5900: "VNC",
        5985: "WinRM, unencrypted",
        5986: "WinRM",
        6379: "Redis",
        6443: "Kubernetes",
        9200: "Elasticsearch",
        10250: "Kubernetes nodes",
        11211: "Memcached",
        27017: "MongoDB",
    }
)
"""TCP ports of administration and of data, and what answers on them: IANA's registry, and the
defaults of the products that are not in it. docs/security/check.md has the table."""
CLOSED = frozenset({"database", "endpoints"})
"""Segments that any address reaches on no port at all."""
KINDS = frozenset({"administration", "compute", "database"})
"""What stands in segments of its own."""


def _opened(rules: Sequence[Rule]) -> list[int]:
    """Guarded ports on which any address may come in."""
    if not lets_in(rules, packets(protocols=("tcp",))):
        return []  # on no port at all
    return [
        port
        for port in GUARDED_PORTS
        if lets_in(rules, packets(protocols=("tcp",), ports=((port, port),)))
    ]


@control(
    "exposure.public-storage",
    DataStore,
    Profile.BASELINE,
    Severity.CRITICAL,
    cites=snc("9.7") + annex_a("8.3"),
    remedy="Disable anonymous read access, for the whole account if the provider supports it.",
)
def public_storage(store: DataStore, case: Case) -> Verdict:  # noqa: ARG001
    """Stored data cannot be read without authentication.

    Account-wide blocks count where a provider supports them.
    """
    if not isinstance(store, (Storage, Vault)):
        return NOT_APPLICABLE
    return require(
        "public_read", store.public_read, lambda found: not found, "no anonymous read access"
    )


@control(
    "exposure.public-database",
    DatabaseServer,
    Profile.BASELINE,
    Severity.CRITICAL,
    cites=snc("13.2"),
    remedy="Attach the database to a private network and remove its public address.",
)
def public_database(database: DatabaseServer, case: Case) -> Verdict:  # noqa: ARG001
    """No database listens on a public address."""
    public, wanted = database.public_endpoint, "a private address only"
    return require("public_endpoint", public, lambda found: not found, wanted)


def _inside(address: str, allowed: tuple[str, ...]) -> bool:
    """Whether a network lies within one of the spec's."""
    return network_of(address) is not None and any(within(address, each) for each in allowed)


@control(
    "exposure.public-cluster",
    Compute,
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("9.6", "13.2"),
    remedy="Make the cluster's API private, or restrict it to `network.administration`.",
    cause=("network", "administration"),
)
def public_cluster(compute: Compute, case: Case) -> Verdict:
    """The cluster's API is private or restricted to the administration addresses."""
    allowed = case.spec.network.administration
    wanted = f"a private API, or access from {', '.join(allowed) or 'no address'} only"
    if compute.public_api == Known(value=False):
        return passes()
    verdict = require(
        "public_api, allowed",
        both(compute.public_api, compute.allowed),
        lambda found: bool(found[1]) and all(_inside(each, allowed) for each in found[1]),
        wanted,
    )
    return verdict if allowed else replace(verdict, fixed_in=FixIn.FILE)


@control(
    "exposure.private-endpoints",
    DataStore,
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("13.2"),
    remedy="Add a private endpoint to this store and close its public one.",
)
def private_endpoints(store: DataStore, case: Case) -> Verdict:
    """Stores use private endpoints, or a declared gap restricts access to known addresses.

    A declared gap is a separate finding. The plan must show its compensating measure: the store, or
    each grant on it that can, admits only known addresses. Backup stores need no private endpoint,
    because the backup service reaches them. They pass if they have no public endpoint.
    """
    if isinstance(store, BackupStore) and store.public_endpoint == Known(value=False):
        return passes()
    reached = require(
        "private_endpoint, public_endpoint",
        both(store.private_endpoint, store.public_endpoint),
        lambda found: found[0] and not found[1],
        "a private endpoint and no public one",
    )
    declared = case.declared("exposure.private-endpoints")
    return _compensated(store, case) if declared and reached != passes() else reached


KNOWN_ALONE = "access from known addresses only, without a private endpoint"


def _compensated(store: DataStore, case: Case) -> Verdict:
    """Whether known addresses alone open a store that has no private endpoint."""
    if not isinstance(store.allowed, DoesNotApply):
        return require("allowed", store.allowed, _narrow, KNOWN_ALONE)
    return _worst(case.once(_limited, group) for group in case.facts.groups_on(store.urn))


def _limited(grants: Sequence[Grant], case: Case) -> Verdict:
    """Whether grants let known addresses in alone, of those that can."""
    del case
    return _worst(require("allowed", each.allowed, _narrow, KNOWN_ALONE) for each in grants)


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The first that fails, else that is not decided; what does not apply counts last."""
    found = [verdict for verdict in verdicts if verdict != NOT_APPLICABLE]
    worst = [verdict for verdict in found if verdict.outcome is Outcome.FAIL]
    return next(
        (verdict for verdict in (*worst, *found) if verdict != passes()),
        passes() if found else NOT_APPLICABLE,
    )


def _narrow(allowed: tuple[str, ...]) -> bool:
    """Whether addresses are named, and none stands for any."""
    return bool(allowed) and not any(map(anybody, allowed))


@control(
    "exposure.open-ingress",
    NetworkElement,
    Profile.BASELINE,
    Severity.CRITICAL,
    cites=snc("13.2") + annex_a("8.20"),
    remedy="Restrict the rule to the addresses in `network.administration`.",
    cause=("network", "administration"),
)
def open_ingress(network: NetworkElement, case: Case) -> Verdict:  # noqa: ARG001
    """No inbound rule allows any address on administration or database ports.

    Very large ranges count as any address. In segments of databases and private endpoints, no port
    at all is open to any address.
    """
    wanted = "no access from any address on administration or database ports"
    border = network.border if network.segment.lower() in CLOSED else Known(())
    found = both(network.rules, Known(()) if isinstance(border, DoesNotApply) else border)
    if not isinstance(found, Known):
        return undecided("rules", found, wanted)
    rules, around = found.value
    if not rules and not around:
        return NOT_APPLICABLE
    ports = _opened(certain(rules))
    if ports:
        return fails("rules", f"open to any address on ports {', '.join(map(str, ports))}", wanted)
    if lets_in(certain(around), packets()):
        return fails(
            "border", "open to any address, in a segment that needs no inbound access", wanted
        )
    if _opened(possible(rules)) or lets_in(possible(around), packets()):
        return undecided("rules", _doubt((*rules, *around)), wanted)
    return passes()


def _doubt(rules: Iterable[Rule]) -> Unknown:
    """What withholds the first rule that is not decided."""
    return Unknown(next(rule.withheld for rule in rules if rule.withheld))


def _beyond(rules: Sequence[Rule], case: Case) -> list[str]:
    """Destinations of outgoing rules that are neither private nor on the spec's list."""
    listed = {(each.host, each.port) for each in case.spec.network.egress}
    found = set()
    for rule in let_out(rules):
        for address in rule.addresses:
            ports = [first == last and (address, first) in listed for first, last in rule.ports]
            outside = address in rule.shared or not private(address)
            if not (ports and all(ports)) and outside:
                found.add(address)
    return sorted(found)


@control(
    "exposure.egress",
    NetworkElement,
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("12.14") + annex_a("8.12"),
    remedy="Deny outbound traffic except to the destinations in `network.egress`.",
    cause=("network", "egress"),
)
def egress(network: NetworkElement, case: Case) -> Verdict:
    """Outbound traffic is denied except to listed destinations.

    Traffic that a segment's security group allows counts unless the segment's routes divert it. The
    provider's names for its own services are accepted, except those that other customers can use.
    """
    wanted = "outbound traffic denied except to listed destinations"
    refused = network.egress_denied
    denied = require("egress_denied", refused, lambda found: found is True, wanted)
    if denied.outcome is not Outcome.PASS:
        return denied
    border = Known(()) if isinstance(network.border, DoesNotApply) else network.border
    found = both(network.rules, border)
    if not isinstance(found, Known):
        return undecided("rules", found, wanted)
    for rules in found.value:
        beyond = _beyond(certain(rules), case)
        if beyond:
            return fails("rules", f"outbound traffic allowed to {', '.join(beyond)}", wanted)
    doubtful = [rule for rules in found.value for rule in rules if rule.withheld]
    out = [rule for rule in doubtful if rule.allow and not rule.inbound]
    return undecided("rules", _doubt(out), wanted) if out else passes()


@plan_control(
    "exposure.names",
    Profile.HEALTH,
    Severity.MEDIUM,
    cites=snc("12.14") + annex_a("8.16"),
    remedy="Resolve names only through a resolver that logs each query and refuses unlisted names.",
    cause=("network", "egress"),
)
def names(case: Case) -> Iterator[Verdict]:
    """DNS queries of the warehouse's networks are filtered and logged.

    A program without any other connection to the outside can hide data in the names that it
    resolves. Programs must not reach a resolver that does neither.
    """
    for network in case.facts.of(NetworkElement):
        told = {"names_logged": network.names_logged, "names_filtered": network.names_filtered}
        wanted = {
            "names_logged": "each DNS query logged",
            "names_filtered": "unlisted names refused",
        }
        for name, fact in told.items():
            yield require(
                name, fact, lambda found: found is True, wanted[name], resource=network.urn
            )


@control(
    "exposure.shared-keys",
    DataStore,
    Profile.BASELINE,
    Severity.HIGH,
    cites=snc("9.5"),
    remedy="Disable account-wide keys and shared signatures.",
)
def shared_keys(store: DataStore, case: Case) -> Verdict:  # noqa: ARG001
    """Account-wide keys and shared signatures are disabled."""
    return require(
        "shared_keys",
        store.shared_keys,
        lambda found: not found,
        "identities instead of account-wide keys",
    )


@control(
    "exposure.cross-tenant",
    DataStore,
    Profile.HEALTH,
    Severity.MEDIUM,
    cites=snc("9.7") + annex_a("8.12"),
    remedy="Disable copying and replication to other tenants or accounts.",
)
def cross_tenant(store: DataStore, case: Case) -> Verdict:  # noqa: ARG001
    """Copying and replication to other tenants or accounts are disabled."""
    return require(
        "cross_tenant", store.cross_tenant, lambda found: not found, "no copy to another tenant"
    )


@plan_control(
    "exposure.workload-isolation",
    Profile.HEALTH,
    Severity.HIGH,
    cites=annex_a("8.22"),
    remedy="Apply the objects that `havre cluster manifests` writes, and give the cluster's own"
    " programs nodes that refuse other pods.",
    cause=("cluster",),
)
def workload_isolation(case: Case) -> Iterator[Verdict]:
    """Programs of each project are isolated in the cluster, apart from the cluster's own.

    Each project has a namespace with restricted pods, network policies that deny by default, and a
    quota. No project's pod runs on the nodes of the cluster's own programs. Where the plan contains
    no object of Kubernetes, the first part is reported as not in force.
    """
    for compute in case.facts.of(Compute):
        yield _namespaces(compute, case)
        fact, wanted = compute.system_apart, "nodes of their own for system programs"
        yield require("system_apart", fact, bool, wanted, resource=compute.urn)


def _namespaces(compute: Compute, case: Case) -> Verdict:
    """Whether each project has a namespace that isolates its programs."""
    wanted = "an isolated namespace for each project"
    if not isinstance(compute.namespaces, Known):
        return require("isolated", compute.isolated, bool, wanted, resource=compute.urn)
    made = {each.name: each for each in compute.namespaces.value}
    projects = authorised(case.spec, case.as_of)
    found = [f"no namespace for {name}" for name in projects if name not in made]
    mine = [made[name] for name in projects if name in made]
    found += [f"namespace {each.name}: {opened}" for each in mine for opened in each.opened]
    if found:
        return fails("isolated", ", ".join(found), wanted, resource=compute.urn)
    kept_apart = every([each.isolated for each in mine])
    return require("isolated", kept_apart, bool, wanted, resource=compute.urn)


@plan_control(
    "exposure.partition",
    Profile.BASELINE,
    Severity.HIGH,
    cites=snc("13.2") + annex_a("8.22"),
    remedy="Give databases, compute and administration separate network segments.",
    cause=("network", "address_space"),
)
def partition(case: Case) -> Iterator[Verdict]:
    """Databases, compute and administration have separate network segments.

    The segments exist. Each database and each cluster is in a segment without the other two kinds.
    No node has a public address.
    """
    segments = {network.segment for network in case.facts.of(NetworkElement)}
    clusters = case.facts.of(Compute)
    needed = KINDS if clusters else KINDS - {"compute"}
    missing = sorted(needed - segments)
    if missing:
        found = f"no segment for {', '.join(missing)}"
        yield fails("segment", found, f"separate segments for {', '.join(sorted(needed))}")
    else:
        yield passes()
    databases = case.facts.of(DatabaseServer)
    held = _held(case, {"database": databases, "compute": clusters})
    yield from (_apart("database", database, held) for database in databases)
    for cluster in clusters:
        yield _apart("compute", cluster, held)
        nodes, wanted = cluster.private_nodes, "nodes with private addresses only"
        yield require("private_nodes", nodes, bool, wanted, resource=cluster.urn)


def _held(
    case: Case, standing: Mapping[str, Sequence[DatabaseServer | Compute]]
) -> Mapping[str | None, set[str]]:
    """What each segment holds: what it is called after, and what stands in it."""
    held: dict[str | None, set[str]] = defaultdict(set)
    for network in case.facts.of(NetworkElement):
        if network.segment in KINDS:
            held[network.urn].add(network.segment)
    for kind, bearers in standing.items():
        for bearer in bearers:
            for segment in at_best(bearer.segments, ()):
                held[segment].add(kind)
    return held


def _apart(
    kind: str, bearer: DatabaseServer | Compute, held: Mapping[str | None, set[str]]
) -> Verdict:
    """Whether a database or a cluster stands in segments that hold none of the other kinds."""
    wanted = f"a private network segment for {kind} only"
    segments = at_best(bearer.segments, ())
    if None in segments or bearer.segments == Known(()):
        return fails("segments", "in no private network segment", wanted, resource=bearer.urn)
    others = sorted({other for segment in segments for other in held[segment]} - {kind})
    if others:
        found = f"in a segment with {', '.join(others)}"
        return fails("segments", found, wanted, resource=bearer.urn)
    if not isinstance(bearer.segments, Known):
        return undecided("segments", bearer.segments, wanted, resource=bearer.urn)
    return passes(bearer.urn)
