"""Facts by kind: each kind has what it can have, and nothing that is left out ever passes."""

from dataclasses import MISSING, fields
from typing import Any

import pytest

from havre.compare.rows import HELD
from havre.facts import DOES_NOT_APPLY, Known, Unknown
from havre.facts.model import (
    Alert,
    Compute,
    Credential,
    Grant,
    Key,
    LogRoute,
    NetworkElement,
    Offering,
)
from havre.facts.stores import (
    DATA_STORES,
    BackupStore,
    DatabaseServer,
    DataStore,
    ImageRegistry,
    LogStore,
    ObjectStore,
    Vault,
    Volume,
)
from havre.facts.values import NOT_TOLD
from havre.policy import NOT_APPLICABLE, Outcome, require
from tests.policy import cases as c

OTHERS = (Key, Compute, NetworkElement, Grant, Credential, LogRoute, Alert)
SAID = {"urn", "type", "tags", "places", "offering", "zone", "segment", "project"}


def kinds_of(kind: type[DataStore]) -> set[type[DataStore]]:
    """The kinds below one, of which there is none further down."""
    below = {each for child in kind.__subclasses__() for each in kinds_of(child)}
    return below or {kind}


def test_every_kind_of_data_store_is_listed_and_has_a_name_in_a_comparison() -> None:
    ours = {kind for kind in kinds_of(DataStore) if kind.__module__.startswith("havre.")}
    assert ours == set(DATA_STORES)
    assert HELD.keys() | {ObjectStore} == ours


@pytest.mark.parametrize("kind", [*DATA_STORES, *OTHERS], ids=lambda kind: kind.__name__)
def test_what_a_provider_leaves_out_is_unknown(kind: type[Any]) -> None:
    left = {field.name: field.default for field in fields(kind) if field.name not in SAID}
    assert MISSING not in left.values()
    assert left == dict.fromkeys(left, NOT_TOLD)


@pytest.mark.parametrize(
    ("field", "kinds"),
    [
        ("zone", {ObjectStore}),
        ("versions", {ObjectStore}),
        ("recoverable_days", {ObjectStore}),
        ("engine", {DatabaseServer}),
        ("segments", {DatabaseServer}),
        ("retention_days", {LogStore, BackupStore}),
        ("locked_days", {ObjectStore, LogStore, BackupStore}),
        ("backup_days", {ObjectStore, DatabaseServer}),
        ("key", set(DATA_STORES) - {Vault}),
        ("public_read", set(DATA_STORES) - {DatabaseServer}),
        ("encrypted", set(DATA_STORES)),
    ],
)
def test_a_kind_has_what_it_can_have(field: str, kinds: set[type[DataStore]]) -> None:
    assert {kind for kind in DATA_STORES if field in {f.name for f in fields(kind)}} == kinds


@pytest.mark.parametrize("kind", [Volume, ImageRegistry, Vault], ids=lambda kind: kind.__name__)
def test_what_a_kind_cannot_have_is_refused(kind: type[DataStore]) -> None:
    with pytest.raises(TypeError, match="backup_days"):
        kind("u", "t", Offering("a", "b"), tags=NOT_TOLD, places=NOT_TOLD, backup_days=Known(1))  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("fact", "outcome"),
    [
        (Known(value=True), Outcome.PASS),
        (Known(value=False), Outcome.FAIL),
        (Known(None), Outcome.FAIL),
        (Unknown("x"), Outcome.UNKNOWN),
        (NOT_TOLD, Outcome.UNKNOWN),
        (DOES_NOT_APPLY, Outcome.NOT_APPLICABLE),
    ],
)
def test_only_what_does_not_apply_is_no_matter_of_a_control(fact: Any, outcome: Outcome) -> None:
    assert require("flows_logged", fact, bool, "logged").outcome is outcome
    assert (require("flows_logged", fact, bool, "logged") == NOT_APPLICABLE) is (
        outcome is Outcome.NOT_APPLICABLE
    )


@pytest.mark.parametrize(
    ("control", "fact"),
    [
        ("inventory.tags", c.store(tags=Known(None))),
        ("audit.network", c.network(flows_logged=Known(None))),
        ("exposure.egress", c.network(egress_denied=Known(None), rules=Known(()))),
    ],
)
def test_none_is_not_what_does_not_apply(control: str, fact: Any) -> None:
    """An author who writes None for it is told so, and passes nothing."""
    try:
        found = c.outcome(control, fact)
    except AttributeError:
        found = "fail"  # the judge makes a failing finding of what a control raises
    assert found == "fail"
