"""Until when makers support the versions of what a warehouse runs; dated data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping


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
