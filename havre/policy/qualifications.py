"""Dated records of certificates, and which parts of a plan lie within one.

A record tells what a source said on the day it was read; it is data, never code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from havre.documents.breaches import Breach, DocumentRules
from havre.documents.installed import taken_together
from havre.documents.records import Day, Text, read_document
from havre.facts.model import Bearer, Compute, Key, Offering, Place
from havre.facts.stores import DataStore
from havre.facts.values import Fact, Known
from havre.policy.schemes import installed_schemes
from havre.spec.countries import COUNTRIES
from havre.spec.schemes import HDS, SECNUMCLOUD

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from havre.facts import Facts

    Location = tuple[str | int, ...]

M = TypeVar("M", bound=BaseModel)
ANY = "*"
"""Every product that the source means by the offer."""
NAMED = (HDS, SECNUMCLOUD)
"""Certification schemes of Havre's own."""
FILE = "qualifications.yaml"
"""Name of the files of records that distributions ship."""
REMEDY = "Correct the file. Each record is what a source stated on the date it was read."


class CertificateStatus(StrEnum):
    """What a source says of an offer."""

    QUALIFIED = "qualified"
    IN_PROCESS = "in-process"
    NONE_FOUND = "none-found"


@dataclass(frozen=True)
class Record:
    """What a source says of an offer under a scheme; patterns match in any case of letters.

    Attributes:
        offer: who offers it, and as what, in the words of the facts.
        product: the service; `*` is every one that the source means by the offer.
        scheme: short name, such as `hds`.
        status: what the source says.
        source: where it was read, with the source's own date where it has one.
        read_on: when it was read.
        plans: patterns of the plans within; empty: all but `plans_out`.
        plans_out: patterns of the plans without.
        regions: patterns of the regions that it holds for; empty: not restricted.
        countries: that it holds for; empty: not restricted.
        setting: yes-or-no setting of a stack under which alone it holds; empty: it needs none.
        products_read: whether the source's own list of products was read; where it was not, no
            product is known to be on it.
        since: first day; for `in-process`, when the process began; None: not known.
        until: last day; None: the source names none.
        note: what else there is to know.
    """

    offer: str
    product: str
    scheme: str
    status: CertificateStatus
    source: str
    read_on: dt.date
    plans: tuple[str, ...] = ()
    plans_out: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    countries: frozenset[str] = frozenset()
    setting: str = ""
    products_read: bool = True
    since: dt.date | None = None
    until: dt.date | None = None
    note: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """What is recorded once only."""
        return self.scheme, self.offer, self.product, self.countries

    def stale(self, as_of: dt.date) -> bool:
        """Whether it was read more than a year before, or is past its end."""
        return bool(self.stale_reason(as_of))

    def stale_reason(self, as_of: dt.date) -> str:
        """Why it is stale; empty where it is not."""
        if self.until and self.until < as_of:
            return f"ended on {self.until}"
        read = self.read_on
        if (read.year + 1, read.month, read.day) < (as_of.year, as_of.month, as_of.day):
            return f"read on {read}, more than a year before {as_of}"
        return ""

    def standing(self, as_of: dt.date) -> str:
        """Why it is no certificate on that day; empty where it is one."""
        if self.status is CertificateStatus.IN_PROCESS:
            return f"in process since {self.since}" if self.since else "in process"
        if self.status is CertificateStatus.NONE_FOUND:
            return f"no certificate found (read on {self.read_on})"
        if self.since and self.since > as_of:
            return f"begins on {self.since}"
        return f"ended on {self.until}" if self.until and self.until < as_of else ""

    def covers(self, countries: Iterable[str | None]) -> bool:
        """Whether it holds for all of `countries`; None is a country that is not known."""
        return not self.countries or self.countries.issuperset(countries)


Answer: TypeAlias = tuple[bool | None, str]
"""Whether something holds, and a sentence why not; None: it cannot be told."""
YES: Answer = (True, "")
Settings: TypeAlias = Mapping[str, object]
"""What a stack says beyond what is asked, by name; what it leaves unsaid is not there."""
SILENT: Settings = MappingProxyType({})
"""Settings of a stack of which nothing is known."""


@dataclass(frozen=True)
class Qualifications:
    """All records.

    Attributes:
        records: what sources said of offers.
        schemes: the certification schemes, by their short names.
        named: of each, its short name, its own name, what an offer is under it, who keeps its
            official list, and the address of the keeper's site.
    """

    records: tuple[Record, ...]
    schemes: tuple[str, ...] = NAMED
    named: tuple[tuple[str, str, str, str, str], ...] = ()

    def called(self, scheme: str) -> tuple[str, str, str, str]:
        """A scheme's own name or none, what an offer is under it, and who keeps its list where."""
        found = {short: tuple(rest) for short, *rest in self.named}
        name, awarded, keeper, site = found.get(scheme, ("", "certified", "", ""))
        return name, awarded, keeper, site

    def find(
        self, scheme: str, offering: Offering, countries: Iterable[str | None]
    ) -> Record | None:
        """The record that says most of an offering; None where nothing is recorded.

        One of its product goes before one of every product; then one that holds for all of
        `countries` before one that does not.
        """
        wanted = set(countries)
        found = [
            record
            for record in self.records
            if record.scheme == scheme
            and record.offer == offering.offer
            and record.product in (offering.product, ANY)
        ]
        return min(
            found,
            key=lambda r: (r.product == ANY, not r.covers(wanted), not r.countries),
            default=None,
        )

    def holds(
        self, scheme: str, bearer: Bearer, as_of: dt.date, settings: Settings = SILENT
    ) -> tuple[bool | None, str, Record | None]:
        """Whether a resource lies within a certificate, why not, and the record that says so.

        Args:
            scheme: short name, such as `hds`.
            bearer: the fact of the resource.
            as_of: the day.
            settings: what the stack says.

        Returns:
            None in the place of True or False where it cannot be told.
        """
        record = self.find(scheme, bearer.offering, {place.country for place in _known(bearer)})
        holds, why = _judge(record, bearer, as_of, settings)
        offering = bearer.offering
        return holds, f"{offering.offer}, {offering.product}: {why}" if why else "", record


def _judge(record: Record | None, bearer: Bearer, as_of: dt.date, settings: Settings) -> Answer:
    """Whether a resource lies within a certificate, by what is recorded and what a stack says."""
    if record is None:
        return False, "no record"
    no = record.standing(as_of)
    answers = [(False, no)] if no else _within(record, bearer, settings)
    return min(answers, key=lambda answer: (False, None, True).index(answer[0]))


def _known(bearer: Bearer) -> tuple[Place, ...]:
    return bearer.places.value if isinstance(bearer.places, Known) else ()


def _matches(text: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(text.casefold(), pattern.casefold()) for pattern in patterns)


def _within(record: Record, bearer: Bearer, settings: Settings) -> list[Answer]:
    """Whether product, plan and places of a resource are within a record, and its option is had."""
    answers = [YES]
    if record.setting:
        answers.append(_option(record.setting, settings.get(record.setting)))
    if not record.products_read:
        answers.append((None, "the certificate's list of products was not read"))
    if record.plans or record.plans_out:
        answers.append(_plan(record, bearer.offering.plan))
    if record.regions or record.countries:
        answers.append(_places(record, bearer))
    return answers


def _option(setting: str, said: object) -> Answer:
    """Whether a stack says that it has the option on which a record depends."""
    if said is True:
        return YES
    if said is False:
        return False, f"covered only with `{setting}`, which the stack turns off"
    return None, f"covered only with `{setting}`, which the stack does not set"


def _plan(record: Record, name: Fact[str]) -> Answer:
    """Whether a plan is within a record that names plans."""
    if not isinstance(name, Known):
        return None, f"not every plan is covered, and this one is not known: {name.property}"
    if not name.value:
        return None, "not every plan is covered, and this one has no name"
    if record.plans and not _matches(name.value, record.plans):
        return False, f"the plan `{name.value}` is not covered"
    out = _matches(name.value, record.plans_out)
    return (False, f"the plan `{name.value}` is not covered") if out else YES


def _places(record: Record, bearer: Bearer) -> Answer:
    """Whether all places of a resource are within a record that names places."""
    if not isinstance(bearer.places, Known):
        return (
            None,
            f"not every place is covered, and this one is not known: {bearer.places.property}",
        )
    places = bearer.places.value
    regions = {
        p.region for p in places if record.regions and not _matches(p.region, record.regions)
    }
    abroad = {p.country for p in places if p.country and not record.covers([p.country])}
    if regions - {""} or abroad:
        return False, f"not covered in {', '.join(sorted((regions - {''}) | abroad))}"
    if not places or regions or not record.covers(place.country for place in places):
        return None, "not every place is covered, and this one has no name"
    return YES


@dataclass(frozen=True)
class Reading:
    """What one source says of products in use.

    Attributes:
        products: those of which it says it.
        offer: who offers them, and as what.
        source: where it was read.
        read_on: when it was read.
        note: what else the record has, such as which company is certified.
    """

    products: tuple[str, ...]
    offer: str
    source: str
    read_on: dt.date
    note: str = ""


@dataclass(frozen=True)
class Claim:
    """Which parts of a plan lie within a certificate.

    Attributes:
        scheme: short name, such as `hds`.
        inside: products within one.
        outside: products that are not, each with the reason.
        undecided: products of which it cannot be told, each with the reason.
        until: first end of what is inside; None: no source names one.
        read_on: oldest reading of what it rests on; None: it rests on nothing.
        sources: of all that it rests on.
        name: of the scheme, as its owner writes it; empty: its short name.
        awarded: what an offer is under it: `certified` or `qualified`.
        keeper: who keeps the scheme's official list, which Havre does not read.
        official: address of the keeper's site.
        readings: what each record that it rests on says, and of which products.
    """

    scheme: str
    inside: tuple[str, ...]
    outside: tuple[tuple[str, str], ...]
    undecided: tuple[tuple[str, str], ...]
    until: dt.date | None
    read_on: dt.date | None
    sources: tuple[str, ...]
    name: str = ""
    awarded: str = "certified"
    keeper: str = ""
    official: str = ""
    readings: tuple[Reading, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether something lies inside, and nothing outside or undecided."""
        return bool(self.inside) and not self.outside and not self.undecided

    def as_dict(self) -> dict[str, Any]:
        """The claim as JSON-ready values."""
        return {
            "scheme": self.scheme,
            "holds": self.holds,
            "inside": list(self.inside),
            "outside": [{"product": product, "reason": why} for product, why in self.outside],
            "undecided": [{"product": product, "reason": why} for product, why in self.undecided],
            "until": self.until.isoformat() if self.until else None,
            "read_on": self.read_on.isoformat() if self.read_on else None,
            "sources": list(self.sources),
        }


def claim(
    qualifications: Qualifications,
    scheme: str,
    facts: Facts,
    as_of: dt.date,
    settings: Settings = SILENT,
) -> Claim:
    """Which products of a plan lie within a certificate: those whose every resource does.

    Args:
        qualifications: the records.
        scheme: short name, such as `hds`.
        facts: of the plan.
        as_of: the day.
        settings: what the stack says.
    """
    answers: dict[str, list[tuple[bool | None, str, Record | None]]] = {}
    bearers: list[Bearer] = [*facts.of(DataStore), *facts.of(Key), *facts.of(Compute)]
    several = len({bearer.offering.offer for bearer in bearers}) > 1
    for bearer in bearers:
        offering = bearer.offering
        product = f"{offering.offer}: {offering.product}" if several else offering.product
        record = qualifications.find(scheme, offering, {p.country for p in _known(bearer)})
        answer = _judge(record, bearer, as_of, settings)
        answers.setdefault(product, []).append((*answer, record))
    inside, outside, undecided = [], [], []
    for product, given in sorted(answers.items()):
        if why := _reasons(given, said=False):
            outside.append((product, why))
        elif why := _reasons(given, said=None):
            undecided.append((product, why))
        else:
            inside.append(product)
    used = {record: None for given in answers.values() for _, _, record in given if record}
    ends = [r.until for name in inside for _, _, r in answers[name] if r and r.until]
    return Claim(
        scheme,
        tuple(inside),
        tuple(outside),
        tuple(undecided),
        min(ends, default=None),
        min((record.read_on for record in used), default=None),
        tuple({record.source: None for record in used}),
        *qualifications.called(scheme),
        readings=_readings(answers),
    )


def _readings(
    answers: Mapping[str, Sequence[tuple[bool | None, str, Record | None]]],
) -> tuple[Reading, ...]:
    """Each record once, with the products of which it was asked, in their order."""
    found: dict[Record, list[str]] = {}
    for product, given in sorted(answers.items()):
        for record in {record: None for _, _, record in given if record}:
            found.setdefault(record, []).append(product)
    return tuple(
        Reading(tuple(products), record.offer, record.source, record.read_on, record.note)
        for record, products in found.items()
    )


def _reasons(given: Iterable[tuple[bool | None, str, Record | None]], *, said: bool | None) -> str:
    """Why some resources of a product are not within, or cannot be told; empty: none is so."""
    return "; ".join({why: None for holds, why, _ in given if holds is said})


class _Row(BaseModel):
    """A row of the file: one record for each of its products."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    offer: Text
    products: tuple[Text, ...]
    scheme: Text
    status: CertificateStatus
    source: Text
    read_on: Day
    plans: tuple[Text, ...] = ()
    plans_out: tuple[Text, ...] = ()
    regions: tuple[Text, ...] = ()
    countries: frozenset[str] = frozenset()
    setting: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")] | Literal[""] = ""
    products_read: bool = True
    since: Day | None = None
    until: Day | None = None
    note: str = ""

    @field_validator("scheme")
    @classmethod
    def _known(cls, scheme: str, info: ValidationInfo) -> str:
        known: Collection[str] = info.context or ()
        if scheme not in known:
            message = (
                f"`{scheme}` is not an installed certification scheme ({', '.join(sorted(known))})"
            )
            raise ValueError(message)
        return scheme

    @field_validator("products")
    @classmethod
    def _some(cls, products: tuple[str, ...]) -> tuple[str, ...]:
        if not products:
            message = "names no product; `*` is every product that the source means"
            raise ValueError(message)
        return products

    @field_validator("countries")
    @classmethod
    def _codes(cls, countries: frozenset[str]) -> frozenset[str]:
        if unknown := countries - COUNTRIES:
            message = f"`{min(unknown)}` is not a country of ISO 3166-1"
            raise ValueError(message)
        return countries

    def records(self) -> list[Record]:
        """The records that it stands for."""
        rest = {name: getattr(self, name) for name in type(self).model_fields}
        return [Record(product=product, **rest) for product in rest.pop("products")]


class _QualificationsFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    records: tuple[_Row, ...]


def installed_qualifications() -> Qualifications:
    """The records of every installed distribution, taken together.

    Raises:
        InputError: a file is not valid, or two distributions record the same.
        MissingDependencyError: none is installed.
    """
    installed = installed_schemes()
    schemes = tuple(scheme.id for scheme in installed)
    records = taken_together(
        FILE,
        lambda path: load_qualifications(path, schemes).records,
        lambda record: record.key,
        lambda record: f"{record.offer}, {record.product} under {record.scheme}",
    )
    named = tuple(
        (each.id, each.name, each.awarded, each.keeper, each.official) for each in installed
    )
    return Qualifications(records, schemes, named)


def load_qualifications(path: Path, schemes: tuple[str, ...] = NAMED) -> Qualifications:
    """Read the records in a file.

    Args:
        path: the file.
        schemes: certification schemes that a record may be of.

    Raises:
        InputError: it cannot be read, or a record is malformed or said twice.
    """
    rules = DocumentRules[_QualificationsFile]((_in_order, _once), _stand_ins(schemes))
    rows = read_document(path).validate(_QualificationsFile, REMEDY, schemes, rules).records
    return Qualifications(tuple(record for row in rows for record in row.records()), schemes)


def _stand_ins(schemes: tuple[str, ...]) -> dict[str, Any]:
    row = {
        "offer": "-",
        "products": ["-"],
        "scheme": min(schemes, default=""),
        "status": min(CertificateStatus).value,
        "source": "-",
        "read_on": "2000-01-01",
    }
    return {"records": [row]}


def _in_order(file: _QualificationsFile) -> Iterator[Breach]:
    """A certificate begins before it ends, and before it was read."""
    for index, row in enumerate(file.records):
        since, until, read_on = (("records", index, key) for key in ("since", "until", "read_on"))
        if row.since and row.until and row.until < row.since:
            problem = f"ends on {row.until}, before it begins on {row.since}"
            yield Breach(until, problem, "Correct one of the dates.", (since, until))
        if row.since and row.since > row.read_on:
            problem = f"was read on {row.read_on}, before it begins on {row.since}"
            yield Breach(read_on, problem, "Correct one of the dates.", (since, read_on))


def _once(file: _QualificationsFile) -> Iterator[Breach]:
    """No certificate of a product is recorded twice."""
    seen: dict[tuple[object, ...], int] = {}
    for index, row in enumerate(file.records):
        for record in row.records():
            first = seen.setdefault(record.key, index)
            if first != index or row.products.count(record.product) > 1:
                fields = ("offer", "products", "scheme", "countries")
                reads = tuple(("records", at, name) for at in (index, first) for name in fields)
                problem = f"{record.offer}, {record.product}: recorded twice for {record.scheme}"
                yield Breach(("records", index), problem, "Delete one of the two.", reads)
                break
