"""What Scaleway's services and plugin refuse, as far as public sources say."""

from havre_scaleway.sandbox.rules import buckets, clusters, databases, networks, places, rights

RULES = (
    *places.RULES,
    *buckets.RULES,
    *networks.RULES,
    *databases.RULES,
    *clusters.RULES,
    *rights.RULES,
)
"""Every rule of the provider, for a `Service`."""

__all__ = ["RULES"]
