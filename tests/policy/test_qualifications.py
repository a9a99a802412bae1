"""Records of certificates: what they say of a resource, of a plan, and of a malformed file."""

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest

from havre.documents.records import read_document
from havre.errors import InputError
from havre.facts import Facts, Known, Unknown
from havre.facts.model import Compute, Copy, Key, Neutral, Offering, Place
from havre.facts.stores import DataStore, ObjectStore
from havre.facts.values import DOES_NOT_APPLY, Fact
from havre.policy.qualifications import (
    CertificateStatus,
    Claim,
    Qualifications,
    Record,
    claim,
    installed_qualifications,
    load_qualifications,
)
from havre.provider import find

ROOT = Path(__file__).parents[2]
FILES = {
    path.parents[1].name: path for path in ROOT.glob("providers/*/havre_*/data/qualifications.yaml")
} | {"havre_policies": ROOT / "policies" / "havre_policies" / "qualifications.yaml"}
TODAY = dt.date(2026, 11, 24)
READ = dt.date(2026, 11, 1)
Places = Fact[tuple[Place, ...]]


def place(region: str = "north", country: str | None = "FR") -> Place:
    return Place(Copy.PRIMARY, region, country)


HERE: Places = Known((place(),))
NO_PLAN: Fact[str] = Known("")


def record(product: str = "Objects", **rest: Any) -> Record:
    base: dict[str, Any] = {
        "scheme": "hds",
        "status": CertificateStatus.QUALIFIED,
        "source": "a list",
        "read_on": READ,
    }
    return Record("Cloud", product, **{**base, **rest})


def store(
    product: str = "Objects",
    plan: Fact[str] = NO_PLAN,
    places: Places = HERE,
    offer: str = "Cloud",
) -> DataStore:
    offering = Offering(offer, product, plan)
    urn = f"urn::{product}"
    return ObjectStore(urn, "t", offering, tags=DOES_NOT_APPLY, places=places)


def holds(
    records: list[Record], bearer: DataStore, as_of: dt.date = TODAY
) -> tuple[bool | None, str]:
    answer, why, _ = Qualifications(tuple(records)).holds("hds", bearer, as_of)
    return answer, why


def test_a_qualified_product_holds_without_a_reason() -> None:
    assert holds([record()], store()) == (True, "")


def test_what_is_not_recorded_does_not_hold() -> None:
    other = [record("Keys"), record(scheme="secnumcloud")]
    answer, why, found = Qualifications(tuple(other)).holds("hds", store(), TODAY)
    assert (answer, why, found) == (False, "Cloud, Objects: no record", None)
    assert holds([record()], store(offer="Cloud of another"))[0] is False


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"status": CertificateStatus.IN_PROCESS, "since": dt.date(2025, 1, 8)},
            "in process since 2025-01-08",
        ),
        ({"status": CertificateStatus.IN_PROCESS}, "in process"),
        ({"status": CertificateStatus.NONE_FOUND}, "no certificate found (read on 2026-11-01)"),
        ({"until": dt.date(2026, 11, 23)}, "ended on 2026-11-23"),
        ({"since": dt.date(2026, 11, 25)}, "begins on 2026-11-25"),
    ],
)
def test_what_is_no_certificate_says_why(changes: dict[str, Any], why: str) -> None:
    assert holds([record(**changes)], store()) == (False, f"Cloud, Objects: {why}")


def test_the_first_and_the_last_day_are_within() -> None:
    one = [record(since=TODAY, until=TODAY)]
    assert holds(one, store())[0] is True
    assert holds(one, store(), TODAY + dt.timedelta(days=1))[0] is False


@pytest.mark.parametrize(
    ("plan", "answer", "said"),
    [
        (Known("business"), True, ""),
        (Known("Essential"), False, "the plan `Essential` is not covered"),
        (Known("essential-4"), False, "the plan `essential-4` is not covered"),
        (Known(""), None, "has no name"),
        (Unknown("plan"), None, "not known: plan"),
    ],
)
def test_a_plan_that_is_out(plan: Fact[str], answer: bool | None, said: str) -> None:
    found, why = holds([record(plans_out=("essential*", "discovery"))], store(plan=plan))
    assert found is answer
    assert said in why


def test_a_plan_that_is_not_in() -> None:
    one = [record(plans=("dedicated-*",))]
    assert holds(one, store(plan=Known("dedicated-4")))[0] is True
    assert holds(one, store(plan=Known("mutualised")))[0] is False
    assert holds([record()], store(plan=Unknown("plan")))[0] is True  # every plan is within


@pytest.mark.parametrize(
    ("places", "answer", "said"),
    [
        (HERE, True, ""),
        (Known((place("north"), place("south"))), False, "not covered in south"),
        (Known((place("NORTH", "FR"),)), True, ""),
        (Known((place("north", "DE"),)), False, "not covered in DE"),
        (Known((place("north", None),)), None, "has no name"),
        (Known((place("", "FR"),)), None, "has no name"),
        (Known(()), None, "has no name"),
        (Unknown("location"), None, "not known: location"),
    ],
)
def test_every_place_must_be_within(places: Places, answer: bool | None, said: str) -> None:
    one = record(regions=("north*",), countries=frozenset({"FR"}))
    found, why = holds([one], store(places=places))
    assert found is answer
    assert said in why


def test_a_record_that_names_no_place_holds_anywhere() -> None:
    assert holds([record()], store(places=Unknown("location")))[0] is True


def test_what_is_surely_out_goes_before_what_cannot_be_told() -> None:
    one = record(plans_out=("essential",), countries=frozenset({"FR"}))
    out = store(plan=Unknown("plan"), places=Known((place(country="DE"),)))
    assert holds([one], out)[0] is False


@pytest.mark.parametrize(
    ("settings", "answer", "why"),
    [
        ({"certified": True}, True, ""),
        ({"certified": False}, False, "which the stack turns off"),
        ({}, None, "which the stack does not set"),
        ({"certified": "true"}, None, "which the stack does not set"),
        ({"certified": "<certified>"}, None, "which the stack does not set"),
        ({"another": True}, None, "which the stack does not set"),
    ],
)
def test_a_record_of_an_option_holds_where_the_stack_says_that_it_has_it(
    settings: dict[str, object], answer: bool | None, why: str
) -> None:
    records = Qualifications((record(setting="certified"),))
    found, said, _ = records.holds("hds", store(), TODAY, settings)
    assert found is answer
    assert said.endswith(why)
    assert not why or "only with `certified`" in said
    told = claim(records, "hds", facts(store()), TODAY, settings)
    assert told.holds is (answer is True)
    assert bool(told.outside) is (answer is False)
    assert bool(told.undecided) is (answer is None)


def test_nothing_is_known_of_a_stack_whose_settings_are_not() -> None:
    assert holds([record(setting="certified")], store())[0] is None
    gone = record(setting="certified", status=CertificateStatus.NONE_FOUND)
    assert holds([gone], store())[0] is False


def test_a_certificate_whose_products_were_not_read_holds_for_none_that_is_known() -> None:
    found, why = holds([record("*", products_read=False)], store())
    assert found is None
    assert why == "Cloud, Objects: the certificate's list of products was not read"
    abroad = record("*", products_read=False, countries=frozenset({"DE"}))
    assert holds([abroad], store())[0] is False
    own = [record("*", products_read=False), record("Objects")]
    assert holds(own, store())[0] is True


def test_an_option_that_is_recorded_is_a_setting_of_whoever_offers_it() -> None:
    settings = find("ovh").settings.model_fields
    records = installed_qualifications().records
    named = {r.setting for r in records if r.offer == "OVHcloud Public Cloud" and r.setting}
    assert named == {"hds_certified"}
    assert named <= settings.keys()
    assert settings["hds_certified"].annotation is bool


def test_no_certificate_is_recorded_for_every_product_whose_list_was_not_read() -> None:
    for each in installed_qualifications().records:
        unread = "list of products was not read" in each.note
        assert each.products_read is not unread, each


def test_a_product_of_its_own_goes_before_every_product() -> None:
    records = [record("*"), record("Objects", status=CertificateStatus.NONE_FOUND)]
    for order in (records, records[::-1]):
        assert holds(order, store())[0] is False
        assert holds(order, store("Volumes"))[0] is True


def test_a_record_of_the_country_goes_before_one_of_another() -> None:
    french = record(countries=frozenset({"FR"}))
    german = record(countries=frozenset({"DE"}), status=CertificateStatus.NONE_FOUND)
    found = Qualifications((german, french))
    offering = Offering("Cloud", "Objects")
    assert found.find("hds", offering, ["FR"]) is french
    assert found.find("hds", offering, {"DE"}) is german
    assert found.find("hds", offering, []) is not None
    assert found.find("hds", Offering("Nobody", "Objects"), ["FR"]) is None


def test_a_record_is_stale_after_a_year_or_past_its_end() -> None:
    one = record(read_on=dt.date(2025, 11, 24))
    assert not one.stale(TODAY)
    assert one.stale(TODAY + dt.timedelta(days=1))
    assert one.stale_reason(dt.date(2026, 11, 25)) == (
        "read on 2025-11-24, more than a year before 2026-11-25"
    )
    leap = record(read_on=dt.date(2024, 2, 29))
    assert not leap.stale(dt.date(2025, 2, 28))
    assert leap.stale(dt.date(2025, 3, 1))
    ended = record(until=dt.date(2026, 11, 23))
    assert ended.stale_reason(TODAY) == "ended on 2026-11-23"
    assert not ended.stale(dt.date(2026, 11, 23))
    assert not record(read_on=TODAY).stale(dt.date(2020, 1, 1))


def facts(*items: DataStore | Key | Compute | Neutral) -> Facts:
    return Facts(items, ())


def test_a_claim_tells_inside_outside_and_undecided() -> None:
    records = (
        record("Objects", until=dt.date(2028, 1, 1), read_on=dt.date(2026, 5, 1)),
        record("Volumes", until=dt.date(2027, 1, 1), source="another list"),
        record("Vault", status=CertificateStatus.NONE_FOUND, until=dt.date(2026, 1, 1)),
        record("Tables", plans_out=("free",)),
        record("Never used", until=dt.date(2026, 12, 1), source="unread"),
    )
    key = Key("urn::k", "t", Offering("Cloud", "Vault"), tags=DOES_NOT_APPLY, places=HERE)
    nodes = Compute("urn::c", "t", Offering("Cloud", "Nodes"), tags=DOES_NOT_APPLY, places=HERE)
    plan = facts(
        store(),
        store("Volumes"),
        store("Tables", plan=Unknown("plan")),
        key,
        nodes,
        Neutral("urn::p", "t", tags=DOES_NOT_APPLY, places=HERE),
    )
    said = claim(Qualifications(records), "hds", plan, TODAY)
    assert said == Claim(
        "hds",
        inside=("Objects", "Volumes"),
        outside=(("Nodes", "no record"), ("Vault", "no certificate found (read on 2026-11-01)")),
        undecided=(("Tables", "not every plan is covered, and this one is not known: plan"),),
        until=dt.date(2027, 1, 1),
        read_on=dt.date(2026, 5, 1),
        sources=("a list", "another list"),
        readings=said.readings,
    )
    assert [(each.products, each.source, each.read_on) for each in said.readings] == [
        (("Objects",), "a list", dt.date(2026, 5, 1)),
        (("Tables",), "a list", dt.date(2026, 11, 1)),
        (("Vault",), "a list", dt.date(2026, 11, 1)),
        (("Volumes",), "another list", dt.date(2026, 11, 1)),
    ]
    assert not said.holds
    assert said.as_dict() == {
        "scheme": "hds",
        "holds": False,
        "inside": ["Objects", "Volumes"],
        "outside": [
            {"product": "Nodes", "reason": "no record"},
            {"product": "Vault", "reason": "no certificate found (read on 2026-11-01)"},
        ],
        "undecided": [
            {
                "product": "Tables",
                "reason": "not every plan is covered, and this one is not known: plan",
            }
        ],
        "until": "2027-01-01",
        "read_on": "2026-05-01",
        "sources": ["a list", "another list"],
    }


def test_a_product_is_as_its_worst_resource() -> None:
    records = Qualifications((record(plans_out=("free",), countries=frozenset({"FR"})),))
    good = store(plan=Known("paid"))
    unsure = store(plan=Unknown("plan"))
    bad = store(plan=Known("free"))
    assert claim(records, "hds", facts(good, good), TODAY).holds
    ((unsaid, why),) = claim(records, "hds", facts(good, unsure), TODAY).undecided
    assert unsaid == "Objects"
    assert why == "not every plan is covered, and this one is not known: plan"
    said = claim(records, "hds", facts(good, unsure, bad, bad), TODAY)
    assert (said.inside, said.undecided) == ((), ())
    assert said.outside == (("Objects", "the plan `free` is not covered"),)


@pytest.mark.parametrize(
    ("others", "answer"),
    [([], True), (["Vault"], False), (["Tables"], False), (["Vault", "Tables"], False)],
)
def test_a_claim_holds_where_all_is_inside(others: list[str], answer: bool) -> None:
    records = Qualifications((record(), record("Tables", plans_out=("free",))))
    assert claim(records, "hds", facts(store(), *map(store, others)), TODAY).holds is answer


def test_offers_are_named_where_there_are_several() -> None:
    said = claim(Qualifications((record(),)), "hds", facts(store(), store(offer="Else")), TODAY)
    assert said.inside == ("Cloud: Objects",)
    assert said.outside == (("Else: Objects", "no record"),)


def test_a_plan_without_data_claims_nothing() -> None:
    said = claim(Qualifications((record(),)), "hds", facts(), TODAY)
    assert said == Claim("hds", (), (), (), None, None, ())
    assert not said.holds


ROW = """\
records:
  - offer: Cloud
    products: [Objects, Tables]
    scheme: hds
    status: qualified
    source: a list
    read_on: 2026-11-01
"""


def loaded(tmp_path: Path, text: str) -> Qualifications:
    file = tmp_path / "q.yaml"
    file.write_text(text)
    return load_qualifications(file)


def test_a_row_is_a_record_for_each_product(tmp_path: Path) -> None:
    extra = (
        "    plans: [a*]\n    plans_out: [b]\n    regions: [r]\n    countries: [FR, NO]\n"
        "    setting: certified_2018\n    products_read: false\n"
        "    since: 2020-01-02\n    until: 2030-01-02\n    note: n\n"
    )
    objects, tables = loaded(tmp_path, ROW + extra).records
    assert (objects.product, tables.product) == ("Objects", "Tables")
    assert objects == record(
        plans=("a*",),
        plans_out=("b",),
        regions=("r",),
        countries=frozenset({"FR", "NO"}),
        setting="certified_2018",
        products_read=False,
        since=dt.date(2020, 1, 2),
        until=dt.date(2030, 1, 2),
        note="n",
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("scheme: hds", "scheme: iso", "4: records[0].scheme: "),
        ("status: qualified", "status: certified", "5: records[0].status: "),
        ("    source: a list\n", "", "2: records[0].source: is missing"),
        ("source: a list", "source: '  '", "6: records[0].source: "),
        ("    read_on: 2026-11-01\n", "", "2: records[0].read_on: is missing"),
        ("2026-11-01", "2026-13-01", "7: records[0].read_on: `2026-13-01` is not a valid date"),
        ("2026-11-01", "1700000000", "7: records[0].read_on: `1700000000` is not a valid date"),
        ("[Objects, Tables]", "[]", "3: records[0].products: names no product"),
        (
            "[Objects, Tables]",
            "[Objects, Objects]",
            "2: records[0]: Cloud, Objects: recorded twice",
        ),
        ("source:", "sauce:", "6: records[0].sauce: is unknown"),
        (
            "read_on: 2026-11-01",
            "read_on: 2026-11-01\n    products_read: never",
            "8: records[0].products_read: ",
        ),
        (
            "read_on: 2026-11-01",
            "read_on: 2026-11-01\n    setting: HDS certified",
            "8: records[0].setting",
        ),
        (
            "read_on: 2026-11-01",
            "read_on: 2026-11-01\n    countries: [UK]",
            "8: records[0].countries: `UK` is not a country",
        ),
        (
            "read_on: 2026-11-01",
            "read_on: 2026-11-01\n    since: 2026-01-02\n    until: 2026-01-01",
            "9: records[0].until: ends on 2026-01-01, before it begins on 2026-01-02",
        ),
        (
            "read_on: 2026-11-01",
            "read_on: 2026-11-01\n    since: 2026-11-02",
            "7: records[0].read_on: was read on 2026-11-01, before it begins on 2026-11-02",
        ),
        ("    source: a list", "    offer: Else", "6:5: records[0].offer: found a second time"),
        ("    source: a list", "    source: [", "8:1: found a list that is never closed"),
        (
            "    source: a list",
            "    ? [a]\n    : b",
            "6:7: records[0]: found a key that is not text",
        ),
        ("[Objects, Tables]", "&a [*a]", "the alias `*a`, whose anchor is missing"),
    ],
)
def test_a_malformed_file_is_refused_at_its_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in ROW
    with pytest.raises(InputError, match=re.escape(said)) as caught:
        loaded(tmp_path, ROW.replace(old, new))
    assert str(tmp_path / "q.yaml") in caught.value.message
    assert caught.value.remedy


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        loaded(tmp_path, ROW.replace("hds", "x").replace("qualified", "y"))
    assert len(caught.value.message.splitlines()) == 2


@pytest.mark.parametrize("text", ["", "# nothing\n", "records", "- a\n", "records: 3\n"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"q\.yaml"):
        loaded(tmp_path, text)


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_qualifications(tmp_path / "none.yaml")
    (tmp_path / "b.yaml").write_bytes(b"records: \xff\n")
    with pytest.raises(InputError, match="is not UTF-8 text"):
        load_qualifications(tmp_path / "b.yaml")


def test_nothing_in_a_data_file_is_taken_for_a_number_or_a_truth_value(tmp_path: Path) -> None:
    file = tmp_path / "d.yaml"
    file.write_text("countries: [NO, no]\nid: 10.10\nday: 2026-01-01\nnone:\n")
    assert read_document(file).data == {
        "countries": ["NO", "no"],
        "id": "10.10",
        "day": "2026-01-01",
        "none": "",
    }


@pytest.fixture(scope="module")
def shipped() -> Qualifications:
    return installed_qualifications()


def standing(
    shipped: Qualifications, scheme: str, offer: str, product: str
) -> CertificateStatus | None:
    found = shipped.find(scheme, Offering(offer, product), ["FR"])
    return found.status if found else None


OVH, AZURE = "OVHcloud Public Cloud", "Microsoft Azure"


@pytest.mark.parametrize(
    ("scheme", "offer", "product", "status"),
    [
        ("secnumcloud", OVH, "Object Storage", CertificateStatus.NONE_FOUND),
        ("secnumcloud", AZURE, "Blob Storage", CertificateStatus.NONE_FOUND),
        ("secnumcloud", "Scaleway", "Object Storage", CertificateStatus.IN_PROCESS),
        ("secnumcloud", "Bleu", "anything", CertificateStatus.IN_PROCESS),
        ("secnumcloud", "S3NS PREMI3NS", "anything", CertificateStatus.QUALIFIED),
        ("secnumcloud", "OVHcloud SNC Cloud Platform", "Instances", CertificateStatus.NONE_FOUND),
        (
            "secnumcloud",
            "OVHcloud SNC Cloud Platform",
            "Managed Kubernetes",
            CertificateStatus.IN_PROCESS,
        ),
        ("hds", OVH, "Object Storage", CertificateStatus.QUALIFIED),
        ("hds", OVH, "Databases", CertificateStatus.QUALIFIED),
        ("hds", OVH, "OKMS", CertificateStatus.NONE_FOUND),
        ("hds", OVH, "Secret Manager", CertificateStatus.NONE_FOUND),
        ("hds", OVH, "Data Processing", None),
        ("hds", AZURE, "Key Vault", CertificateStatus.QUALIFIED),
        ("hds", "Scaleway", "PostgreSQL", CertificateStatus.NONE_FOUND),
        ("hds", "Bleu", "anything", None),
    ],
)
def test_the_shipped_records_say_what_their_sources_say(
    shipped: Qualifications, scheme: str, offer: str, product: str, status: CertificateStatus | None
) -> None:
    assert standing(shipped, scheme, offer, product) is status


@pytest.mark.parametrize(
    ("offering", "where", "answer"),
    [
        (Offering(OVH, "Databases", Known("business")), place("GRA"), True),
        (Offering(OVH, "Databases", Known("essential")), place("GRA"), False),
        (Offering(OVH, "Databases", Unknown("plan")), place("GRA"), None),
        (Offering(AZURE, "Blob Storage"), place("francecentral"), None),
        (Offering(AZURE, "Blob Storage"), place("westeurope", "NL"), False),
        (Offering("Scaleway", "Block Storage"), place("fr-par-1"), True),
        (Offering("Scaleway", "Block Storage"), place("nl-ams-1", "NL"), False),
    ],
)
def test_the_shipped_records_know_plans_and_places(
    shipped: Qualifications, offering: Offering, where: Place, answer: bool | None
) -> None:
    one = ObjectStore("u", "t", offering, tags=DOES_NOT_APPLY, places=Known((where,)))
    assert shipped.holds("hds", one, TODAY, {"hds_certified": True})[0] is answer
    without = shipped.holds("hds", one, TODAY)[0]
    assert without is (None if offering.offer in {OVH, "Scaleway"} and answer else answer)


def test_every_shipped_record_is_dated_and_fresh(shipped: Qualifications) -> None:
    assert shipped.records
    for each in shipped.records:
        assert each.source
        assert not each.stale(TODAY), each
        assert each.read_on <= TODAY


@pytest.mark.parametrize(
    ("name", "offer"), [("azure", AZURE), ("ovh", OVH), ("scaleway", "Scaleway")]
)
def test_a_providers_distribution_alone_records_its_own_offers(name: str, offer: str) -> None:
    modules = (ROOT / "providers" / name / f"havre_{name}").glob("facts/*.py")
    texts = "\n".join(path.read_text() for path in modules)
    assert set(re.findall(r'^OFFER = "(.+)"$', texts, re.MULTILINE)) == {offer}
    operator = offer.split(maxsplit=1)[0]
    recorded = {
        package
        for package, file in FILES.items()
        for each in load_qualifications(file).records
        if each.offer.startswith(operator)
    }
    assert recorded == {f"havre_{name}"}
