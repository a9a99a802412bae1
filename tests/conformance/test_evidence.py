"""The suite's own table is whole: every capability shows in facts, or it is said why not."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest

from havre.facts import Facts, Known
from havre.facts.model import Compute, Credential, Grant, Key, NetworkElement, Offering
from havre.facts.stores import DATA_STORES, DatabaseServer, ImageRegistry, ObjectStore
from havre.facts.values import DOES_NOT_APPLY, NOT_TOLD
from havre.provider import Capability
from havre.provider.sites import Site
from havre.spec.model import Warehouse
from havre_conformance.evidence import EVIDENCE, UNSHOWN
from havre_conformance.specs import ANOTHER_SITE, all_changes, changed, large, sites_of, warehouse

END = Known(dt.date(2030, 6, 30))
BASE = {"urn": "urn:it", "type": "t", "tags": DOES_NOT_APPLY, "places": Known(())}


def test_every_capability_shows_or_it_is_said_why_not() -> None:
    assert set(EVIDENCE) | set(UNSHOWN) == set(Capability)
    assert not set(EVIDENCE) & set(UNSHOWN)
    assert all(len(reason) > 20 for reason in UNSHOWN.values())


@pytest.mark.parametrize("capability", EVIDENCE)
def test_what_is_not_known_shows_nothing(capability: Capability) -> None:
    offering = Offering("paper", "shelf")
    withheld = {**BASE, "tags": NOT_TOLD, "places": NOT_TOLD}
    stores = [
        *(kind(**withheld, offering=offering) for kind in DATA_STORES if kind is not ImageRegistry),
        ObjectStore(**withheld, offering=offering, zone="curated"),
    ]
    others = (
        Key(**withheld, offering=offering),
        *(
            Compute(**withheld, offering=offering)
            for _ in range(capability is not Capability.CLUSTER)
        ),
        *(NetworkElement(**withheld, segment=name) for name in "abc"),
        Grant(**withheld, project="p"),
        Credential(**withheld),
    )
    assert not EVIDENCE[capability](Facts((*stores, *others), ()))


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """Paths of the fields of a document."""
    if not isinstance(value, dict):
        yield path
        return
    for name, inner in value.items():
        yield from leaves(inner, f"{path}.{name}" if path else name)


def test_every_field_of_the_spec_is_changed_in_turn_in_every_place() -> None:
    document = large({name: Site(name, "FR", {"s": name}) for name in ("fr-paris", "fr-province")})
    whole = Warehouse.model_validate_json(json.dumps(document)).model_dump(mode="json")
    assert len(whole["zones"]) >= 5
    assert len(whole["projects"]) >= 2
    assert set(leaves(whole)) - {path for path, _ in all_changes(document)} == set()


def test_every_change_is_one() -> None:
    document = large({})
    for path, value in all_changes(document):
        other = "fr-elsewhere" if value is ANOTHER_SITE else value
        assert warehouse(changed(document, path, other)) != warehouse(document), path


@pytest.mark.parametrize(
    ("sites", "expected"),
    [
        ({"fr-a": "FR", "de-b": "DE", "de-c": "DE"}, ("de-b", "de-c")),
        ({"us-a": "US", "fr-b": "FR", "de-c": "DE"}, ("fr-b", "de-c")),
        ({"fr-a": "FR"}, ("fr-a", None)),
        ({}, ("fr-paris", "fr-province")),
    ],
)
def test_sites_are_two_where_there_are_two(
    sites: dict[str, str], expected: tuple[str, str | None]
) -> None:
    assert sites_of({n: Site(n, country, {"s": n}) for n, country in sites.items()}) == expected


@pytest.mark.parametrize(
    ("capability", "items", "shown"),
    [
        (Capability.ACCESS_EXPIRY, [Grant(**BASE, expires=END, project="p")], True),
        (Capability.ACCESS_EXPIRY, [Grant(**BASE, expires=END)], False),
        (Capability.ACCESS_EXPIRY, [Grant(**BASE, expires=Known(None), project="p")], False),
        (Capability.ACCESS_EXPIRY, [Grant(**BASE, expires=NOT_TOLD, project="p")], False),
        (Capability.ACCESS_EXPIRY, [], False),
        (Capability.SHORT_LIVED_CREDENTIALS, [Grant(**BASE)], True),
        (Capability.SHORT_LIVED_CREDENTIALS, [Grant(**BASE), Credential(**BASE)], False),
        (
            Capability.SHORT_LIVED_CREDENTIALS,
            [Grant(**BASE), Credential(**BASE, expires=Known(None))],
            False,
        ),
        (Capability.SHORT_LIVED_CREDENTIALS, [Credential(**BASE, expires=END)], False),
    ],
)
def test_what_shows_an_end(capability: Capability, items: list, shown: bool) -> None:
    assert EVIDENCE[capability](Facts(tuple(items), ())) is shown


@pytest.mark.parametrize("logged", [True, False, None])
def test_what_shows_logs_of_the_database(logged: bool | None) -> None:
    told = NOT_TOLD if logged is None else Known(logged)
    store = DatabaseServer(**BASE, offering=Offering("paper", "shelf"), reads_logged=told)
    assert EVIDENCE[Capability.DATABASE_LOGS](Facts((store,), ())) is (logged is True)
