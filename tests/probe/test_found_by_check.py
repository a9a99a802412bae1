"""What was changed by hand at a provider, as a refreshed state has it, is found by a check.

With what probes and the verification of a database find, this is the table of divergences.
"""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

import havre
from tests.facts.recordings import RECORDED
from tests.probe.divergences import BY_HAND, IN_DATABASE, OF_FAKES, OF_SERVERS

if TYPE_CHECKING:
    from pathlib import Path

DAY = dt.date(2026, 11, 23)
STATE = RECORDED / "azure-state.json"


def changed(node: Any, key: str, value: Any) -> int:
    """How many values of a key were changed, wherever it is."""
    found = 0
    for name, inner in list(node.items()) if isinstance(node, dict) else enumerate(node):
        if name == key:
            node[name] = value
            found += 1
        elif isinstance(inner, dict | list):
            found += changed(inner, key, value)
    return found


@cache
def before() -> havre.Result:
    return havre.check(state=STATE, as_of=DAY)


@pytest.mark.parametrize("planted", BY_HAND)
def test_what_was_changed_by_hand_is_found(planted: str, tmp_path: Path) -> None:
    kind, key, value, control = BY_HAND[planted]
    state, count = json.loads(STATE.read_text()), 0
    for resource in state["deployment"]["resources"]:
        if resource["type"].endswith(kind):
            sides = (resource.get(side) or {} for side in ("inputs", "outputs"))
            count += sum(changed(each, key, value) for each in sides)
    assert count
    file = tmp_path / "state.json"
    file.write_text(json.dumps(state))
    assert before().verdict(control) == "pass"
    assert havre.check(state=file, as_of=DAY).verdict(control) == "fail"


def test_at_least_forty_divergences_are_in_the_tables() -> None:
    tables = (OF_FAKES, OF_SERVERS, IN_DATABASE, BY_HAND)
    names = [name for table in tables for name in table]
    assert len(set(names)) == len(names)
    assert len(names) >= 40
