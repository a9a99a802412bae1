"""Whatever a provider's facts say or withhold: no control raises, none passes what is withheld."""

import datetime as dt
import ipaddress
from dataclasses import Field, fields, replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from havre.facts import Known, Outside, Reserve, Reserved, ResourceFact, Unknown
from havre.facts.addresses import anybody
from havre.facts.model import (
    AboutResource,
    Compute,
    Copy,
    Credential,
    Grant,
    Key,
    LogRoute,
    Namespace,
    NetworkElement,
    Offering,
    Place,
    Right,
    Rule,
)
from havre.facts.stores import (
    DATA_STORES,
    BackupStore,
    DatabaseServer,
    DataStore,
    LogStore,
    ObjectStore,
    Storage,
)
from havre.facts.values import DOES_NOT_APPLY
from havre.plan.values import UNKNOWN, Secret
from havre.policy import Outcome
from havre.policy.model import Control
from havre.policy.registry import installed_controls
from tests.policy import cases as c
from tests.policy.mutations import changed

CONTROLS = installed_controls()
HIDDEN = Unknown("withheld")
URNS = tuple(c.urn(name) for name in ("a", "b", "key", "stream"))
ZONES = ("", "curated", "export", "logs", "backup", "nobodys")
SPECS = (
    c.SPEC,
    changed(c.SPEC, ("encryption.keys", "provider"), ("environment", "staging")),
    changed(c.SPEC, ("encryption.keys", "hsm"), ("projects", {})),
)

texts = st.sampled_from(
    ("", "1.2", "1.3", "TLS", "postgresql 17", "kubernetes 1.36", "x" * 40, *URNS)
)
days = st.none() | st.integers(-1, 4000)
addresses = st.sampled_from(
    ("*", "", "0.0.0.0/0", "::/0", "10.0.0.0/8", "198.51.100.0/24", "2000::/3", "1.2.3.4/0",
     "host.example", "packages.health-data.example", "Internet", "999.1.1.1", "fe80::1%eth0")
)  # fmt: skip
ports = st.tuples(st.integers(0, 65535), st.integers(0, 65535))
rules = st.builds(
    Rule,
    st.booleans(),
    st.booleans(),
    st.lists(addresses, max_size=3).map(tuple),
    st.lists(ports, max_size=2).map(tuple),
    st.integers(0, 400),
)
places = st.builds(
    Place,
    st.sampled_from(Copy),
    st.sampled_from(("", "global", "north", "south")),
    st.sampled_from((None, "FR", "US")),
    st.sampled_from(("", "a setting")),
)
namespaces = st.builds(
    Namespace,
    st.sampled_from(("cohort-diabetes", "covid-long-term", "nobodys")),
    st.just(HIDDEN) | st.booleans().map(Known),
    st.lists(texts, max_size=2).map(tuple),
)
MEMBERS = sorted({member for each in c.SPEC.projects.values() for member in each.members})
DATES = st.none() | st.dates(dt.date(2020, 1, 1), dt.date(2040, 1, 1))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "tags": st.dictionaries(st.sampled_from(("warehouse", "environment")), texts),
    "places": st.lists(places, max_size=3).map(tuple),
    "key": st.none() | texts,
    "secrets_key": st.none() | texts,
    "disk_key": st.none() | texts,
    "segments": st.lists(st.none() | st.sampled_from(URNS), max_size=3).map(tuple),
    "tls_minimum": st.none() | texts,
    "engine": st.none() | texts,
    "namespaces": st.lists(namespaces, max_size=3).map(tuple),
    "replica_of": st.none() | st.sampled_from(URNS),
    "locked_days": st.integers(0, 4000),
    **dict.fromkeys(("retention_days", "backup_days", "rotation_days"), days),
    **dict.fromkeys(("deletion_days", "kept_days"), days),
    **dict.fromkeys(("recoverable_days", "version_days", "expire_days"), days),
    "extensions": st.lists(texts, max_size=2).map(tuple),
    "allowed": st.lists(addresses, max_size=3).map(tuple),
    **dict.fromkeys(("rules", "border"), st.lists(rules, max_size=4).map(tuple)),
    "members": st.lists(st.sampled_from(MEMBERS), max_size=6).map(tuple),
    "identity": st.sampled_from(("who", "another", "")),
    "targets": st.lists(st.sampled_from((*URNS, "*", "")), max_size=3).map(tuple),
    "rights": st.frozensets(st.sampled_from(Right)),
    "expires": DATES,
    "sources": st.lists(st.sampled_from(URNS), max_size=2).map(tuple),
    "sinks": st.lists(st.sampled_from(URNS), max_size=2).map(tuple),
}
SET: dict[str, st.SearchStrategy[Any]] = {
    "urn": st.sampled_from(URNS),
    "type": st.just("paper:index:Sheet"),
    "offering": st.just(Offering("paper", "shelf")),
    "zone": st.sampled_from(ZONES),
    "segment": st.sampled_from(("", "database", "administration", "compute")),
    "project": st.sampled_from(("", "cohort-diabetes", "covid-long-term", "nobodys")),
}
KINDS: tuple[type[AboutResource], ...] = (
    *DATA_STORES,
    Key,
    Compute,
    NetworkElement,
    Grant,
    Credential,
    LogRoute,
)


def values_of(field: Field[Any]) -> st.SearchStrategy[Any]:
    """What a property may be: known, withheld and, where it may, of no meaning."""
    told = st.just(HIDDEN) | VALUES.get(field.name, st.booleans()).map(Known)
    return told | st.just(DOES_NOT_APPLY) if str(field.type).startswith("MayApply") else told


@cache
def facts_of(kind: type[AboutResource]) -> st.SearchStrategy[Any]:
    """Facts of a kind with everything known or withheld, in any combination."""
    told = {
        field.name: SET[field.name] if field.name in SET else values_of(field)
        for field in fields(kind)
    }
    return st.builds(kind, **told)


anything = st.lists(st.one_of([facts_of(kind) for kind in KINDS]), max_size=6)
leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | texts
leaves = leaves | st.just(UNKNOWN) | leaves.map(Secret)
values = st.dictionaries(
    st.sampled_from(("password", "note", "tags", "__provider", "a.b")),
    st.recursive(
        leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=6
    ),
)


@settings(max_examples=50, deadline=None)
@given(anything, values, st.sampled_from(SPECS), st.dates(dt.date(2020, 1, 1), dt.date(2040, 1, 1)))
def test_no_control_ever_raises(
    facts: list[ResourceFact], inputs: dict[str, Any], spec: Any, day: dt.date
) -> None:
    resources = [c.resource("store", inputs), c.resource("r", type="pulumi:pulumi:StackReference")]
    case = c.case(*facts, spec=spec, resources=resources, as_of=day, rehearsed=c.sealed())
    for control in CONTROLS:
        for verdict in control.judge(case):
            assert verdict.outcome in Outcome
            decided = verdict.outcome in {Outcome.PASS, Outcome.NOT_APPLICABLE}
            assert decided or (verdict.property and verdict.wanted)


DECIDES: dict[str, tuple[type[AboutResource], tuple[str, ...]]] = {
    "encryption.at-rest": (DataStore, ("encrypted",)),
    "encryption.customer-key": (Storage, ("key", "key_encrypts")),
    "encryption.hsm-key": (Key, ("hsm",)),
    "encryption.key-rotation": (Key, ("rotation_days",)),
    "encryption.key-deletion": (Key, ("deletion_days", "purge_guarded")),
    "encryption.distinct-keys": (ObjectStore, ("key",)),
    "encryption.in-transit": (DataStore, ("tls_minimum",)),
    "encryption.database-tls": (DatabaseServer, ("tls_minimum",)),
    "encryption.cluster-secrets": (Compute, ("secrets_key",)),
    **{
        f"residency.{name}": (DataStore, ("places",))
        for name in ("data", "replicas", "backups", "keys", "logs", "unplaced")
    },
    "residency.compute": (Compute, ("places",)),
    "residency.spread": (NetworkElement, ("spreads",)),
    "jurisdiction.telemetry": (LogRoute, ("sinks",)),
    "exposure.public-storage": (Storage, ("public_read",)),
    "exposure.public-database": (DatabaseServer, ("public_endpoint",)),
    "exposure.public-cluster": (Compute, ("public_api",)),
    "exposure.private-endpoints": (DataStore, ("public_endpoint",)),
    "exposure.open-ingress": (NetworkElement, ("rules",)),
    "exposure.egress": (NetworkElement, ("egress_denied",)),
    "exposure.shared-keys": (DataStore, ("shared_keys",)),
    "exposure.cross-tenant": (DataStore, ("cross_tenant",)),
    "access.least-privilege": (Grant, ("identity", "targets", "rights")),
    "access.project-isolation": (Grant, ("targets", "rights")),
    "access.project-expiry": (Grant, ("expires",)),
    "access.separation-of-duties": (Grant, ("identity", "targets", "rights")),
    "access.no-static-credentials": (Credential, ("expires",)),
    "access.export-gate": (Grant, ("targets", "rights")),
    "access.personal-identity": (Grant, ("members",)),
    "access.second-factor": (Grant, ("second_factor",)),
    "audit.person": (Grant, ("members",)),
    "audit.storage-access": (ObjectStore, ("reads_logged",)),
    "audit.database": (DatabaseServer, ("reads_logged",)),
    "audit.keys": (Key, ("use_logged",)),
    "audit.cluster": (Compute, ("api_logged",)),
    "audit.administration": (DataStore, ("administration_logged",)),
    "audit.network": (NetworkElement, ("flows_logged",)),
    "audit.retention": (LogStore, ("retention_days",)),
    "audit.protected": (LogStore, ("locked_days",)),
    "audit.central": (LogRoute, ("sinks",)),
    "continuity.backup": (DatabaseServer, ("backup_days",)),
    "continuity.recovery-site": (DataStore, ("places",)),
    "continuity.versioning": (ObjectStore, ("versions",)),
    "continuity.immutability": (ObjectStore, ("locked_days",)),
    "continuity.retention": (ObjectStore, ("recoverable_days", "expire_days")),
    "continuity.deletion": (DataStore, ("guarded",)),
    "continuity.availability": (DatabaseServer, ("multi_zone",)),
    "continuity.state": (DataStore, ("names_in_state",)),
    "inventory.tags": (DataStore, ("tags",)),
    "inventory.supported-versions": (DatabaseServer, ("engine",)),
    "inventory.environments": (DataStore, ("tags",)),
    "inventory.images": (Compute, ("images_checked",)),
    "continuity.erasable": (BackupStore, ("longest_days",)),
}
"""The kind of fact that each control judges, and the properties without which it cannot."""
BESIDE = {
    *("jurisdiction.operator", "jurisdiction.hds", "jurisdiction.secnumcloud"),
    *("jurisdiction.qualification-age", "inventory.known", "access.no-plaintext-secret"),
    *("exposure.partition", "exit.counterpart", "exit.portable", "exit.rehearsed"),
    *("continuity.managed", "access.revocable", "audit.statements", "audit.alerts"),
    *("exposure.names", "exposure.workload-isolation"),
}
"""Controls that judge no property which may be withheld: see their own tests."""


def test_every_control_is_judged_here_or_said_to_be_elsewhere() -> None:
    assert {control.id for control in CONTROLS} == DECIDES.keys() | BESIDE
    assert not DECIDES.keys() & BESIDE


@pytest.mark.parametrize("name", sorted(DECIDES))
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_what_is_withheld_never_passes(name: str, data: st.DataObject) -> None:
    kind, properties = DECIDES[name]
    judged = [each for each in KINDS if issubclass(each, kind)]
    fact = data.draw(facts_of(data.draw(st.sampled_from(judged))))
    withheld = data.draw(st.sampled_from(properties))
    hidden = replace(fact, **{withheld: HIDDEN})
    verdicts = c.control(name).judge(c.case(hidden, spec=data.draw(st.sampled_from(SPECS))))
    assert Outcome.PASS not in {each.outcome for each in verdicts}


@pytest.mark.parametrize("name", sorted(DECIDES))
@settings(max_examples=15, deadline=None)
@given(data=st.data(), reserve=st.sampled_from(Reserve))
def test_what_is_asked_for_and_not_in_force_never_passes(
    name: str, data: st.DataObject, reserve: Reserve
) -> None:
    kind, properties = DECIDES[name]
    judged = [each for each in KINDS if issubclass(each, kind)]
    fact = data.draw(facts_of(data.draw(st.sampled_from(judged))))
    asked = data.draw(st.sampled_from(properties))
    value = data.draw(VALUES.get(asked, st.booleans()).map(Known))
    told = Outside("elsewhere", answers_for="somebody")
    if reserve is not Reserve.OUTSIDE:
        told = Reserved("in force later", value, reserve)
    waiting = replace(fact, **{asked: told})
    verdicts = c.control(name).judge(c.case(waiting, spec=data.draw(st.sampled_from(SPECS))))
    assert Outcome.PASS not in {each.outcome for each in verdicts}


@pytest.mark.parametrize("control", [each for each in CONTROLS if each.over], ids=lambda e: e.id)
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_a_control_over_single_facts_judges_each_by_itself(
    control: Control, data: st.DataObject
) -> None:
    if control.id in {"encryption.customer-key", "encryption.cluster-secrets"}:
        return  # these look for the key in the whole plan
    facts = data.draw(anything)
    together = control.judge(c.case(*facts))
    alone = [verdict for fact in facts for verdict in control.judge(c.case(fact))]
    assert together == alone


@given(st.integers(0, 2**32 - 1), st.integers(0, 7))
def test_every_short_prefix_is_anybody_unless_it_is_private(number: int, prefix: int) -> None:
    network = ipaddress.ip_network((number, prefix), strict=False)
    assert anybody(str(network)) or network.is_private


@settings(deadline=None)
@given(st.lists(rules, max_size=5), st.sampled_from((22, 5432)))
def test_a_rule_more_that_allows_never_closes_anything(found: list[Rule], port: int) -> None:
    def judged(*given_rules: Rule) -> str:
        return c.outcome("exposure.open-ingress", c.network(rules=Known(given_rules)))

    hole = Rule(allow=True, inbound=True, addresses=("*",), ports=((port, port),), priority=0)
    assert judged(*found, hole) == "fail"
    if judged(*found) == "fail":
        more = Rule(allow=True, inbound=True, addresses=("10.0.0.0/8",), ports=(), priority=1)
        assert judged(*found, more) == "fail"
