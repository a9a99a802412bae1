"""How what exists at a provider is told apart, named and imported."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import BaseModel

    from havre.provider.conventions.labels import TagRule
    from havre.provider.conventions.names import Nameable
    from havre.spec import Warehouse


@dataclass(frozen=True)
class Adopting:
    """What a provider says of existing resources.

    Attributes:
        kind: today's type token of a token that may be a former one.
        nameable: resources whose names the settings may give, by logical name.
        holders: inputs that only say what a resource is in, such as its project or group.
        tags: what tags may be given.
        imports: by type, what `pulumi import` takes as the identifier: a text with inputs and
            `id` in braces. A type that is not listed takes the identifier of the state.
    """

    kind: Callable[[str], str]
    nameable: Callable[[Warehouse, BaseModel], Mapping[str, Nameable]]
    holders: frozenset[str]
    tags: TagRule
    imports: Mapping[str, str] = field(default_factory=dict)
