"""Until when makers support the versions of what a warehouse runs; dated data."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping


Version: TypeAlias = "tuple[int, ...]"
_NUMBERS = re.compile(r"v?([0-9]{1,9}(?:\.[0-9]{1,9}){0,5})(?:[-+ ].*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Supported:
    """Last day of support, and where that was read, and when."""

    until: dt.date
    source: str
    read_on: dt.date


@cache
def supported_versions() -> Mapping[str, Supported]:
    """Support by engine and version, such as `postgresql 17`."""
    text = (files("havre_policies") / "versions.toml").read_text(encoding="utf-8")
    return {
        f"{engine} {version}": Supported(until, each["source"], each["read_on"])
        for engine, each in tomllib.loads(text).items()
        for version, until in each["until"].items()
    }


def numbers(version: str) -> Version:
    """The numbers of a version, such as 1, 35 and 4; none where it does not begin with one."""
    found = _NUMBERS.fullmatch(version.strip())
    return tuple(map(int, found[1].split("."))) if found else ()


def is_of(version: str, release: str) -> bool:
    """Whether a version is of a release: 1.35.4 is of 1.35, and 1.3 is not of 1.35."""
    wanted = numbers(release)
    return bool(wanted) and numbers(version)[: len(wanted)] == wanted


@dataclass(frozen=True)
class Support:
    """What is recorded of a version.

    Attributes:
        record: of its release; None where there is none.
        oldest: the oldest release on record, where the version is older; else empty.
    """

    record: Supported | None
    oldest: str = ""


def support_of(engine: str, records: Mapping[str, Supported] | None = None) -> Support:
    """What is recorded of an engine and its version, such as `postgresql 17.4`.

    Args:
        engine: engine and version.
        records: by engine and release; None: `supported_versions`.
    """
    name, _, version = engine.strip().partition(" ")
    known = {
        each.partition(" ")[2]: record
        for each, record in (supported_versions() if records is None else records).items()
        if each.partition(" ")[0] == name.lower()
    }
    found = [record for release, record in known.items() if is_of(version, release)]
    if found:
        return Support(found[0])
    oldest = min(known, key=numbers, default="")
    told = numbers(version)[: len(numbers(oldest))]
    whole = len(told) == len(numbers(oldest))  # of 1 alone nobody knows whether it is 1.35
    return Support(None, oldest if whole and told < numbers(oldest) else "")
