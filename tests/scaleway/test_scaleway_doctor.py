"""Buckets that stand under a warehouse's name are held against its state."""

from typing import Any

import pytest

from havre.errors import InputError
from havre.live import s3
from havre.plan import Plan
from havre.plan.states import from_state
from havre.provider.operations import Deviation
from havre_scaleway.examining import OTHERS, examine
from tests.facts.recordings import RECORDED


@pytest.fixture(scope="module")
def state() -> Plan:
    return from_state(RECORDED / "scaleway-state.json", "scaleway")


def names(plan: Plan) -> list[str]:
    found = (r for r in plan.resources if r.type == "scaleway:object/bucket:Bucket")
    return [str(each.inputs["name"]) for each in found]


class Account:
    """An S3 client of a project that has some buckets."""

    def __init__(self, buckets: list[str]) -> None:
        self.buckets = buckets

    def list_buckets(self) -> Any:
        return {"Buckets": [{"Name": name} for name in self.buckets]}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What clients were set up with, and from then on what they find."""
    found: list[Any] = []
    monkeypatch.setenv("SCW_ACCESS_KEY", "access-of-nobody")
    monkeypatch.setenv("SCW_SECRET_KEY", "secret-of-nobody")
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)

    def connect(address: s3.Address, credentials: s3.Credentials, **_: Any) -> Account:
        found.append((address, credentials))
        return Account(found[0])

    monkeypatch.setattr(s3, "connect", connect)
    return found


def test_what_is_there_and_known_departs_in_nothing(state: Plan, asked: list[Any]) -> None:
    asked.append(names(state))
    told = examine(state)
    assert (dict(told.listed), told.departed, told.unlisted) == ({"bucket": 8}, (), (OTHERS,))
    address, credentials = asked[1]
    assert address == s3.Address("https://s3.fr-par.scw.cloud", "fr-par")
    assert credentials.access == "access-of-nobody@22222222-2222-4333-8444-555555555555"


def test_what_is_outside_the_state_and_what_is_gone_is_named(state: Plan, asked: list[Any]) -> None:
    gone, *left = names(state)
    asked.append([*left, "emc2-production-left-by-a-run", "another-warehouse"])
    told = [(each.how, each.name) for each in examine(state).departed]
    assert told == [
        (Deviation.OUTSIDE, "emc2-production-left-by-a-run"),
        (Deviation.GONE, gone),
    ]


def test_without_a_key_nothing_is_listed(state: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCW_ACCESS_KEY", raising=False)
    monkeypatch.setenv("SCW_SECRET_KEY", "secret-of-nobody")
    with pytest.raises(InputError, match="lacks SCW_ACCESS_KEY") as caught:
        examine(state)
    assert "secret-of-nobody" not in str(caught.value)
