"""Controls by themselves, at their edges: what is just good enough, and what is not."""

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from havre.facts import Known, Unknown, Unread
from havre.facts.addresses import anybody
from havre.facts.model import (
    Alert,
    Copy,
    Extent,
    Namespace,
    Neutral,
    Place,
    ResourceFact,
    Right,
    Rule,
    Signal,
)
from havre.facts.stores import (
    DATA_STORES,
    BackupStore,
    DatabaseServer,
    DataStore,
    ImageRegistry,
    LogStore,
    ObjectStore,
    Vault,
    Volume,
)
from havre.facts.values import IN_THE_CLUSTER, NOT_TOLD, Fact, Reserve, reserved
from havre.plan.options import Options
from havre.plan.values import UNKNOWN, Secret, unmarked_texts
from havre.policy import FixIn, Outcome
from havre.policy.qualifications import CertificateStatus, Qualifications, Record
from havre.policy.registry import find_control
from havre.provider import Evidence, Limit, Operator, Support
from havre_policies.exposure import GUARDED_PORTS
from havre_policies.versions import supported_versions
from tests.policy import cases as c
from tests.policy.gaps import GAP
from tests.policy.mutations import DROP, TODAY, changed, exit_lacks, leaving_for, without

DAY = dt.timedelta(days=1)
PROJECT = "cohort-diabetes"
OPEN_PROJECT = "covid-long-term"
CURATED = c.store("curated", zone="curated")
EXPORT = c.store("export", zone="export")
LOGS = c.store("logs", zone="logs")
DATABASE = c.store("db", DatabaseServer)
KEY = c.key("key", customer=c.YES)
ALL = Known(Extent.ALL)


def said(control: str, *facts: Any, **told: Any) -> dict[str, str]:
    """Outcome by logical name of the resource; the plan's own is under its empty name."""
    return {
        each.resource.rsplit("::", 1)[-1]: each.outcome.value
        for each in c.verdicts(control, *facts, **told)
    }


# Encryption


@pytest.mark.parametrize(
    ("found", "asked", "outcome"),
    [
        ("1.2", "1.2", "pass"),
        ("1.3", "1.2", "pass"),
        ("1.10", "1.3", "pass"),
        ("1.1", "1.2", "fail"),
        ("1.0", "1.2", "fail"),
        ("1.2", "1.3", "fail"),
        (None, "1.2", "fail"),
        ("", "1.2", "fail"),
        ("SSL3", "1.2", "fail"),
        ("3.0 beta", "1.2", "fail"),
    ],
)
def test_tls_is_no_older_than_asked(found: str | None, asked: str, outcome: str) -> None:
    spec = changed(c.SPEC, ("encryption.tls", asked))
    fact = c.store(kind=DatabaseServer, tls_minimum=Known(found))
    assert c.outcome("encryption.in-transit", fact, spec=spec) == outcome
    assert c.outcome("encryption.database-tls", fact, spec=spec) == outcome
    zone = c.store(tls_minimum=Known(found))
    assert c.outcome("encryption.database-tls", zone, spec=spec) == "not-applicable"


@pytest.mark.parametrize(
    ("customer", "outcome"),
    [(c.YES, "pass"), (c.NO, "fail"), (Unknown("owner"), "unknown")],
)
def test_a_key_is_the_customers(customer: Any, outcome: str) -> None:
    key = c.key(customer=customer)
    found = said("encryption.customer-key", key, c.store(key=Known(key.urn), key_encrypts=ALL))
    assert found == {"key": "not-applicable", "store": outcome}
    nodes = c.compute(secrets_key=Known(key.urn), disk_key=Known(key.urn))
    assert c.outcome("encryption.cluster-secrets", key, nodes) == outcome
    assert said("encryption.customer-key", key, nodes)["nodes"] == outcome


@pytest.mark.parametrize(
    ("extent", "outcome"),
    [
        (Known(Extent.ALL), "pass"),
        (Known(Extent.SOME), "fail"),
        (Known(Extent.NONE), "fail"),
        (Unknown("scope"), "unknown"),
    ],
)
def test_a_key_that_encrypts_a_part_is_no_key_of_the_whole(
    extent: Fact[Extent], outcome: str
) -> None:
    key = c.key(customer=c.YES)
    part = c.store(key=Known(key.urn), key_encrypts=extent)
    assert said("encryption.customer-key", key, part)["store"] == outcome


def test_a_key_is_the_warehouses_own() -> None:
    for key in (Known("https://elsewhere/keys/k"), c.NONE):
        assert said("encryption.customer-key", KEY, c.store(key=key))["store"] == "fail"
        nodes = c.compute(secrets_key=key, disk_key=key)
        assert c.outcome("encryption.cluster-secrets", KEY, nodes) == "fail"
        assert said("encryption.customer-key", KEY, nodes)["nodes"] == "fail"
    provider = changed(c.SPEC, ("encryption.keys", "provider"))
    loose = c.store(key=c.NONE)
    for fact in (loose, c.compute(disk_key=c.NONE)):
        assert c.outcome("encryption.customer-key", fact, spec=provider) == "not-applicable"
    assert c.outcome("encryption.cluster-secrets", c.compute(), spec=provider) == "not-applicable"
    vault = c.store("vault", Vault)
    assert c.outcome("encryption.customer-key", vault) == "not-applicable"


def test_an_hsm_is_asked_for_where_the_spec_does() -> None:
    hsm = changed(c.SPEC, ("encryption.keys", "hsm"))
    assert c.outcome("encryption.hsm-key", c.key(hsm=c.NO), spec=hsm) == "fail"
    assert c.outcome("encryption.hsm-key", c.key(hsm=c.YES), spec=hsm) == "pass"
    assert c.outcome("encryption.hsm-key", c.key(hsm=c.NO)) == "not-applicable"


@pytest.mark.parametrize(("days", "outcome"), [(180, "pass"), (181, "fail"), (None, "fail")])
def test_keys_renew_themselves_in_time(days: int | None, outcome: str) -> None:
    assert c.SPEC.encryption.rotation_days == 180
    assert c.outcome("encryption.key-rotation", c.key(rotation_days=Known(days))) == outcome


@pytest.mark.parametrize(
    ("days", "guarded", "outcome"),
    [
        (90, c.YES, "pass"),
        (89, c.YES, "fail"),
        (90, c.NO, "fail"),
        (None, c.YES, "fail"),
        (90, Unknown("x"), "unknown"),
    ],
)
def test_keys_outlive_their_deletion(days: int | None, guarded: Any, outcome: str) -> None:
    key = c.key(deletion_days=Known(days), purge_guarded=guarded)
    assert c.outcome("encryption.key-deletion", key) == outcome
    vault = c.store("vault", Vault, deletion_days=Known(days), purge_guarded=guarded)
    assert c.outcome("encryption.key-deletion", vault) == outcome
    assert c.outcome("encryption.key-deletion", c.store()) == "not-applicable"


def test_distinct_keys() -> None:
    control = "encryption.distinct-keys"
    one, other = Known("one"), Known("other")
    curated, export = replace(CURATED, key=one), replace(EXPORT, key=other)
    assert said(control, curated, export) == {"curated": "pass", "export": "pass"}
    same = replace(EXPORT, key=one)
    assert said(control, curated, same) == {"curated": "fail", "export": "fail"}
    replica = c.store("replica", zone="curated", key=one)
    assert said(control, curated, replica) == {"curated": "pass", "replica": "pass"}
    database = replace(DATABASE, key=one)
    assert said(control, curated, database) == {"curated": "fail", "db": "fail"}
    nameless = [c.store(name, key=one) for name in ("a", "b")]
    assert said(control, *nameless) == {"a": "fail", "b": "fail"}
    assert said(control, replace(CURATED, key=Unknown("k"))) == {"curated": "unknown"}
    assert said(control, replace(CURATED, key=c.NONE)) == {}
    registry = c.store("images", ImageRegistry, key=one)
    assert said(control, curated, registry) == {"curated": "pass"}
    provider = changed(c.SPEC, ("encryption.keys", "provider"))
    assert said(control, curated, same, spec=provider) == {}


def test_a_declared_gap_says_it_already() -> None:
    open_store = c.store(private_endpoint=c.NO, public_endpoint=c.YES, allowed=c.NA)
    nodes = c.compute(secrets_key=c.NONE)
    for control, fact in (
        ("exposure.private-endpoints", open_store),
        ("encryption.cluster-secrets", nodes),
    ):
        assert c.outcome(control, fact) == "fail"
        declared = replace(GAP, control=control)
        assert c.outcome(control, fact, gaps=(declared,)) == "not-applicable"
        assert c.outcome(control, fact, gaps=(GAP,)) == "fail"


# Residency

AT_HOME, ABROAD = c.place(), c.place(region="south", country="US")


@pytest.mark.parametrize(
    ("control", "copy", "fact"),
    [
        ("residency.data", Copy.PRIMARY, c.store),
        ("residency.replicas", Copy.REPLICA, c.store),
        ("residency.backups", Copy.BACKUP, c.store),
        ("residency.keys", Copy.KEY, c.key),
        ("residency.logs", Copy.LOG, c.store),
        ("residency.compute", Copy.COMPUTE, c.compute),
    ],
)
def test_every_copy_lies_in_a_country_of_the_spec(control: str, copy: Copy, fact: Any) -> None:
    home, away, lost = (Place(copy, "r", country, "a setting") for country in ("FR", "US", None))
    assert c.outcome(control, fact(places=Known((home,)))) == "pass"
    assert c.outcome(control, fact(places=Known((home, away)))) == "fail"
    assert c.outcome(control, fact(places=Known((lost,)))) == "fail"
    (found,) = c.verdicts(control, fact(places=Known((home, away))))
    assert found.found == "r (US; implied by a setting)"
    other = Place(Copy.PRIMARY if copy is Copy.REPLICA else Copy.REPLICA, "r", "US")
    assert c.outcome(control, fact(places=Known((other,)))) == "not-applicable"
    assert c.outcome(control, fact(places=Known(()))) == "not-applicable"


@pytest.mark.parametrize(
    ("control", "judged"),
    [
        ("residency.data", {ObjectStore, DatabaseServer, Volume, ImageRegistry}),
        ("residency.logs", {LogStore}),
        ("residency.keys", {Vault}),
        ("residency.backups", set(DATA_STORES)),
        ("residency.replicas", set(DATA_STORES)),
    ],
)
def test_a_place_that_is_not_known_is_said_of_what_is_concerned(
    control: str, judged: set[type[DataStore]]
) -> None:
    for kind in DATA_STORES:
        wanted = "unknown" if kind in judged else "not-applicable"
        assert c.outcome(control, c.store(kind=kind, places=Unknown("where"))) == wanted
    elsewhere = {"residency.keys": "unknown"}.get(control)
    if elsewhere:
        assert c.outcome(control, c.key(places=Unknown("where"))) == elsewhere
        assert c.outcome(control, c.network(places=Unknown("where"))) == "not-applicable"


@pytest.mark.parametrize("kind", DATA_STORES)
@pytest.mark.parametrize(
    "copy", [copy for copy in Copy if copy not in {Copy.COMPUTE, Copy.SERVICE}]
)
def test_whatever_a_store_holds_no_copy_abroad_goes_unseen(
    kind: type[DataStore], copy: Copy
) -> None:
    fact = c.store(kind=kind, places=Known((Place(copy, "south", "US"),)))
    controls = ("data", "replicas", "backups", "keys", "logs")
    found = {c.outcome(f"residency.{each}", fact) for each in controls}
    assert "fail" in found


@pytest.mark.parametrize(
    ("places", "outcome"),
    [
        ((AT_HOME,), "pass"),
        ((), "fail"),
        ((AT_HOME, c.place(region="")), "fail"),
        ((c.place(region="global"),), "fail"),
        ((c.place(region="Global"),), "fail"),
    ],
)
def test_what_bears_data_has_a_region(places: tuple[Place, ...], outcome: str) -> None:
    for fact in (c.store, c.key, c.compute):
        assert c.outcome("residency.unplaced", fact(places=Known(places))) == outcome
    assert c.outcome("residency.unplaced", c.network(places=Known(places))) == "not-applicable"
    (verdict,) = c.verdicts("residency.unplaced", c.store(places=Known(places)))
    assert "Place(" not in verdict.found


def test_no_network_spreads() -> None:
    assert c.outcome("residency.spread", c.network(spreads=c.NO)) == "pass"
    assert c.outcome("residency.spread", c.network(spreads=c.YES)) == "fail"
    assert c.outcome("residency.spread", c.network(spreads=Unknown("regions"))) == "unknown"


@pytest.mark.parametrize(
    ("countries", "network", "other"),
    [
        (("FR",), "pass", "pass"),
        (("FR", "CA"), "fail", "fail"),
        (("CA", None), "fail", "fail"),
        (("FR", None), "unknown", "unknown"),
        ((), "pass", "not-applicable"),
    ],
)
def test_what_holds_no_data_stands_in_the_countries_of_the_spec(
    countries: tuple[str | None, ...], network: str, other: str
) -> None:
    places = Known(tuple(Place(Copy.SERVICE, "r", country) for country in countries))
    assert c.outcome("residency.spread", c.network(spreads=c.NO, places=places)) == network
    assert c.outcome("residency.spread", c.route("route", Known(()), Known(()))) == "pass"
    gate = c.grant("gate", "who", Right.READ, places=places)
    assert c.outcome("residency.spread", gate) == other
    lost = c.network(spreads=c.NO, places=Unknown("location"))
    assert c.outcome("residency.spread", lost) == "unknown"
    for fact in (c.store, c.key, c.compute):
        assert c.outcome("residency.spread", fact(places=places)) == "not-applicable"


# Jurisdiction


@pytest.mark.parametrize(
    ("country", "laws", "eu", "eea"),
    [
        ("FR", ("FR", "EU"), "pass", "pass"),
        ("FR", ("EU (GDPR)",), "pass", "pass"),
        (None, (), "unknown", "unknown"),
        (None, ("FR", "EU"), "pass", "pass"),
        ("FR", (), "unknown", "unknown"),
        ("US", (), "fail", "fail"),
        ("US", ("FR", "EU"), "fail", "fail"),
        ("FR", ("FR", "US (CLOUD Act)"), "fail", "fail"),
        ("NO", ("NO", "EEA"), "fail", "pass"),
        ("CH", ("CH",), "fail", "fail"),
        ("GB", ("GB",), "fail", "fail"),
        ("FR", ("USA",), "fail", "fail"),
    ],
)
def test_whose_law_reaches_the_operator(
    country: str | None, laws: tuple[str, ...], eu: str, eea: str
) -> None:
    provider = c.Paper(operator=Operator("A host", country, laws))
    for law, wanted in (("eu", eu), ("any", eu), ("eea", eea)):
        spec = changed(c.SPEC, ("residency.operator_law", law))
        assert c.outcome("jurisdiction.operator", spec=spec, provider=provider) == wanted


NOBODY = Operator("whoever owns it", None, ())


@pytest.mark.parametrize(
    ("country", "eu", "eea"),
    [
        ("FR", "unknown", "unknown"),
        ("NO", "fail", "unknown"),
        ("US", "fail", "fail"),
        (None, "unknown", "unknown"),
    ],
)
def test_the_law_of_the_place_reaches_whoever_owns_a_machine(
    country: str | None, eu: str, eea: str
) -> None:
    facts = (c.store(places=Known((c.place(country=country),))), c.key(places=Unknown("where")))
    provider = c.Paper(operator=NOBODY)
    for law, wanted in (("eu", eu), ("eea", eea)):
        spec = changed(c.SPEC, ("residency.operator_law", law))
        (found,) = c.verdicts("jurisdiction.operator", *facts, spec=spec, provider=provider)
        assert found.outcome.value == wanted
        assert "whoever owns it" in found.found
        assert wanted != "fail" or f"under the law of {country}" in found.found


def test_the_law_of_a_place_is_no_news_of_an_operator_that_is_known() -> None:
    silent = c.Paper(operator=Operator("A host", "FR", ()))
    away = c.store(places=Known((c.place(country="US"),)))
    assert c.outcome("jurisdiction.operator", away, provider=silent) == "unknown"


def test_what_a_foreign_law_reaches_is_counted() -> None:
    provider = c.Paper(operator=Operator("A host", "US", ("US (CLOUD Act)", "EU")))
    facts = (c.store(), c.key(), c.compute(), c.network())
    (verdict,) = c.verdicts("jurisdiction.operator", *facts, provider=provider)
    assert verdict.found.startswith("A host is subject to the law of US (CLOUD Act) and")
    assert "the data in 3 resources" in verdict.found


def record(**differs: Any) -> Qualifications:
    common: dict[str, Any] = {
        "offer": "paper",
        "product": "shelf",
        "scheme": "hds",
        "status": CertificateStatus.QUALIFIED,
        "source": "the stationer",
        "read_on": TODAY,
    }
    return Qualifications((Record(**(common | differs)),))


def test_health_data_or_the_spec_ask_for_a_certificate() -> None:
    control = "jurisdiction.hds"
    plain = [("classification", "personal"), ("residency.qualifications", [])]
    assert c.outcome(control, c.store(), qualifications=record()) == "pass"
    assert c.outcome(control, c.store()) == "fail"
    assert c.outcome(control, c.store(), spec=changed(c.SPEC, *plain)) == "not-applicable"
    named = changed(c.SPEC, plain[0])
    assert c.outcome(control, c.store(), spec=named) == "fail"
    health = changed(c.SPEC, plain[1])
    assert c.outcome(control, c.store(), spec=health) == "fail"
    assert c.outcome(control, c.network()) == "not-applicable"
    assert c.outcome("jurisdiction.secnumcloud", c.network()) == "not-applicable"
    placed = record(countries=frozenset({"FR"}))
    assert c.outcome(control, c.key(places=Unknown("x")), qualifications=placed) == "unknown"


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [({"certified": True}, "pass"), ({"certified": False}, "fail"), ({}, "unknown")],
)
def test_a_certificate_of_an_option_asks_what_the_stack_says(
    settings: dict[str, Any], wanted: str
) -> None:
    told = {"qualifications": record(setting="certified"), "settings": settings}
    assert c.outcome("jurisdiction.hds", c.store(), **told) == wanted
    assert c.outcome("jurisdiction.hds", c.store(), qualifications=record()) == "pass"


def test_a_certificate_whose_products_were_not_read_never_passes() -> None:
    unread = record(products_read=False)
    assert c.outcome("jurisdiction.hds", c.store(), qualifications=unread) == "unknown"


@pytest.mark.parametrize(
    ("differs", "outcomes"),
    [
        ({"read_on": TODAY.replace(year=TODAY.year - 1)}, ["pass"]),
        ({"read_on": TODAY.replace(year=TODAY.year - 1) - DAY}, ["fail"]),
        ({"until": TODAY}, ["pass"]),
        ({"until": TODAY - DAY}, ["fail"]),
        ({"offer": "stone"}, []),
    ],
)
def test_records_grow_old(differs: dict[str, Any], outcomes: list[str]) -> None:
    told = {"qualifications": record(**differs)}
    for fact in (c.store(), c.key(), c.compute()):
        assert c.outcomes("jurisdiction.qualification-age", fact, **told) == outcomes
    assert c.outcomes("jurisdiction.qualification-age", c.network(), **told) == []


def test_logs_go_to_stores_of_the_plan_in_the_country() -> None:
    control = "jurisdiction.telemetry"
    home, away = c.store("home"), c.store("away", places=Known((ABROAD,)))
    lost, nowhere = c.store("lost", places=Unknown("x")), c.store("nowhere", places=Known(()))
    stores = (home, away, lost, nowhere)

    def to(*sinks: str) -> list[str]:
        way = c.route("r", Known(("s",)), Known(tuple(c.urn(sink) for sink in sinks)))
        return c.outcomes(control, *stores, way)

    assert to("home") == ["pass"]
    assert to("away") == ["fail"]
    assert to("lost") == ["unknown"]
    assert to("nowhere") == ["fail"]
    assert to("stranger") == ["fail"]
    assert to("home", "away") == ["pass", "fail"]
    assert c.outcomes(control, c.route("r", Known(("s",)), Unknown("x"))) == ["unknown"]


# Exposure


@pytest.mark.parametrize(
    ("address", "any_one"),
    [
        ("*", True),
        ("Any", True),
        ("Internet", True),
        ("0.0.0.0/0", True),
        ("::/0", True),
        ("0.0.0.0", True),  # noqa: S104 - an address of a rule
        ("::", True),
        ("0.0.0.0/1", True),
        ("128.0.0.0/1", True),
        ("2000::/3", True),
        ("2a00::/12", True),
        ("64.0.0.0/7", True),
        ("1.2.3.4/0", True),
        ("8.0.0.0/8", False),
        ("10.0.0.0/8", False),
        ("fc00::/7", False),
        ("fe80::/10", False),
        ("2a00:1450::/32", False),
        ("198.51.100.0/24", False),
        ("203.0.113.7", False),
        ("VirtualNetwork", False),
        ("", False),
    ],
)
def test_what_stands_for_anybody(address: str, any_one: bool) -> None:
    assert anybody(address) is any_one
    assert ingress(c.inward(address, (22, 22))) == ("fail" if any_one else "pass")


def ingress(*rules: Rule) -> str:
    return c.outcome("exposure.open-ingress", c.network(rules=Known(rules)))


@pytest.mark.parametrize("port", GUARDED_PORTS)
def test_each_guarded_port_is_guarded(port: int) -> None:
    assert ingress(c.inward("*", (port, port))) == "fail"
    assert ingress(c.inward("*", (port + 1, port + 1))) in {"pass", "fail"}
    assert ingress(c.inward("10.0.0.0/8", (port, port))) == "pass"


def test_the_guarded_ports_are_named() -> None:
    management = {22, 23, 135, 2375, 2376, 2379, 3389, 5900, 5985, 5986, 6443, 10250}
    data = {139, 445, 1433, 1521, 3306, 5432, 6379, 9200, 11211, 27017}
    assert set(GUARDED_PORTS) == management | data
    (verdict,) = c.verdicts(
        "exposure.open-ingress", c.network(rules=Known((c.inward("*", (22, 22), (5000, 6000)),)))
    )
    assert verdict.found == "open to any address on ports 22, 5432, 5900, 5985, 5986"


HOST = "packages.health-data.example"


def test_the_guarded_ports_are_documented() -> None:
    page = Path(__file__).parents[2] / "docs" / "security" / "check.md"
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert {int(port): name for port, name in rows} == dict(GUARDED_PORTS)


def bordering(segment: str, *rules: Rule) -> str:
    fact = c.network(segment=segment, rules=Known(()), border=Known(rules))
    return c.outcome("exposure.open-ingress", fact)


@pytest.mark.parametrize(
    ("segment", "rule", "outcome"),
    [
        ("database", c.inward("*", (8443, 8443)), "fail"),
        ("Endpoints", c.inward("0.0.0.0/0", (443, 443)), "fail"),
        ("database", c.inward("10.0.0.0/8"), "pass"),
        ("database", c.inward("203.0.113.0/24", (443, 443)), "pass"),
        ("compute", c.inward("*", (443, 443)), "not-applicable"),
        ("database", replace(c.inward("*"), withheld="x"), "unknown"),
    ],
)
def test_segments_that_need_no_way_in_have_none(segment: str, rule: Rule, outcome: str) -> None:
    assert bordering(segment, rule) == outcome


def test_a_border_that_is_not_told_is_not_passed() -> None:
    fact = c.network(segment="database", rules=Known(()), border=Unknown("x"), egress_denied=c.YES)
    assert c.outcome("exposure.open-ingress", fact) == "unknown"
    assert c.outcome("exposure.egress", fact) == "unknown"


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        (c.outward("203.0.113.0/24", (443, 443)), "fail"),
        (replace(c.outward("Storage"), shared=("Storage",)), "fail"),
        (c.outward("VirtualNetwork"), "pass"),
        (c.outward(HOST, (443, 443)), "pass"),
        (replace(c.outward("*"), withheld="x"), "unknown"),
        (c.inward("203.0.113.0/24"), "pass"),
    ],
)
def test_what_a_segments_group_lets_out_is_on_the_list(rule: Rule, outcome: str) -> None:
    fact = c.network(rules=Known(()), border=Known((rule,)), egress_denied=c.YES)
    assert c.outcome("exposure.egress", fact) == outcome


@pytest.mark.parametrize("unknown", [replace(c.inward("*"), withheld="x")])
def test_an_open_port_fails_beside_what_is_not_known(unknown: Rule) -> None:
    assert ingress(c.inward("*", (22, 22)), unknown) == "fail"
    assert ingress(unknown) == "unknown"
    assert ingress(replace(unknown, ports=((443, 443),)), c.inward("10.0.0.0/8")) == "pass"
    assert ingress(replace(c.inward("*", (22, 22)), protocols=("udp",))) == "pass"
    udp = replace(refuse("*"), protocols=("udp",))
    assert ingress(udp, let("*", (22, 22))) == "fail"
    assert ingress(replace(refuse("*"), own=("10.0.0.1",)), let("*", (22, 22))) == "fail"


@pytest.mark.parametrize(
    ("ports", "outcome"),
    [
        (((443, 443),), "pass"),
        (((23, 3305),), "fail"),
        (((20, 22),), "fail"),
        (((22, 30),), "fail"),
        (((24, 30), (80, 80)), "pass"),
        (((80, 80), (22, 22)), "fail"),
        ((), "fail"),
    ],
)
def test_ranges_of_ports(ports: tuple[tuple[int, int], ...], outcome: str) -> None:
    assert ingress(c.inward("*", *ports)) == outcome


def refuse(address: str, *ports: tuple[int, int], priority: int = 100) -> Rule:
    return c.inward(address, *ports, allow=False, priority=priority)


def let(address: str, *ports: tuple[int, int], priority: int = 200) -> Rule:
    return c.inward(address, *ports, priority=priority)


SSH = (22, 22)


@pytest.mark.parametrize(
    ("rules", "outcome"),
    [
        ((refuse("*"), let("*", SSH)), "pass"),
        ((let("*", SSH, priority=50), refuse("*")), "fail"),
        ((let("*", SSH), refuse("*", priority=300)), "fail"),
        ((refuse("*", priority=1), let("*", SSH)), "pass"),
        ((refuse("*"), let("0.0.0.0/0", SSH)), "pass"),
        ((refuse("Any"), let("0.0.0.0/0", SSH)), "pass"),
        ((refuse("*", (23, 23)), let("*", SSH)), "fail"),
        ((refuse("*", SSH), let("*", (21, 22))), "pass"),
        ((refuse("10.0.0.0/8"), let("*", SSH)), "fail"),
        ((refuse("0.0.0.0/1"), let("*", SSH)), "fail"),
        ((refuse("0.0.0.0/1"), let("0.0.0.0/1", SSH)), "pass"),
        ((refuse("0.0.0.0/0"), let("128.0.0.0/1", SSH)), "pass"),
        ((refuse("0.0.0.0/0"), let("*", SSH)), "fail"),
        ((refuse("::/0"), let("0.0.0.0/0", SSH)), "fail"),
        ((refuse("::/0"), let("2000::/3", SSH)), "pass"),
        ((refuse("Internet"), let("internet", SSH)), "pass"),
        ((refuse("*", priority=0), let("*", SSH, priority=0)), "fail"),
        ((Rule(True, False, ("*",), (), 1), refuse("*")), "pass"),
        ((Rule(True, True, ("10.0.0.0/8", "*"), (), 0),), "fail"),
        ((Rule(True, True, (), (), 0),), "pass"),
    ],
)
def test_the_order_of_rules(rules: tuple[Rule, ...], outcome: str) -> None:
    assert ingress(*rules) == outcome


def test_without_rules_nothing_is_let_in() -> None:
    assert ingress() == "not-applicable"


def egress(*rules: Rule, denied: Any = c.YES, spec: Any = c.SPEC) -> str:
    fact = c.network(rules=Known(rules), egress_denied=denied)
    return c.outcome("exposure.egress", fact, spec=spec)


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        (c.outward(HOST, (443, 443)), "pass"),
        (c.outward(HOST, (80, 80)), "fail"),
        (c.outward(HOST, (443, 443), (80, 80)), "fail"),
        (c.outward(HOST, (443, 444)), "fail"),
        (c.outward(HOST), "fail"),
        (c.outward("*.health-data.example", (443, 443)), "fail"),
        (c.outward("drop.example", (443, 443)), "fail"),
        (c.outward("*"), "fail"),
        (c.outward("0.0.0.0/1"), "fail"),
        (c.outward("8.8.8.8", (53, 53)), "fail"),
        (c.outward("2001:4860:4860::8888"), "fail"),
        (c.outward("10.1.2.0/24"), "pass"),
        (c.outward("fd00::/8"), "pass"),
        (c.outward("AzureMonitor"), "pass"),
        (c.outward("8.8.8.8", allow=False), "pass"),
        (c.inward("8.8.8.8"), "pass"),
    ],
)
def test_what_may_leave(rule: Rule, outcome: str) -> None:
    assert egress(rule) == outcome


def test_leaving_is_refused_first() -> None:
    assert egress() == "pass"
    assert egress(denied=c.NO) == "fail"
    assert egress(denied=c.NA) == "not-applicable"
    assert egress(denied=Unknown("x")) == "unknown"
    fact = c.network(egress_denied=c.YES, rules=Unknown("rules"))
    assert c.outcome("exposure.egress", fact) == "unknown"
    alone = changed(c.SPEC, ("network.egress", []))
    assert egress(c.outward(HOST, (443, 443)), spec=alone) == "fail"


@pytest.mark.parametrize(
    ("public", "allowed", "outcome"),
    [
        (c.NO, Unknown("x"), "pass"),
        (c.NO, Known(()), "pass"),
        (c.YES, Known(()), "fail"),
        (c.YES, Known(("198.51.100.0/24",)), "pass"),
        (c.YES, Known(("198.51.100.7",)), "pass"),
        (c.YES, Known(("198.51.100.7/32", "198.51.100.128/25")), "pass"),
        (c.YES, Known(("198.51.0.0/16",)), "fail"),
        (c.YES, Known(("198.51.100.0/24", "0.0.0.0/0")), "fail"),
        (c.YES, Known(("::/0",)), "fail"),
        (c.YES, Known(("Office",)), "fail"),
        (c.YES, Unknown("x"), "unknown"),
        (Unknown("x"), Known(("198.51.100.7",)), "unknown"),
    ],
)
def test_who_reaches_a_cluster(public: Any, allowed: Any, outcome: str) -> None:
    nodes = c.compute(public_api=public, allowed=allowed)
    assert c.outcome("exposure.public-cluster", nodes) == outcome


def test_nobody_administers_from_nowhere() -> None:
    spec = changed(c.SPEC, ("network.administration", []))
    nodes = c.compute(public_api=c.YES, allowed=Known(("198.51.100.7",)))
    (verdict,) = c.verdicts("exposure.public-cluster", nodes, spec=spec)
    assert verdict.outcome.value == "fail"
    assert "no address" in verdict.wanted


@pytest.mark.parametrize(
    ("kind", "private", "public", "outcome"),
    [
        (ObjectStore, c.YES, c.NO, "pass"),
        (ObjectStore, c.YES, c.YES, "fail"),
        (ObjectStore, c.NO, c.NO, "fail"),
        (BackupStore, c.NO, c.NO, "pass"),
        (BackupStore, c.NO, c.YES, "fail"),
        (BackupStore, Unknown("x"), c.NO, "pass"),
        (ObjectStore, Unknown("x"), c.NO, "unknown"),
    ],
)
def test_private_endpoints(kind: type[DataStore], private: Any, public: Any, outcome: str) -> None:
    fact = c.store(kind=kind, private_endpoint=private, public_endpoint=public)
    assert c.outcome("exposure.private-endpoints", fact) == outcome


@pytest.mark.parametrize(
    ("control", "kind", "field"),
    [
        ("exposure.public-storage", ObjectStore, "public_read"),
        ("exposure.public-database", DatabaseServer, "public_endpoint"),
        ("exposure.shared-keys", ObjectStore, "shared_keys"),
        ("exposure.cross-tenant", ObjectStore, "cross_tenant"),
        ("encryption.at-rest", ObjectStore, "encrypted"),
        ("audit.storage-access", ObjectStore, "reads_logged"),
        ("audit.database", DatabaseServer, "reads_logged"),
        ("audit.administration", BackupStore, "administration_logged"),
        ("continuity.versioning", ObjectStore, "versions"),
    ],
)
def test_one_fact_decides(control: str, kind: type[DataStore], field: str) -> None:
    good = not control.startswith("exposure.")
    for value in (True, False):
        wanted = "pass" if value is good else "fail"
        assert c.outcome(control, c.store(kind=kind, **{field: Known(value)})) == wanted
    assert c.outcome(control, c.store(kind=kind, **{field: Unknown("x")})) == "unknown"


@pytest.mark.parametrize(
    ("control", "concerned"),
    [
        ("exposure.public-storage", set(DATA_STORES) - {DatabaseServer}),
        ("exposure.public-database", {DatabaseServer}),
        ("audit.storage-access", {ObjectStore}),
        ("audit.database", {DatabaseServer}),
        ("continuity.versioning", {ObjectStore}),
        ("encryption.database-tls", {DatabaseServer}),
        ("encryption.at-rest", set(DATA_STORES)),
        ("encryption.in-transit", set(DATA_STORES)),
        ("encryption.customer-key", set(DATA_STORES) - {Vault}),
        ("continuity.backup", {ObjectStore, DatabaseServer}),
        ("continuity.recovery-site", {ObjectStore, DatabaseServer}),
    ],
)
def test_which_stores_are_concerned(control: str, concerned: set[type[DataStore]]) -> None:
    for kind in DATA_STORES:
        found = c.outcome(control, c.store(kind=kind, places=Unknown("x")))
        assert (found != "not-applicable") is (kind in concerned)


SEGMENTS = tuple(
    c.network(f"net-{name}", segment=name) for name in ("database", "administration", "compute")
)


def partitioned(*facts: Any) -> dict[str, set[str]]:
    """What partition says of each resource, and of the plan as such."""
    found: dict[str, set[str]] = {}
    for verdict in c.verdicts("exposure.partition", *facts):
        found.setdefault(verdict.resource.rsplit("::", 1)[-1], set()).add(verdict.outcome.value)
    return found


def nodes_in(*segments: str | None, **told: Any) -> Any:
    return c.compute(segments=Known(segments), **({"private_nodes": c.YES} | told))


def test_segments_of_their_own() -> None:
    control = "exposure.partition"
    assert c.outcome(control, *SEGMENTS[:2]) == "pass"
    assert c.outcome(control, *SEGMENTS[:1]) == "fail"
    nodes = nodes_in(c.urn("net-compute"))
    assert partitioned(*SEGMENTS[:2], nodes)[""] == {"fail"}
    assert partitioned(*SEGMENTS, nodes) == {"": {"pass"}, "nodes": {"pass"}}


@pytest.mark.parametrize(
    ("segments", "outcome"),
    [
        (Known((c.urn("net-compute"),)), "pass"),
        (Known(("a subnet of another plan",)), "pass"),
        (Known((c.urn("net-compute"), None)), "fail"),
        (Known(()), "fail"),
        (Known((c.urn("net-administration"),)), "fail"),
        (Known((c.urn("net-compute"), c.urn("net-database"))), "fail"),
        (Unknown("subnet"), "unknown"),
    ],
)
def test_nodes_stand_in_a_segment_of_their_own(segments: Any, outcome: str) -> None:
    nodes = c.compute(segments=segments, private_nodes=c.YES)
    assert partitioned(*SEGMENTS, nodes)["nodes"] | {"pass"} == {outcome, "pass"}


def test_a_database_and_nodes_share_no_segment() -> None:
    shared = Known(("theirs",))
    database = replace(DATABASE, segments=shared)
    found = partitioned(*SEGMENTS, database, nodes_in("theirs"))
    assert found == {"": {"pass"}, "db": {"fail"}, "nodes": {"pass", "fail"}}
    assert partitioned(*SEGMENTS, database, nodes_in("ours"))["db"] == {"pass"}
    several = replace(database, urn=c.urn("second"))
    assert partitioned(*SEGMENTS, database, several)["db"] == {"pass"}
    zone = c.store("zone")
    assert "zone" not in partitioned(*SEGMENTS, zone)


@pytest.mark.parametrize(
    ("private", "outcome"), [(c.YES, "pass"), (c.NO, "fail"), (Unknown("pools"), "unknown")]
)
def test_no_node_has_a_public_address(private: Any, outcome: str) -> None:
    nodes = nodes_in(c.urn("net-compute"), private_nodes=private)
    assert partitioned(*SEGMENTS, nodes)["nodes"] == {"pass", outcome}


@pytest.mark.parametrize(
    ("accounts", "outcome"), [(c.NO, "pass"), (c.YES, "fail"), (Unknown("x"), "unknown")]
)
def test_a_cluster_knows_identities_alone(accounts: Any, outcome: str) -> None:
    nodes = c.compute(local_accounts=accounts)
    assert c.outcome("access.no-static-credentials", nodes) == outcome


OFFICE, ANYWHERE = Known(("198.51.100.0/24",)), Known(("198.51.100.0/24", "0.0.0.0/0"))


@pytest.mark.parametrize(
    ("own", "granted", "outcome"),
    [
        (OFFICE, [], "pass"),
        (Known(()), [OFFICE], "fail"),
        (ANYWHERE, [], "fail"),
        (Unknown("x"), [], "unknown"),
        (c.NA, [], "not-applicable"),
        (c.NA, [c.NA], "not-applicable"),
        (c.NA, [OFFICE, c.NA], "pass"),
        (c.NA, [OFFICE, Known(())], "fail"),
        (c.NA, [OFFICE, ANYWHERE], "fail"),
        (c.NA, [Unknown("x"), ANYWHERE], "fail"),
        (c.NA, [Unknown("x"), OFFICE], "unknown"),
    ],
)
def test_what_compensates_for_a_private_endpoint_is_seen(
    own: Any, granted: list[Any], outcome: str
) -> None:
    control, gap = "exposure.private-endpoints", replace(GAP, control="exposure.private-endpoints")
    grants = [
        c.grant(f"g{n}", "who", Right.READ, on=[c.urn("store")], allowed=allowed)
        for n, allowed in enumerate(granted)
    ]
    elsewhere = c.grant("other", "who", Right.READ, on=[c.urn("x")], allowed=Known(()))
    store = c.store(private_endpoint=c.NO, public_endpoint=c.YES, allowed=own)
    assert c.outcome(control, store, *grants, elsewhere, gaps=(gap,)) == outcome
    assert c.outcome(control, store, *grants, elsewhere) == "fail"
    private = replace(store, private_endpoint=c.YES, public_endpoint=c.NO)
    assert c.outcome(control, private, gaps=(gap,)) == "pass"


def test_a_grant_on_what_is_not_known_may_be_on_any_store() -> None:
    gap = replace(GAP, control="exposure.private-endpoints")
    store = c.store(private_endpoint=c.NO, public_endpoint=c.YES, allowed=c.NA)
    wide = c.grant("wide", "who", Right.READ, allowed=Known(()))
    wide = replace(wide, targets=Unknown("policy"))
    assert c.outcome("exposure.private-endpoints", store, wide, gaps=(gap,)) == "fail"


@pytest.mark.parametrize(
    ("logged", "filtered", "outcomes"),
    [
        (c.YES, c.YES, ["pass", "pass"]),
        (c.NO, c.YES, ["fail", "pass"]),
        (c.YES, c.NO, ["pass", "fail"]),
        (NOT_TOLD, NOT_TOLD, ["unknown", "unknown"]),
        (c.NA, c.NA, ["not-applicable", "not-applicable"]),
        (c.NONE, c.NONE, ["fail", "fail"]),
    ],
)
def test_names_are_logged_and_filtered(logged: Any, filtered: Any, outcomes: list[str]) -> None:
    network = c.network(names_logged=logged, names_filtered=filtered)
    assert c.outcomes("exposure.names", network) == outcomes


@pytest.mark.parametrize(
    ("isolated", "apart", "outcomes"),
    [
        (c.YES, c.YES, ["pass", "pass"]),
        (c.NO, c.YES, ["fail", "pass"]),
        (reserved(c.YES, IN_THE_CLUSTER), c.NO, ["not-in-force", "fail"]),
        (NOT_TOLD, NOT_TOLD, ["unknown", "unknown"]),
    ],
)
def test_programs_are_isolated_in_a_cluster(isolated: Any, apart: Any, outcomes: list[str]) -> None:
    nodes = c.compute(isolated=isolated, system_apart=apart)
    assert c.outcomes("exposure.workload-isolation", nodes) == outcomes


def spaces(*names: str, isolated: Any = c.YES, opened: tuple[str, ...] = ()) -> Any:
    return Known(tuple(Namespace(name, isolated, opened) for name in names))


MINE = tuple(c.SPEC.projects)


@pytest.mark.parametrize(
    ("made", "outcome", "found"),
    [
        (spaces(*MINE), "pass", ""),
        (spaces(*MINE, "monitoring"), "pass", ""),
        (spaces(*MINE[1:]), "fail", f"no namespace for {MINE[0]}"),
        (spaces("elsewhere"), "fail", f"no namespace for {MINE[0]}"),
        (spaces(), "fail", f"no namespace for {MINE[0]}"),
        (
            spaces(*MINE, isolated=c.NO, opened=("any egress",)),
            "fail",
            f"namespace {MINE[0]}: any egress",
        ),
        (spaces(*MINE, isolated=Unknown("metadata")), "unknown", "metadata"),
    ],
)
def test_each_project_has_an_isolated_namespace(made: Any, outcome: str, found: str) -> None:
    nodes = c.compute(isolated=c.YES, system_apart=c.YES, namespaces=made)
    verdict, apart = c.verdicts("exposure.workload-isolation", nodes)
    assert (verdict.outcome, apart.outcome) == (outcome, "pass")
    assert found in str(verdict.found)


def test_a_project_that_has_ended_needs_no_namespace() -> None:
    nodes = c.compute(isolated=c.YES, system_apart=c.YES, namespaces=spaces())
    far = dt.date(2040, 1, 1)
    outcomes = c.outcomes("exposure.workload-isolation", nodes, as_of=far)
    assert outcomes == ["pass", "pass"]


def test_namespaces_that_are_not_known_are_not_isolated() -> None:
    nodes = c.compute(
        isolated=Unknown("an object"), system_apart=c.YES, namespaces=Unknown("an object")
    )
    assert c.outcomes("exposure.workload-isolation", nodes) == ["unknown", "pass"]


@pytest.mark.parametrize(
    ("checked", "outcome"), [(c.YES, "pass"), (c.NO, "fail"), (NOT_TOLD, "unknown")]
)
def test_images_are_checked_before_they_run(checked: Any, outcome: str) -> None:
    assert c.outcome("inventory.images", c.compute(images_checked=checked)) == outcome


# Access


def reading(*on: str, name: str = "reading", **told: Any) -> Any:
    return c.grant(name, "who", Right.READ, on=[c.urn(each) for each in on], **told)


STORES = (CURATED, EXPORT, LOGS, DATABASE)


@pytest.mark.parametrize(
    ("rights", "project", "on", "outcome"),
    [
        ((Right.READ,), "", "curated", "pass"),
        ((Right.EVERYTHING,), "", "logs", "fail"),
        ((Right.ADMINISTER,), PROJECT, "logs", "fail"),
        ((Right.ADMINISTER,), "", "logs", "fail"),
        ((Right.MANAGE_KEYS,), "", "logs", "pass"),
    ],
)
def test_who_reads_data_is_no_administrator(
    rights: tuple[Right, ...], project: str, on: str, outcome: str
) -> None:
    wide = c.grant("wide", "who", *rights, on=[c.urn(on)], project=project)
    found = said("access.least-privilege", *STORES, reading("curated"), wide)
    assert found == {"reading": "pass", "wide": outcome}


def test_an_administrator_who_reads_nothing_may_be() -> None:
    control = "access.least-privilege"
    wide = c.grant("wide", "another", Right.ADMINISTER, on=[c.urn("db")])
    assert said(control, *STORES, reading("curated"), wide)["wide"] == "pass"
    logs = c.grant("logs", "another", Right.READ, on=[c.urn("logs")])
    assert said(control, *STORES, logs, wide)["wide"] == "pass"
    wild = c.grant("wild", "another", Right.READ, on=["arn:*"])
    assert said(control, *STORES, wild) == {"wild": "fail"}
    vague = replace(wide, rights=Unknown("role"))
    assert said(control, *STORES, vague) == {"wide": "unknown"}


def isolated(*grants: Any) -> dict[str, str]:
    alone = changed(c.SPEC, (f"projects.{OPEN_PROJECT}", DROP))
    return said("access.project-isolation", *STORES, *grants, spec=alone)


def test_a_project_reads_its_zones_and_nothing_else() -> None:
    mine = reading("curated", project=PROJECT)
    assert isolated(mine) == {"reading": "pass"}
    assert isolated(reading("curated", "export", project=PROJECT)) == {"reading": "fail"}
    assert isolated(mine, reading("export", name="more", project=PROJECT)) == {
        "reading": "pass",
        "more": "fail",
    }
    assert isolated(reading("export")) == {"": "fail"}, "its own zone is not granted"
    assert isolated(reading("export", project=PROJECT)) == {"reading": "fail", "": "fail"}
    assert isolated(mine, reading("db", name="more", project=PROJECT))["more"] == "fail"
    assert isolated(reading("curated", project="nobodys"))["reading"] == "fail"
    assert isolated(replace(mine, targets=Unknown("x")))["reading"] == "unknown"
    assert isolated() == {}


@pytest.mark.parametrize("right", [Right.WRITE, Right.DELETE, Right.ADMINISTER, Right.EVERYTHING])
def test_a_project_changes_nothing(right: Right) -> None:
    mine = c.grant("g", "who", right, on=[c.urn("curated")], project=PROJECT)
    assert isolated(mine) == {"g": "fail"}


def test_using_a_key_is_no_reading() -> None:
    mine = reading("curated", project=PROJECT)
    uses = c.grant("uses", "who", Right.USE_KEYS, on=[KEY.urn], project=PROJECT)
    assert isolated(mine, uses) == {"reading": "pass"}


def test_a_replica_is_the_zone_that_it_is_of() -> None:
    replica = c.store("replica", zone="curated")
    mine = reading("replica", project=PROJECT)
    alone = changed(c.SPEC, (f"projects.{OPEN_PROJECT}", DROP))
    found = said("access.project-isolation", *STORES, replica, mine, spec=alone)
    assert found == {"reading": "pass"}


EXPIRES = c.SPEC.projects[PROJECT].expires


@pytest.mark.parametrize(("as_of", "found"), [(EXPIRES, "fail"), (EXPIRES + DAY, None)])
def test_an_ended_project_lacks_no_grant(as_of: dt.date, found: str | None) -> None:
    other = replace(reading("export", project=OPEN_PROJECT), expires=c.NONE)
    told = c.verdicts("access.project-isolation", *STORES, other, as_of=as_of)
    mine = [each.outcome.value for each in told if PROJECT in each.cause]
    assert mine == ([found] if found else [])


@pytest.mark.parametrize(
    ("expires", "as_of", "outcome"),
    [
        (Known(EXPIRES), TODAY, "pass"),
        (Known(EXPIRES - DAY), TODAY, "pass"),
        (Known(EXPIRES + DAY), TODAY, "fail"),
        (c.NONE, TODAY, "fail"),
        (Unknown("x"), TODAY, "unknown"),
        (Known(EXPIRES), EXPIRES, "pass"),
        (Known(EXPIRES), EXPIRES + DAY, "fail"),
        (Unknown("x"), EXPIRES + DAY, "fail"),
    ],
)
def test_no_grant_outlives_its_project(expires: Any, as_of: dt.date, outcome: str) -> None:
    control = "access.project-expiry"
    mine = reading("curated", project=PROJECT, expires=expires)
    assert c.outcome(control, mine, as_of=as_of) == outcome
    assert c.outcome(control, replace(mine, project="")) == "not-applicable"
    assert c.outcome(control, replace(mine, project="nobodys")) == "fail"


@pytest.mark.parametrize("rights", [[], [Right.READ]])
def test_rights_that_no_refresh_shows_pass_nowhere_and_excuse_nothing(rights: list[Right]) -> None:
    """Another right may have been added by hand; what was granted is as it was."""
    seen = c.grant("g", "who", *rights, on=[c.urn("curated")], project=PROJECT, expires=c.NONE)
    mine = replace(seen, rights=reserved(seen.rights, "not seen", Reserve.NOT_SEEN))
    for name in ("least-privilege", "project-isolation", "separation-of-duties"):
        found = c.verdicts(f"access.{name}", CURATED, mine)
        (of_grant,) = [each for each in found if each.resource == mine.urn]
        assert (of_grant.outcome.value, of_grant.property) == ("not-seen", "rights"), name
        assert of_grant.found == (", ".join(rights) or "none") + ", not seen"
    ending = "fail" if rights else "not-applicable"
    assert c.outcome("access.project-expiry", mine) == ending
    assert c.outcome("access.project-expiry", replace(mine, rights=Unknown("x"))) == "fail"
    isolated = c.verdicts("access.project-isolation", CURATED, mine)
    lacking = [each.found for each in isolated if PROJECT in each.cause]
    assert lacking == ([] if rights else ["no grant on curated"])


@pytest.mark.parametrize(
    ("right", "on", "outcome"),
    [
        (Right.MANAGE_KEYS, "key", "fail"),
        (Right.CHANGE_LOGS, "elsewhere", "fail"),
        (Right.WRITE, "logs", "fail"),
        (Right.DELETE, "logs", "fail"),
        (Right.ADMINISTER, "logs", "fail"),
        (Right.EVERYTHING, "logs", "fail"),
        (Right.EVERYTHING, "key", "fail"),
        (Right.EVERYTHING, "elsewhere", "fail"),
        (Right.EVERYTHING, "curated", "pass"),
        (Right.USE_KEYS, "key", "pass"),
        (Right.WRITE, "curated", "pass"),
        (Right.WRITE, "elsewhere", "pass"),
        (Right.READ, "logs", "pass"),
    ],
)
def test_duties_are_separate(right: Right, on: str, outcome: str) -> None:
    control = "access.separation-of-duties"
    more = c.grant("more", "who", right, on=[c.urn(on)])
    assert said(control, *STORES, KEY, reading("curated"), more)["more"] == outcome
    assert said(control, *STORES, KEY, reading("db"), more)["more"] == outcome
    stranger = replace(more, identity=Known("another"))
    apart = "fail" if (right, on) == (Right.EVERYTHING, "never") else "pass"
    assert said(control, *STORES, KEY, reading("curated"), stranger)["more"] == apart
    assert said(control, *STORES, KEY, reading("logs"), more)["more"] == "pass"


def test_owning_data_and_more_is_owning_more() -> None:
    wide = c.grant("wide", "who", Right.EVERYTHING, on=[c.urn("curated"), c.urn("key")])
    assert said("access.separation-of-duties", *STORES, KEY, wide) == {"wide": "fail"}


def test_a_duty_is_named() -> None:
    control = "access.separation-of-duties"
    for right, words in ((Right.MANAGE_KEYS, "manages keys"), (Right.CHANGE_LOGS, "changes logs")):
        more = c.grant("more", "a::b::who", right)
        facts = (*STORES, replace(reading("curated"), identity=Known("a::b::who")), more)
        found = {verdict.found for verdict in c.verdicts(control, *facts)}
        assert f"who reads data and {words}" in found
    store_of_logs = c.store("stream", LogStore)
    more = c.grant("more", "who", Right.WRITE, on=[store_of_logs.urn])
    found = {v.found for v in c.verdicts(control, *STORES, store_of_logs, reading("db"), more)}
    assert "who reads data and changes logs" in found
    assert said(control, reading("curated", rights=Unknown("x"))) == {"reading": "unknown"}


@pytest.mark.parametrize(
    ("project", "expires", "outcome"),
    [
        ("", Known(TODAY), "pass"),
        ("", c.NONE, "fail"),
        ("", Unknown("x"), "unknown"),
        (PROJECT, Known(EXPIRES), "pass"),
        (PROJECT, Known(EXPIRES + DAY), "fail"),
        ("nobodys", Known(EXPIRES + DAY), "pass"),
    ],
)
def test_credentials_end(project: str, expires: Any, outcome: str) -> None:
    fact = c.credential(project=project, expires=expires)
    (verdict,) = c.verdicts("access.no-static-credentials", fact)
    assert verdict.outcome.value == outcome
    if verdict.wanted:
        assert (str(EXPIRES) in verdict.wanted) is (project == PROJECT)


HIDDEN = {
    "pem": {"note": "-----BEGIN RSA PRIVATE KEY-----\nMII"},
    "pem without a kind": {"note": "-----BEGIN PRIVATE KEY-----"},
    "pem in a list": {"notes": [{"deep": ["-----BEGIN EC PRIVATE KEY-----"]}]},
    "access key": {"id": "AKIAIOSFODNN7EXAMPLE"},
    "temporary access key": {"id": "ASIAIOSFODNN7EXAMPLE"},
    "account key": {"text": "DefaultEndpoints;AccountKey=" + "Ab1+/" * 6},
    "signature": {"link": "https://x.example/c?sv=2024&sig=" + "a%2B" * 8},
    "token": {"bearer": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.x"},
    "address": {"link": "postgres://user:hunter2@db.example/x"},
    "address without a user": {"link": "redis://:hunter2@cache.example"},
    "password": {"password": "x"},
    "password in camel case": {"administratorLoginPassword": "x"},
    "passphrase": {"passphrase": "x"},
    "client secret": {"clientSecret": "x"},
    "secret value": {"settings": {"secret_value": "x"}},
    "write only": {"passwordWo": "x", "password_wo": "x"},
    "access key by name": {"secretAccessKey": "x"},
    "connection": {"primaryConnectionString": "x"},
    "api key": {"apiKey": "x"},
    "private key": {"private_key": "x"},
    "sas": {"sasToken": "x"},
    "half a placeholder": {"password": "hunter2>"},
    "the other half": {"password": "<hunter2"},
    "in a list": {"passwords": ["x"], "items": [{"password": "x"}]},
}


@pytest.mark.parametrize("values", HIDDEN.values(), ids=HIDDEN.keys())
def test_a_secret_in_clear_is_found(values: dict[str, Any]) -> None:
    resource = c.resource("r", values)
    (verdict,) = c.verdicts("access.no-plaintext-secret", resources=[resource])
    assert verdict.outcome.value == "fail"
    assert verdict.resource == resource.urn
    marked = c.resource("r", {key: Secret(value) for key, value in values.items()})
    assert c.outcome("access.no-plaintext-secret", resources=[marked]) == "pass"
    component = replace(resource, custom=False)
    assert c.outcome("access.no-plaintext-secret", resources=[component]) == "fail"


HARMLESS = {
    "name of a secret": {"secretName": "database"},
    "address of a vault": {"keyVaultUri": "https://kv.vault.azure.net", "secretUri": "https://x"},
    "identifiers": {"secretId": "x", "accessKeyId": "x", "privateKeyId": "x", "secretIds": ["x"]},
    "settings": {"passwordAuth": "Disabled", "allowSharedKeyAccess": False, "secretStore": "x"},
    "settings of keys": {"accessKeyAccess": "x", "accessKeysEnabled": "x", "secretsStore": "x"},
    "stores": {"secret_store": "vault", "secret_stores": ["vault"]},
    "token of a type": {
        "token": "azure-native:keyvault:Secret",
        "tokens": ["urn:pulumi:s::p::t::n"],
    },
    "placeholder": {"password": "<database_password>", "apiKey": "<api_key>"},
    "nothing": {"password": "", "secret": None, "apiKey": {}},
    "unknown": {"password": UNKNOWN, "nested": {"secret": UNKNOWN}},
    "marked within": {"nested": {"password": Secret("x")}, "list": [{"apiKey": Secret("x")}]},
    "certificate": {
        "csr": "-----BEGIN CERTIFICATE REQUEST-----",
        "key": "-----BEGIN PUBLIC KEY-----",
    },
    "address with a port": {"link": "https://host.example:8443/a@b", "at": "git+ssh://git@host/x"},
    "short signature": {"link": "https://x.example/?sig=abc"},
    "long word": {"id": "XAKIAIOSFODNN7EXAMPLEX"},
    "Pulumi's own": {"__provider": "-----BEGIN PRIVATE KEY-----", "__password": "x"},
    "rotation": {"passwordRotationDays": "30", "secretRotation": "on"},
}


@pytest.mark.parametrize("values", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_only_looks_like_a_secret_is_not(values: dict[str, Any]) -> None:
    resource = c.resource("r", values)
    assert c.outcome("access.no-plaintext-secret", resources=[resource]) == "pass"
    component = replace(resource, custom=False)
    assert c.outcomes("access.no-plaintext-secret", resources=[component]) == []


def test_paths_are_told_and_values_are_not() -> None:
    values = {"a": {"password": "hunter2"}, "b": [{"apiKey": "hunter3"}], "c": "x", "password": "4"}
    (verdict,) = c.verdicts("access.no-plaintext-secret", resources=[c.resource("r", values)])
    assert verdict.found == "a secret in plain text at a.password, b[0].apiKey, password"
    assert dict(unmarked_texts(values)) == {
        "a.password": "hunter2",
        "b[0].apiKey": "hunter3",
        "c": "x",
        "password": "4",
    }


def test_three_paths_are_told_at_most() -> None:
    values = {f"{letter}Password": "x" for letter in "dcba"}
    (verdict,) = c.verdicts("access.no-plaintext-secret", resources=[c.resource("r", values)])
    assert verdict.found == "a secret in plain text at aPassword, bPassword, cPassword"


def test_secrets_beside_the_resources_are_told_without_their_values() -> None:
    thing, told = c.resource("r", {}), "access.no-plaintext-secret"
    assert c.outcomes(told, resources=[thing]) == ["pass"]
    shown = {"config": {"p:apiKey": "hunter2"}, "outputs": {"db": {"password": "hunter3"}}}
    passed, verdict = c.verdicts(told, resources=[thing], beside=shown)
    assert (passed.outcome.value, verdict.outcome.value) == ("pass", "fail")
    assert verdict.found == "a secret in plain text at config.p:apiKey, outputs.db.password"


GATE = c.urn("gate")
BACKUP = "urn:pulumi:s::p::havre:index:ResearchWarehouse$havre:paper:Backup$paper:index:Sheet::"


def from_outside(*rights: Right, identity: str = "who", on: str = "export", **told: Any) -> Any:
    tags = told.pop("label", None)
    mine = c.grant("g", identity, *rights, on=[c.urn(on)], **told)
    gate = Neutral(GATE, "paper:index:Sheet", tags=Known(tags), places=Known(()))
    return c.outcomes("access.export-gate", *STORES, mine, gate)


@pytest.mark.parametrize("right", [Right.WRITE, Right.DELETE, Right.ADMINISTER, Right.EVERYTHING])
def test_nobody_but_the_gate_writes_to_the_export_zone(right: Right) -> None:
    assert from_outside(right) == ["fail"]
    assert from_outside(right, on="curated") == []
    assert from_outside(right, identity=GATE) == ["fail"]
    assert from_outside(right, identity=GATE, label={"export-gate": "curated"}) == ["fail"]
    assert from_outside(right, identity=GATE, label={"gate": "export"}) == ["fail"]
    assert from_outside(right, identity=GATE, label={"export-gate": "export"}) == ["pass"]
    assert from_outside(right, identity="who", label={"export-gate": "export"}) == ["fail"]
    assert from_outside(Right.READ) == []


def test_a_label_is_no_gate_for_a_project() -> None:
    gate = {"identity": GATE, "label": {"export-gate": "export"}}
    assert from_outside(Right.WRITE, **gate, project=OPEN_PROJECT) == ["fail"]


def test_the_warehouses_own_backup_may_write_to_the_export_zone() -> None:
    worker, mine = f"{BACKUP}worker", f"{BACKUP}grant"
    assert from_outside(Right.WRITE, identity=worker, urn=mine) == ["pass"]
    assert from_outside(Right.EVERYTHING, identity=worker, urn=mine) == ["fail"]
    assert from_outside(Right.WRITE, identity=worker) == ["fail"], "a stranger's grant to it"
    assert from_outside(Right.WRITE, urn=mine) == ["fail"], "a grant of its to a stranger"
    forged = BACKUP.replace("havre:paper:Backup", "corp:x:Backup")
    assert from_outside(Right.WRITE, identity=f"{forged}w", urn=f"{forged}g") == ["fail"]


def test_what_is_not_known_of_a_grant_on_the_export_zone() -> None:
    control, on = "access.export-gate", [c.urn("export")]
    hidden = Unknown("x")
    for grant in (
        c.grant("g", "who", on=on, rights=hidden),
        c.grant("g", "who", Right.WRITE, targets=hidden),
        c.grant("g", "who", rights=hidden, targets=hidden),
        replace(c.grant("g", "", Right.WRITE, on=on), identity=hidden),
    ):
        assert c.outcomes(control, *STORES, grant) == ["unknown"]
    assert c.outcomes(control, *STORES, c.grant("g", "who", Right.READ, targets=hidden)) == []
    elsewhere = c.grant("g", "who", on=[c.urn("curated")], rights=hidden)
    assert c.outcomes(control, *STORES, elsewhere) == []
    none = [store for store in STORES if store.name != "export"]
    assert c.outcomes(control, *none, c.grant("g", "who", rights=hidden, targets=hidden)) == []


def gated(*rights: Right, project: str = OPEN_PROJECT, on: str = "export") -> list[str]:
    mine = c.grant("g", "who", *rights, on=[c.urn(on)], project=project)
    return c.outcomes("access.export-gate", *STORES, mine)


def test_the_export_gate() -> None:
    assert gated(Right.READ) == ["pass"]
    assert gated(Right.READ, project=PROJECT) == ["fail"]
    assert gated(Right.READ, project="nobodys") == ["fail"]
    for right in (Right.WRITE, Right.DELETE, Right.ADMINISTER, Right.EVERYTHING):
        assert gated(Right.READ, right) == ["fail"]
    assert gated(Right.WRITE, project="") == ["fail"]
    assert gated(Right.WRITE, on="curated") == []
    vague = c.grant("g", "who", project=PROJECT, rights=Unknown("x"))
    assert c.outcomes("access.export-gate", *STORES, vague) == ["unknown"]


@pytest.mark.parametrize(
    ("locked", "outcome"),
    [(c.NO, "pass"), (c.YES, "fail"), (Unknown("scope"), "unknown"), (NOT_TOLD, "unknown")],
)
def test_what_a_project_is_given_can_be_taken_back(locked: Any, outcome: str) -> None:
    given = c.grant("g", "id", Right.READ, project=PROJECT, locked=locked)
    nobodys = c.grant("n", "id", Right.READ, locked=c.YES)
    found = said("access.revocable", given, nobodys, resources=[c.resource("g")])
    assert found == {"g": outcome}


PEOPLE = ("m-0000000a", "m-0000000b")
STAFFED = changed(c.SPEC, (f"projects.{PROJECT}.members", PEOPLE))


@pytest.mark.parametrize(
    ("members", "outcome"),
    [
        (Known(PEOPLE), "pass"),
        (Known((*PEOPLE, "m-0000000c")), "pass"),
        (Known(PEOPLE[:1]), "fail"),
        (Known(()), "fail"),
        (Unknown("members"), "unknown"),
        (NOT_TOLD, "unknown"),
        (c.NA, "not-applicable"),
    ],
)
def test_each_member_has_an_identity_of_their_own(members: Any, outcome: str) -> None:
    given = c.grant("g", "id", Right.READ, project=PROJECT, members=members)
    nobodys = c.grant("n", "id", Right.READ, members=Known(()))
    found = said("access.personal-identity", given, nobodys, spec=STAFFED)
    assert found == {"g": outcome, "n": "not-applicable"}


def test_a_member_who_is_named_shares_the_projects_identity_and_the_file_is_to_fix() -> None:
    spec = changed(c.SPEC, (f"projects.{PROJECT}.members", ("a@example.org", PEOPLE[0])))
    given = c.grant("g", "id", Right.READ, project=PROJECT, members=Known(PEOPLE[:1]))
    (found,) = c.verdicts("access.personal-identity", given, spec=spec)
    assert found.found == "1 of 2 members share the project's identity"
    assert found.fixed_in is FixIn.FILE
    assert found.cause == ("projects", PROJECT, "members")


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        (c.YES, "pass"),
        (c.NO, "fail"),
        (NOT_TOLD, "unknown"),
        (c.NA, "not-applicable"),
    ],
)
def test_members_prove_a_second_factor(told: Any, outcome: str) -> None:
    given = c.grant("g", "id", Right.READ, project=PROJECT, second_factor=told)
    assert said("access.second-factor", given) == {"g": outcome}


@pytest.mark.parametrize(
    ("logged", "members", "outcome"),
    [
        (c.YES, PEOPLE, "pass"),
        (c.NO, PEOPLE, "fail"),
        (Unknown("log"), PEOPLE, "unknown"),
        (c.YES, (), "fail"),
    ],
)
def test_logs_lead_to_a_person_where_stores_log_and_members_are_apart(
    logged: Any, members: tuple[str, ...], outcome: str
) -> None:
    zone = c.store("curated", zone="curated", reads_logged=logged)
    given = c.grant("g", "id", Right.READ, project=PROJECT, on=(zone.urn,), members=Known(members))
    assert said("audit.person", given, zone, spec=STAFFED) == {"g": outcome}


@pytest.mark.parametrize(
    "name", ["access.personal-identity", "audit.person", "access.second-factor"]
)
def test_what_a_gap_says_of_people_is_not_said_again(name: str) -> None:
    given = c.grant("g", "id", Right.READ, project=PROJECT, members=Known(()), second_factor=c.NO)
    assert said(name, given, gaps=(replace(GAP, control=name),)) == {"g": "not-applicable"}


def test_a_grant_without_its_resource_cannot_be_taken_back() -> None:
    given = c.grant("g", "id", Right.READ, project=PROJECT, locked=c.NO)
    assert said("access.revocable", given) == {"g": "fail"}


@pytest.mark.parametrize(
    ("ignored", "outcome"),
    [
        (("tags",), "pass"),
        (("tags.owner",), "pass"),
        (("tagsOf",), "fail"),
        (("a", "tags"), "fail"),
    ],
)
def test_labels_of_a_grant_may_stay_as_they_are(ignored: tuple[str, ...], outcome: str) -> None:
    given = c.grant("g", "id", Right.READ, project=PROJECT, locked=c.NO)
    resource = c.resource("g", options=Options(ignore_changes=ignored))
    assert said("access.revocable", given, resources=[resource]) == {"g": outcome}


@pytest.mark.parametrize(
    ("keeper", "outcome"),
    [({}, "pass"), ({"protect": True}, "fail"), ({"retain_on_delete": True}, "fail")],
)
def test_a_grant_goes_with_what_goes_itself(keeper: dict[str, Any], outcome: str) -> None:
    given = c.grant("g", "id", Right.READ, project=PROJECT, locked=c.NO)
    with_it = c.resource("g", options=Options(deleted_with=c.urn("holder")))
    holder = c.resource("holder", **keeper)
    assert said("access.revocable", given, resources=[with_it, holder]) == {"g": outcome}


# Audit


def test_uses_of_keys_and_flows() -> None:
    assert c.outcome("audit.keys", c.key(use_logged=c.YES)) == "pass"
    assert c.outcome("audit.keys", c.key(use_logged=c.NO)) == "fail"
    for value, wanted in ((c.YES, "pass"), (c.NO, "fail"), (Unknown("x"), "unknown")):
        assert c.outcome("audit.cluster", c.compute(api_logged=value)) == wanted
    assert c.outcome("audit.cluster", c.compute()) == "unknown"
    for value, wanted in ((c.YES, "pass"), (c.NO, "fail"), (c.NA, "not-applicable")):
        assert c.outcome("audit.network", c.network(flows_logged=value)) == wanted


LEAST = c.SPEC.audit.retention_days
LONG = c.store("long", LogStore, retention_days=Known(LEAST), locked_days=Known(LEAST))
SHORT = c.store("short", LogStore, retention_days=Known(LEAST - 1), locked_days=Known(0))
VAGUE = c.store("vague", LogStore, retention_days=Unknown("x"), locked_days=Unknown("x"))
UNSET = c.store("unset", LogStore, retention_days=c.NONE, locked_days=Known(LEAST - 1))
KEEPERS = (LONG, SHORT, VAGUE, UNSET)


def way(source: str, *sinks: str) -> Any:
    return c.route(f"from-{source}", Known((source,)), Known(tuple(c.urn(s) for s in sinks)))


@pytest.mark.parametrize("control", ["audit.retention", "audit.protected"])
def test_logs_are_kept_in_one_of_their_stores(control: str) -> None:
    def kept(*routes: Any) -> dict[str, str]:
        return said(control, *KEEPERS, *routes)

    assert kept(way("a", "long")) == {"a": "pass"}
    assert kept(way("a", "short")) == {"a": "fail"}
    assert kept(way("a", "unset")) == {"a": "fail"}
    assert kept(way("a", "short", "long")) == {"a": "pass"}
    assert kept(way("a", "short"), way("a", "long")) == {"a": "pass"}
    assert kept(way("a", "short"), way("b", "long")) == {"a": "fail", "b": "pass"}
    assert kept(way("a", "vague")) == {"a": "unknown"}
    assert kept(way("a", "short", "stranger")) == {"a": "unknown"}
    assert kept(way("a")) == {"a": "fail"}
    assert kept(c.route("r", Known(("a",)), Unknown("x"))) == {"a": "unknown"}
    assert kept(c.route("r", Unknown("x"), Known((LONG.urn,)))) == {"r": "pass"}
    assert kept() == {"long": "pass", "short": "fail", "vague": "unknown", "unset": "fail"}
    assert said(control, CURATED) == {"": "fail"}
    zone = c.store("long", expire_days=c.NONE, locked_days=Known(LEAST))
    assert said(control, zone, way("a", "long")) == {"a": "pass"}
    images = c.store("long", ImageRegistry)
    assert said(control, images, way("a", "long")) == {"a": "unknown"}


@pytest.mark.parametrize(
    ("locked", "ends", "outcome"),
    [
        (LEAST, None, "pass"),
        (LEAST - 1, None, "fail"),
        (0, None, "fail"),
        (0, LEAST, "pass"),
        (0, LEAST - 1, "fail"),
    ],
)
def test_a_zone_keeps_logs_while_they_are_locked_or_until_they_expire(
    locked: int, ends: int | None, outcome: str
) -> None:
    zone = c.store("zone", locked_days=Known(locked), expire_days=Known(ends))
    assert said("audit.retention", zone, way("a", "zone")) == {"a": outcome}
    for hidden in ("locked_days", "expire_days"):
        vague = replace(zone, **{hidden: Unknown("x")})
        assert said("audit.retention", vague, way("a", "zone")) == {"a": "unknown"}


def test_all_logs_reach_one_place() -> None:
    def central(*facts: Any) -> str:
        return c.outcome("audit.central", *facts)

    assert central(LONG, way("a", "long"), way("b", "long", "short")) == "pass"
    assert central(way("a", "long"), way("b", "short")) == "fail"
    blind = c.route("r", Known(("c",)), Unknown("x"))
    assert central(way("a", "long"), blind) == "unknown"
    assert central(way("a", "long"), way("c", "long"), blind) == "pass"
    assert central(LONG) == "pass"
    assert central(LONG, SHORT) == "fail"
    assert central(CURATED) == "fail"
    assert central(LONG, way("a")) == "fail"
    for facts in ((LONG, SHORT), (way("a", "long"), way("b", "short")), (LONG, SHORT, way("a"))):
        (verdict,) = c.verdicts("audit.central", *facts)
        assert verdict.found == "2 stores: long, short"


SINK = c.store(
    "sink",
    LogStore,
    key=Known(KEY.urn),
    longest_days=Known(1095 + 365),
    reads_logged=c.YES,
)
STATEMENTS = (DATABASE, KEY, c.route("r", Known((DATABASE.urn,)), Known((SINK.urn,))))


@pytest.mark.parametrize(
    ("differs", "outcome"),
    [
        ({}, "pass"),
        ({"key": c.NONE}, "fail"),
        ({"key": NOT_TOLD}, "unknown"),
        ({"longest_days": Known(1095 + 366)}, "fail"),
        ({"longest_days": c.NONE}, "fail"),
        ({"longest_days": NOT_TOLD}, "unknown"),
        ({"reads_logged": c.NO}, "fail"),
        ({"reads_logged": NOT_TOLD}, "unknown"),
    ],
)
def test_statements_are_kept_as_what_they_contain(differs: dict[str, Any], outcome: str) -> None:
    assert c.SPEC.audit.retention_days == 1095
    found = c.outcomes("audit.statements", *STATEMENTS, replace(SINK, **differs))
    assert sorted(found) == sorted(["pass"] * 3 + [outcome])


def test_a_store_of_statements_outside_the_plan_is_no_pass() -> None:
    strange = c.route("s", Known((DATABASE.urn,)), Known(("elsewhere",)))
    unknown = c.route("u", Known((DATABASE.urn,)), Unknown("workspaceId"))
    for more in (strange, unknown):
        assert c.outcomes("audit.statements", *STATEMENTS, SINK, more) == ["pass"] * 4 + ["unknown"]


@pytest.mark.parametrize(
    ("targets", "rights", "outcome"),
    [
        (Known((SINK.urn,)), Known(frozenset({Right.READ})), "fail"),
        (Known((SINK.urn,)), Known(frozenset({Right.WRITE})), "pass"),
        (Known((SINK.urn,)), NOT_TOLD, "unknown"),
        (NOT_TOLD, Known(frozenset({Right.READ})), "unknown"),
        (Known(("other",)), Known(frozenset({Right.READ})), "pass"),
    ],
)
def test_no_project_reads_statements(targets: Any, rights: Any, outcome: str) -> None:
    grant = replace(c.grant("g", "id", project=PROJECT), targets=targets, rights=rights)
    assert c.outcomes("audit.statements", *STATEMENTS, SINK, grant) == ["pass"] * 3 + [outcome]


def test_statements_of_a_plan_without_routes_are_in_its_log_stores() -> None:
    assert c.outcomes("audit.statements", DATABASE, KEY, SINK) == ["pass"] * 4
    internal = changed(c.SPEC, ("classification", "internal"))
    assert c.outcomes("audit.statements", DATABASE, KEY, SINK, spec=internal) == []


def alert(*signals: Signal, told: Any = c.YES) -> Any:
    return Alert(
        urn=c.urn("alert"),
        type="t",
        tags=c.NA,
        places=Known(()),
        signals=Known(signals),
        told=told,
    )


def test_somebody_is_told_of_every_signal() -> None:
    assert c.outcomes("audit.alerts", alert(*Signal)) == ["pass"] * 5
    assert c.outcomes("audit.alerts") == ["fail"] * 5
    assert c.outcomes("audit.alerts", alert(*Signal, told=c.NO)) == ["fail"] * 5
    assert c.outcomes("audit.alerts", alert(*Signal, told=NOT_TOLD)) == ["unknown"] * 5
    assert c.outcomes("audit.alerts", replace(alert(), signals=NOT_TOLD)) == ["unknown"] * 5


@pytest.mark.parametrize("signal", Signal)
def test_a_signal_that_nobody_is_told_of_fails(signal: Signal) -> None:
    others = alert(*(each for each in Signal if each is not signal))
    silent = alert(signal, told=c.NO)
    found = c.verdicts("audit.alerts", others, silent)
    assert [v.property for v in found if v.outcome is Outcome.FAIL] == [signal.value]


@pytest.mark.parametrize(
    ("change", "signal"),
    [
        (("encryption.keys", "provider"), Signal.KEY_LOSS),
        (("protection.deletion", False), Signal.LOCK_REMOVAL),
        (("zones.export.purpose", "research"), Signal.EXPORT),
    ],
)
def test_what_a_warehouse_does_not_have_needs_no_alert(change: Any, signal: Signal) -> None:
    spec = changed(c.SPEC, change)
    assert signal.value not in {v.property for v in c.verdicts("audit.alerts", spec=spec)}


# Continuity


@pytest.mark.parametrize(("days", "outcome"), [(35, "pass"), (34, "fail"), (None, "fail")])
def test_backups_are_kept(days: int | None, outcome: str) -> None:
    assert c.SPEC.database.backups.retention_days == 35
    for store in (CURATED, DATABASE):
        assert c.outcome("continuity.backup", replace(store, backup_days=Known(days))) == outcome
        nowhere = replace(store, backup_days=Known(days), places=Known(()))
        assert c.outcome("continuity.backup", nowhere) == outcome


def test_copies_and_backups_need_no_backup() -> None:
    replica = replace(CURATED, places=Known((c.place(Copy.REPLICA),)), backup_days=c.NONE)
    of_backups = c.store("b", zone="backup", backup_days=c.NONE)
    images = c.store("images", ImageRegistry)
    for fact in (replica, of_backups, images):
        assert c.outcome("continuity.backup", fact) == "not-applicable"
        assert c.outcome("continuity.recovery-site", fact) == "not-applicable"


@pytest.mark.parametrize(
    ("copy", "region", "country", "outcome"),
    [
        (Copy.REPLICA, "south", "FR", "pass"),
        (Copy.BACKUP, "south", "FR", "pass"),
        (Copy.LOG, "south", "FR", "fail"),
        (Copy.BACKUP, "north", "FR", "fail"),
        (Copy.BACKUP, "south", "US", "fail"),
        (Copy.BACKUP, "south", None, "fail"),
        (Copy.BACKUP, "", "FR", "fail"),
        (Copy.BACKUP, "global", "FR", "fail"),
    ],
)
def test_a_copy_lies_at_another_site(
    copy: Copy, region: str, country: str | None, outcome: str
) -> None:
    places = Known((c.place(), Place(copy, region, country)))
    assert c.outcome("continuity.recovery-site", replace(CURATED, places=places)) == outcome


def test_a_copy_that_may_lie_anywhere_is_not_known() -> None:
    hidden = replace(CURATED, places=Unknown("where"))
    assert c.outcome("continuity.recovery-site", hidden) == "unknown"
    (verdict,) = c.verdicts("continuity.recovery-site", replace(CURATED, places=Known(())))
    assert (verdict.outcome.value, verdict.found) == ("fail", "no place")


def test_one_copy_away_is_enough() -> None:
    places = Known((c.place(), c.place(Copy.BACKUP), c.place(Copy.BACKUP, "south")))
    assert c.outcome("continuity.recovery-site", replace(DATABASE, places=places)) == "pass"


def test_versions_are_kept_unless_the_spec_says_otherwise() -> None:
    loose = changed(c.SPEC, ("zones.export.versions", False))
    for store, spec, wanted in (
        (EXPORT, c.SPEC, "fail"),
        (EXPORT, loose, "not-applicable"),
        (c.store("unlabelled"), loose, "fail"),
    ):
        fact = replace(store, versions=c.NO)
        assert c.outcome("continuity.versioning", fact, spec=spec) == wanted
    assert c.outcome("continuity.versioning", replace(EXPORT, versions=c.NONE)) == "fail"


@pytest.mark.parametrize(
    ("days", "outcome"), [(30, "pass"), (31, "pass"), (29, "fail"), (0, "fail")]
)
def test_promised_locks_hold(days: int, outcome: str) -> None:
    control = "continuity.immutability"
    assert c.SPEC.zones["curated"].immutable_days == 30
    (verdict,) = c.verdicts(control, replace(CURATED, locked_days=Known(days)))
    assert verdict.outcome.value == outcome
    for other in (EXPORT, c.store(), c.store("stream", LogStore)):
        assert c.outcome(control, replace(other, locked_days=Known(days))) == "not-applicable"


RETENTION = "continuity.retention"
ONE_ZONE = changed(
    c.SPEC,
    *((f"zones.{name}", DROP) for name in c.SPEC.zones if name != "curated"),
    ("projects", DROP),
    ("zones.curated.recoverable_days", 30),
    ("zones.curated.version_days", 40),
    ("zones.curated.expire_days", 90),
)
KEPT = c.store(
    "kept",
    zone="curated",
    recoverable_days=Known(30),
    version_days=Known(40),
    expire_days=Known(90),
)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({}, []),
        ({"recoverable_days": Known(31)}, []),
        ({"recoverable_days": c.NONE}, []),
        ({"recoverable_days": Known(29)}, ["recoverable_days: 29 days, 1 too few"]),
        ({"recoverable_days": Known(0)}, ["recoverable_days: 0 days, 30 too few"]),
        ({"recoverable_days": Unknown("x")}, ["recoverable_days: not known: x"]),
        ({"version_days": Known(1)}, ["version_days: 1 day, 39 too few"]),
        ({"version_days": c.NONE}, ["version_days: never deleted"]),
        ({"version_days": Unknown("x")}, ["version_days: not known: x"]),
        ({"expire_days": Known(91)}, ["expire_days: deleted after 91 days, 1 day too late"]),
        ({"expire_days": Known(60)}, ["expire_days: deleted after 60 days, 30 days too early"]),
        ({"expire_days": c.NONE}, ["expire_days: never deleted"]),
        ({"expire_days": Unknown("x")}, ["expire_days: not known: x"]),
        (
            {"recoverable_days": Known(0), "expire_days": c.NONE},
            ["recoverable_days: 0 days, 30 too few", "expire_days: never deleted"],
        ),
    ],
)
def test_each_promise_of_a_zone_is_judged_by_itself(told: dict[str, Any], found: list[str]) -> None:
    verdicts = c.verdicts(RETENTION, replace(KEPT, **told), spec=ONE_ZONE)
    assert [f"{v.property}: {v.found}" for v in verdicts if v.outcome.value != "pass"] == found
    assert {v.outcome.value for v in verdicts} == (
        {"pass"} if not found else {"unknown"} if "not known" in found[0] else {"fail"}
    )
    assert {v.resource for v in verdicts} == {KEPT.urn}
    broken = {v.property for v in verdicts if v.outcome.value != "pass"}
    causes = {v.cause for v in verdicts if v.outcome.value != "pass"}
    assert causes == {("zones", "curated", name) for name in broken}


def test_what_is_not_promised_is_not_judged_and_never_deleted() -> None:
    spec = changed(
        ONE_ZONE,
        ("zones.curated.version_days", DROP),
        ("zones.curated.expire_days", DROP),
        ("zones.curated.recoverable_days", 0),
    )
    bare = replace(KEPT, recoverable_days=Known(0), version_days=Known(0), expire_days=c.NONE)
    assert c.outcome(RETENTION, bare, spec=spec) == "pass"
    (verdict,) = c.verdicts(RETENTION, KEPT, spec=spec)
    assert (verdict.found, verdict.wanted) == ("deleted after 90 days", "never deleted")


def test_a_promise_of_a_zone_that_the_plan_lacks_is_broken() -> None:
    (verdict,) = c.verdicts(RETENTION, replace(KEPT, zone=""), spec=ONE_ZONE)
    assert (verdict.outcome.value, verdict.cause) == ("fail", ("zones", "curated"))


def test_copies_are_held_to_their_zones_promises() -> None:
    copy = replace(KEPT, urn="copy", recoverable_days=Known(1))
    found = c.verdicts(RETENTION, KEPT, copy, spec=ONE_ZONE)
    assert [(v.resource, v.outcome.value) for v in found] == [
        (KEPT.urn, "pass"),
        ("copy", "fail"),
    ]


def test_what_bears_data_is_guarded() -> None:
    control = "continuity.deletion"
    facts = (
        *(c.store("s", guarded=c.NO), c.key("k", guarded=c.YES), c.network("n")),
        *(c.compute("c", guarded=c.NO), c.compute("d", guarded=c.YES)),
        *(c.holder("h", guarded=c.NO), c.holder("i", guarded=c.YES), c.holder("j")),
        *(c.holder("empty", guarded=c.NA), c.grant("g", "who")),
    )
    assert said(control, *facts) == {
        "s": "fail",
        "k": "pass",
        "c": "fail",
        "d": "pass",
        "h": "fail",
        "i": "pass",
        "j": "unknown",
    }


@pytest.mark.parametrize("gone", [c.store(), c.key(), c.compute(), c.holder()])
def test_what_takes_data_along_is_not_deleted(gone: Any) -> None:
    resource = c.resource("gone", operation="delete")
    provider = c.Paper({resource.type: [gone]})
    (verdict,) = c.verdicts("continuity.deletion", removed=[resource], provider=provider)
    assert (verdict.resource, verdict.outcome) == (resource.urn, Outcome.FAIL)


@pytest.mark.parametrize(
    ("operation", "found"),
    [
        ("delete", "this plan would delete it"),
        ("replace", "this plan would replace it"),
    ],
)
def test_what_goes_is_told(operation: str, found: str) -> None:
    gone = c.resource("gone", operation=operation)
    provider = c.Paper({gone.type: [c.key("gone")]})
    (verdict,) = c.verdicts("continuity.deletion", removed=[gone], provider=provider)
    assert verdict.found == found
    assert verdict.resource == gone.urn


def test_what_goes_and_is_not_known_is_told_and_what_is_plain_is_not() -> None:
    strange = c.resource("strange", type="paper:index:Dream", operation="delete")
    plain = c.resource("plain", operation="delete")
    provider = c.Paper({plain.type: [c.network("plain")]})
    told = {"removed": [strange, plain], "provider": provider}
    (verdict,) = c.verdicts("continuity.deletion", **told)
    assert (verdict.resource, verdict.wanted) == (strange.urn, "only known types removed")


@pytest.mark.parametrize(
    ("operation", "found"),
    [
        ("delete", "this plan would stop managing it without deleting it"),
        (
            "replace",
            "this plan would replace it, and stop managing it without deleting it",
        ),
    ],
)
def test_what_is_left_standing_is_told_and_is_no_deletion(operation: str, found: str) -> None:
    left = c.resource("left", operation=operation, retain_on_delete=True)
    provider = c.Paper({left.type: [c.store("left")]})
    (verdict,) = c.verdicts("continuity.managed", released=[left], provider=provider)
    assert (verdict.outcome, verdict.found) == (Outcome.FAIL, found)
    assert not c.verdicts("continuity.deletion", released=[left], provider=provider)


def test_what_bears_no_data_may_be_left_standing() -> None:
    left = c.resource("left", operation="delete", retain_on_delete=True)
    provider = c.Paper({left.type: [c.network("left")]})
    (verdict,) = c.verdicts("continuity.managed", released=[left], provider=provider)
    assert verdict.outcome is Outcome.PASS


def test_several_zones_where_they_are_asked_for() -> None:
    control = "continuity.availability"
    single = changed(
        c.SPEC, ("database.availability", "single"), ("cluster.availability", "single")
    )
    none = changed(c.SPEC, ("cluster", DROP))
    for value, wanted in ((c.YES, "pass"), (c.NO, "fail"), (Unknown("x"), "unknown")):
        for fact in (replace(DATABASE, multi_zone=value), c.compute(multi_zone=value)):
            assert c.outcome(control, fact) == wanted
            assert c.outcome(control, fact, spec=single) == "not-applicable"
        assert c.outcome(control, c.compute(multi_zone=value), spec=none) == "not-applicable"
        assert c.outcome(control, replace(CURATED, multi_zone=value)) == "not-applicable"
    (verdict,) = c.verdicts(control, c.compute(multi_zone=c.NO))
    assert verdict.cause == ("cluster", "availability")


MEMBER = "a.martin@university.example"


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"reader": MEMBER}, True),
        ({"description": f"read by {MEMBER}, and others"}, True),
        ({"policy": '{"Principal": ["user/' + MEMBER + '"]}'}, True),
        ({"members": {MEMBER: "x"}}, True),
        ({"reader": Secret(MEMBER)}, False),
        ({"reader": f"x{MEMBER}"}, False),
        ({"reader": f"{MEMBER}s"}, False),
        ({"reader": "somebody"}, False),
    ],
)
def test_no_person_is_in_state(values: dict[str, Any], found: bool) -> None:
    resource = c.resource("r", values)
    verdicts = c.verdicts("continuity.state", resources=[resource])
    assert [each.outcome.value for each in verdicts] == (["fail"] if found else [])
    assert not any(MEMBER in str(verdict) for verdict in verdicts)


@pytest.mark.parametrize(
    "values",
    [
        {"name": "m-3f9c27d1"},
        {"members": {"m-3f9c27d1": "covid-long"}},
        {"policy": '{"Principal": ["user/m-3f9c27d1"]}'},
    ],
)
def test_a_pseudonym_names_nobody(values: dict[str, Any]) -> None:
    from havre.spec.model import is_pseudonym

    project = next(iter(c.SPEC.projects))
    named = changed(c.SPEC, (f"projects.{project}.members", (MEMBER, "m-3f9c27d1")))
    assert is_pseudonym("m-3f9c27d1")
    resource = c.resource("r", values)
    assert c.outcomes("continuity.state", resources=[resource], spec=named) == []
    both = c.resource("r", {**values, "reader": MEMBER})
    assert c.outcomes("continuity.state", resources=[both], spec=named) == ["fail"]


def test_no_name_of_an_object_is_in_state() -> None:
    for value, wanted in ((c.NO, "pass"), (c.YES, "fail"), (Unknown("x"), "unknown")):
        assert said("continuity.state", replace(CURATED, names_in_state=value)) == {
            "curated": wanted
        }
    nobody = changed(c.SPEC, ("projects", {}))
    named = c.resource("r", {"reader": MEMBER})
    assert c.outcomes("continuity.state", resources=[named], spec=nobody) == []


WORKS = c.store("export", zone="export", locked_days=Known(0), undelete_days=Known(40))


@pytest.mark.parametrize(
    ("locked", "undelete", "outcome"),
    [
        (0, 183, "pass"),
        (0, 184, "fail"),
        (183, 0, "pass"),
        (100, 84, "fail"),
        (0, None, "fail"),
        (184, None, "fail"),
    ],
)
def test_a_projects_data_can_be_gone_in_six_months(
    locked: int, undelete: int | None, outcome: str
) -> None:
    zone = replace(WORKS, locked_days=Known(locked), undelete_days=Known(undelete))
    assert said("continuity.erasable", zone) == {"export": outcome}
    assert said("continuity.erasable", replace(zone, zone="curated")) == {}


def test_what_is_withheld_of_erasure_is_no_pass() -> None:
    for withheld in ({"locked_days": NOT_TOLD}, {"undelete_days": NOT_TOLD}):
        assert said("continuity.erasable", replace(WORKS, **withheld)) == {"export": "unknown"}


@pytest.mark.parametrize(
    ("days", "outcome"), [(183, "pass"), (184, "fail"), (None, "fail"), ("?", "unknown")]
)
def test_backups_of_a_project_end_in_six_months(days: Any, outcome: str) -> None:
    told = Unknown("plan") if days == "?" else Known(days)
    vault = c.store("vault", BackupStore, longest_days=told, retention_days=Known(1))
    assert said("continuity.erasable", vault) == {"vault": outcome}
    kept = outcome if days is not None else "pass"  # a server without backups keeps none
    database = c.store("db", DatabaseServer, backup_days=told)
    assert said("continuity.erasable", database) == {"db": kept}


@pytest.mark.parametrize(
    ("expire", "after", "outcome"),
    [(100, 83, "pass"), (100, 84, "fail"), (None, 1, "fail"), (1, None, "fail")],
)
def test_a_zone_of_backups_ends_in_six_months(
    expire: int | None, after: int | None, outcome: str
) -> None:
    zone = c.store("b", zone="backup", expire_days=Known(expire), recoverable_days=Known(after))
    assert said("continuity.erasable", zone) == {"b": outcome}


DUTY = ("erasure", {"within_days": 400, "reason": "The code asks for more"})


def test_a_duty_that_the_file_names_is_longer() -> None:
    zone = replace(WORKS, locked_days=Known(300))
    assert said("continuity.erasable", zone, spec=changed(c.SPEC, DUTY)) == {"export": "pass"}
    sooner = changed(c.SPEC, ("erasure.within_days", 39))
    assert said("continuity.erasable", WORKS, spec=sooner) == {"export": "fail"}


@pytest.mark.parametrize("promise", ["recoverable_days", "immutable_days", "version_days"])
def test_a_promise_for_longer_contradicts_erasure(promise: str) -> None:
    spec = changed(c.SPEC, (f"zones.export.{promise}", 184))
    found = [v for v in c.verdicts("continuity.erasable", spec=spec) if v.property == promise]
    assert [(v.outcome.value, v.cause) for v in found] == [("fail", ("zones", "export", promise))]


def test_zones_that_no_project_works_in_are_the_warehouses_own() -> None:
    spec = changed(c.SPEC, ("projects.covid-long-term.zones", ["curated"]))
    forever = replace(WORKS, locked_days=Known(9999))
    assert said("continuity.erasable", forever, DATABASE, spec=spec) == {}


# Inventory

LABELS = {
    "warehouse": c.SPEC.name,
    "classification": c.SPEC.classification.value,
    "owner": c.SPEC.organisation.contact,
}


@pytest.mark.parametrize(
    ("tags", "outcome"),
    [
        (Known(LABELS), "pass"),
        (Known({**LABELS, "more": "x"}), "pass"),
        (Known({**LABELS, "owner": "x"}), "fail"),
        (Known({key: value for key, value in LABELS.items() if key != "warehouse"}), "fail"),
        (Known({}), "fail"),
        (Unknown("tags"), "unknown"),
        (c.NA, "not-applicable"),
    ],
)
def test_labels(tags: Any, outcome: str) -> None:
    for fact in (c.store, c.network, c.key):
        assert c.outcome("inventory.tags", fact(tags=tags)) == outcome


def test_what_is_a_projects_says_so() -> None:
    mine = reading("curated", project=PROJECT, tags=Known(LABELS))
    assert c.outcome("inventory.tags", mine) == "fail"
    tags = Known({**LABELS, "project": PROJECT})
    assert c.outcome("inventory.tags", replace(mine, tags=tags)) == "pass"


@pytest.mark.parametrize(
    ("engine", "outcome"),
    [
        ("kubernetes 1.35.4", "pass"),
        ("kubernetes v1.36.0", "pass"),
        ("kubernetes 1.36.2-0", "pass"),
        ("Kubernetes 1.35", "pass"),
        ("postgresql 17.4", "pass"),
        ("postgresql 18", "pass"),
        ("kubernetes 1.34.9", "fail"),
        ("kubernetes 1.26.3", "fail"),
        ("kubernetes 1.9", "fail"),
        ("kubernetes 0.21.1", "fail"),
        ("postgresql 14.20", "fail"),
        ("postgresql 11", "fail"),
        ("postgresql 9.6", "fail"),
        ("kubernetes 1.99.0", "unknown"),
        ("kubernetes 1.350", "unknown"),
        ("kubernetes 1", "unknown"),
        ("kubernetes stable", "unknown"),
        ("postgresql 19", "unknown"),
        ("postgresql", "unknown"),
        ("postgresql 17beta1", "unknown"),
        ("mysql 8", "unknown"),
        ("", "unknown"),
    ],
)
def test_versions_are_compared_as_versions(engine: str, outcome: str) -> None:
    found = c.outcome(
        "inventory.supported-versions", c.store("db", DatabaseServer, engine=Known(engine))
    )
    assert found == outcome


@pytest.mark.parametrize(
    ("told", "there"),
    [
        ({"engine": Known("postgresql 17")}, True),
        ({"engine": Known("postgresql 17.4")}, True),
        ({"engine": Known("PostgreSQL 17")}, True),
        ({"engine": Unknown("version")}, True),
        ({"engine": Known(None)}, True),
        ({"engine": Known("postgresql 17"), "replica_of": Unknown("createMode")}, True),
        ({"engine": Known("postgresql 17"), "replica_of": Known("elsewhere")}, False),
        ({"engine": Known("postgresql 16")}, False),
        ({"engine": Known("postgresql 1")}, False),
        ({"engine": Known("mysql 8")}, False),
        ({"engine": Known("mongodb 17")}, False),
    ],
    ids=str,
)
def test_the_database_that_is_asked_for_is_looked_for_by_engine_and_version(
    told: dict[str, Any], there: bool
) -> None:
    spec = changed(c.SPEC, ("database.version", 17))
    told = {"replica_of": c.NONE, **told}
    found = c.verdicts("inventory.known", c.store("db", DatabaseServer, **told), spec=spec)
    missing = [verdict for verdict in found if verdict.property == "database"]
    assert bool(missing) is not there
    assert all(v.wanted == "PostgreSQL 17" and v.outcome.value == "unknown" for v in missing)


@pytest.mark.parametrize(
    ("kept", "outcome"),
    [(c.NONE, "pass"), (Known(4000), "pass"), (Known(7), "fail"), (Unknown("days"), "unknown")],
    ids=str,
)
def test_logs_that_a_route_ends_are_not_kept_by_their_store(kept: Any, outcome: str) -> None:
    logs = c.store("logs", LogStore, retention_days=Known(4000))
    route = replace(c.route("flows", Known(("net",)), Known((logs.urn,))), kept_days=kept)
    assert c.outcome("audit.retention", logs, route) == outcome


@pytest.mark.parametrize(
    ("days", "guarded", "outcome"),
    [
        (Known(90), c.YES, "pass"),
        (Known(90), c.NO, "fail"),
        (c.NONE, c.YES, "fail"),
        (Known(7), c.YES, "fail"),
        (Known(90), Unknown("x"), "unknown"),
    ],
    ids=str,
)
def test_a_vault_keeps_its_secrets_too(days: Any, guarded: Any, outcome: str) -> None:
    vault = c.store("vault", Vault, deletion_days=days, purge_guarded=guarded)
    assert c.outcome("encryption.key-deletion", vault) == outcome


def test_a_replica_under_its_sources_key_shares_it_with_nobody() -> None:
    source = c.store("a", DatabaseServer, key=Known("k"), replica_of=c.NONE)
    replica = c.store("b", DatabaseServer, key=Known("k"), replica_of=Known(source.urn))
    assert c.outcomes("encryption.distinct-keys", source, replica) == ["pass", "pass"]
    stranger = replace(replica, replica_of=c.NONE)
    assert c.outcomes("encryption.distinct-keys", source, stranger) == ["fail", "fail"]


def test_what_is_set_and_not_evaluated_is_told_by_name() -> None:
    case = c.case(*parts())
    known = replace(
        case, facts=replace(case.facts, unread=(Unread(c.urn("x"), "enableRBAC", "All."),))
    )
    (verdict,) = find_control("inventory.known").judge(known)
    assert (verdict.outcome, verdict.property) == (Outcome.UNKNOWN, "enableRBAC")
    assert verdict.resource == c.urn("x")


UNTIL = supported_versions()


@pytest.mark.parametrize("engine", sorted(UNTIL))
def test_versions_are_supported_to_their_last_day(engine: str) -> None:
    control, until = "inventory.supported-versions", UNTIL[engine].until
    for fact in (
        c.store(kind=DatabaseServer, engine=Known(engine)),
        c.compute(engine=Known(engine)),
    ):
        assert c.outcome(control, fact, as_of=until) == "pass"
        assert c.outcome(control, fact, as_of=until + DAY) == "fail"


def test_versions_that_are_not_pinned_or_not_recorded() -> None:
    control = "inventory.supported-versions"
    assert c.outcome(control, c.store("db", DatabaseServer, engine=Known("mongodb 3"))) == "unknown"
    assert c.outcome(control, c.store("db", DatabaseServer, engine=Unknown("x"))) == "unknown"
    assert c.outcome(control, c.store()) == "not-applicable"
    assert c.outcome(control, replace(DATABASE, engine=c.NONE)) == "fail"
    assert c.outcome(control, c.compute(engine=c.NONE)) == "fail"
    assert c.outcome(control, c.network()) == "not-applicable"
    assert all(each.read_on <= TODAY and each.source for each in UNTIL.values())


def test_environments_share_nothing() -> None:
    control = "inventory.environments"
    here, there = ({"environment": each} for each in ("production", "staging"))
    facts = [c.store(name, tags=Known(tags)) for name, tags in (("a", here), ("b", there))]
    bare = [
        c.store("c", tags=Known({})),
        c.store("d", tags=c.NA),
        c.store("e", tags=Unknown("x")),
    ]
    assert said(control, *facts, *bare) == {"a": "pass", "b": "fail", "e": "unknown"}
    assert said(control, c.store("f", tags=Known({"x": "y"}))) == {"f": "pass"}
    staging = changed(c.SPEC, ("environment", "staging"))
    reference = c.resource("r", type="pulumi:pulumi:StackReference")
    assert c.outcomes(control, *facts, spec=staging, resources=[reference]) == []
    assert c.outcomes(control, resources=[reference]) == ["fail"]


def parts(*without: str) -> list[ResourceFact]:
    """What shows each part of a spec in a plan, but for some."""
    found = {f"zones.{zone}": c.store(zone, zone=zone) for zone in c.SPEC.zones}
    found["database"] = c.store("db", DatabaseServer)
    found["cluster"] = c.compute()
    found["registry"] = c.store("images", ImageRegistry)
    return [fact for part, fact in found.items() if part not in without]


def test_what_is_known_is_told_once() -> None:
    assert c.outcomes("inventory.known", *parts()) == ["pass"]


@pytest.mark.parametrize("part", [*(f"zones.{z}" for z in c.SPEC.zones), "database"])
def test_a_part_that_the_plan_does_not_show_is_not_known(part: str) -> None:
    (verdict,) = c.verdicts("inventory.known", *parts(part))
    assert (verdict.outcome, verdict.property) == (Outcome.UNKNOWN, part)


@pytest.mark.parametrize("part", ["cluster", "registry"])
def test_a_part_is_missed_only_where_it_is_asked_for(part: str) -> None:
    asked = changed(c.SPEC, (part, {}))
    (verdict,) = c.verdicts("inventory.known", *parts(part), spec=asked)
    assert (verdict.outcome, verdict.property) == (Outcome.UNKNOWN, part)
    without = changed(c.SPEC, (part, DROP))
    assert c.outcomes("inventory.known", *parts(part), spec=without) == ["pass"]
    declared = exit_lacks(part)(c.question(c.Paper())).exit_gaps
    assert c.outcomes("inventory.known", *parts(part), spec=asked, gaps=declared) == ["pass"]


# Exit


@pytest.mark.parametrize(
    ("control", "there"), [("exit.counterpart", "not-applicable"), ("exit.portable", "fail")]
)
def test_an_exit_that_cannot_be_judged(control: str, there: str) -> None:
    nameless = changed(c.SPEC, ("exit", DROP))
    assert c.outcome(control, spec=nameless) == "fail"
    assert c.outcome(control) == "unknown", "it is not installed"
    here = changed(c.SPEC, ("exit.provider", "paper"))
    assert c.outcome(control, spec=here) == there
    assert c.outcome("exit.rehearsed", spec=here, rehearsed=c.sealed()) == "fail"


@pytest.mark.parametrize("control", ["exit.counterpart", "exit.portable", "exit.rehearsed"])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("exit", DROP), "Name another provider as `exit.provider`: azure, ovh."),
        (("exit.provider", "paper"), "Name another provider as `exit.provider`: azure, ovh."),
        (("exit.provider", "ohv"), "azure, ovh. Did you mean `ovh`?"),
        (("exit.provider", "elsewhere"), "azure, ovh. Or install `elsewhere`."),
    ],
)
def test_an_exit_that_cannot_be_judged_says_which_provider_to_name(
    control: str, change: tuple[Any, Any], said: str
) -> None:
    from havre.policy.registry import find_control

    case = c.case(spec=changed(c.SPEC, change), installed=("azure", "local", "ovh", "paper"))
    told = find_control(control).judge(case)
    about = [each.remedy for each in told if each.property == "exit"]
    elsewhere = control == "exit.rehearsed" and change[1] not in {DROP, "paper"}
    here = control == "exit.counterpart" and change[1] == "paper"
    assert [said in each for each in about] == ([] if elsewhere or here else [True])
    moved = "After a move to `paper`, the file must name the next exit."
    assert all((moved in each) is (change[1] == "paper") for each in about)


def left(question: Any, control: str) -> list[str]:
    from havre.policy.registry import find_control

    told = {"exit": question.exit, "exit_gaps": question.exit_gaps, "spec": question.spec}
    told["provider"] = question.provider
    return [each.outcome.value for each in find_control(control).judge(c.case(**told))]


def test_what_an_exit_must_have() -> None:
    control = "exit.counterpart"
    base = c.question(c.Paper())

    def needed(spec: Any, *missing: Any) -> list[str]:
        going = leaving_for("ovh", **without(*missing))(replace(base, spec=spec))
        return left(going, control)

    from havre.provider import Capability as Of

    hsm = changed(c.SPEC, ("encryption.keys", "hsm"))
    least = changed(
        c.SPEC,
        ("cluster", DROP),
        ("registry", DROP),
        *((f"zones.{name}.immutable_days", 0) for name in c.SPEC.zones),
    )
    assert needed(least) == ["pass"]
    assert needed(least, Of.OBJECT_LOCK, Of.CLUSTER, Of.REGISTRY, Of.HSM_KEY) == ["pass"]
    assert needed(least, Of.DATABASE_VERSIONS) == ["fail"]
    for capability in (Of.OBJECT_LOCK, Of.CLUSTER, Of.REGISTRY):
        assert needed(c.SPEC, capability).count("fail") >= 1
    assert needed(hsm, Of.HSM_KEY).count("fail") > needed(c.SPEC, Of.HSM_KEY).count("fail")


def test_sites_of_the_exit() -> None:
    sites = {c.SPEC.sites.primary: object()}
    base = replace(c.question(c.Paper()), spec=c.SPEC)
    going = leaving_for("ovh", sites=sites)(base)
    from havre.policy.registry import find_control

    told = {"exit": going.exit, "exit_gaps": (), "spec": going.spec}
    found = [v.found for v in find_control("exit.counterpart").judge(c.case(**told))]
    assert f"ovh has no site {c.SPEC.sites.recovery}" in found
    assert f"ovh has no site {c.SPEC.sites.primary}" not in found


@pytest.mark.parametrize(
    ("fields", "support", "outcomes"),
    [
        (("database.version",), Support.ABSENT, ["fail"]),
        (("database.extensions",), Support.UNKNOWN, ["fail"]),
        (("database.extensions", "database.version"), Support.ABSENT, ["fail", "fail"]),
        (("database.extensions",), Support.PARTIAL, ["unknown"]),
        (("database.extensions",), Support.FALLBACK, ["unknown"]),
        (("zones",), Support.ABSENT, ["pass"]),
        ((), Support.ABSENT, ["fail"]),
        ((), Support.PARTIAL, ["unknown"]),
    ],
)
def test_what_blocks_a_move(fields: tuple[str, ...], support: Support, outcomes: list[str]) -> None:
    base = c.question(c.Paper(limits=LIMITS))
    going = exit_lacks(*fields, support=support)(leaving_for("ovh", limits=LIMITS)(base))
    assert left(going, "exit.portable") == [*outcomes, "pass", "pass"]


def limited(size: int | None = 50, length: int | None = 9, unit: str = "bytes") -> dict[str, Limit]:
    made = {"object-size": (size, "bytes"), "key-length": (length, unit)}
    evidence = Evidence("a guide", TODAY)
    return {name: Limit(value, kind, evidence) for name, (value, kind) in made.items() if value}


LIMITS = limited()


@pytest.mark.parametrize(
    ("here", "there", "outcomes"),
    [
        (limited(), limited(), ["pass", "pass"]),
        (limited(), limited(51, 10), ["pass", "pass"]),
        (limited(), limited(49, 9), ["unknown", "pass"]),
        (limited(), limited(50, 8), ["pass", "unknown"]),
        (limited(unit="characters"), limited(length=35), ["pass", "unknown"]),
        (limited(unit="characters"), limited(length=36), ["pass", "pass"]),
        (limited(), limited(size=None), ["unknown", "pass"]),
        (limited(size=None), limited(), ["unknown", "pass"]),
        ({}, {}, ["unknown", "unknown"]),
    ],
)
def test_what_is_stored_is_within_the_limits_of_the_exit(
    here: dict[str, Limit], there: dict[str, Limit], outcomes: list[str]
) -> None:
    going = leaving_for("ovh", limits=there)(c.question(c.Paper(limits=here)))
    assert left(going, "exit.portable") == ["pass", *outcomes]


@pytest.mark.parametrize(
    ("day", "outcome"),
    [
        (None, "fail"),
        (TODAY, "pass"),
        (TODAY - 180 * DAY, "pass"),
        (TODAY - 181 * DAY, "fail"),
        (TODAY + DAY, "fail"),
    ],
)
def test_a_rehearsal_is_recent(day: dt.date | None, outcome: str) -> None:
    assert c.SPEC.exit is not None
    assert c.SPEC.exit.rehearsal_days == 180
    assert c.outcome("exit.rehearsed", rehearsed=c.sealed(day) if day else None) == outcome
    nameless = changed(c.SPEC, ("exit", DROP))
    assert c.outcome("exit.rehearsed", rehearsed=c.sealed(), spec=nameless) == "fail"


SIGNED = "signed by CN=Seal"


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({}, ""),
        ({"level": "real"}, ""),
        ({"unproved": "another CA"}, "the seal is not verified: another CA"),
        ({"unproved": "another CA", "day": None}, "the seal is not verified: another CA"),
        ({"warehouse": "another"}, f"the seal is for another, from paper to scaleway, {SIGNED}"),
        ({"source": "elsewhere"}, f"the seal is for emc2, from elsewhere to scaleway, {SIGNED}"),
        (
            {"target": "elsewhere"},
            f"the seal is for emc2, from paper to elsewhere, {SIGNED}",
        ),
        ({"day": None}, f"no time-stamp authority dates the seal, {SIGNED}"),
    ],
)
def test_a_rehearsal_is_of_this_exit_and_proved(how: dict[str, Any], why: str) -> None:
    found = c.verdicts("exit.rehearsed", rehearsed=c.sealed(**how))
    assert [each.found for each in found] == [why]
    assert [each.outcome.value for each in found] == ["fail" if why else "pass"]


@pytest.mark.parametrize(
    ("how", "remedy"),
    [
        ({"unproved": "a file was changed"}, "Do not rely on this seal"),
        ({"day": None}, "time-stamp"),
        ({"day": TODAY + DAY}, "Check the clock"),
        ({"day": TODAY - 181 * DAY}, ""),
        ({"target": "elsewhere"}, ""),
    ],
)
def test_each_fault_of_a_seal_has_a_remedy_of_its_own(how: dict[str, Any], remedy: str) -> None:
    (found,) = c.verdicts("exit.rehearsed", rehearsed=c.sealed(**how))
    assert (
        found.remedy.startswith(remedy) if remedy == "Check the clock" else remedy in found.remedy
    )
    assert bool(found.remedy) is bool(remedy)
    assert "of emc2, from paper to scaleway" in found.wanted
