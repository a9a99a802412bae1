"""Writers of an S3 bucket, taken by a statement in its policy that denies every change.

An explicit Deny is stronger than whatever allows (as S3 defines it, and as versitygw 1.8.0 does it
in the tests). Where a service knows no Deny, this must not be offered.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from havre.capabilities import Support, Supported
from havre.errors import StateError
from havre.live.calls import classed
from havre.live.writing.writers import TokenLife, WritersForeseen, WritersFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.live.wrappers import StoreClient
    from havre.live.writing.writers import Memory

FREEZE = "HavreExitFreeze"
"""Name (`Sid`) of the statement."""
OBJECT_WRITES = (
    *("s3:PutObject", "s3:PutObjectAcl", "s3:DeleteObject", "s3:DeleteObjectVersion"),
    *("s3:PutObjectTagging", "s3:PutObjectVersionTagging"),
    *("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"),
    *("s3:PutObjectLegalHold", "s3:PutObjectRetention", "s3:BypassGovernanceRetention"),
    *("s3:AbortMultipartUpload", "s3:RestoreObject"),
)
"""What changes an object or what it bears."""
BUCKET_WRITES = (
    *("s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:PutBucketAcl", "s3:DeleteBucket"),
    *("s3:PutBucketVersioning", "s3:PutBucketObjectLockConfiguration"),
    *("s3:PutLifecycleConfiguration", "s3:PutBucketOwnershipControls", "s3:PutBucketTagging"),
)
"""What would let somebody change objects again, or have them deleted."""
EVERYBODY = "everybody whom the service asks its policy about"
VERSION = "2012-10-17"
_NONE = "NoSuchBucketPolicy"
AT_ONCE = TokenLife(
    dt.timedelta(0), "the policy is evaluated at each call, for signed URLs and sessions as well"
)


@dataclass(frozen=True)
class BucketWriters:
    """Implements `havre.live.writing.writers.WriterControl` by the policy of a bucket.

    Attributes:
        client: the bucket.
        bucket: its name.
        name: of the store in messages.
        exempt: condition under which the Deny holds, so that the exit's own user is not meant;
            empty where that user passes by every policy.
        untaken: why, by name of those who pass by every policy.
        tokens: how long what was issued before may still write.
    """

    client: StoreClient
    bucket: str
    name: str
    exempt: Mapping[str, Any] = field(default_factory=dict)
    untaken: Mapping[str, str] = field(default_factory=dict)
    tokens: TokenLife = AT_ONCE

    @property
    def supported(self) -> Supported:
        """Native."""
        return Supported(Support.NATIVE)

    def remember(self, known: Memory) -> Memory:
        """The policy as it is without ours; as its text, where nobody has changed it since."""
        found = self._policy()
        if known and statements(known["policy"]) == _others(found):
            return known
        text = found if FREEZE not in found else _written(_others(found))
        return {"policy": text}

    def take(self, known: Memory) -> None:
        """Deny every change to everybody; what the others allow stays as it is."""
        wanted = [*statements(known["policy"]), *self._denied()]
        if statements(self._policy()) != wanted:
            self._put(_written(wanted))

    def find(self, known: Memory) -> WritersFound:
        """Nobody who can be told by name writes while the statement is there."""
        found = statements(self._policy())
        former = statements(known.get("policy", ""))
        allowed = tuple(sorted({who for each in former for who in _who(each)}))
        if all(each in found for each in self._denied()):
            return WritersFound(allowed, self.untaken)
        why = f"the policy of bucket {self.bucket} no longer denies changes"
        return WritersFound((), self.untaken, dict.fromkeys(allowed or ("everybody",), why))

    def would_take(self, known: Memory) -> WritersForeseen:
        """Everybody whom the service asks the policy about; by name where the policy names them."""
        found = _others(self._policy())
        if statements(self._policy()) == [*statements(known["policy"]), *self._denied()]:
            return WritersForeseen(untaken=self.untaken)
        named = dict.fromkeys(_writing(found), f"the policy of bucket {self.bucket} lets it write")
        how = (
            f"the policy of bucket {self.bucket} gets {FREEZE}1 and {FREEZE}2: every change denied"
        )
        return WritersForeseen({**named, EVERYBODY: how}, self.untaken)

    def would_give_back(self, known: Memory) -> WritersForeseen:
        """Everybody, by the former policy."""
        text = self._policy()
        if FREEZE not in text:
            return WritersForeseen()
        former = _writing(statements(known["policy"]))
        named = dict.fromkeys(former, f"the policy of bucket {self.bucket} lets it write")
        how = "is put back" if _others(text) or known["policy"] else "is deleted, as there was none"
        return WritersForeseen(
            {**named, EVERYBODY: f"the policy of bucket {self.bucket} {how}: nothing denied"}
        )

    def give_back(self, known: Memory) -> None:
        """Put the former policy back; what somebody else changed meanwhile stays changed."""
        found = self._policy()
        if FREEZE not in found:
            return
        same = _others(found) == statements(known["policy"])
        text = known["policy"] if same else _written(_others(found))
        if text:
            self._put(text)
        else:
            self._ask("delete_bucket_policy")

    def _denied(self) -> list[dict[str, Any]]:
        arn = f"arn:aws:s3:::{self.bucket}"
        both = ((OBJECT_WRITES, f"{arn}/*"), (BUCKET_WRITES, arn))
        condition = {"Condition": dict(self.exempt)} if self.exempt else {}
        return [
            {
                "Sid": f"{FREEZE}{number}",
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": list(actions),
                "Resource": resource,
                **condition,
            }
            for number, (actions, resource) in enumerate(both, 1)
        ]

    def _policy(self) -> str:
        """The policy as it is; empty where there is none."""
        with classed(self.client, self.name):
            try:
                return str(self.client.ask("get_bucket_policy")["Policy"])
            except Exception as error:
                found = self.client.failure(error)
                if found is None or found.code != _NONE:
                    raise
                return ""

    def _put(self, text: str) -> None:
        self._ask("put_bucket_policy", Policy=text)

    def _ask(self, operation: str, **arguments: Any) -> None:
        with classed(self.client, self.name):
            self.client.ask(operation, **arguments)


def statements(text: str) -> list[dict[str, Any]]:
    """The statements of a policy.

    Raises:
        StateError: it is no policy.
    """
    if not text:
        return []
    try:
        found = json.loads(text)["Statement"]
    except (ValueError, KeyError, TypeError):
        message = "a bucket's policy cannot be read"
        raise StateError(message, "Look at it with the provider's own tools.") from None
    return list(found) if isinstance(found, list) else [found]


def _others(text: str) -> list[dict[str, Any]]:
    """The statements that are not ours."""
    return [each for each in statements(text) if not str(each.get("Sid", "")).startswith(FREEZE)]


def _written(found: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": VERSION, "Statement": found}) if found else ""


def _who(statement: Mapping[str, Any]) -> list[str]:
    """Names of whom a statement allows something."""
    if statement.get("Effect") != "Allow":
        return []
    named = statement.get("Principal", ())
    if isinstance(named, dict):
        named = [name for names in named.values() for name in several(names)]
    return [str(name) for name in several(named)]


def _writing(found: list[dict[str, Any]]) -> list[str]:
    """Names of whom statements let write, sorted; a pattern counts as all that it may stand for."""
    return sorted({who for each in found if writes(each) for who in _who(each)})


def writes(statement: Mapping[str, Any]) -> bool:
    """Whether a statement is about anything that changes an object or its bucket."""
    acts = [str(each).lower() for each in several(statement.get("Action", "s3:*"))]
    changes = (*OBJECT_WRITES, *BUCKET_WRITES)
    return any(fnmatchcase(one.lower(), act) for one in changes for act in acts)


def several(value: Any) -> list[Any]:
    """What a policy says as a list, or as one text."""
    return list(value) if isinstance(value, list | tuple) else [value]
