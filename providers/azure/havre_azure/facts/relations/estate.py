"""Facts of what a stack is given: stores of logs and a firewall, of which no plan tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.facts.model import NetworkElement, Offering, ResourceFact
from havre.facts.outside import outside_of, unseen
from havre.facts.read import NO
from havre.facts.stores import LogStore
from havre.facts.values import DOES_NOT_APPLY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.facts.index import Index

OFFER = "Microsoft Azure"
STORES = {
    "/providers/microsoft.operationalinsights/workspaces/": (
        "operationalinsights:Workspace",
        "Log Analytics",
    ),
    "/providers/microsoft.storage/storageaccounts/": ("storage:StorageAccount", "Blob Storage"),
}
"""What stands in the identifier of a store of logs: its type, and the service."""


def outside_facts(index: Index) -> Iterator[ResourceFact]:
    """A fact for each store of logs and each firewall that the warehouse is given."""
    for identifier, outside in outside_of(index.plan).items():
        for segment, (kind, product) in STORES.items():
            if segment in identifier:
                offering = Offering(OFFER, product)
                token = f"azure-native:{kind}"
                yield unseen(LogStore, identifier, token, outside, offering=offering)
        if "/" not in identifier:
            yield unseen(
                NetworkElement,
                identifier,
                "azure-native:network:AzureFirewall",
                outside,
                spreads=NO,
                border=DOES_NOT_APPLY,
                names_logged=DOES_NOT_APPLY,
                names_filtered=DOES_NOT_APPLY,
            )
