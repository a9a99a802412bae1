"""What a resource refers to: it exists, and what is deleted does not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from havre_azure.sandbox.rules.codes import refusal
from havre_azure.sandbox.rules.identifiers import (
    GROUP,
    OUTSIDE,
    bare,
    group,
    is_identifier,
    is_missing,
    made_here,
    name,
    of_name,
    parent,
)
from havre_azure.sandbox.rules.names import VAULT
from havre_sandbox.reading import texts
from havre_sandbox.refusals import Act, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import World

KEY = "azure-native:keyvault:Key"
NETWORKS = ("azure-native:network:", "azure-native:privatedns:")
KEY_ADDRESS = re.compile(
    r"https://(?P<vault>[\w-]+)\.vault\.azure\.net(:443)?(/keys/(?P<key>[\w-]+)(/\w*)?)?/?"
)


def _judged(world: World) -> bool:
    """Whether the sandbox made a resource group, and so knows which ones there are."""
    return bool(world.of(GROUP))


@rule(acts=(Act.CREATE,))
def grouped(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """The resource group of a resource exists."""
    within = group(proposed.id)
    elsewhere = proposed.token == GROUP or name(within).casefold() in OUTSIDE
    if within and not elsewhere and _judged(world) and not world.find(within):
        message = f"The resource group `{name(within)}` does not exist."
        yield refusal("group-missing", message, "resourceGroupName")


@rule(acts=(Act.CREATE,))
def within(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """What a resource is in exists."""
    outer = parent(proposed.id)
    if made_here(world, proposed.id) and outer != group(proposed.id) and is_missing(world, outer):
        message = f"{outer} does not exist. Create it before what is in it."
        yield refusal("parent-missing", message)


@rule()
def referring(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """Every resource that is named in an input exists."""
    own, outer = bare(proposed.id).casefold(), parent(proposed.id).casefold()
    fault = "network-reference" if proposed.token.startswith(NETWORKS) else "reference"
    for path, found in texts(proposed.properties):
        target = bare(found).casefold()
        if not is_identifier(found) or target in (own, outer):
            continue
        if is_missing(world, found):
            yield refusal(fault, f"{found} does not exist.", path)


@rule()
def keyed(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """Every key and vault that is named by its address exists."""
    for path, found in texts(proposed.properties):
        address = KEY_ADDRESS.fullmatch(found)
        if not address or not world.of(VAULT):
            continue
        vault = next(of_name(world, VAULT, "vaultName", address["vault"]), None)
        key = f"{vault.id}/keys/{address['key']}" if vault and address["key"] else ""
        if vault is None or (key and not world.find(key)):
            yield refusal("key-missing", f"The key or vault {found} does not exist.", path)


RULES = (grouped, within, referring, keyed)
