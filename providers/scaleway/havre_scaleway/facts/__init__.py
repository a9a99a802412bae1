"""What Scaleway's resources mean for security, in words that are no provider's.

What no argument decides is unknown, or said at its worst: what a service does where an argument is
left out is open in most cases (see `properties.toml` and each part's file).

Each part's types stand in the file of the part's name; `naming` says how types are named,
`forms` how properties are written, `places` where things lie, `properties` what every fact says,
`rights` what an action allows.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.facts import Facts, Index, collect
from havre.facts.evaluated import unread
from havre.facts.forms import typed_plan
from havre.facts.model import Copy, Neutral, Unclassified
from havre_scaleway.facts import access, audit, cluster, database, keys, network, registry, zones
from havre_scaleway.facts.forms import FORMS
from havre_scaleway.facts.naming import NOMENCLATURE, located
from havre_scaleway.facts.properties import NOWHERE, about, lies_in, region_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from havre.facts.model import ResourceFact
    from havre.plan import Plan, PlannedResource

    Classify = Callable[[PlannedResource, Index], Sequence[ResourceFact]]


def _plain(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    told = region_of(resource)
    where = lies_in(resource, Copy.SERVICE) if getattr(told, "value", told) is not None else NOWHERE
    return [about(Neutral, resource, index, where)]


CLASSES: Mapping[str, Classify] = MappingProxyType(
    {
        "account.Project": _plain,
        "account.SshKey": access.static,
        "block.Snapshot": zones.volume,
        "block.Volume": zones.volume,
        "databases.Acl": database.acl,
        "databases.Database": database.database,
        "databases.DatabaseBackup": database.copy,
        "databases.Instance": database.server,
        "databases.Privilege": database.privilege,
        "databases.ReadReplica": database.replica,
        "databases.ServerlessDatabase": database.serverless,
        "databases.Snapshot": database.copy,
        "databases.User": database.user,
        "iam.ApiKey": access.api_key,
        "iam.Application": access.application,
        "iam.Group": _plain,
        "iam.GroupMembership": _plain,
        "iam.Policy": access.iam_policy,
        "iam.SshKey": access.static,
        "iam.User": access.static,
        "instance.PlacementGroup": _plain,
        "instance.SecurityGroup": network.security_group,
        "keymanager.Key": keys.key,
        "keymanager.KeyMaterial": keys.material,
        "kubernetes.Acl": network.api_list,
        "kubernetes.Cluster": cluster.cluster,
        "kubernetes.Pool": cluster.pool,
        "network.Acl": network.acl,
        "network.Connector": network.peering,
        "network.GatewayNetwork": network.joined,
        "network.IngressRule": network.peering,
        "network.PrivateNetwork": network.segment,
        "network.PublicGateway": network.gateway,
        "network.PublicGatewayIp": _plain,
        "network.PublicGatewayPatRule": network.forwarding,
        "network.Route": network.peering,
        "network.Vpc": network.vpc,
        "object.Bucket": zones.bucket,
        "object.BucketAcl": zones.beside,
        "object.BucketLockConfiguration": zones.beside,
        "object.BucketPolicy": access.bucket_policy,
        "object.BucketServerSideEncryptionConfiguration": zones.beside,
        "object.BucketWebsiteConfiguration": zones.beside,
        "object.Item": zones.item,
        "observability.AlertManager": _plain,
        "observability.Exporter": audit.exporter,
        "observability.Source": audit.source,
        "observability.Token": access.static,
        "registry.Namespace": registry.registry,
        "secrets.Secret": keys.secret,
        "secrets.Version": access.static,
    }
)
"""What each type of Scaleway is, by module and class; one that is not here is known to nobody."""


def facts(plan: Plan) -> Facts:
    """What a plan means; a type that nobody knows is unclassified."""
    plan = located(plan)
    read, typed = typed_plan(plan, FORMS)
    index = Index(read, NOMENCLATURE)
    found = collect(plan, lambda resource: _facts(typed(resource), index))
    return replace(found, unread=tuple(unread(index, "havre_scaleway")))


def _facts(resource: PlannedResource, index: Index) -> Sequence[ResourceFact] | Unclassified:
    classify = CLASSES.get(index.kind(resource))
    if classify is None:
        return Unclassified(resource.urn, resource.type)
    return classify(resource, index)
