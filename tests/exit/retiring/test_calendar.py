"""Days of an exit: by dated rules, in order, and what is not said is named."""

import datetime as dt

import pytest

from havre.exit.retiring.calendar import CalendarRule, calendar_of, later, read_rules
from havre.exit.settings import ContractTerms

TODAY = dt.date(2026, 11, 29)
NOTICE = ContractTerms(notice=dt.date(2026, 12, 31))


def days(terms: ContractTerms, cut: dt.date | None = None) -> dict[str, dt.date]:
    found = {}
    for rule in read_rules():
        told = calendar_of(terms, [rule], TODAY, cut).days
        if told:
            found[rule.id] = told[0].day
    return found


def test_every_rule_has_its_source_and_its_day() -> None:
    for rule in read_rules():
        assert rule.source
        assert rule.read_on <= dt.datetime.now(dt.UTC).date()
        assert (rule.starts == "fixed") == (rule.on is not None)


@pytest.mark.parametrize(
    ("day", "months", "days", "found"),
    [
        ("2026-12-31", 2, 0, "2027-02-28"),
        ("2027-12-31", 2, 0, "2028-02-29"),
        ("2026-12-31", 2, 30, "2027-03-30"),
        ("2026-11-29", 3, 0, "2027-02-28"),
        ("2026-01-15", 12, 0, "2027-01-15"),
    ],
)
def test_months_end_where_a_month_is_shorter(day: str, months: int, days: int, found: str) -> None:
    assert later(dt.date.fromisoformat(day), months, days).isoformat() == found


def test_notice_transition_and_retrieval_follow_one_another() -> None:
    found = days(NOTICE)
    assert found["data-act.switching"] == dt.date(2027, 2, 28)
    assert found["data-act.transition"] == dt.date(2027, 3, 30)
    assert found["data-act.retrieval"] == dt.date(2027, 4, 29)
    assert found["data-act.charges"] == dt.date(2027, 1, 12)
    assert "ccag.destruction" not in found
    assert "ehds.permit" not in found


def test_the_cut_ends_the_transition() -> None:
    found = days(NOTICE, dt.date(2027, 1, 10))
    assert found["data-act.retrieval"] == dt.date(2027, 2, 9)


def test_a_public_contract_and_a_permit_have_days_of_their_own() -> None:
    terms = ContractTerms(ends=dt.date(2027, 1, 31), permit_ends=dt.date(2026, 12, 21), public=True)
    found = days(terms)
    assert found["ccag.destruction"] == dt.date(2027, 4, 30)
    assert found["ehds.permit"] == dt.date(2027, 6, 21)


def test_a_qualified_host_erases_between_its_notice_and_its_latest_day() -> None:
    announced = ContractTerms(secnumcloud=True, erasure_notice=dt.date(2027, 2, 10))
    found = days(announced)
    assert found["secnumcloud.notice"] == dt.date(2027, 3, 3)
    assert found["secnumcloud.erasure"] == dt.date(2027, 3, 12)
    waiting = calendar_of(ContractTerms(secnumcloud=True), read_rules(), TODAY)
    assert waiting.missing["secnumcloud.erasure"] == "contract.erasure_notice"
    others = calendar_of(announced.model_copy(update={"secnumcloud": False}), read_rules(), TODAY)
    assert not any("host" in each.what for each in others.days)
    assert "secnumcloud.notice" not in others.missing


def test_days_come_in_order_and_what_is_missing_is_named() -> None:
    others = [(dt.date(2026, 12, 1), "zone curated is gone for good.")]
    found = calendar_of(ContractTerms(public=True), read_rules(), TODAY, None, others)
    assert [each.day for each in found.days] == sorted(each.day for each in found.days)
    assert found.next is not None
    assert found.next.what == "zone curated is gone for good."
    assert found.missing["data-act.transition"] == "contract.notice"
    assert found.missing["ccag.destruction"] == "contract.ends"
    assert found.stale == ()


def test_what_was_read_long_ago_is_told() -> None:
    after = TODAY + dt.timedelta(days=400)
    found = calendar_of(NOTICE, read_rules(), after)
    assert "data-act.charges" in found.stale
    assert all(each.past for each in found.days)


def test_a_rule_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="starts"):
        CalendarRule(
            id="x",
            what="x",
            starts="moon",
            bound="latest",
            source="x",
            read_on=TODAY,  # type: ignore[arg-type]
        )
