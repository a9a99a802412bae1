"""What a change of an input does to what is deployed, type by type: a provider's own table.

A program that runs without the provider's plugin cannot ask it which inputs make another resource
of one. The table says so, with its source and the day on which that was read.
"""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads annotations at run time
from collections.abc import Mapping  # noqa: TC003 - likewise
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from havre.documents.shipped import read_shipped
from havre.plan.kubernetes import KINDS, NAMESPACE

if TYPE_CHECKING:
    from pathlib import Path

HOLDS_DATA = "holds_data"
"""Output by which a dynamic resource says whether removing it loses data."""


class Bears(StrEnum):
    """What is lost with a resource."""

    DATA = "data"
    IDENTITY = "identity"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Replacing:
    """What a change of one type's inputs does.

    Attributes:
        bears: what is lost with the resource.
        replaced: input paths whose change makes another resource, dotted, without indices.
        rejected: input paths whose change is planned in place, and refused by the provider's API.
        grows: input paths, numbers, that the API lets grow and never shrink.
        unsent: input paths whose change is reported as made, and never sent to the provider.
        given_by: the type of resource from which an input path gets its value, where the whole
            input is computed from several.
        way: what to do instead where a change is refused; empty: nothing of its own.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    bears: Bears = Bears.NOTHING
    replaced: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    grows: tuple[str, ...] = ()
    unsent: tuple[str, ...] = ()
    given_by: Mapping[str, str] = field(default_factory=dict)
    way: str = ""


@dataclass(frozen=True)
class ReplacingTable:
    """What is known of a provider's types.

    Attributes:
        types: by type token.
        source: where that was read.
        read_on: when.
    """

    types: Mapping[str, Replacing]
    source: str = ""
    read_on: dt.date | None = None


OBJECTS: Mapping[str, Replacing] = {
    token: Replacing(
        bears=Bears.DATA if kind == NAMESPACE else Bears.NOTHING,
        replaced=("metadata.name", "metadata.namespace"),
    )
    for token, kind in KINDS.items()
}
"""Objects of Kubernetes, which every provider's cluster may have; a namespace takes the volumes of
its programs with it. Source: pulumi-kubernetes, provider/pkg/provider/provider.go (forceNewFields);
read on 2026-11-30."""


class _File(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    read_on: dt.date
    types: dict[str, Replacing]


def read_table(path: Path, more: Mapping[str, Replacing] | None = None) -> ReplacingTable:
    """The table in a provider's data file.

    Args:
        path: a TOML file with `source`, `read_on` and a table `types`.
        more: types that the provider's own code serves.

    Objects of Kubernetes are in every table.

    Raises:
        BugError: the file is missing or malformed.
    """
    found = read_shipped(path, _File)
    types = {**OBJECTS, **found.types, **(more or {})}
    return ReplacingTable(types, found.source, found.read_on)
