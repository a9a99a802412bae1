"""What protects a version: immutability policies, legal holds; and what a new one is born with.

Rules: Microsoft, Version-level WORM policies for immutable blob data, and Container-level ones
(MicrosoftDocs/azure-docs, articles/storage/blobs; read 2026-11-30).
"""

from __future__ import annotations

import datetime as dt
import email.utils
import threading
import time
from enum import StrEnum
from typing import TYPE_CHECKING

from havre_sandbox.standins.blob import refusals
from havre_sandbox.standins.blob.catalogue import Version

if TYPE_CHECKING:
    from havre_sandbox.standins.blob.catalogue import Place
    from havre_sandbox.standins.web.exchange import Request

UNTIL = "x-ms-immutability-policy-until-date"
MODE = "x-ms-immutability-policy-mode"
HOLD = "x-ms-legal-hold"
SCOPE = "x-ms-encryption-scope"
_MODES = {"locked": True, "unlocked": False}
_TICKS = 10_000_000
_last_tick = [0]
_tick_lock = threading.Lock()


class Deed(StrEnum):
    """What somebody wants to do with a blob that exists."""

    REPLACE = "replace"
    CHANGE = "change"
    GROW = "grow"
    DELETE = "delete"


def now() -> dt.datetime:
    """The present time, UTC."""
    return dt.datetime.now(dt.UTC)


def new_identifier() -> str:
    """The time of a new version, in ticks of 100 ns: none is given twice."""
    with _tick_lock:
        _last_tick[0] = max(_last_tick[0] + 1, time.time_ns() // 100)
        tick = _last_tick[0]
    whole = dt.datetime.fromtimestamp(tick // _TICKS, dt.UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{tick % _TICKS:07d}Z"


def guard(place: Place, version: Version, deed: Deed) -> None:
    """Refuse what a policy or a hold forbids.

    Raises:
        RefusedRequest: one does.
    """
    if place.version_level:
        if deed is not Deed.REPLACE:  # replacing makes a new version, and this one stays
            _guard_version(place, version, deed)
        return
    if place.settings.holds:
        raise refusals.under_hold()
    policy = place.settings.policy
    if policy is not None and not (deed is Deed.GROW and policy.append):
        written = dt.datetime.fromisoformat(version.identifier)
        if now() < written + dt.timedelta(days=policy.days):
            raise refusals.under_policy()


def _guard_version(place: Place, version: Version, deed: Deed) -> None:
    if version.held:
        raise refusals.under_hold()
    policy = place.settings.policy or place.of_account.policy
    grows = deed is Deed.GROW and policy is not None and policy.append
    if version.until is not None and now() < version.until and not grows:
        raise refusals.under_policy()


def born(request: Request, place: Place, name: str) -> Version:
    """A new version of a blob, with the policy, hold and scope that it has from the first.

    Raises:
        RefusedRequest: what the request asks for cannot be.
    """
    asked, held = request.header(UNTIL), request.header(HOLD).lower() == "true"
    if (asked or held) and not place.version_level:
        raise refusals.no_versions()
    until, locked = policy_of(request) if asked else _default(place)
    return Version(
        name, new_identifier(), until=until, locked=locked, held=held, scope=_scope(request, place)
    )


def _default(place: Place) -> tuple[dt.datetime | None, bool]:
    policy = place.settings.policy or place.of_account.policy
    if not place.version_level or policy is None:
        return None, False
    return now() + dt.timedelta(days=policy.days), policy.locked


def _scope(request: Request, place: Place) -> str:
    asked, own = request.header(SCOPE), place.settings.scope
    if asked and asked != own and place.settings.scope_only:
        raise refusals.scope_fixed()
    return asked or own


def policy_of(request: Request) -> tuple[dt.datetime, bool]:
    """Until when a request wants a version to be kept, and whether that is locked.

    Raises:
        RefusedRequest: it is not a time to come, or the mode is none.
    """
    try:
        until = email.utils.parsedate_to_datetime(request.header(UNTIL))
    except ValueError:
        raise refusals.bad_header(UNTIL, "not a date of RFC 1123") from None
    mode = request.header(MODE).lower() or "unlocked"
    if mode not in _MODES:
        raise refusals.bad_header(MODE, "neither Locked nor Unlocked")
    if until <= now():
        raise refusals.bad_header(UNTIL, "not in the future")
    return until, _MODES[mode]


def changed(version: Version, until: dt.datetime | None, *, locked: bool) -> None:
    """Refuse a policy that would shorten, unlock or take away a locked one.

    Raises:
        RefusedRequest: it would.
    """
    in_force = version.locked and version.until is not None
    if in_force and (until is None or not locked or until < version.until):  # type: ignore[operator]
        raise refusals.under_policy()


def shown(version: Version) -> dict[str, str]:
    """Headers that tell what protects a version, and its scope."""
    found = {}
    if version.until is not None:
        found[UNTIL] = email.utils.format_datetime(version.until, usegmt=True)
        found[MODE] = "locked" if version.locked else "unlocked"
    if version.held:
        found[HOLD] = "true"
    if version.scope:
        found[SCOPE] = version.scope
    return found
