"""Every property that the SDK knows of a type has its place in the table, and nothing else has."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import pytest
from pulumi import _types as types

from havre.facts.evaluated import properties
from havre.plan import Plan
from havre.plan.values import UNKNOWN
from havre_ovh.facts import CLASSES, facts
from havre_ovh.facts.naming import DYNAMIC, kind
from tests.ovh.facts.resources import BUCKET, DATABASE, KUBE, STREAM, made

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKENS = {kind(token): token for token in CLASSES if not token.startswith(DYNAMIC)}
TABLE = properties("havre_ovh")


def written(token: str) -> Mapping[str, str]:
    """The properties of a type's arguments, as the SDK's own classes tell them."""
    _, module, name = token.split(":")
    place = module.partition("/")[0].lower()
    home = importlib.import_module("pulumi_ovh" if place == "index" else f"pulumi_ovh.{place}")
    found = sys.modules[getattr(home, name).__module__]
    arguments = getattr(found, f"{name}InitArgs", None) or getattr(found, f"{name}Args")
    names: Mapping[str, str] = types.input_type_py_to_pulumi_names(arguments)
    return names


@pytest.mark.parametrize("name", sorted(TOKENS))
def test_what_becomes_of_every_property_is_decided(name: str) -> None:
    told = TABLE[name]
    whole = [path for path in told.open if "." not in path]
    decided = [*told.read, *told.harmless, *whole]
    assert sorted(decided) == sorted(written(TOKENS[name]).values())


def test_no_type_is_decided_that_facts_do_not_know() -> None:
    assert sorted(TABLE) == sorted(TOKENS)


SQL_USER = "ovh:CloudProjectDatabase/postgresSqlUser:PostgresSqlUser"


@pytest.mark.parametrize(
    ("type_", "inputs", "paths"),
    [
        (STREAM, {"webSocketEnabled": True}, ["webSocketEnabled"]),
        (STREAM, {"webSocketEnabled": UNKNOWN}, ["webSocketEnabled"]),
        (STREAM, {"webSocketEnabled": False, "pauseIndexingOnMaxSize": "false"}, []),
        (STREAM, {"pauseIndexingOnMaxSize": True}, ["pauseIndexingOnMaxSize"]),
        (SQL_USER, {"roles": ["replication"]}, ["roles"]),
        (SQL_USER, {"roles": []}, []),
        (KUBE, {"customizations": [{"apiservers": []}]}, ["customizations"]),
        (KUBE, {"customizationApiservers": [{"admissionplugins": [{"enableds": ["x"]}]}]}, []),
        (
            KUBE,
            {
                "customizationApiservers": [
                    {"admissionplugins": [{"disableds": ["NodeRestriction"]}]}
                ]
            },
            ["customizationApiservers.admissionplugins.disableds"],
        ),
        (
            KUBE,
            {
                "customizationApiservers": [
                    {"admissionplugins": [{"disableds": ["AlwaysPullImages"]}]}
                ]
            },
            [],
        ),
        (DATABASE, {"kafkaRestApi": True}, []),
        (BUCKET, {"limit": 3}, []),
    ],
    ids=str,
)
def test_what_matters_as_it_is_set_and_is_not_read_is_told(
    type_: str, inputs: dict[str, Any], paths: list[str]
) -> None:
    assert [each.path for each in facts(Plan("ovh", (made(type_, inputs),))).unread] == paths
