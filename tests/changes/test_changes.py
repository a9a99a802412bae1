"""A change of what is deployed: every field and setting, and nothing lost silently."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from havre.plan.consequences import Doing
from havre.plan.replacing import Bears
from havre.provider import find
from havre.spec.model import Warehouse
from tests.changes.asked import FIELDS, SETTING_CHANGES, STACKS, before, paths, starred
from tests.changes.matrix import FIRST_REFUSED, Standing, recorded, table

EVERY = pytest.mark.parametrize("provider", STACKS)
LOSING = (Doing.REPLACE, Doing.DELETE, Doing.RELEASE)
SAMPLED = 9
"""Of the changes on a cloud, whose plans are large, one in so many is computed in every run."""


def rows(provider: str) -> list[dict[str, Any]]:
    return recorded(provider)


def lost(row: dict[str, Any], *doings: Doing) -> list[str]:
    """Types of data or identities of which something is done."""
    named = {doing.value for doing in doings}
    return [each["type"] for each in row.get("grave", []) if each["doing"] in named]


def test_every_field_of_the_file_is_changed() -> None:
    changed = {starred(path) for path, _ in FIELDS}
    missing = [path for path in paths(Warehouse) if path not in changed]
    assert missing == []
    assert {"zones.*", "projects.*", "cluster", "registry"} <= changed


@EVERY
def test_every_setting_is_changed(provider: str) -> None:
    changed = {name for name, _ in SETTING_CHANGES[provider]}
    assert changed == set(find(provider).settings.model_fields)


@EVERY
def test_every_change_is_recorded(provider: str) -> None:
    asked = [(c.path, c.then, c.now) for c in Standing(provider).cases()]
    assert [(row["path"], row["from"], row["to"]) for row in rows(provider)] == asked


@EVERY
def test_no_data_and_no_identity_is_lost_silently(provider: str) -> None:
    """What is protected stops the whole run in its preview, before anything is sent."""
    silent = [
        f"{row['path']}: {row['from']} -> {row['to']}: {lost(row, *LOSING)}"
        for row in rows(provider)
        if row["effect"] != Doing.REFUSE.value and lost(row, *LOSING)
    ]
    assert silent == []


@EVERY
def test_what_fails_half_way_names_the_way(provider: str) -> None:
    mute = [
        f"{row['path']}: {each['type']}"
        for row in rows(provider)
        for each in row.get("grave", [])
        if each["doing"] in (Doing.REJECT.value, Doing.UNSENT.value) and not each["way"]
    ]
    assert mute == []
    assert all(r["message"].strip() for r in rows(provider) if r["effect"] == FIRST_REFUSED)


def current(provider: str, kept: Iterable[int]) -> tuple[list[Any], list[Any]]:
    """What is recorded, and what is computed now, of the changes with these numbers."""
    standing, numbers = Standing(provider), set(kept)
    cases = [case for n, case in enumerate(standing.cases()) if n in numbers]
    then = [row for n, row in enumerate(rows(provider)) if n in numbers]
    return then, [json.loads(json.dumps(standing.row(case))) for case in cases]


STALE = "run `python -m tests.changes.record`, look at what changed, then `python -m docs.generate`"


@EVERY
def test_the_record_is_current(provider: str) -> None:
    every = range(len(rows(provider)))
    then, now = current(provider, every if provider == "local" else every[::SAMPLED])
    assert now == then, STALE


@pytest.mark.long
@pytest.mark.parametrize("provider", [name for name in STACKS if name != "local"])
def test_the_whole_record_is_current(provider: str) -> None:
    then, now = current(provider, range(len(rows(provider))))
    assert now == then, STALE


@EVERY
def test_the_table_has_every_type_of_the_warehouse(provider: str) -> None:
    standing = Standing(provider)
    known = table(provider)
    case = standing.cases()[0]
    plan = standing.plan(before(case, standing.sites), STACKS[provider])
    made = {resource.type: resource.protect for resource in plan.resources if resource.made}
    assert sorted(made.keys() - known.keys()) == []
    bearing = {kind for kind in made if known[kind].bears is Bears.DATA}
    assert sorted(kind for kind in bearing if not made[kind]) == []
