"""What Azure's services refuse, as far as public sources say: rules over what exists."""

from havre_azure.sandbox.rules import (
    clusters,
    databases,
    grants,
    names,
    networks,
    places,
    records,
    references,
    removal,
    stores,
    vaults,
)
from havre_azure.sandbox.rules.vaults import kept_until

RULES = (
    *names.RULES,
    *places.RULES,
    *references.RULES,
    *networks.RULES,
    *vaults.RULES,
    *stores.RULES,
    *databases.RULES,
    *records.RULES,
    *grants.RULES,
    *clusters.RULES,
    *removal.RULES,
)
"""Every rule of the provider, for a `Service`."""

__all__ = ["RULES", "kept_until"]
