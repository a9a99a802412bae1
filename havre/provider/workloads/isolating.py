"""The objects of `havre.spec.workloads`, as resources of Pulumi's package `kubernetes`.

No SDK is needed: a resource is its type and its manifest. Source of the provider's inputs:
pulumi-kubernetes, provider/pkg/gen/schema.go and provider/pkg/provider/provider.go; read on
2026-11-30.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pulumi

from havre.errors import HavreError
from havre.plan.kubernetes import IDENTIFIER, NAMESPACE, PACKAGE, TOKENS
from havre.provider.conventions import planned_addresses
from havre.provider.workloads.kubeconfig import SETTING, refuse_another
from havre.spec.workloads import manifests

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from havre.provider.context import Part
    from havre.provider.parts import ClusterOutputs

PLUGIN = "4.34.2"
"""Version of Pulumi's plugin. `upsertExistingObjects` came with 4.29.0."""
HOW: Mapping[str, str] = {
    "enableServerSideApply": "true",
    "upsertExistingObjects": "true",  # `default` is there, and whatever was applied by hand
    "enablePatchForce": "true",  # what the file asks for counts, whoever changed it
    "skipUpdateUnreachable": "false",  # an update that reaches nothing must not pass
}
"""How the plugin makes objects. Pulumi writes such switches as text."""


def isolate(
    part: Part[Any], made: pulumi.Resource, cluster: ClusterOutputs, public_ports: Iterable[int]
) -> None:
    """Make what isolates each project, if the settings name a context that reaches the cluster.

    What is made stays in the cluster where the warehouse is protected, whatever the next program
    has: to remove a policy opens its namespace, and a namespace takes its volumes with it. An
    administrator deletes the namespace of a project that has ended. If it is deleted by Pulumi,
    its policies go with it, and never before its programs (Kubernetes, ordered namespace deletion,
    KEP-5080).

    Args:
        part: the cluster's part; its settings may have `kubernetes_context`.
        made: the cluster's resource.
        cluster: what the part returns of it.
        public_ports: TCP ports on which programs reach public addresses.
    """
    context = getattr(part.settings, SETTING, None)
    if not context:
        return
    api = _api(part, context, cluster)
    addresses = planned_addresses(part.settings)
    objects = manifests(part.spec, part.context.as_of, public_ports, addresses)["items"]
    spaces: dict[str, pulumi.Resource] = {}
    for each in objects:
        metadata = each["metadata"]
        space = spaces.get(metadata.get("namespace", ""))
        name = "-".join((part.name, *([metadata["namespace"]] if space else []), metadata["name"]))
        token = TOKENS[each["apiVersion"], each["kind"]]
        resource = pulumi.CustomResource(token, name, each, _options(part, api, made, space))
        if each["kind"] == NAMESPACE:
            spaces[metadata["name"]] = resource


def _api(part: Part[Any], context: str, cluster: ClusterOutputs) -> pulumi.ProviderResource:
    """The way to the cluster: another cluster's identifier makes all objects anew there."""
    inputs = {
        **HOW,
        "context": cluster.endpoint.apply(lambda endpoint: _of_cluster(context, endpoint)),
        IDENTIFIER: cluster.identifier,
    }
    opts = pulumi.ResourceOptions(parent=part.component, version=PLUGIN)
    return pulumi.ProviderResource(PACKAGE, f"{part.name}-api", inputs, opts)


def _of_cluster(context: str, endpoint: str | None) -> str:
    """The context, once it is known to reach the cluster.

    Raises:
        pulumi.RunError: it does not; Pulumi shows the message without a traceback.
    """
    try:
        refuse_another(context, endpoint, os.environ)
    except HavreError as error:
        raise pulumi.RunError(str(error)) from None
    return context


def _options(
    part: Part[Any],
    api: pulumi.ProviderResource,
    made: pulumi.Resource,
    space: pulumi.Resource | None,
) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(
        parent=part.component,
        provider=api,
        depends_on=[made, *([space] if space else [])],
        deleted_with=space,
        retain_on_delete=part.spec.protection.deletion or None,
    )
