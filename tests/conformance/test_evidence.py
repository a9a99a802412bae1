"""The suite's own table is whole: every capability shows in facts, or it is said why not."""

import datetime as dt

import pytest

from havre.facts import Facts, Known
from havre.facts.model import NOT_TOLD, Credential, Grant, Holding, Offering, Store
from havre.provider import Capability
from havre_conformance.evidence import EVIDENCE, UNSHOWN

END = Known(dt.date(2030, 6, 30))
BASE = {"urn": "urn:it", "type": "t", "tags": Known(None), "places": Known(())}


def test_every_capability_shows_or_it_is_said_why_not() -> None:
    assert set(EVIDENCE) | set(UNSHOWN) == set(Capability)
    assert not set(EVIDENCE) & set(UNSHOWN)
    assert all(len(reason) > 20 for reason in UNSHOWN.values())


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
    store = Store(
        **BASE, holding=Holding.DATABASE, offering=Offering("paper", "shelf"), reads_logged=told
    )
    assert EVIDENCE[Capability.DATABASE_LOGS](Facts((store,), ())) is (logged is True)
