"""Whose law reaches the data, and under which certificates they stand."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from havre.facts.model import AboutResource, Bearer, LogRoute
from havre.facts.stores import DataStore
from havre.facts.values import Known
from havre.plan import urns
from havre.policy import (
    NOT_APPLICABLE,
    Case,
    Control,
    FixIn,
    Outcome,
    Profile,
    Severity,
    Verdict,
    fails,
    passes,
    plan_control,
    undecided,
)
from havre.policy.schemes import AppliesTo, installed_schemes
from havre.spec.countries import EEA, EU
from havre.spec.model import HEALTH_DATA, OperatorLaw
from havre_policies.cites import gdpr, snc
from havre_policies.residency import where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.policy.schemes import Scheme
    from havre.spec import Warehouse


def _certified(scheme: str, bearer: AboutResource, case: Case) -> Verdict:
    """Whether the offer of a service is within a dated certificate."""
    if not isinstance(bearer, Bearer):
        return NOT_APPLICABLE
    wanted = f"an offer that a dated `{scheme}` record covers"
    holds, reason, _ = case.qualifications.holds(scheme, bearer, case.as_of, case.settings)
    if holds is None:
        return Verdict(Outcome.UNKNOWN, "offering", reason, wanted)
    return passes() if holds else fails("offering", reason, wanted)


@plan_control(
    "jurisdiction.operator",
    Profile.HEALTH,
    Severity.CRITICAL,
    cites=snc("19.6") + gdpr("48"),
    remedy="Migrate to a provider whose operator is subject only to European law. Alternatively,"
    " record the decision that accepts this one until a set date as a waiver.",
    cause=("residency", "operator_law"),
    fixed_in=FixIn.DECISION,
)
def operator(case: Case) -> Iterator[Verdict]:
    """No law from outside the European Union applies to the operator.

    The warehouse file can extend this to the European Economic Area. A foreign law can compel the
    operator to disclose data wherever it is stored, whatever the contract states. Encryption at
    rest does not prevent this. If the owner of the machine is the operator, no law is recorded,
    so the control never passes. It fails if data is stored outside the area, where another law
    applies. A waiver names the owner.
    """
    wide = case.spec.residency.operator_law is OperatorLaw.EEA
    area, name = (EEA, "the EEA") if wide else (EU, "the EU")
    who = case.provider.operator
    told = {law.split(" ")[0] for law in who.laws}
    laws = (*who.laws, *({who.country} - told - {None}))
    foreign = [law for law in laws if law and law.split(" ")[0] not in area | {"EU", "EEA"}]
    reached = sum(isinstance(item, Bearer) for item in case.facts.items)
    if foreign:
        found = (
            f"{who.entity} is subject to the law of {', '.join(foreign)} and can be compelled"
            f" to disclose the data in {reached} resources"
        )
        yield fails("operator", found, f"an operator that is subject to no law from outside {name}")
    elif not who.laws:
        yield _unrecorded(case, who.entity, area, f"only laws of {name}")
    else:
        yield passes()


def _unrecorded(case: Case, entity: str, area: frozenset[str], wanted: str) -> Verdict:
    """What there is to say of an operator for whom no law is recorded."""
    bearers = [item for item in case.facts.items if isinstance(item, Bearer)]
    places = [p for item in bearers if isinstance(item.places, Known) for p in item.places.value]
    abroad = sorted({p.country for p in places if p.country} - area)
    if case.provider.operator.country is None and abroad:
        found = f"{entity}, with data stored under the law of {', '.join(abroad)}"
        return fails("operator", found, wanted)
    return Verdict(Outcome.UNKNOWN, "operator", f"no law is recorded for {entity}", wanted)


def certified(scheme: Scheme) -> Control:
    """The control of a certification scheme: what the plan uses is within a dated certificate."""
    named = partial(_named, scheme.id)

    def within(bearer: AboutResource, case: Case) -> Verdict:
        health_only = scheme.applies_to is AppliesTo.HEALTH_DATA
        if health_only and case.spec.classification not in HEALTH_DATA and not named(case.spec):
            return NOT_APPLICABLE
        return _certified(scheme.id, bearer, case)

    return Control(
        scheme.control,
        scheme.title,
        " ".join(scheme.rationale.split()),
        scheme.profile,
        scheme.severity,
        scheme.cites,
        scheme.remedy,
        AboutResource,
        within,
        cause=("residency", "qualifications"),
        asked=named,
        fixed_in=FixIn.DECISION,
    )


def _named(scheme: str, spec: Warehouse) -> bool:
    """Whether a warehouse file requires a scheme by name."""
    return scheme in spec.residency.qualifications


def family() -> tuple[Control, ...]:
    """The controls of this family, with one for each certification scheme that is installed."""
    schemes = map(certified, installed_schemes())
    return (operator, *schemes, qualification_age, telemetry)


@plan_control(
    "jurisdiction.qualification-age",
    Profile.HEALTH,
    Severity.MEDIUM,
    cites=snc("18.1"),
    remedy="Read the certificate again at its source, and update the record with the date.",
)
def qualification_age(case: Case) -> Iterator[Verdict]:
    """Every certification record in use is at most a year old and still valid."""
    offers = {item.offering.offer for item in case.facts.items if isinstance(item, Bearer)}
    for record in case.qualifications.records:
        if record.offer not in offers:
            continue
        if record.stale(case.as_of):
            found = f"{record.offer}, {record.product}, {record.scheme}: "
            yield fails(
                "read_on",
                found + record.stale_reason(case.as_of),
                "a record read within the past year, of a certificate that is still valid",
            )
        else:
            yield passes()


@plan_control(
    "jurisdiction.telemetry",
    Profile.SOVEREIGN,
    Severity.HIGH,
    cites=snc("12.13", "19.6"),
    remedy="Send diagnostics to a store of this warehouse in an allowed country.",
    cause=("residency", "countries"),
)
def telemetry(case: Case) -> Iterator[Verdict]:
    """No diagnostics leave the allowed countries.

    Every log route in the plan is evaluated. A plan does not show what the operator's support staff
    can see. Regulate that in the contract.
    """
    allowed = case.spec.residency.countries
    stores = {store.urn: store for store in case.facts.of(DataStore)}
    wanted = f"a store of this plan in {', '.join(allowed)}"
    for route in case.facts.of(LogRoute):
        if not isinstance(route.sinks, Known):
            yield undecided("sinks", route.sinks, wanted, resource=route.urn)
            continue
        for sink in route.sinks.value:
            yield _sink(stores.get(sink), sink, route.urn, allowed, wanted)


def _sink(
    store: DataStore | None, sink: str, urn: str, allowed: tuple[str, ...], wanted: str
) -> Verdict:
    if store is None:
        return fails("sinks", f"{urns.name(sink)}, outside this plan", wanted, resource=urn)
    if not isinstance(store.places, Known):
        return undecided("places", store.places, wanted, resource=urn)
    outside = [place for place in store.places.value if place.country not in allowed]
    if outside or not store.places.value:
        return fails("sinks", where(outside), wanted, resource=urn)
    return passes(urn)
