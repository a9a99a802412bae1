"""Objects of Kubernetes as resources of Pulumi: the package, and types that isolate projects."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.plan.urns import PROVIDER_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE = "kubernetes"
"""Pulumi's package of objects of Kubernetes."""
TOKENS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("v1", "Namespace"): "kubernetes:core/v1:Namespace",
        ("v1", "ServiceAccount"): "kubernetes:core/v1:ServiceAccount",
        ("v1", "ResourceQuota"): "kubernetes:core/v1:ResourceQuota",
        ("v1", "LimitRange"): "kubernetes:core/v1:LimitRange",
        (
            "networking.k8s.io/v1",
            "NetworkPolicy",
        ): "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    }
)
"""Type tokens by version and kind: those that isolate projects. Any other type is not known."""
KINDS: Mapping[str, str] = MappingProxyType({token: kind for (_, kind), token in TOKENS.items()})
PROVIDER = f"{PROVIDER_PREFIX}{PACKAGE}"
IDENTIFIER = "clusterIdentifier"
"""Input of the provider that ties it to a cluster."""
NAMESPACE = "Namespace"
