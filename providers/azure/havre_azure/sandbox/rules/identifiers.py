"""ARM identifiers, and what of them exists in a sandbox."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_sandbox.refusals import Proposed
    from havre_sandbox.world import Existing, World

GROUP = "azure-native:resources:ResourceGroup"
OUTSIDE = frozenset({"networkwatcherrg"})
"""Resource groups that Azure makes itself."""
SEGMENTS = 4
"""Parts of an identifier below the resource group: `providers`, namespace, type and name."""
_GROUP_OF = re.compile(r"(/subscriptions/[^/]+/resourcegroups/[^/]+)(/.*)?", re.IGNORECASE)
_PARTS_OF_A_SERVICE = re.compile(r"/(blob|file|queue|table)services/default(?=/|$)", re.IGNORECASE)
_EXTENSION = re.compile(r"/providers/(microsoft\.(authorization|insights))/", re.IGNORECASE)


def group(identifier: str) -> str:
    """The identifier of the resource group that something is in; empty: in none."""
    found = _GROUP_OF.fullmatch(identifier)
    return found[1] if found else ""


def name(identifier: str) -> str:
    """The last part of an identifier."""
    return identifier.rstrip("/").rsplit("/", 1)[-1]


def is_identifier(text: str) -> bool:
    """Whether a text is the identifier of something in a resource group."""
    return text.startswith("/") and bool(group(text))


def bare(identifier: str) -> str:
    """An identifier without the parts of a storage account that always exist."""
    return _PARTS_OF_A_SERVICE.sub("", identifier).rstrip("/")


def parent(identifier: str) -> str:
    """What something is in: another resource, its scope, or its resource group."""
    whole = identifier.rstrip("/")
    outer, extension = group(whole), list(_EXTENSION.finditer(whole))
    if extension and extension[-1].start() > len(outer):
        return whole[: extension[-1].start()]
    inner = whole[len(outer) :].split("/")[1:]
    return "/".join([outer, *inner[:-2]]) if len(inner) > SEGMENTS else outer


def made_here(world: World, identifier: str) -> bool:
    """Whether something is in a resource group of this sandbox: what is elsewhere is not judged."""
    return bool(world.find(group(identifier)))


def is_missing(world: World, identifier: str) -> bool:
    """Whether something is said to be in a resource group of this sandbox, and is not there."""
    found = world.find(identifier) or world.find(bare(identifier))
    return made_here(world, identifier) and not found


def beside(proposed: Proposed, kind: str, called: str) -> str:
    """The identifier of something of a type in the resource group of what is proposed."""
    return f"{group(proposed.id)}/providers/{kind}/{called}"


def of_name(world: World, token: str, property_name: str, called: str) -> Iterator[Existing]:
    """What exists of a type and bears a name, in whatever resource group."""
    for each in world.of(token):
        if str(each.properties.get(property_name, "")).casefold() == called.casefold():
            yield each
