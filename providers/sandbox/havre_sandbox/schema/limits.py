"""Limits in the docstrings of an SDK, where their words can be read for sure.

Only whole phrases of generated docstrings are read. A sentence that says a limit in other words
gives none: what is not sure is not refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from havre_sandbox.schema.forms import Limit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LENGTH = re.compile(r"must be between (?P<low>\d+) and (?P<high>\d+) characters in length")
_LONGEST = re.compile(
    r"(?:^Notes about the lock\. Maximum of|maximum name length is) (?P<high>\d+) characters"
)
_ALPHABETS = {
    "and use numbers and lower-case letters only": "[a-z0-9]*",
    "and use numbers, lower-case letters and dash (-) only. Every dash (-) character must be "
    "immediately preceded and followed by a letter or number": "[a-z0-9]+(-[a-z0-9]+)*",
    "Supported characters for the name are a-z, A-Z, 0-9, _ and -.": "[A-Za-z0-9_-]*",
}
"""Alphabets of names, by the words that say them."""
_RANGES = (
    re.compile(r"retention in days, between (?P<low>\d+) and (?P<high>\d+)\."),
    re.compile(
        r"minimum specified value can be (?P<low>\d+) and the maximum value can be (?P<high>\d+)"
    ),
    re.compile(r"integer between \[(?P<low>\d+)-(?P<high>\d+)\]"),
    re.compile(r"[Vv]alue can be between (?P<low>\d+) and (?P<high>\d+)"),
    re.compile(r"accepts >=(?P<low>\d+) and <=(?P<high>\d+)\."),
    re.compile(r"accepts values between (?P<low>\d+) and (?P<high>\d+)\."),
)
_ALSO = re.compile(r"Setting this property to (?P<value>-\d+) will default to")
_ONLY = re.compile(
    r"Expected value is '(?P<value>[\w.]+)'\.|Name must be '(?P<name>\w+)'"
    r"|should always be '(?P<always>\w+)'"
)


def limit(said: str) -> Limit:
    """What a docstring, on one line, says of the value of its property."""
    found: dict[str, object] = {}
    for part in (_lengths(said), _alphabet(said), _range(said), _only(said)):
        found |= part
    return Limit(**found) if found else Limit()  # type: ignore[arg-type]


def _lengths(said: str) -> Mapping[str, object]:
    if found := _LENGTH.search(said):
        low, high = int(found["low"]), int(found["high"])
        return {"shortest": low, "longest": high, "says": found.group()}
    if found := _LONGEST.search(said):
        return {"longest": int(found["high"]), "says": found.group()}
    return {}


def _alphabet(said: str) -> Mapping[str, object]:
    for words, pattern in _ALPHABETS.items():
        if words in said:
            return {"pattern": pattern, "says": words}
    return {}


def _range(said: str) -> Mapping[str, object]:
    for form in _RANGES:
        if found := form.search(said):
            also = tuple(float(each["value"]) for each in _also(said))
            low, high = float(found["low"]), float(found["high"])
            return {"least": low, "most": high, "also": also, "says": found.group()}
    return {}


def _also(said: str) -> Iterator[re.Match[str]]:
    return _ALSO.finditer(said)


def _only(said: str) -> Mapping[str, object]:
    if found := _ONLY.search(said):
        value = next(each for each in found.groups() if each)
        return {"only": value, "says": found.group()}
    return {}
