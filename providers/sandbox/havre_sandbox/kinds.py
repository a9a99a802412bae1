"""What a provider says of each type: its identifier, and what its service fills in."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads annotations at run time
from collections.abc import Mapping  # noqa: TC003 - likewise
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from havre.documents.shipped import read_shipped

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class ResourceKind:
    """A type of resource, as its service keeps it. Texts are templates: `havre_sandbox.templates`.

    Attributes:
        id: identifier.
        parent: identifier of the resource below which it is; empty: what its path says.
        outputs: what the service fills in, in the form in which it answers.
        defaults: inputs that the service fills in where they are not given.
        unordered: input paths, lists whose order means nothing.
        secret: outputs that are secret, beyond those that a template makes.
        unread: dotted input paths that the plugin does not read back at a refresh.
        unread_where_fewer: those that it reads back only where the service has a value; of a
            list, only where it has as many items as the state.
        kept_early: whether the plugin keeps the identifier before the creation ended, so that a
            lost answer leaves nothing outside the state.
        gone_fails: what fails in the plugin once a resource is gone: `read` (a refresh) and
            `delete`. It is so in a plugin of the Pulumi CLI alone, which can take a resource out
            of its state.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    id: str = "{uuid:id}"
    parent: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    unordered: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    unread_where_fewer: tuple[str, ...] = ()
    kept_early: bool = False
    gone_fails: tuple[Literal["read", "delete"], ...] = ()


class _Kinds(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    read_on: dt.date
    types: dict[str, ResourceKind]


def read_kinds(path: Path) -> Mapping[str, ResourceKind]:
    """The types in a provider's data file.

    Args:
        path: a TOML file with `source`, `read_on` and a table `types` by type token.

    Raises:
        BugError: the file is missing or malformed.
    """
    return read_shipped(path, _Kinds).types
