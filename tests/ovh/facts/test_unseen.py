"""What a refresh does not show of a warehouse that stands is never reported as being so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from havre.facts import Known, Unknown
from havre.facts.model import Grant, Key
from havre.facts.values import Reserve, Reserved
from tests.ovh.facts.resources import BUCKET, DYNAMIC, SOUND, bucket, made, of

KEY = "ovh:Okms/serviceKey:ServiceKey"
USER = "ovh:CloudProject/user:User"
LOCKED = Known(30)


def watcher(**told: Any) -> Any:
    inputs = {"bucket": "sound", "lock_days": 30, "copies_to": ""}
    return made(f"{DYNAMIC}AccessList", inputs, "list", outputs=told)


def standing(*others: Any) -> Any:
    """The lock of a bucket that stands, beside others."""
    from havre.facts.stores import ObjectStore

    return of(ObjectStore, replace(made(BUCKET, SOUND), id="it"), *others)


def test_a_lock_is_as_planned_until_its_bucket_stands() -> None:
    assert bucket().locked_days == LOCKED


def test_a_lock_that_nothing_reads_back_is_not_seen() -> None:
    found = standing().locked_days
    assert isinstance(found, Reserved)
    assert (found.reserve, found.at_best) == (Reserve.NOT_SEEN, LOCKED)
    assert "not seen by a refresh" in found.property


def test_a_lock_that_is_read_back_is_seen() -> None:
    assert standing(watcher(found=True)).locked_days == LOCKED


def test_a_watcher_of_the_access_list_alone_reads_no_lock() -> None:
    alone = made(f"{DYNAMIC}AccessList", {"bucket": "sound"}, "list", outputs={"found": True})
    assert isinstance(standing(alone).locked_days, Reserved)


def test_what_the_last_refresh_found_changed_is_not_told_as_planned() -> None:
    item = standing(watcher(found=False))
    assert isinstance(item.locked_days, Unknown)
    assert not isinstance(item.locked_days, Reserved)
    assert isinstance(item.public_read, Unknown)


def test_no_lock_needs_no_reserve() -> None:
    from havre.facts.stores import ObjectStore

    bare = {key: value for key, value in SOUND.items() if key != "objectLock"}
    item = of(ObjectStore, replace(made(BUCKET, bare), id="it"))
    assert item.locked_days == Known(0)


@pytest.mark.parametrize("stands", [False, True])
def test_a_key_may_be_deactivated_and_a_role_added_unseen(stands: bool) -> None:
    id_ = "it" if stands else ""
    key = of(Key, replace(made(KEY, {"name": "k.eu-west-par"}), id=id_))
    user = of(Grant, replace(made(USER, {"roleNames": ["compute_operator"]}), id=id_))
    assert isinstance(key.customer, Reserved) is isinstance(user.rights, Reserved) is stands
    assert key.customer in (Known(True), key.customer if stands else None)
