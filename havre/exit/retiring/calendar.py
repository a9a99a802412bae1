"""The calendar of an exit: which day the law, the contract and locks set, in order.

The rules are data, in `rules.yaml`, each with its source and the day on which it was read.
"""

from __future__ import annotations

import calendar as months_of
import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from havre.documents.records import (
    Day,
    read_document,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from havre.exit.settings import ContractTerms

RULES = Path(__file__).with_name("rules.yaml")
STALE_DAYS = 365
"""A rule that was read longer ago is to be read again."""
NAMES: Mapping[str, str] = {
    "notice": "contract.notice",
    "transition": "contract.notice",
    "contract": "contract.ends",
    "permit": "contract.permit_ends",
    "erasure": "contract.erasure_notice",
}
"""What exit.yaml must say, by what a rule counts from."""


class CalendarRule(BaseModel):
    """A date that a text sets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    what: str
    starts: Literal["fixed", "notice", "transition", "contract", "permit", "erasure"]
    bound: Literal["latest", "earliest"]
    source: str
    read_on: Day
    months: int = 0
    days: int = 0
    on: Day | None = None
    applies: Literal["always", "public", "secnumcloud"] = "always"

    def concerns(self, terms: ContractTerms) -> bool:
        """Whether it is about a contract of that kind."""
        return {"always": True, "public": terms.public, "secnumcloud": terms.secnumcloud}[
            self.applies
        ]


class CalendarRules(BaseModel):
    """The data file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[CalendarRule, ...]


@dataclass(frozen=True)
class CalendarDay:
    """A day of an exit.

    Attributes:
        day: which.
        what: what is due, or is possible from then on.
        bound: `latest` or `earliest`.
        source: the text that sets it, with the day on which it was read.
        past: whether it is over.
    """

    day: dt.date
    what: str
    bound: str
    source: str
    past: bool


@dataclass(frozen=True)
class ExitCalendar:
    """The days of an exit.

    Attributes:
        days: in order.
        missing: what exit.yaml does not say, by the rule that counts from it.
        stale: rules that were read too long ago.
    """

    days: tuple[CalendarDay, ...]
    missing: Mapping[str, str]
    stale: tuple[str, ...]

    def told(self) -> dict[str, Any]:
        """It as JSON, with the next day."""
        days = [{**vars(each), "day": each.day.isoformat()} for each in self.days]
        following = self.next and self.next.day.isoformat()
        rest = {"missing": dict(self.missing), "stale": list(self.stale)}
        return {"days": days, "next": following, **rest}

    @property
    def next(self) -> CalendarDay | None:
        """The first day that is not past."""
        return next((each for each in self.days if not each.past), None)


def read_rules() -> tuple[CalendarRule, ...]:
    """The rules of the data file."""
    return read_document(RULES, typed=True).validate(CalendarRules, "Report this.").rules


def calendar_of(
    terms: ContractTerms,
    rules: Iterable[CalendarRule],
    today: dt.date,
    cut: dt.date | None = None,
    others: Sequence[tuple[dt.date, str]] = (),
) -> ExitCalendar:
    """The calendar.

    Args:
        terms: what exit.yaml says of the contract.
        rules: see `read_rules`.
        today: the day on which it is asked for.
        cut: the day of the cut, with which the transition ends; None: by the law's latest day.
        others: further days from which something may go, and what.
    """
    found, missing, stale = [], {}, []
    for rule in rules:
        if not rule.concerns(terms):
            continue
        start = rule.on if rule.starts == "fixed" else _start(rule.starts, terms, cut)
        if start is None:
            missing[rule.id] = NAMES[rule.starts]
            continue
        day = later(start, rule.months, rule.days)
        source = f"{rule.source}; read on {rule.read_on}"
        found.append(CalendarDay(day, rule.what, rule.bound, source, day < today))
        if (today - rule.read_on).days > STALE_DAYS:
            stale.append(rule.id)
    found += [CalendarDay(day, what, "earliest", "the source", day < today) for day, what in others]
    return ExitCalendar(tuple(sorted(found, key=lambda each: each.day)), missing, tuple(stale))


def _start(starts: str, terms: ContractTerms, cut: dt.date | None) -> dt.date | None:
    if starts == "transition":
        latest = later(terms.notice, 2, 30) if terms.notice else None
        return cut or latest
    return {
        "notice": terms.notice,
        "contract": terms.ends,
        "permit": terms.permit_ends,
        "erasure": terms.erasure_notice,
    }[starts]


def later(day: dt.date, months: int = 0, days: int = 0) -> dt.date:
    """A day so many months and then days later; the last day of a month that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = months_of.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last)) + dt.timedelta(days=days)
