"""Writers of a container in a sandbox, taken by their grants and given back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from havre.capabilities import Support, Supported
from havre.live.writing.writers import TokenLife, WritersForeseen, WritersFound
from havre_sandbox.standins.blob.catalogue import CHANGES, Action, Grant
from havre_sandbox.standins.blob.service import ADMINISTRATOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.live.writing.writers import Memory
    from havre_sandbox.standins.blob.catalogue import Granted
    from havre_sandbox.standins.blob.service import BlobService

OWN = "the sandbox's own identity, by which the exit reads and writes"
ACCOUNT_KEY = "the account's own key"
AT_ONCE = TokenLife(
    dt.timedelta(0),
    "the sandbox evaluates a token and a signed address by the grants of its identity at each call",
)


@dataclass(frozen=True)
class GrantWriters:
    """Implements `havre.live.writing.writers.WriterControl` for a container of a sandbox.

    Attributes:
        service: that has the container.
        account: of the container.
        container: its name.
        name: of the store in messages.
    """

    service: BlobService
    account: str
    container: str
    name: str

    @property
    def supported(self) -> Supported:
        """Native."""
        return Supported(Support.NATIVE)

    @property
    def tokens(self) -> TokenLife:
        """No token outlives the grants of its identity."""
        return AT_ONCE

    def remember(self, known: Memory) -> Memory:
        """Every grant that lets somebody write now, with those that did before."""
        found = {each.identifier: _told(each) for each in self._writing()}
        key = known.get("key", False) or self.service.shared_key(self.account)
        return {"grants": {**known.get("grants", {}), **found}, "key": key}

    def take(self, known: Memory) -> None:
        """Leave each grant what reads."""
        for each in self._writing():
            if each.identifier in known["grants"]:
                self._put(each, each.grant.actions - CHANGES)
        if known["key"]:
            self.service.change_account(self.account, shared_key=False)

    def find(self, known: Memory) -> WritersFound:
        """Whose grants let them write."""
        still = {each.principal: f"{each.identifier} lets it write" for each in self._writing()}
        if self.service.shared_key(self.account):
            still[ACCOUNT_KEY] = "the account accepts it"
        taken = {told["principal"] for told in known.get("grants", {}).values()}
        taken |= {ACCOUNT_KEY} if known.get("key") else set()
        return WritersFound(tuple(sorted(taken - still.keys())), {ADMINISTRATOR: OWN}, still)

    def would_take(self, known: Memory) -> WritersForeseen:  # noqa: ARG002 - of the contract
        """Whoever writes by a grant, or by the account's key."""
        moving = {
            each.principal: f"{each.identifier} lets it only read" for each in self._writing()
        }
        if self.service.shared_key(self.account):
            moving[ACCOUNT_KEY] = "the account refuses it"
        return WritersForeseen(moving, {ADMINISTRATOR: OWN})

    def would_give_back(self, known: Memory) -> WritersForeseen:
        """Whoever has a grant that was taken from."""
        grants = known.get("grants", {})
        moving = {
            each.principal: f"{each.identifier} lets it write again"
            for each in self.service.granted(self.account, self.container)
            if each.identifier in grants and not each.grant.actions & CHANGES
        }
        if known.get("key") and not self.service.shared_key(self.account):
            moving[ACCOUNT_KEY] = "the account accepts it again"
        return WritersForeseen(moving)

    def give_back(self, known: Memory) -> None:
        """Give each grant back what it had; one that is gone meanwhile stays gone."""
        for each in self.service.granted(self.account, self.container):
            told = known["grants"].get(each.identifier)
            if told and not each.grant.actions & CHANGES:
                self._put(each, frozenset(map(Action, told["actions"])))
        if known["key"]:
            self.service.change_account(self.account, shared_key=True)

    def _writing(self) -> Iterator[Granted]:
        for each in self.service.granted(self.account, self.container):
            ended = each.grant.until is not None and each.grant.until <= dt.datetime.now(dt.UTC)
            if each.grant.actions & CHANGES and not ended and each.principal != ADMINISTRATOR:
                yield each

    def _put(self, each: Granted, actions: frozenset[Action]) -> None:
        grant: Grant = replace(each.grant, actions=actions)
        self.service.put_grant(each.identifier, each.principal, each.scope, grant)


def _told(each: Granted) -> dict[str, object]:
    return {"principal": each.principal, "actions": sorted(each.grant.actions)}
