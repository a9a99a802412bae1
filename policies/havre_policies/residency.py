"""Where data, copies, backups, keys, logs and processing lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.facts.model import AboutResource, Bearer, Compute, Copy, Key, NetworkElement, Place
from havre.facts.read import at_best
from havre.facts.stores import BackupStore, DataStore, LogStore, Vault
from havre.facts.values import Known
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
    require,
    undecided,
)
from havre_policies.cites import gdpr, snc

if TYPE_CHECKING:
    from collections.abc import Iterable

COUNTRIES = ("residency", "countries")
UNNAMED = frozenset({"", "global"})
"""What stands for a region where a service has none."""


def where(places: Iterable[Place]) -> str:
    """Places for people: region, country, and what brings a copy there unasked."""
    told = ", ".join(
        f"{place.region or 'no region'} ({place.country or 'country not known'}"
        f"{f'; implied by {place.implied}' if place.implied else ''})"
        for place in places
    )
    return told or "no place"


def _within(bearer: AboutResource, case: Case, copy: Copy) -> Verdict:
    """Whether every copy of one kind lies in the spec's countries."""
    allowed = case.spec.residency.countries
    wanted = f"in {', '.join(allowed)}"
    here = [place for place in at_best(bearer.places, ()) if place.copy is copy]
    outside = [place for place in here if place.country not in allowed]
    if outside:
        return fails("places", where(outside), wanted)
    if not isinstance(bearer.places, Known):
        return undecided("places", bearer.places, wanted)
    return passes() if here else NOT_APPLICABLE


@control(
    "residency.data",
    DataStore,
    Profile.BASELINE,
    Severity.CRITICAL,
    cites=snc("19.2") + gdpr("44"),
    remedy="Move this resource to a region in an allowed country.",
    cause=COUNTRIES,
)
def data(store: DataStore, case: Case) -> Verdict:
    """Every data store is located in an allowed country."""
    other = isinstance(store, (LogStore, BackupStore, Vault))
    if other and not isinstance(store.places, Known):
        return NOT_APPLICABLE
    return _within(store, case, Copy.PRIMARY)


@control(
    "residency.replicas",
    DataStore,
    Profile.BASELINE,
    Severity.CRITICAL,
    cites=snc("19.2"),
    remedy="Choose a redundancy or replication target within the allowed countries.",
    cause=COUNTRIES,
)
def replicas(store: DataStore, case: Case) -> Verdict:
    """Replicas are located in allowed countries, including those that redundancy settings imply."""
    return _within(store, case, Copy.REPLICA)


@control(
    "residency.backups",
    DataStore,
    Profile.BASELINE,
    Severity.CRITICAL,
    cites=snc("19.2", "12.5"),
    remedy="Choose backup regions in the allowed countries.",
    cause=COUNTRIES,
)
def backups(store: DataStore, case: Case) -> Verdict:
    """Explicit and implied backups are located in allowed countries."""
    return _within(store, case, Copy.BACKUP)


@control(
    "residency.keys",
    AboutResource,
    Profile.BASELINE,
    Severity.CRITICAL,
    cites=snc("19.2", "10.5"),
    remedy="Keep keys in a region whose own copies stay in the allowed countries.",
    cause=COUNTRIES,
)
def keys(bearer: AboutResource, case: Case) -> Verdict:
    """Keys and the copies that their service makes are located in allowed countries."""
    if not isinstance(bearer, (Key, Vault)) and not isinstance(bearer.places, Known):
        return NOT_APPLICABLE
    return _within(bearer, case, Copy.KEY)


@control(
    "residency.logs",
    DataStore,
    Profile.BASELINE,
    Severity.HIGH,
    cites=snc("19.2", "12.6"),
    remedy="Send logs to a store in an allowed country.",
    cause=COUNTRIES,
)
def logs(store: DataStore, case: Case) -> Verdict:
    """Logs are located in allowed countries.

    Logs show who accessed whose data, so they are personal data themselves.
    """
    if not isinstance(store, LogStore) and not isinstance(store.places, Known):
        return NOT_APPLICABLE
    return _within(store, case, Copy.LOG)


@control(
    "residency.compute",
    Compute,
    Profile.BASELINE,
    Severity.HIGH,
    cites=snc("19.2"),
    remedy="Place the nodes in a region of an allowed country.",
    cause=COUNTRIES,
)
def compute(nodes: Compute, case: Case) -> Verdict:
    """Nodes that process data run in allowed countries."""
    return _within(nodes, case, Copy.COMPUTE)


@control(
    "residency.spread",
    AboutResource,
    Profile.BASELINE,
    Severity.HIGH,
    cites=snc("19.2", "19.3"),
    remedy="Name regions in the allowed countries. If none is named, the network spans all regions"
    " of the account.",
    cause=("sites",),
)
def spread(bearer: AboutResource, case: Case) -> Verdict:
    """Networks and other resources without data span only named regions in allowed countries.

    A resource without data is included if it has a region, such as a disk set or a gateway.
    """
    if isinstance(bearer, Bearer):
        return NOT_APPLICABLE
    if isinstance(bearer, NetworkElement) and bearer.spreads != Known(value=False):
        named = "explicitly named regions"
        return require("spreads", bearer.spreads, lambda found: not found, named)
    return _placed(bearer, case)


def _placed(bearer: AboutResource, case: Case) -> Verdict:
    """Whether what holds no data stands in the spec's countries, as far as it has a place."""
    allowed = case.spec.residency.countries
    wanted = f"in {', '.join(allowed)}"
    places = at_best(bearer.places, ())
    countries = {place.country for place in places if place.copy is not Copy.KEY}
    if countries - {None, *allowed}:
        return fails("places", where(places), wanted)
    if not isinstance(bearer.places, Known):
        return undecided("places", bearer.places, wanted)
    if None in countries:
        return Verdict(Outcome.UNKNOWN, "places", where(places), wanted)
    return passes() if countries or isinstance(bearer, NetworkElement) else NOT_APPLICABLE


@control(
    "residency.unplaced",
    AboutResource,
    Profile.BASELINE,
    Severity.HIGH,
    cites=snc("19.2"),
    remedy="Give this resource a region, or use a service that has one.",
    cause=("sites",),
)
def unplaced(bearer: AboutResource, case: Case) -> Verdict:  # noqa: ARG001
    """Every data-bearing resource has a region of its own."""
    if not isinstance(bearer, Bearer):
        return NOT_APPLICABLE
    wanted = "a region of its own"
    places = at_best(bearer.places, ())
    if any(place.region.lower() in UNNAMED for place in places):
        return fails("places", where(places), wanted)
    if not isinstance(bearer.places, Known):
        return undecided("places", bearer.places, wanted)
    return passes() if places else fails("places", where(places), wanted)
