"""What a provider meters of each type of resource: a provider's own table.

It says which properties size a resource and in what unit that is counted. It contains no price.
"""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads annotations at run time
from collections.abc import Mapping  # noqa: TC003 - likewise
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from havre.documents.shipped import read_shipped

if TYPE_CHECKING:
    from pathlib import Path


class Measured(StrEnum):
    """In what a quantity is counted."""

    TIME = "time"
    """Pieces, for as long as they stand."""
    STORED = "GiB"
    """GiB (2**30 bytes), for as long as they are stored."""
    STORED_GB = "GB"
    """GB (10**9 bytes), for as long as they are stored."""
    MOVED = "GiB moved"
    """GiB that are written, read or sent in a month."""
    CALLED = "10,000 calls"
    """Tens of thousands of calls in a month."""


@dataclass(frozen=True)
class Metered:
    """What is counted of one resource. Paths are dotted names of inputs.

    Attributes:
        meter: its id, such as `database-compute`.
        measured: in what it is counted.
        item: paths of the inputs that tell which item of a price list applies, in order.
        each: paths of numbers, or of lists for their lengths, that are multiplied.
        most: paths of the numbers that take the place of `each` at most, such as autoscaling's.
        over: path of a list; the other paths are those of its entries. Empty: the resource's own.
        times: factor by value of an input; `""` where it is not set.
        use: what decides the quantity where the plan does not; empty: the plan does.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    meter: str
    measured: Measured = Measured.TIME
    item: tuple[str, ...] = ()
    each: tuple[str, ...] = ()
    most: tuple[str, ...] = ()
    over: str = ""
    times: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    use: str = ""


@dataclass(frozen=True)
class MeterTable:
    """What is metered of a provider's types.

    Attributes:
        types: meters by type token. What is not listed has no meter here, which does not say that
            it is free.
        source: where that was read.
        read_on: when.
    """

    types: Mapping[str, tuple[Metered, ...]]
    source: str
    read_on: dt.date


class _MeterFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    read_on: dt.date
    types: dict[str, tuple[Metered, ...]]


def read_meters(path: Path) -> MeterTable:
    """The table in a provider's data file.

    Args:
        path: a TOML file with `source`, `read_on` and a table `types` of lists of meters.

    Raises:
        BugError: the file is missing or malformed.
    """
    found = read_shipped(path, _MeterFile)
    return MeterTable(found.types, found.source, found.read_on)
