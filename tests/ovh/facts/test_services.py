"""The other services."""

from __future__ import annotations

from typing import Any

import pytest

from havre.facts import Known, Unknown
from havre.facts.model import Copy, Key, NetworkElement
from havre.facts.stores import DataStore, ImageRegistry, LogStore
from havre.plan.values import UNKNOWN
from tests.ovh.facts.resources import KEY, NO, NONE, STREAM, YES, made, of, where


@pytest.mark.parametrize(
    ("region", "copies"),
    [
        ("eu-west-rbx", [("eu-west-rbx", "FR"), ("SBG", "FR"), ("GRA", "FR")]),
        ("EU-WEST-PAR", [("EU-WEST-PAR", "FR"), ("GRA", "FR"), ("SBG", "FR")]),
        ("ca-east-bhs", [("ca-east-bhs", "CA"), ("", None)]),
    ],
)
def test_keys_lie_at_their_domain_and_where_it_copies_them(
    region: str, copies: list[tuple[str, str | None]]
) -> None:
    domain = made("ovh:Okms/okms:Okms", {"region": region}, "domain")
    item = of(Key, domain, made(KEY, {"okmsId": UNKNOWN}, needs={"okmsId": ["urn:domain"]}))
    assert where(item, Copy.KEY) == copies
    assert (item.rotation_days, item.hsm, item.customer) == (NONE, NO, YES)
    assert (item.deletion_days, item.purge_guarded, item.use_logged) == (NONE, NO, NO)


def test_a_key_of_a_foreign_domain_lies_where_its_name_says_or_nowhere_known() -> None:
    item = of(Key, made(KEY, {"okmsId": "x", "name": "zone.eu-west-sbg"}))
    assert isinstance(item.places, Known)
    assert [p.region for p in item.places.value] == ["eu-west-sbg", "RBX", "GRA"]
    assert all(p.implied for p in item.places.value)
    for name in ("zone", "zone.mars", UNKNOWN):
        assert isinstance(of(Key, made(KEY, {"okmsId": "x", "name": name})).places, Unknown)


@pytest.mark.parametrize(
    ("inputs", "days"),
    [
        (
            {
                "coldStorageEnabled": True,
                "coldStorageContent": "ALL",
                "coldStorageRetention": 2,
                "retentionId": "x",
            },
            Known(730),
        ),
        (
            {
                "coldStorageEnabled": True,
                "coldStorageContent": "PLAIN",
                "coldStorageRetention": 9,
                "retentionId": "x",
            },
            Unknown("retentionId"),
        ),
        ({"coldStorageContent": "ALL", "coldStorageRetention": 9}, NONE),
        ({"retentionId": "x"}, Unknown("retentionId")),
        ({"coldStorageEnabled": UNKNOWN}, Unknown("coldStorageEnabled")),
        ({}, NONE),
    ],
)
def test_a_stream_keeps_what_its_archive_keeps(inputs: dict[str, Any], days: object) -> None:
    item = of(DataStore, made(STREAM, inputs))
    assert (type(item), item.retention_days) == (LogStore, days)
    assert isinstance(item.places, Unknown)
    assert isinstance(item.encrypted, Unknown)


def test_a_stream_lies_where_its_description_says() -> None:
    item = of(
        DataStore, made(STREAM, {"description": "Logs kept 3 days at de-frankfurt; owner=me"})
    )
    assert where(item, Copy.LOG) == [("", "DE")]
    vague = of(
        DataStore, made(STREAM, {"description": "Logs kept 3 days at a place not stated; x=y"})
    )
    assert isinstance(vague.places, Unknown)


def test_a_registry_abroad() -> None:
    kind = "ovh:CloudProject/containerRegistry:ContainerRegistry"
    item = of(DataStore, made(kind, {"region": "BHS"}))
    assert isinstance(item, ImageRegistry)
    assert where(item, Copy.PRIMARY) == [("BHS", "CA")]
    assert isinstance(item.public_read, Unknown)
    assert (item.public_endpoint, item.key) == (YES, NONE)
    assert isinstance(item.encrypted, Unknown)  # nothing read says that it is
    assert item.offering.plan == Known("")


def test_a_registry_that_lets_everybody_in() -> None:
    kind = (
        "ovh:CloudProject/containerRegistryIPRestrictionsRegistry"
        ":ContainerRegistryIPRestrictionsRegistry"
    )
    item = of(NetworkElement, made(kind, {"ipRestrictions": [{"ip_block": "0.0.0.0/0"}]}))
    assert [rule.addresses for rule in item.rules.value] == [("*",)]
    item = of(NetworkElement, made(kind, {"ipRestrictions": [{"ip_block": UNKNOWN}]}))
    assert item.rules == Unknown("ipRestrictions[].ip_block")
