"""How resources of Scaleway are typed and named.

A type is called by its module and class, such as `object.Bucket`, since classes of several modules
have one name. Older classes stand at the SDK's root under other tokens, and are read as those that
replace them.
Identifiers begin with a region or zone, or do not: both name the same resource.
"""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.facts.index import Naming, Nomenclature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.facts.index import Index
    from havre.plan import Plan, PlannedResource

PACKAGE = "scaleway:"
ROOT = "index"
BUCKET = "object.Bucket"
SEGMENT = "network.PrivateNetwork"
LOCALITY = re.compile(r"([a-z]{2}-[a-z]{3}(?:-[0-9])?)/")
"""How an identifier begins that says where its resource is."""
TWINS: Mapping[str, str] = MappingProxyType(
    {
        "AccountProject": "account.Project",
        "AccountSshKey": "account.SshKey",
        "BlockSnapshot": "block.Snapshot",
        "BlockVolume": "block.Volume",
        "CockpitAlertManager": "observability.AlertManager",
        "CockpitSource": "observability.Source",
        "CockpitToken": "observability.Token",
        "Database": "databases.Database",
        "DatabaseAcl": "databases.Acl",
        "DatabaseBackup": "databases.DatabaseBackup",
        "DatabaseInstance": "databases.Instance",
        "DatabasePrivilege": "databases.Privilege",
        "DatabaseReadReplica": "databases.ReadReplica",
        "DatabaseUser": "databases.User",
        "IamApiKey": "iam.ApiKey",
        "IamApplication": "iam.Application",
        "IamGroup": "iam.Group",
        "IamGroupMembership": "iam.GroupMembership",
        "IamPolicy": "iam.Policy",
        "IamSshKey": "iam.SshKey",
        "IamUser": "iam.User",
        "InstancePlacementGroup": "instance.PlacementGroup",
        "InstanceSecurityGroup": "instance.SecurityGroup",
        "KeyManagerKey": "keymanager.Key",
        "KubernetesCluster": "kubernetes.Cluster",
        "KubernetesNodePool": "kubernetes.Pool",
        "ObjectBucket": BUCKET,
        "ObjectBucketAcl": "object.BucketAcl",
        "ObjectBucketLockConfiguration": "object.BucketLockConfiguration",
        "ObjectBucketPolicy": "object.BucketPolicy",
        "ObjectBucketWebsiteConfiguration": "object.BucketWebsiteConfiguration",
        "ObjectItem": "object.Item",
        "RdbSnapshot": "databases.Snapshot",
        "RegistryNamespace": "registry.Namespace",
        "SdbDatabase": "databases.ServerlessDatabase",
        "Secret": "secrets.Secret",
        "SecretVersion": "secrets.Version",
        "Vpc": "network.Vpc",
        "VpcGatewayNetwork": "network.GatewayNetwork",
        "VpcPrivateNetwork": SEGMENT,
        "VpcPublicGateway": "network.PublicGateway",
        "VpcPublicGatewayIp": "network.PublicGatewayIp",
        "VpcPublicGatewayPatRule": "network.PublicGatewayPatRule",
        "VpcRoute": "network.Route",
    }
)
"""By class of the SDK's root, the class of a module that has replaced it (aliases of 1.60.0)."""


def kind(token: str) -> str:
    """The module and class, such as `kubernetes.Pool`; empty for another provider's."""
    if not token.startswith(PACKAGE):
        return ""
    module, _, name = token.removeprefix(PACKAGE).rpartition(":")
    module = module.partition("/")[0]
    own = f"{module}.{name}"
    return TWINS.get(name, own) if module == ROOT else own


NOMENCLATURE = Nomenclature(kind, MappingProxyType({BUCKET: Naming("name")}))


def bare(identifier: str) -> str:
    """An identifier without the region or zone before it, and without the project behind it."""
    return LOCALITY.sub("", identifier, count=1).partition("@")[0]


def located(plan: Plan) -> Plan:
    """A plan whose identifiers are bare, and whose resources say where their identifiers do."""
    return replace(plan, resources=tuple(map(_located, plan.resources)))


def _located(resource: PlannedResource) -> PlannedResource:
    found = LOCALITY.match(resource.id or "") if resource.type.startswith(PACKAGE) else None
    if found is None:
        return resource
    inputs = dict(resource.inputs)
    if inputs.get("region") is None and inputs.get("zone") is None:
        inputs["region"] = found[1]
    return replace(resource, id=bare(resource.id or ""), inputs=inputs)


def bucket_names(index: Index) -> Mapping[str, str]:
    """URNs of the plan's buckets by name, where it is known."""
    named = ((each.inputs.get("name"), each.urn) for each in index.of(BUCKET))
    return {name: urn for name, urn in named if name and isinstance(name, str)}


def key_names(index: Index) -> Mapping[str, str]:
    """URNs of the plan's keys by name, where one key alone has it."""
    found: dict[str, list[str]] = {}
    for each in index.of("keymanager.Key"):
        name = each.inputs.get("name")
        if name and isinstance(name, str):
            found.setdefault(name, []).append(each.urn)
    return {name: urns[0] for name, urns in found.items() if len(urns) == 1}
