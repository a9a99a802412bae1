"""What a probe saw."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from havre.text import inert

if TYPE_CHECKING:
    import datetime as dt

MOST = 400
"""Characters of one raw answer that are kept."""
MOST_LINES = 50
"""Raw answers of one probe that are kept."""


class ProbeOutcome(StrEnum):
    """How a promise was seen, the worst first.

    `SEEN` says nothing of what was not tried.
    """

    OTHERWISE = "seen otherwise"
    UNEVALUATED = "not evaluated"
    UNSEEN = "promised, not seen"
    SEEN = "promised, seen"

    @property
    def broken(self) -> bool:
        """Whether a promise was broken."""
        return self is ProbeOutcome.OTHERWISE


@dataclass(frozen=True)
class Answer:
    """What an attempt ended with.

    Attributes:
        outcome: how the promise was seen.
        told: what was seen, or why nothing was, in one sentence.
        raw: what the service answered, line by line; secrets are taken out when it is kept.
    """

    outcome: ProbeOutcome
    told: str
    raw: tuple[str, ...] = ()


def seen(told: str, *raw: str) -> Answer:
    """The promise was kept."""
    return Answer(ProbeOutcome.SEEN, told, raw)


def otherwise(told: str, *raw: str) -> Answer:
    """The promise was broken."""
    return Answer(ProbeOutcome.OTHERWISE, told, raw)


def unseen(told: str, *raw: str) -> Answer:
    """The attempt was made, and showed neither."""
    return Answer(ProbeOutcome.UNSEEN, told, raw)


def unevaluated(told: str, *raw: str) -> Answer:
    """The attempt could not be made."""
    return Answer(ProbeOutcome.UNEVALUATED, told, raw)


@dataclass(frozen=True)
class Sighting:
    """A probe of one target, and its answer.

    Attributes:
        probe: identifier of the probe.
        control: that it is tied to.
        target: what was asked.
        outcome: how the promise was seen.
        told: what was seen.
        raw: what the service answered, without secrets.
        at: when the attempt began, UTC.
        seconds: how long it took.
    """

    probe: str
    control: str
    target: str
    outcome: ProbeOutcome
    told: str
    raw: tuple[str, ...]
    at: dt.datetime
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """The sighting as JSON-ready values."""
        return {
            "probe": self.probe,
            "control": self.control,
            "target": self.target,
            "outcome": self.outcome.value,
            "told": self.told,
            "raw": list(self.raw),
            "at": f"{self.at:%Y-%m-%dT%H:%M:%S}.{self.at.microsecond // 1000:03}Z",
            "seconds": round(self.seconds, 3),
        }


_SECRETS = (
    # queries of signed URLs: whoever has one reads an object
    re.compile(r"(?i)\b(x-amz-[a-z-]+|sig|se|sp|sv|signature|awsaccesskeyid)=[^&\s\"'<>]+"),
    re.compile(r"(?i)\b(authorization|password|passwd|secret|token|key)(\s*[:=]\s*)\S.*"),
    re.compile(r"-----BEGIN [^-]+-----.*?(-----END [^-]+-----|$)", re.DOTALL),
    re.compile(r"(?i)<(AWSAccessKeyId|AccessKey|StringToSign|CanonicalRequest)>.*?</\1>"),
    re.compile(r"(?i)\b\w+://[^/\s:@]+:[^/\s@]+@"),
)
TAKEN_OUT = "[taken out]"


def kept(raw: tuple[str, ...]) -> tuple[str, ...]:
    """Answers as they are kept: without secrets, each on one line, and no longer than `MOST`."""
    return tuple(_kept(line) for line in raw[:MOST_LINES])


def _kept(line: str) -> str:
    for secret in _SECRETS:
        line = secret.sub(TAKEN_OUT, line)
    return inert(line)[:MOST]
