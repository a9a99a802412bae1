"""Who asks, and what that identity may do: by a token, a signed address or an account's key."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre_sandbox.standins.blob import refusals
from havre_sandbox.standins.blob.catalogue import Action
from havre_sandbox.standins.blob.signatures import same, shared_key, signed_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre_sandbox.standins.blob.catalogue import AccountSettings, Catalogue
    from havre_sandbox.standins.web.exchange import Request

_BEARER = "bearer "
_LIST = "list"
SIGNED: Mapping[str, frozenset[Action]] = {
    "r": frozenset({Action.READ, Action.READ_VERSIONS}),
    "a": frozenset({Action.WRITE}),
    "c": frozenset({Action.WRITE}),
    "w": frozenset({Action.WRITE}),
    "d": frozenset({Action.DELETE}),
    "x": frozenset({Action.DELETE_VERSION}),
    "t": frozenset({Action.READ_TAGS, Action.WRITE_TAGS}),
    "i": frozenset({Action.WRITE}),
}
"""What the letters of a signed address allow, as far as its identity may itself."""


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Attributes:
        principal: the identity; empty: whoever has the account's key.
        actions: what it may do here.
        lists: whether it may list blobs.
    """

    principal: str
    actions: frozenset[Action]
    lists: bool

    def need(self, *wanted: Action) -> None:
        """Refuse whoever may not do all of it."""
        for action in wanted:
            if action not in self.actions:
                raise refusals.not_granted(action)

    def need_list(self) -> None:
        """Refuse whoever may not list blobs."""
        if not self.lists:
            raise refusals.not_granted(_LIST)


@dataclass(frozen=True)
class Gatekeeper:
    """Tells who asks.

    Attributes:
        catalogue: identities and grants.
        account_key: the key of every account that accepts one.
    """

    catalogue: Catalogue
    account_key: str

    def caller(self, request: Request, settings: AccountSettings) -> Caller:
        """Who asks for something of an account.

        Raises:
            RefusedRequest: nobody that is known.
        """
        given = request.header("authorization")
        account, container = (*request.segments, "")[:2]
        if given.lower().startswith(_BEARER):
            principal = self.catalogue.principal(given[len(_BEARER) :].strip())
            if principal is None:
                raise refusals.unknown_token()
            actions = self.catalogue.allowed(principal, account, container)
            return Caller(principal, actions, Action.READ in actions)
        if given:
            return self._by_key(request, account, settings, given)
        if "sig" in request.query:
            return self._by_address(request, account, container)
        raise refusals.nobody()

    def _by_key(
        self, request: Request, account: str, settings: AccountSettings, given: str
    ) -> Caller:
        if not settings.shared_key:
            raise refusals.no_shared_key()
        known = shared_key(
            account, self.account_key, request.method, request.target, request.headers
        )
        if not same(known, given):
            raise refusals.wrong_signature()
        return Caller("", frozenset(Action) - {Action.DELEGATE}, lists=True)

    def _by_address(self, request: Request, account: str, container: str) -> Caller:
        query = request.query
        principal, start, expiry = (query.get(name, "") for name in ("skoid", "skt", "ske"))
        key = self.catalogue.delegation(principal, start, expiry)
        blob = "" if query.get("sr") == "c" else f"/{(*request.segments, '', '')[2]}"
        resource = f"/blob/{account}/{container}{blob}"
        if not key or not signed_address(query, resource, key):
            raise refusals.wrong_signature()
        now = dt.datetime.now(dt.UTC)
        begins = [time_of(query[name]) for name in ("st", "skt") if query.get(name)]
        ends = [time_of(query[name]) for name in ("se", "ske") if query.get(name)]
        if any(now < each for each in begins) or any(now >= each for each in ends) or not ends:
            raise refusals.out_of_time()
        own = self.catalogue.allowed(principal, account, container)
        letters = query.get("sp", "")
        asked = frozenset().union(*(SIGNED.get(letter, frozenset()) for letter in letters))
        return Caller(principal, own & asked, "l" in letters and Action.READ in own)


def time_of(text: str) -> dt.datetime:
    """A time in a signed address.

    Raises:
        RefusedRequest: it is none.
    """
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise refusals.out_of_time() from None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def needed(request: Request) -> tuple[Action, ...]:
    """What a request about a blob needs."""
    query, method = request.query, request.method
    part = query.get("comp", "")
    if method in ("GET", "HEAD"):
        return (Action.READ_TAGS,) if part == "tags" else (Action.READ,)
    if method == "DELETE" and part != "immutabilityPolicies":
        return (Action.DELETE_VERSION if "versionid" in query else Action.DELETE,)
    if part == "tags":
        return (Action.WRITE_TAGS,)
    tagged = (Action.WRITE_TAGS,) if request.header("x-ms-tags") else ()
    return (Action.WRITE, *tagged)
