"""Locks of one version in a store: the end of its retention, and its legal hold."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from havre.live.objects import Lock, LockMode

if TYPE_CHECKING:
    from havre.live.wrappers import StoreClient

SOON = dt.timedelta(seconds=60)
"""A retention may only be set to end in the future."""
# Without a lock of its own; in a zone without locks.
_NO_LOCK = frozenset({"NoSuchObjectLockConfiguration", "InvalidRequest"})


def retention(store: StoreClient, where: dict[str, str]) -> dt.datetime | None:
    """Return the end of a version's own lock, None if it has none.

    Args:
        store: the bucket.
        where: `Key` and `VersionId` of the version.
    """
    # Not from head_object, which versitygw answers without the lock of an earlier version.
    found = lock(store, where)
    return found.until if found else None


def lock(store: StoreClient, where: dict[str, str]) -> Lock | None:
    """Return a version's own lock, None if it has none."""
    answer = _lock(store, "get_object_retention", where).get("Retention", {})
    until = answer.get("RetainUntilDate")
    if not isinstance(until, dt.datetime):
        return None
    return Lock(until.astimezone(dt.UTC), LockMode(str(answer["Mode"]).lower()))


def legal_hold(store: StoreClient, where: dict[str, str]) -> bool:
    """Tell whether a version is under a legal hold."""
    answer = _lock(store, "get_object_legal_hold", where)
    return bool(answer.get("LegalHold", {}).get("Status") == "ON")


def _lock(store: StoreClient, operation: str, where: dict[str, str]) -> dict[str, Any]:
    """Return the answer about a lock; empty where the version has none of its own."""
    try:
        answer: dict[str, Any] = store.ask(operation, **where)
    except Exception as error:
        found = store.failure(error)
        if found is None or found.code not in _NO_LOCK:
            raise
        return {}
    return answer


def _locked(store: StoreClient, where: dict[str, str], end: dt.datetime) -> bool:
    """Tell whether a version is locked until `end`: to say so once more would be refused."""
    present = retention(store, where)
    return present is not None and present >= end


def lock_again(store: StoreClient, where: dict[str, str], until: str, *, legal_hold: bool) -> None:
    """Give a version the lock that it had, if that has not ended.

    Args:
        store: the bucket.
        where: `Key` and `VersionId` of the version.
        until: the end of its lock, ISO 8601; empty: none.
        legal_hold: whether it was under a legal hold.
    """
    end = dt.datetime.fromisoformat(until) if until else None
    if end is not None and end > dt.datetime.now(dt.UTC) + SOON and not _locked(store, where, end):
        stated = {"Mode": "COMPLIANCE", "RetainUntilDate": end}
        store.ask("put_object_retention", **where, Retention=stated)
    if legal_hold:
        store.ask("put_object_legal_hold", **where, LegalHold={"Status": "ON"})
