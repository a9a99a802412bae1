"""Writers of a bucket in a sandbox, taken by a refusal in the policy of each user."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from havre.capabilities import Support, Supported
from havre.live.writing.policies import (
    BUCKET_WRITES,
    FREEZE,
    OBJECT_WRITES,
    VERSION,
    several,
    statements,
    writes,
)
from havre.live.writing.writers import TokenLife, WritersForeseen, WritersFound
from havre_sandbox.standins.s3.policies import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.live.writing.writers import Memory
    from havre_sandbox.standins.s3.service import StoreService

OWN = "it owns the bucket, and the exit reads and writes by it"
AT_ONCE = TokenLife(
    dt.timedelta(0),
    "the sandbox evaluates a key and a signed URL by the policy of its user at each call",
)


@dataclass(frozen=True)
class PolicyWriters:
    """Implements `havre.live.writing.writers.WriterControl` for a bucket of a sandbox.

    Attributes:
        service: that has the bucket.
        bucket: its name.
        name: of the store in messages.
    """

    service: StoreService
    bucket: str
    name: str

    @property
    def supported(self) -> Supported:
        """Native."""
        return Supported(Support.NATIVE)

    @property
    def tokens(self) -> TokenLife:
        """No signed URL outlives the policy of its user."""
        return AT_ONCE

    def remember(self, known: Memory) -> Memory:
        """Every user who may write now, with those who could before."""
        return {"users": sorted({*known.get("users", ()), *self._writing()})}

    def take(self, known: Memory) -> None:
        """Refuse every change to each, whatever else their policies allow."""
        found = self._writing()
        for user in known["users"]:
            if user in found:
                self._put(user, [*self._others(found[user]), self._refusal()])

    def find(self, known: Memory) -> WritersFound:
        """Whose policies let them write."""
        still = dict.fromkeys(self._writing(), f"its policy lets it write to {self.bucket}")
        taken = tuple(user for user in known.get("users", ()) if user not in still)
        return WritersFound(taken, self._untaken(), still)

    def would_take(self, known: Memory) -> WritersForeseen:  # noqa: ARG002 - of the contract
        """Whoever writes by a policy."""
        how = f"its policy refuses every change of {self.bucket}"
        return WritersForeseen(dict.fromkeys(self._writing(), how), self._untaken())

    def would_give_back(self, known: Memory) -> WritersForeseen:
        """Whoever is refused."""
        how = f"its policy refuses changes of {self.bucket} no longer"
        users = [user for user, text in self.service.policies().items() if self._refused(text)]
        return WritersForeseen({user: how for user in users if user in known.get("users", ())})

    def give_back(self, known: Memory) -> None:
        """Take the refusal out of each policy; what somebody changed meanwhile stays changed."""
        for user, text in self.service.policies().items():
            if user in known["users"] and self._refused(text):
                self._put(user, self._others(text))

    def _untaken(self) -> dict[str, str]:
        return {self.service.owner(self.bucket): OWN}

    def _writing(self) -> dict[str, str]:
        """The policies of those who may write, the owner's left out."""
        return {
            user: text
            for user, text in self.service.policies().items()
            if user != self.service.owner(self.bucket) and text and self._may_write(text)
        }

    def _may_write(self, text: str) -> bool:
        return not self._refused(text) and any(
            each.get("Effect") == "Allow" and writes(each) and self._covers(each)
            for each in statements(text)
        )

    def _covers(self, statement: Mapping[str, Any]) -> bool:
        """Whether a statement is about the bucket, or about anything in it."""
        named = (str(each).removeprefix(PREFIX) for each in several(statement.get("Resource", "*")))
        return any(fnmatchcase(self.bucket, each.partition("/")[0]) for each in named)

    def _refusal(self) -> dict[str, Any]:
        return {
            "Sid": f"{FREEZE}-{self.bucket}",
            "Effect": "Deny",
            "Action": [*OBJECT_WRITES, *BUCKET_WRITES],
            "Resource": [f"{PREFIX}{self.bucket}", f"{PREFIX}{self.bucket}/*"],
        }

    def _refused(self, text: str) -> bool:
        return self._refusal() in statements(text)

    def _others(self, text: str) -> list[dict[str, Any]]:
        ours = self._refusal()["Sid"]
        return [each for each in statements(text) if each.get("Sid") != ours]

    def _put(self, user: str, found: list[dict[str, Any]]) -> None:
        text = json.dumps({"Version": VERSION, "Statement": found}) if found else ""
        self.service.put_policy(user, text)
